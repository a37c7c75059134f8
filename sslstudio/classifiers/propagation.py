"""Label propagation: labels spread over the graph of nearest neighbours to images that have none. numpy and scipy only.

Zhou et al., "Learning with Local and Global Consistency", NIPS 2003, with the edge weights of Iscen et al., "Label
Propagation for Deep Semi-supervised Learning", CVPR 2019. It answers for the images of the graph alone: it has no form
that new files could be judged by.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Ints = NDArray[np.int64]

MOST_PER_CLASS = 50
"""Up to so many labels of the rarest class it was seen to help (docs/learning.md)."""
SHARPNESS = 3
REACH = 0.9
"""How much of an image's answer comes from its neighbours at each step."""
STEPS = 20


def affinity(neighbours: Ints, cosine: NDArray[np.floating]) -> Any:
    """The normalised weights (N, N), sparse, of a graph: `neighbours` (N, k), -1 for none, and their `cosine` (N, k).

    D^-1/2 (A + A^T) D^-1/2 with A = max(cosine, 0)^3, zero on the diagonal.
    """
    from scipy import sparse

    n, k = neighbours.shape
    weight = np.clip(cosine, 0, 1).astype(np.float32) ** SHARPNESS
    row = np.repeat(np.arange(n), k)
    there = neighbours.ravel() >= 0
    cells = (weight.ravel()[there], (row[there], neighbours.ravel()[there]))
    found = sparse.csr_matrix(cells, shape=(n, n))
    found = found + found.T
    degree = np.asarray(found.sum(axis=1)).ravel()
    inverse = np.divide(1, np.sqrt(degree), out=np.zeros_like(degree), where=degree > 0)
    turned = sparse.diags(inverse.astype(np.float32))
    return (turned @ found @ turned).tocsr()


def propagate(graph: Any, rows: Ints, y: Ints, classes: int, reach: float = REACH, steps: int = STEPS) -> Floats:
    """Shares (N, K) of the classes for all rows of `graph` (see `affinity`) from the labels y (L,) of `rows` (L,).

    Classes count alike however many labels they have. A row that no label reaches has the same share of all.
    """
    start = np.zeros((graph.shape[0], classes), dtype=np.float32)
    counts = np.bincount(y, minlength=classes)
    start[rows, y] = 1.0 / counts[y]
    state = start
    for _ in range(steps):
        state = reach * (graph @ state) + (1 - reach) * start
    mass = state.sum(axis=0, keepdims=True)
    state = state / np.where(mass > 0, mass, 1)
    total = state.sum(axis=1, keepdims=True)
    found: Floats = np.divide(state, total, out=np.full_like(state, 1 / classes), where=total > 0)
    return found


def stored(vectors_file: str, count: int) -> Any | None:
    """The affinity (N, N) of the neighbours that were counted for these embeddings; None where they were not, or for
    another number of images than `count`."""
    path = Path(vectors_file).with_suffix(".graph.npz")
    try:
        found = _read(str(path), path.stat().st_mtime_ns)
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        return None
    return found if found.shape[0] == count else None


@lru_cache(maxsize=1)
def _read(path: str, _modified: int) -> Any:
    with np.load(path, allow_pickle=False) as arrays:
        return affinity(arrays["rows"].astype(np.int64), arrays["cosine"])


def together(head: NDArray[np.floating], spread: NDArray[np.floating]) -> Doubles:
    """The opinions of a head and of propagation, shares (N, K) both, as logits (N, K): the mean of their logarithms."""
    least = 1e-9
    found: Doubles = 0.5 * (
        np.log(np.asarray(head, np.float64) + least) + np.log(np.asarray(spread, np.float64) + least)
    )
    return found
