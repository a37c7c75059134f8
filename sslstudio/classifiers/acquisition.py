"""Which images to label next, by their vectors and what the classifier says; numpy and scikit-learn, no files.

All functions take `unit` (N, D), rows of length one, and give rows, the most useful first. Sources stand with each;
`benchmarks/active_learning.py` compares them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sslstudio.classifiers.fitting import one_thread

Floats = NDArray[np.float32]
Rows = NDArray[np.int64]

NEIGHBOURS = 20
MOST_CLUSTERS = 200
_MOST_TO_CLUSTER = 20_000
_MOST_TO_COMPARE = 1_000
_MOST_TO_COVER = 10_000
_PURE = 0.95


def unit_rows(vectors: NDArray[np.floating]) -> Floats:
    """Vectors (N, D) as float32 of length one; a zero row stays zero."""
    matrix = np.asarray(vectors, dtype=np.float32)
    length = np.linalg.norm(matrix, axis=1, keepdims=True)
    found: Floats = (matrix / np.where(length > 0, length, 1)).astype(np.float32, copy=False)
    return found


def clusters(unit: Floats, count: int, seed: int) -> NDArray[np.int32]:
    """Cluster numbers (N,) by k-means, its centres found on 20,000 rows at most."""
    from sklearn.cluster import KMeans

    count = max(1, min(count, len(unit) // 2))
    random = np.random.default_rng(seed)
    some = unit if len(unit) <= _MOST_TO_CLUSTER else unit[random.choice(len(unit), _MOST_TO_CLUSTER, replace=False)]
    with one_thread():
        made = KMeans(count, n_init=1, max_iter=30, random_state=seed).fit(some)
        found: NDArray[np.int32] = made.predict(unit).astype(np.int32)
    return found


def typicality(unit: Floats, members: Rows, seed: int = 0) -> Floats:
    """How typical each of `members` (M,) is of them: one over the mean distance to its 20 nearest among them.

    Hacohen et al., "Active Learning on a Budget: Opposite Strategies Suit High and Low Budgets", ICML 2022. Of more
    than 1,000 members the distances to 1,000 drawn ones count.
    """
    block = unit[members]
    among = block
    if len(members) > _MOST_TO_COMPARE:
        among = block[np.random.default_rng(seed).choice(len(members), _MOST_TO_COMPARE, replace=False)]
    distance = np.sqrt(np.clip(2 - 2 * (block @ among.T), 0, None))
    k = min(NEIGHBOURS + 1, distance.shape[1])
    near = np.partition(distance, k - 1, axis=1)[:, :k].sum(axis=1) / max(1, k - 1)
    found: Floats = (1.0 / np.maximum(near, 1e-6)).astype(np.float32)
    return found


def typical(
    unit: Floats, cluster: NDArray[np.int32], labelled: NDArray[np.bool_], open_: NDArray[np.bool_], wanted: int
) -> Rows:
    """TypiClust (Hacohen et al. 2022): of the clusters (N,) with fewest labels, larger ones first, the most typical.

    Gives up to `wanted` of the `open_` rows, further ones of a cluster after the first of each.
    """
    queues: list[tuple[int, int, list[int]]] = []
    for number in np.unique(cluster):
        members = np.flatnonzero(cluster == number)
        ranked = members[np.argsort(-typicality(unit, members), kind="stable")]
        queues.append((int(labelled[members].sum()), -len(members), [int(row) for row in ranked if open_[row]]))
    chosen: list[int] = []
    while len(chosen) < wanted:
        queues = [queue for queue in queues if queue[2]]
        if not queues:
            break
        least = min(range(len(queues)), key=lambda place: queues[place][:2])
        known, size, rows = queues[least]
        chosen.append(rows.pop(0))
        queues[least] = (known + 1, size, rows)
    return np.asarray(chosen, dtype=np.int64)


def cover_radius(unit: Floats, cluster: NDArray[np.int32]) -> float:
    """The largest distance at which 95 % of the balls around images hold images of one cluster alone.

    ProbCover's own choice: Yehuda et al., "Active Learning Through a Covering Lens", NeurIPS 2022.
    """
    some = unit[:_MOST_TO_COMPARE]
    distance = np.sqrt(np.clip(2 - 2 * (some @ unit[: 4 * _MOST_TO_COMPARE].T), 0, None))
    other = cluster[: len(some), None] != cluster[None, : distance.shape[1]]
    nearest_other = np.where(other, distance, np.inf).min(axis=1)
    finite = nearest_other[np.isfinite(nearest_other)]
    return float(np.quantile(finite, 1 - _PURE)) if len(finite) else float(distance.max())


def covering(
    unit: Floats, labelled: NDArray[np.bool_], open_: NDArray[np.bool_], wanted: int, radius: float, seed: int = 0
) -> Rows:
    """ProbCover (Yehuda et al. 2022): one after the other the row whose ball of `radius` covers most that is uncovered.

    Of more than 10,000 rows as many are drawn; once all is covered nothing more is given.
    """
    rows = np.arange(len(unit))
    if len(rows) > _MOST_TO_COVER:
        drawn = np.random.default_rng(seed).choice(len(unit), _MOST_TO_COVER, replace=False)
        rows = np.union1d(drawn, np.flatnonzero(labelled))
    part = unit[rows]
    least = 1 - radius * radius / 2
    near = [np.flatnonzero(part @ part[place] >= least) for place in range(len(rows))]
    uncovered = np.ones(len(rows), dtype=bool)
    for place in np.flatnonzero(labelled[rows]):
        uncovered[near[place]] = False
    may = open_[rows].copy()
    gain = np.array([int(uncovered[reached].sum()) for reached in near])
    chosen: list[int] = []
    while len(chosen) < wanted:
        best = int(np.where(may, gain, -1).argmax())
        if not may[best] or gain[best] <= 0:
            break
        chosen.append(int(rows[best]))
        may[best] = False
        for place in near[best][uncovered[near[best]]]:
            uncovered[place] = False
            gain[near[place]] -= 1
    return np.asarray(chosen, dtype=np.int64)


def doubtful(probabilities: NDArray[np.floating], open_: NDArray[np.bool_]) -> Rows:
    """The `open_` rows by the margin between the two likeliest classes (N, K), the smallest first."""
    rows = np.flatnonzero(open_)
    top = -np.partition(-probabilities[rows], 1, axis=1)[:, :2]
    found: Rows = rows[np.argsort(np.abs(top[:, 0] - top[:, 1]), kind="stable")]
    return found
