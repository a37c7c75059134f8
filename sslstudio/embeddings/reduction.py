"""Principal components of a matrix that need not fit in memory; apart because map, clusters and figures share them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from sslstudio.errors import SSLStudioError

BLOCK_ROWS = 8192
Floats = NDArray[np.float32]


def unit_blocks(vectors: NDArray[np.floating]) -> Iterator[tuple[int, Floats]]:
    """Blocks of the rows of vectors (N, D) as float32 of length one, with the number of their first row.

    Direction is what contrastive learning shapes, and length mostly tells contrast. A zero row stays zero.
    Raises SSLStudioError "bad_embedding" where a value is not finite.
    """
    for first in range(0, len(vectors), BLOCK_ROWS):
        block = np.asarray(vectors[first : first + BLOCK_ROWS], dtype=np.float32)
        if not np.isfinite(block).all():
            raise SSLStudioError(
                "Some embeddings hold values that are no numbers.", "Train or embed again.", code="bad_embedding"
            )
        length = np.linalg.norm(block, axis=1, keepdims=True)
        yield first, (block / np.where(length > 0, length, 1)).astype(np.float32, copy=False)


def principal_components(vectors: NDArray[np.floating], k: int = 50) -> Floats:
    """The first k principal components (N, min(k, D, N)) of the rows of vectors (N, D), scaled to length one first.

    From the eigenvectors of the covariance matrix, summed block by block; the sign of each component is fixed so
    that its largest loading is positive. The same vectors give the same components.
    """
    n, dimensions = vectors.shape
    total = np.zeros(dimensions)
    for _, block in unit_blocks(vectors):
        total += block.sum(axis=0, dtype=np.float64)
    centre = (total / max(n, 1)).astype(np.float32)
    covariance = np.zeros((dimensions, dimensions))
    for _, block in unit_blocks(vectors):  # a second pass: features that hardly differ would drown in rounding
        block -= centre
        covariance += block.T @ block
    keep = min(k, dimensions, n)
    _, axes = np.linalg.eigh(covariance)
    axes = axes[:, ::-1][:, :keep]
    largest = axes[np.abs(axes).argmax(axis=0), np.arange(keep)]
    loadings = (axes * np.where(largest < 0, -1, 1)).astype(np.float32)
    found = np.empty((n, keep), dtype=np.float32)
    for first, block in unit_blocks(vectors):
        found[first : first + len(block)] = (block - centre) @ loadings
    return found


def standard_scale(xy: Floats) -> Floats:
    """Centre (N, 2) coordinates and divide them by their root mean square radius; a single point stays at 0."""
    if len(xy) == 0:
        return xy.astype(np.float32)
    centred = xy.astype(np.float64) - xy.mean(axis=0, dtype=np.float64)
    radius = float(np.sqrt((centred**2).sum(axis=1).mean()))
    found: Floats = (centred / (radius if radius > 1e-12 else 1.0)).astype(np.float32)
    return found
