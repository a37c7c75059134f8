"""Typical images of a group: the medoid and its nearest, from as many patients as there are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sslstudio.embeddings.neighbours import Ints, unit


def typical(vectors_file: str, groups: list[list[int]], patients: Ints, each: int = 12) -> list[list[int]]:
    """For each of `groups` (rows of the embeddings in the file) at most `each` typical rows. For a compute process."""
    vectors = np.load(vectors_file, mmap_mode="r", allow_pickle=False)
    return [typical_of(vectors, np.asarray(rows, dtype=np.int64), patients, each) for rows in groups]


def typical_of(vectors: NDArray[np.floating], rows: Ints, patients: Ints, each: int = 12) -> list[int]:
    """The medoid of `rows` among vectors (N, D) and those nearest to it, first one of every patient.

    `patients` (N,) numbers the patients. The medoid is the image with the largest mean cosine to all of the group,
    which is that with the largest cosine to their mean.
    """
    if not len(rows):
        return []
    members = unit(vectors[rows])
    medoid = int((members @ members.mean(axis=0)).argmax())
    order = np.argsort(-(members @ members[medoid]), kind="stable")
    order = np.concatenate([[medoid], order[order != medoid]])
    seen: dict[int, int] = {}
    rounds = np.empty(len(order), dtype=np.int64)
    for place, patient in enumerate(patients[rows[order]].tolist()):
        rounds[place] = seen.get(patient, 0)
        seen[patient] = int(rounds[place]) + 1
    chosen = order[np.argsort(rounds, kind="stable")][:each]
    return [int(row) for row in rows[chosen]]
