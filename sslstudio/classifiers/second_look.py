"""Labels that are worth a second look: those that the classifier, learned without them, does not believe."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Doubt:
    """One doubted label: its row, the class it gives, the class that is believed, and the probability of that one."""

    row: int
    given: int
    likely: int
    share: float


def doubts(probabilities: NDArray[np.floating], y: NDArray[np.integer]) -> list[Doubt]:
    """The labels y (N,) that out-of-fold `probabilities` (N, K) speak against, the most certain first.

    Confident learning (Northcutt, Jiang and Chuang, J. Artif. Intell. Res. 70, 2021): an image is counted to a class
    when its probability is at least the mean one of the images labelled so; where that makes it of another class than
    its label, the label is doubted. Classes without images are never believed.
    """
    shares, given = np.asarray(probabilities, dtype=np.float64), np.asarray(y, dtype=np.int64)
    classes = shares.shape[1]
    threshold = np.full(classes, np.inf)
    for number in np.unique(given):
        threshold[number] = shares[given == number, number].mean()
    confident = np.where(shares >= threshold, shares, -1.0)
    likely = confident.argmax(axis=1)
    rows = np.flatnonzero((confident.max(axis=1) > 0) & (likely != given))
    found = [Doubt(int(row), int(given[row]), int(likely[row]), float(shares[row, likely[row]])) for row in rows]
    return sorted(found, key=lambda doubt: (shares[doubt.row, doubt.given] - doubt.share, doubt.row))
