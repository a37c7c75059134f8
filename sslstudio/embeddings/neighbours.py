"""The most similar images to given ones: exact cosine similarity, block by block, so that a memory map will do."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sslstudio.embeddings.reduction import unit_blocks

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


def nearest(
    vectors: NDArray[np.floating], query_rows: NDArray[np.integer] | list[int], k: int = 12
) -> tuple[Ints, Floats]:
    """The k rows of vectors (N, D) most similar to each query row, itself left out, best first.

    Returns rows and cosines, both (Q, k'). k' is k or, with fewer rows, N - 1. Equal ones come
    in the order of their rows.
    """
    rows = np.asarray(query_rows, dtype=np.int64)
    k = max(0, min(k, len(vectors) - 1))
    if not len(rows) or not k:
        return np.empty((len(rows), k), dtype=np.int64), np.empty((len(rows), k), dtype=np.float32)
    return _search(vectors, unit(vectors[rows]), k, rows)


def nearest_to(vectors: NDArray[np.floating], queries: NDArray[np.floating], k: int = 12) -> tuple[Ints, Floats]:
    """As `nearest`, for queries (Q, D) that need not be rows of `vectors`."""
    k = max(0, min(k, len(vectors)))
    if not len(queries) or not k:
        return np.empty((len(queries), k), dtype=np.int64), np.empty((len(queries), k), dtype=np.float32)
    return _search(vectors, unit(queries), k, np.full(len(queries), -1))


def unit(vectors: NDArray[np.floating]) -> Floats:
    """The rows (M, D) as float32 of length one; a zero row stays zero."""
    blocks = [block for _, block in unit_blocks(vectors)]
    return np.concatenate(blocks) if blocks else np.empty(vectors.shape, dtype=np.float32)


def centre(vectors: NDArray[np.floating], rows: Sequence[int]) -> Floats:
    """The direction (1, D) in which `rows` lie on average."""
    return unit(unit(vectors[np.asarray(rows, dtype=np.int64)]).mean(axis=0, keepdims=True))


def _search(vectors: NDArray[np.floating], queries: Floats, k: int, without: Ints) -> tuple[Ints, Floats]:
    best_rows = np.empty((len(queries), 0), dtype=np.int64)
    best = np.empty((len(queries), 0), dtype=np.float32)
    for first, block in unit_blocks(vectors):
        cosine = queries @ block.T
        here = np.flatnonzero((without >= first) & (without < first + len(block)))
        cosine[here, without[here] - first] = -np.inf
        numbers = np.broadcast_to(np.arange(first, first + len(block)), cosine.shape)
        best_rows, best = _best(np.hstack([best_rows, numbers]), np.hstack([best, cosine]), k)
    return best_rows, np.clip(best, -1, 1)


def _best(rows: Ints, cosine: Floats, k: int) -> tuple[Ints, Floats]:
    order = np.argsort(-cosine, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(rows, order, axis=1), np.take_along_axis(cosine, order, axis=1)
