"""Shrinks stored images by exact area averages, in linear values; apart because it must never resharpen or clip."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sslstudio.importers.windowing import StoredPixels

_BLOCK = 1 << 22


def limit_side(stored: StoredPixels, max_side: int) -> StoredPixels:
    """(H, W, C) with its longest side at most `max_side`: each new pixel is the mean of the area it covers."""
    height, width, _ = stored.shape
    longest = max(height, width)
    if longest <= max_side:
        return stored
    new_height = max(1, round(height * max_side / longest))
    new_width = max(1, round(width * max_side / longest))
    rows = max(1, _BLOCK // (width * stored.shape[2]))
    narrow = np.concatenate(
        [_average(stored[top : top + rows], new_width, axis=1) for top in range(0, height, rows)], axis=0
    )
    result: StoredPixels = np.rint(_average(narrow, new_height, axis=0)).astype(stored.dtype)
    return result


def _average(values: NDArray[Any], count: int, axis: int) -> NDArray[np.float64]:
    """Means of `count` equal intervals along `axis`, by differences of the running sum."""
    length = values.shape[axis]
    start = np.zeros_like(values, dtype=np.float64, shape=(*values.shape[:axis], 1, *values.shape[axis + 1 :]))
    running = np.concatenate([start, np.cumsum(values, axis=axis, dtype=np.float64)], axis=axis)
    edges = np.linspace(0.0, length, count + 1)
    whole = np.minimum(edges.astype(np.int64), length - 1)
    shape = [1] * values.ndim
    shape[axis] = count + 1
    part = (edges - whole).reshape(shape)
    at_edges = running.take(whole, axis) * (1 - part) + running.take(whole + 1, axis) * part
    means: NDArray[np.float64] = np.diff(at_edges, axis=axis) * (count / length)
    return means
