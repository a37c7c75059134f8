"""Groups of similar images: k-means on the principal components, with a number of groups suggested by silhouette."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray

from sslstudio.embeddings.reduction import principal_components

Floats = NDArray[np.float32]

RANGE = range(2, 13)
SAMPLE = 4000
SILHOUETTE_SAMPLE = 1500
FITTED_ON = 50_000
"""Of more images, so many are grouped, and each of the others goes to the group with the nearest centre."""


def cluster(vectors: NDArray[np.floating], k: int = 0, seed: int = 0) -> NDArray[np.int32]:
    """Group numbers (N,) of the rows of vectors (N, D); k = 0 lets the silhouette choose the number of groups.

    Groups are numbered by size, 0 the largest, so that the same images get the same numbers again.
    """
    components = principal_components(vectors) if vectors.shape[1] > 50 else np.asarray(vectors, dtype=np.float32)
    return cluster_components(components, k, seed)


def cluster_components(components: Floats, k: int = 0, seed: int = 0) -> NDArray[np.int32]:
    """As `cluster`, from principal components (N, C)."""
    k = min(k or suggest_k(components, seed), _distinct(components))
    if k < 2:
        return np.zeros(len(components), dtype=np.int32)
    return number_by_size(_k_means(components, k, seed, starts=3))


def suggest_k(components: Floats, seed: int = 0) -> int:
    """The number of groups from 2 to 12 with the largest mean silhouette on a sample; 1 when nothing can be grouped.

    Rousseeuw, "Silhouettes", J. Comput. Appl. Math. 20, 1987.
    """
    rows = _sample(len(components), SAMPLE, seed)
    sample = components[rows]
    distinct = _distinct(sample)
    best, best_score = 1, -1.0
    for k in RANGE:
        if k > distinct - 1 or k > len(sample) // 3:
            break
        score = _silhouette(sample, _k_means(sample, k, seed, starts=2), seed)
        if score > best_score + 1e-9:
            best, best_score = k, score
    return best


def number_by_size(labels: NDArray[np.integer]) -> NDArray[np.int32]:
    """Renumber groups: 0 the largest; of equal ones the one whose first member comes first."""
    names, first, inverse, counts = np.unique(labels, return_index=True, return_inverse=True, return_counts=True)
    order = np.lexsort((first, -counts))
    rank = np.empty(len(names), dtype=np.int32)
    rank[order] = np.arange(len(names), dtype=np.int32)
    found: NDArray[np.int32] = rank[inverse]
    return found


def _k_means(vectors: Floats, k: int, seed: int, starts: int) -> NDArray[np.int32]:
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    # One thread: the problem is small, threads that wait for each other on a busy computer cost seconds, and the
    # sums must not depend on their number.
    with warnings.catch_warnings(), threadpool_limits(1):
        # On Windows scikit-learn warns of a leak in Intel's library that does not matter at this size.
        warnings.filterwarnings("ignore", message="KMeans is known to have a memory leak", category=UserWarning)
        model = KMeans(k, n_init=starts, random_state=seed)
        if len(vectors) > FITTED_ON:
            found: NDArray[np.int32] = model.fit(vectors[_sample(len(vectors), FITTED_ON, seed)]).predict(vectors)
        else:
            found = model.fit_predict(vectors)
    return found


def _silhouette(vectors: Floats, labels: NDArray[np.int32], seed: int) -> float:
    from sklearn.metrics import silhouette_score

    rows = _sample(len(vectors), SILHOUETTE_SAMPLE, seed)
    found = np.unique(labels[rows])
    if not 2 <= len(found) < len(rows):
        return -1.0
    return float(silhouette_score(vectors[rows], labels[rows]))


def _sample(n: int, most: int, seed: int) -> NDArray[np.int64]:
    if n <= most:
        return np.arange(n)
    return np.sort(np.random.default_rng(seed).choice(n, most, replace=False))


def _distinct(vectors: Floats) -> int:
    """The number of distinct rows, looked for no further than the groups that may be asked for."""
    return len(np.unique(vectors[: 4 * SAMPLE], axis=0))
