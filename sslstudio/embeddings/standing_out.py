"""Images that stand out among their neighbours: far from all others, or closer to one than images are by nature.

Both limits come from the images themselves: the logarithms of the distances of all images, their median, and their
median absolute deviation, beyond which 3.5 is unusual (Iglewicz, Hoaglin, "How to detect and handle outliers", 1993).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sslstudio.embeddings.answers import Outliers, Pairs
from sslstudio.embeddings.neighbour_graph import Graph, graph_of
from sslstudio.embeddings.neighbours import Floats, Ints

UNUSUAL = 3.5
SAME = 2e-5
"""Cosine distance below which two embeddings are the same, whatever is usual: half precision tells no more apart."""
FEWEST = 20
"""Of fewer images nothing is usual."""
MOST = 500


def outliers(vectors_file: str, patients: Ints | None = None, most: int = MOST) -> Outliers:
    """As `outliers_of`, of the embeddings (N, D) in a file; for a compute process."""
    return outliers_of(graph_of(vectors_file), patients, most)


def near_duplicates(vectors_file: str, most: int = MOST) -> Pairs:
    """As `pairs_of`, of the embeddings in a file; for a compute process."""
    return pairs_of(graph_of(vectors_file), most)


def outliers_of(graph: Graph, patients: Ints | None = None, most: int = MOST) -> Outliers:
    """The outliers among the N images of `graph`; `patients` (N,) numbers the patients.

    Far is meant by the mean distance to the ten nearest, so that two odd images do not hide one another.
    """
    distance = graph.distance
    n = len(distance)
    own = own_usual = np.full(n, np.nan, dtype=np.float32)
    nearest = distance[:, 0] if distance.shape[1] else np.zeros(n, np.float32)
    usual = float(np.median(nearest)) if n else 0.0
    if n < FEWEST or not distance.shape[1]:
        nobody = np.empty(0, np.int64)
        return Outliers(nobody, nearest[nobody], usual, own[nobody], own[nobody], graph.recall)
    score = unusual(distance.mean(axis=1))
    rows = np.flatnonzero(score > UNUSUAL)
    rows = rows[np.argsort(-score[rows], kind="stable")][:most]
    if patients is not None:
        own, own_usual = _own_shares(graph, patients)
    return Outliers(rows, nearest[rows], usual, own[rows], own_usual[rows], graph.recall)


def pairs_of(graph: Graph, most: int = MOST) -> Pairs:
    """The near-duplicates among the images of `graph`, at most `most` pairs."""
    distance = graph.distance
    n = len(distance)
    if n < 2 or not distance.shape[1]:
        return Pairs(np.empty((0, 2), np.int64), np.empty(0, np.float32), SAME, 0.0, graph.recall)
    limit = max(SAME, lower_limit(distance[:, 0])) if n >= FEWEST else SAME
    one, place = np.nonzero((distance <= limit) & (graph.rows >= 0))
    other = graph.rows[one, place]
    pairs = np.stack([np.minimum(one, other), np.maximum(one, other)], axis=1)
    pairs, first = np.unique(pairs, axis=0, return_index=True)
    apart = distance[one, place][first]
    order = np.argsort(apart, kind="stable")[:most]
    return Pairs(pairs[order], apart[order], limit, float(np.median(distance[:, 0])), graph.recall)


def unusual(distance: NDArray[np.floating]) -> NDArray[np.float64]:
    """How unusual each of the distances (N,) is: deviations of its logarithm from the median, above or below."""
    logarithm = np.log(np.maximum(np.asarray(distance, dtype=np.float64), SAME))
    middle, spread = _middle(logarithm)
    found: NDArray[np.float64] = (logarithm - middle) / spread
    return found


def lower_limit(distance: NDArray[np.floating]) -> float:
    """The distance below which those of (N,) are unusually small."""
    middle, spread = _middle(np.log(np.maximum(np.asarray(distance, dtype=np.float64), SAME)))
    return float(np.exp(middle - UNUSUAL * spread))


def _middle(values: NDArray[np.float64]) -> tuple[float, float]:
    middle = float(np.median(values))
    return middle, max(1.4826 * float(np.median(np.abs(values - middle))), 1e-3)


def _own_shares(graph: Graph, patients: Ints) -> tuple[Floats, Floats]:
    """For each image the share of its neighbours from its patient, and the mean share of the patient's other images."""
    same = (patients[graph.rows] == patients[:, None]) & (graph.rows >= 0)
    number = np.bincount(patients)[patients].astype(np.float64)
    # Of a patient with three images at most two can be neighbours.
    own = same.sum(axis=1) / np.maximum(1, np.minimum(graph.rows.shape[1], number - 1))
    total = np.bincount(patients, weights=own)[patients]
    with np.errstate(invalid="ignore", divide="ignore"):
        others = np.where(number > 1, (total - own) / (number - 1), np.nan)
    return np.where(number > 1, own, np.nan).astype(np.float32), others.astype(np.float32)
