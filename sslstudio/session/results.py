"""Reading what finished runs left in the project: embeddings and maps, found by run or by their source."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sslstudio.errors import SSLStudioError
from sslstudio.session.project import Project

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class MapData:
    """A map: image ids (N,), places (N, 2), cluster numbers (N,) with -1 for none; `map_id` is the run's id.

    The clusters are the groups as the user has left them.
    """

    map_id: str
    ids: NDArray[np.int64]
    xy: NDArray[np.float32]
    cluster: NDArray[np.int32]


def resolve_embedding(project: Project, name: str) -> str:
    """The id of an embed run: `name` itself, or the latest one made with the source `name`.

    A source is a pretraining run, "random" or "imagenet". A fine-tuning brings the embeddings of its own network and
    counts as their embed run. Raises SSLStudioError (code "not_embedded").
    """
    done = [row for row in project.catalogue.runs() if row.stage in ("embed", "finetune") and row.adopted]
    for row in reversed(done):
        source = json.loads(row.spec_json)["source"] if row.stage == "embed" else row.run_id
        if name in (row.run_id, source) and _has_embedding(project, row.run_id):
            return row.run_id
    raise SSLStudioError(f"There are no embeddings of {name} yet.", f"Embed {name} first.", code="not_embedded")


def load_embeddings(project: Project, embedding: str) -> tuple[NDArray[np.int64], NDArray[np.float16]]:
    """Image ids (N,) and vectors (N, D), float16 and memory-mapped read-only, of a name as in `resolve_embedding`.

    Raises SSLStudioError: "not_embedded", "embedding_damaged".
    """
    import numpy as np

    run_id = resolve_embedding(project, embedding)
    damaged = SSLStudioError(
        f"The embeddings {run_id} cannot be read.", "Embed the images again.", code="embedding_damaged"
    )
    try:
        vectors = np.load(project.embeddings_dir / f"{run_id}.npy", mmap_mode="r", allow_pickle=False)
        ids = np.load(project.embeddings_dir / f"{run_id}.ids.npy", allow_pickle=False)
    except (OSError, ValueError):
        raise damaged from None
    if vectors.ndim != 2 or ids.shape != vectors.shape[:1]:
        raise damaged
    return ids.astype(np.int64, copy=False), vectors


def load_map(project: Project, name: str) -> MapData | None:
    """The map of that id, or the latest map of an embedding (a name as in `resolve_embedding`); None without one."""
    from sslstudio.embeddings.map_files import read_map

    map_id = _find_map(project, name)
    return None if map_id is None else MapData(map_id, *read_map(project.maps_dir / f"{map_id}.npz"))


def _find_map(project: Project, name: str) -> str | None:
    if name and (project.maps_dir / f"{name}.npz").is_file():
        return name
    try:
        embedding = resolve_embedding(project, name)
    except SSLStudioError:
        return None
    for row in reversed(project.catalogue.runs()):
        if row.stage == "map_embeddings" and row.adopted and json.loads(row.spec_json)["embedding"] == embedding:
            return row.run_id
    return None


def _has_embedding(project: Project, run_id: str) -> bool:
    folder = project.embeddings_dir
    return (folder / f"{run_id}.npy").is_file() and (folder / f"{run_id}.ids.npy").is_file()
