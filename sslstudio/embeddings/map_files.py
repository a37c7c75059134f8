"""A map as it stands on the disk: places and groups, and beside it the groups as the user has changed them."""

from __future__ import annotations

from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from sslstudio.errors import SSLStudioError


def read_map(path: Path) -> tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.int32]]:
    """Image ids (N,), places (N, 2) and groups (N,), -1 for none, of the map in that file.

    Groups that were changed are those of the file beside it. Raises SSLStudioError ("map_damaged").
    """
    try:
        with np.load(path, allow_pickle=False) as arrays:
            ids = arrays["ids"].astype(np.int64, copy=False)
            xy = arrays["xy"].astype(np.float32, copy=False)
            cluster = arrays["cluster"].astype(np.int32, copy=False)
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        raise SSLStudioError(f"The map {path.stem} cannot be read.", "Make it again.", code="map_damaged") from None
    changed = _changed(path)
    return ids, xy, changed if changed is not None and changed.shape == cluster.shape else cluster


def write_groups(path: Path, groups: NDArray[np.integer]) -> None:
    """Keep other groups (N,) beside the map in that file; the map itself stays as it was made."""
    target = _groups_file(path)
    partial = target.with_suffix(".partial")
    with partial.open("wb") as stream:
        np.save(stream, np.asarray(groups, dtype=np.int32))
    partial.replace(target)


def _changed(path: Path) -> NDArray[np.int32] | None:
    try:
        found: NDArray[np.int32] = np.load(_groups_file(path), allow_pickle=False).astype(np.int32, copy=False)
    except (OSError, ValueError, EOFError):
        return None
    return found


def _groups_file(path: Path) -> Path:
    return path.with_suffix(".groups.npy")
