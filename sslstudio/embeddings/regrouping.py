"""Groups made anew on a map that stands, and one group split; for a compute process, which reads the files there."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sslstudio.embeddings.clusters import cluster
from sslstudio.embeddings.density import density_groups
from sslstudio.embeddings.map_files import read_map
from sslstudio.errors import SSLStudioError

Way = Literal["kmeans", "density"]


def regrouped(vectors_file: str, ids_file: str, map_file: str, way: Way, k: int = 0) -> NDArray[np.int32]:
    """Groups (N,) of the images of a map: by k-means on the embeddings (k = 0: a suggested number), or by density on
    the map."""
    ids, xy, _ = read_map(Path(map_file))
    if way == "density":
        return density_groups(xy)
    return cluster(vectors_of(vectors_file, ids_file, ids), k)


def parted(vectors_file: str, ids_file: str, ids: NDArray[np.int64], k: int = 0) -> NDArray[np.int32]:
    """Parts (M,) of the images `ids` (M,): k of them by k-means, with k = 0 a suggested number, at least two.

    Raises SSLStudioError ("one_image") when they cannot be told apart.
    """
    vectors = vectors_of(vectors_file, ids_file, ids)
    parts = cluster(vectors, k) if len(ids) >= 2 else np.zeros(len(ids), np.int32)
    if parts.max(initial=0) < 1 and len(ids) >= 2:
        parts = cluster(vectors, 2)
    if parts.max(initial=0) < 1:
        raise SSLStudioError("The images of this group look all the same to the network.", code="one_image")
    return parts


def vectors_of(vectors_file: str, ids_file: str, wanted: NDArray[np.int64]) -> NDArray[np.floating]:
    """The embeddings of the images `wanted`, in their order; raises SSLStudioError ("not_embedded")."""
    vectors = np.load(vectors_file, mmap_mode="r", allow_pickle=False)
    ids = np.load(ids_file, allow_pickle=False)
    order = np.argsort(ids, kind="stable")
    place = np.minimum(np.searchsorted(ids, wanted, sorter=order), max(0, len(ids) - 1))
    rows = order[place] if len(ids) else place
    if not len(ids) or not np.array_equal(ids[rows], wanted):
        raise SSLStudioError("Some of these images have no embedding.", "Update the map.", code="not_embedded")
    found: NDArray[np.floating] = vectors if np.array_equal(rows, np.arange(len(ids))) else vectors[rows]
    return found
