"""How faithful a 2-D map is: figures that stand beside it, so that nobody reads more out of it than is in it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SAMPLE = 2000
NEIGHBOURS = 15


def map_quality(
    components: NDArray[np.floating], xy: NDArray[np.floating], seed: int = 0
) -> dict[str, float | int | None]:
    """Trustworthiness and kept neighbours of a map (N, 2) of the principal components (N, C), on a sample.

    "trustworthiness" (Venna and Kaski 2001): 1 when all neighbours on the map are neighbours in truth.
    "neighbours_kept": fraction of the 15 true neighbours that are among the 15 on the map. "sample": how many
    images were looked at. The figures are None when there are too few.
    """
    from sklearn.manifold import trustworthiness
    from sklearn.neighbors import NearestNeighbors

    n = len(components)
    rows = np.arange(n) if n <= SAMPLE else np.random.default_rng(seed).choice(n, SAMPLE, replace=False)
    k = min(NEIGHBOURS, (len(rows) - 1) // 2)
    if k < 1:
        return {"trustworthiness": None, "neighbours_kept": None, "sample": len(rows)}
    X, Y = np.asarray(components[rows], dtype=np.float32), np.asarray(xy[rows], dtype=np.float32)
    true, seen = (NearestNeighbors(n_neighbors=k).fit(Z).kneighbors(return_distance=False) for Z in (X, Y))
    kept = np.mean([len(np.intersect1d(a, b)) / k for a, b in zip(true, seen, strict=True)])
    trust = trustworthiness(X, Y, n_neighbors=k) if len(rows) > 2 * k else None
    return {
        "trustworthiness": None if trust is None else round(float(trust), 4),
        "neighbours_kept": round(float(kept), 4),
        "sample": len(rows),
    }
