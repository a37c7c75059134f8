"""Which groups are alike: a tree that joins the nearest two again and again, so that groups are merged with reason."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

OF_EACH = 500
"""A group's middle is that of so many of its images, evenly taken."""


@dataclass(frozen=True)
class Joint:
    """Groups that are more like each other than like the rest: numbers, and what they were joined from.

    A single group has no `parts`.
    """

    numbers: tuple[int, ...]
    parts: tuple[Joint, ...] = ()


def tree_of_groups(vectors_file: str, ids_file: str, map_file: str, groups: NDArray[np.int32]) -> tuple[Joint, ...]:
    """The tree of the groups (N,) of a map's images, for a compute process; see `joined`.

    Raises SSLStudioError ("not_embedded").
    """
    from sslstudio.embeddings.map_files import read_map
    from sslstudio.embeddings.regrouping import vectors_of

    rows = sampled(groups)
    ids, _, _ = read_map(Path(map_file))
    vectors = vectors_of(vectors_file, ids_file, ids[rows])
    return joined(np.asarray(vectors, np.float32), groups[rows])


def sampled(groups: NDArray[np.int32]) -> NDArray[np.int64]:
    """Rows that stand for all: at most `OF_EACH` of each group, evenly taken; those in no group are left out."""
    found = [np.flatnonzero(groups == number) for number in np.unique(groups[groups >= 0])]
    taken = [rows[np.linspace(0, len(rows) - 1, min(OF_EACH, len(rows))).astype(np.int64)] for rows in found]
    return np.sort(np.concatenate(taken)) if taken else np.zeros(0, np.int64)


def joined(vectors: NDArray[np.float32], groups: NDArray[np.int32]) -> tuple[Joint, ...]:
    """The last two joints of the groups (M,) of vectors (M, D), or the groups alone where there are two or fewer.

    Average linkage between the middles of groups (Sokal & Michener 1958); nearest groups stand next to each other.
    """
    numbers = np.unique(groups)
    leaves = [Joint((int(number),)) for number in numbers]
    if len(leaves) < 3:
        return tuple(leaves)
    from scipy.cluster.hierarchy import linkage

    middles = np.stack([vectors[groups == number].mean(axis=0, dtype=np.float64) for number in numbers])
    nodes = list(leaves)
    for first, second, *_ in linkage(middles, "average", optimal_ordering=True):
        parts = (nodes[int(first)], nodes[int(second)])
        nodes.append(Joint(parts[0].numbers + parts[1].numbers, parts))
    return nodes[-1].parts
