"""The embeddings of a project as stages find them; apart because mapping and export both read them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sslstudio.errors import SSLStudioError


def read(embedding: str, runs: Path) -> tuple[NDArray[np.int64], NDArray[np.floating]]:
    """Ids (N,) and embeddings (N, D) of an embed run, whether the project has taken them over yet or not.

    `runs` is the project's folder of runs. Raises SSLStudioError ("no_embedding", "bad_embedding").
    """
    places = (
        (runs.parent / "embeddings" / f"{embedding}.npy", runs.parent / "embeddings" / f"{embedding}.ids.npy"),
        (runs / embedding / "artifacts" / "embeddings.npy", runs / embedding / "artifacts" / "image_ids.npy"),
    )
    for vectors_file, ids_file in places:
        if vectors_file.is_file() and ids_file.is_file():
            ids, vectors = _load(ids_file), _load(vectors_file, mapped=True)
            break
    else:
        raise SSLStudioError(
            f"There are no embeddings called {embedding}.", "Embed the images first.", code="no_embedding"
        )
    if (
        vectors.ndim != 2
        or not len(vectors)
        or ids.shape != (len(vectors),)
        or not np.issubdtype(vectors.dtype, np.floating)
    ):
        raise SSLStudioError(f"The embeddings {embedding} are damaged.", "Embed again.", code="bad_embedding")
    return ids.astype(np.int64), vectors


def _load(path: Path, *, mapped: bool = False) -> NDArray[Any]:
    try:
        found: NDArray[Any] = np.load(path, mmap_mode="r" if mapped else None, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        raise SSLStudioError("The embeddings are damaged.", "Embed again.", code="bad_embedding") from None
    return found
