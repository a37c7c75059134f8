"""Confidence intervals and the weighted AUC: small formulas with a source each, apart from what is scored with them."""

from __future__ import annotations

from math import comb
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]


class Interval(NamedTuple):
    """A confidence interval, both ends in it."""

    low: float
    high: float


def wilson(hits: int, n: int, level: float = 0.95) -> Interval:
    """Wilson's score interval for `hits` of n (n > 0): E. B. Wilson, J. Am. Stat. Assoc. 22, 1927."""
    z = NormalDist().inv_cdf(0.5 + level / 2)
    p = hits / n
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * (p * (1 - p) / n + z * z / (4 * n * n)) ** 0.5
    low = 0.0 if hits == 0 else max(0.0, centre - half)
    high = 1.0 if hits == n else min(1.0, centre + half)
    return Interval(low, high)


def exact(hits: int, n: int, level: float = 0.95) -> Interval:
    """The exact binomial interval for `hits` of n (0 < n <= 1,000): Clopper and Pearson, Biometrika 26, 1934.

    By bisection, since the window has no scipy at hand and takes a second to load it.
    """
    tail = (1 - level) / 2

    def at_least(k: int, p: float) -> float:
        return sum(comb(n, i) * p**i * (1 - p) ** (n - i) for i in range(k, n + 1))

    def where(k: int, chance: float) -> float:
        low, high = 0.0, 1.0
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if at_least(k, middle) < chance else (low, middle)
        return (low + high) / 2

    low = 0.0 if hits == 0 else where(hits, tail)
    return Interval(low, 1.0 if hits == n else where(hits + 1, 1 - tail))


def percentile(drawn: Doubles, level: float = 0.95) -> Interval | None:
    """The percentile interval of bootstrap replicates (R,) that are numbers; None when none is."""
    known = drawn[~np.isnan(drawn)]
    if not len(known):
        return None
    low, high = np.quantile(known, [0.5 - level / 2, 0.5 + level / 2])
    return Interval(float(low), float(high))


def weighted_auc(score: Doubles, positive: NDArray[np.bool_], weights: Doubles) -> Doubles:
    """AUC (R,) of scores (N,) for each row of image weights (R, N); ties count half.

    The chance that a positive image scores above a negative one. Not a number where one side has no weight.
    """
    order = np.argsort(score, kind="stable")
    score, positive = score[order], positive[order]
    first = np.flatnonzero(np.r_[True, score[1:] > score[:-1]])  # where each tie of equal scores begins
    weights = weights[:, order]
    up = np.add.reduceat(weights * positive, first, axis=1)
    down = np.add.reduceat(weights * ~positive, first, axis=1)
    below = np.cumsum(down, axis=1) - down
    area = (up * (below + 0.5 * down)).sum(axis=1)
    total = up.sum(axis=1) * down.sum(axis=1)
    found: Doubles = np.divide(area, total, out=np.full(len(weights), np.nan), where=total > 0)
    return found
