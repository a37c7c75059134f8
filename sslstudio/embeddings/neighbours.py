"""The most similar images to given ones: exact cosine similarity, block by block, so that a memory map will do."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sslstudio.embeddings.reduction import unit_blocks


def nearest(
    vectors: NDArray[np.floating], query_rows: NDArray[np.integer] | list[int], k: int = 12
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The k rows of vectors (N, D) most similar to each query row, itself left out, best first.

    Returns rows and cosines, both (Q, k'). k' is k or, with fewer rows, N - 1. Equal ones come
    in the order of their rows.
    """
    rows = np.asarray(query_rows, dtype=np.int64)
    k = max(0, min(k, len(vectors) - 1))
    best_rows = np.empty((len(rows), 0), dtype=np.int64)
    best = np.empty((len(rows), 0), dtype=np.float32)
    if not len(rows) or not k:
        return np.empty((len(rows), k), dtype=np.int64), np.empty((len(rows), k), dtype=np.float32)
    queries = np.concatenate([block for _, block in unit_blocks(vectors[rows])])
    for first, block in unit_blocks(vectors):
        cosine = queries @ block.T
        here = np.flatnonzero((rows >= first) & (rows < first + len(block)))
        cosine[here, rows[here] - first] = -np.inf
        numbers = np.broadcast_to(np.arange(first, first + len(block)), cosine.shape)
        best_rows, best = _best(np.hstack([best_rows, numbers]), np.hstack([best, cosine]), k)
    return best_rows, np.clip(best, -1, 1)


def _best(
    rows: NDArray[np.int64], cosine: NDArray[np.float32], k: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    order = np.argsort(-cosine, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(rows, order, axis=1), np.take_along_axis(cosine, order, axis=1)
