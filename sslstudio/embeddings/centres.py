"""How far each image lies from the middle of its group: a number by which odd ones come to the front."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sslstudio.embeddings.neighbours import unit

ROWS_A_READ = 50_000


def distances(vectors_file: str, groups: npt.NDArray[np.int32]) -> npt.NDArray[np.float32]:
    """The cosine distance (N,) of each embedding (N, D) in the file to the mean direction of its group; nan where
    `groups` (N,) is -1. For a compute process: read in parts, so that a million of them take no memory."""
    vectors = np.load(vectors_file, mmap_mode="r", allow_pickle=False)
    sums = np.zeros((int(groups.max(initial=-1)) + 2, vectors.shape[1]))
    for first in range(0, len(vectors), ROWS_A_READ):
        part = groups[first : first + ROWS_A_READ]
        members = unit(vectors[first : first + ROWS_A_READ])
        for group in np.unique(part):
            sums[group] += members[part == group].sum(axis=0)
    middles = unit(sums)
    found = np.full(len(vectors), np.nan, dtype=np.float32)
    for first in range(0, len(vectors), ROWS_A_READ):
        part = groups[first : first + ROWS_A_READ]
        cosine = np.einsum("nd,nd->n", unit(vectors[first : first + ROWS_A_READ]), middles[part])
        found[first : first + ROWS_A_READ] = np.where(part < 0, np.nan, 1 - cosine)
    return found
