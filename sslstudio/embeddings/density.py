"""Groups where points lie densely on the 2-D map: HDBSCAN. A result of the map, not of the images themselves.

Campello et al., "Density-based clustering based on hierarchical density estimates", PAKDD 2013.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sslstudio.embeddings.clusters import number_by_size

SAMPLE = 20_000
"""Of more points, so many are grouped; each of the others goes with the nearest of them."""
SHARE = 0.02
FEWEST, MOST = 10, 200
"""The smallest group has two of a hundred of the points that are grouped, at least ten, at most two hundred."""


def density_groups(xy: NDArray[np.floating], seed: int = 0) -> NDArray[np.int32]:
    """Group numbers (N,) of the points xy (N, 2), 0 the largest; -1 for points between the groups.

    All points are one group when nothing separates them.
    """
    from scipy.spatial import cKDTree
    from sklearn.cluster import HDBSCAN

    n = len(xy)
    rows = np.arange(n) if n <= SAMPLE else np.sort(np.random.default_rng(seed).choice(n, SAMPLE, replace=False))
    points = np.asarray(xy[rows], dtype=np.float64)
    least = int(np.clip(SHARE * len(rows), FEWEST, MOST))
    if len(rows) < 2 * least:
        return np.zeros(n, dtype=np.int32)
    found = HDBSCAN(least, min_samples=min(10, least), algorithm="kd_tree", copy=True).fit_predict(points)
    if found.max(initial=-1) < 0:
        return np.zeros(n, dtype=np.int32)
    if len(rows) < n:
        _, nearest = cKDTree(points).query(np.asarray(xy, dtype=np.float64))
        found = found[nearest]
    groups = np.full(n, -1, dtype=np.int32)
    groups[found >= 0] = number_by_size(found[found >= 0])
    return groups
