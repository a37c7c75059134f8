"""New images on a map that stands: each among its nearest neighbours there, so that nothing on it moves.

The distance-weighted neighbours of an image can lie in several groups; their mean would then lie in between, where
nothing is. So the group of neighbours that weighs most is looked for first, and the mean is taken of that alone.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sslstudio.embeddings import inverted_lists

NEIGHBOURS = 10
EXACT_PRODUCTS = 4_000_000_000
"""So many distances are still computed one by one; above, the nearest are looked for in the likely places only."""
BLOCK = 2048
Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


def place(known: Floats, xy: Floats, new: Floats, k: int = NEIGHBOURS) -> Floats:
    """Places (M, 2) of `new` (M, C) on the map `xy` (N, 2) of `known` (N, C); N must not be 0."""
    return placed(xy, *near(known, new, k))


def near(known: Floats, new: Floats, k: int = NEIGHBOURS) -> tuple[Ints, Floats]:
    """The k rows of `known` (N, C) nearest to each of `new` (M, C) and their distances (M, min(k, N)), nearest first.

    Exact up to 4,000,000,000 pairs; above, about 99 of 100 are the true ones.
    """
    k = min(k, len(known))
    if len(known) * len(new) > EXACT_PRODUCTS:
        return inverted_lists.nearest_by_distance(known, new, k)
    rows = np.empty((len(new), k), dtype=np.int64)
    distances = np.empty((len(new), k), dtype=np.float32)
    lengths = (known.astype(np.float32) ** 2).sum(axis=1)
    for first in range(0, len(new), BLOCK):
        block = np.asarray(new[first : first + BLOCK], dtype=np.float32)
        squared = lengths - 2 * (block @ known.T) + (block**2).sum(axis=1, keepdims=True)
        some = np.argpartition(squared, k - 1, axis=1)[:, :k]
        # Differences once more, one by one: the short form above loses digits where images are much alike.
        exact = np.sqrt(((known[some] - block[:, None]) ** 2).sum(axis=2))
        order = np.lexsort((some, exact), axis=1)
        rows[first : first + BLOCK] = np.take_along_axis(some, order, axis=1)
        distances[first : first + BLOCK] = np.take_along_axis(exact, order, axis=1)
    return rows, distances


def placed(xy: Floats, rows: Ints, distances: Floats) -> Floats:
    """Places (M, 2) by the neighbours `rows` (M, k) on the map `xy` (N, 2), nearer ones weighing more."""
    found = np.empty((len(rows), 2), dtype=np.float32)
    for first in range(0, len(rows), BLOCK):
        there = xy[rows[first : first + BLOCK]].astype(np.float64)
        weight = _weights(distances[first : first + BLOCK])
        apart = np.sqrt(((there[:, :, None] - there[:, None]) ** 2).sum(axis=3))
        middle = (apart * weight[:, None]).sum(axis=2).argmin(axis=1)
        apart = apart[np.arange(len(there)), middle]
        # Twice the weighted median: what lies farther away belongs to another group.
        order = np.argsort(apart, axis=1)
        summed = np.cumsum(np.take_along_axis(weight, order, axis=1), axis=1)
        half = (summed >= summed[:, -1:] / 2).argmax(axis=1)
        reach = np.take_along_axis(apart, order, axis=1)[np.arange(len(there)), half]
        weight = np.where(apart <= 2 * reach[:, None] + 1e-9, weight, 0)
        found[first : first + BLOCK] = (there * weight[:, :, None]).sum(axis=1) / weight.sum(axis=1, keepdims=True)
    return found


def voted(groups: NDArray[np.integer], rows: Ints, distances: Floats) -> NDArray[np.int32]:
    """The group (M,) in which most of the neighbours `rows` (M, k) are, nearer ones counting more; -1 is one too."""
    names = groups[rows]
    weight = _weights(distances)
    score = ((names[:, :, None] == names[:, None]) * weight[:, None]).sum(axis=2)
    best: NDArray[np.int32] = names[np.arange(len(rows)), score.argmax(axis=1)].astype(np.int32)
    return best


def _weights(distances: Floats) -> NDArray[np.float64]:
    """1 for the nearest, less for others by their distance compared with it."""
    nearest = distances[:, :1].astype(np.float64)
    scale = np.maximum(nearest, distances.mean(axis=1, keepdims=True, dtype=np.float64) * 0.05) + 1e-9
    found: NDArray[np.float64] = (scale / np.maximum(distances, scale)) ** 2
    return found
