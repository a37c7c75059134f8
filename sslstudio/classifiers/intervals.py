"""Confidence intervals: small formulas with a source each, apart from what is scored with them."""

from __future__ import annotations

from math import comb, exp, log
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]
LEAST_FREEDOM = 6.0


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


def spread(contributions: Doubles) -> tuple[float, float]:
    """Variance of a score from what each patient contributes to its error (P,), and its degrees of freedom.

    The infinitesimal jackknife (Jaeckel 1972; Efron 1982) with the factor P / (P - 1). The degrees of freedom are
    Satterthwaite's, see `freedom`. 0 and 1 where the contributions are all alike.
    """
    count = len(contributions)
    if count < 2:
        return 0.0, 1.0
    centred = contributions - contributions.mean()
    squares = float((centred**2).sum())
    if squares <= 1e-24:
        return 0.0, 1.0
    found = freedom(np.array(squares), np.array((centred**4).sum()), count)
    return squares * count / (count - 1), float(found)


def freedom(squares: Doubles, fourths: Doubles, count: int) -> Doubles:
    """Degrees of freedom of variances that are sums of squares of `count` contributions, from their fourth powers too.

    Few where few patients make most of a variance, so that it is itself uncertain; never below 6, below which intervals
    would hold the truth more often than they say (`benchmarks/interval_coverage.py`), or above count - 1.
    """
    uneven = fourths - squares**2 / count
    found = np.divide(2 * squares**2, uneven, out=np.full(np.shape(squares), np.inf), where=uneven > 0)
    kept: Doubles = np.minimum(np.maximum(found, LEAST_FREEDOM), max(count - 1.0, 1.0))
    return kept


def multiplier(level: float = 0.95, degrees: float | None = None) -> float:
    """How many standard errors an interval reaches: the normal one, or Student's t for few degrees of freedom."""
    if degrees is None:
        return NormalDist().inv_cdf(0.5 + level / 2)
    from scipy.special import stdtrit

    return float(stdtrit(degrees, 0.5 + level / 2))


def score_interval(value: float, n: float, reach: float, lowest: float = 0.0) -> Interval:
    """Wilson's interval for a score in `lowest` .. 1 that varies as a share of `n` independent images would.

    `n` may be an effective number, value * (1 - value) / variance, and `reach` Student's t: Korn and Graubard,
    Survey Methodology 24, 1998, on Wilson's interval (Dean and Pagano, J. Surv. Stat. Methodol. 3, 2015).
    """
    share = (value - lowest) / (1 - lowest)
    square = reach * reach
    centre = (share + square / (2 * n)) / (1 + square / n)
    half = reach / (1 + square / n) * (max(0.0, share * (1 - share)) / n + square / (4 * n * n)) ** 0.5
    low, high = max(0.0, centre - half), min(1.0, centre + half)
    return Interval(lowest + (1 - lowest) * low, lowest + (1 - lowest) * high)


def logit_interval(value: float, variance: float, reach: float) -> Interval:
    """The interval that is symmetric in log(value / (1 - value)), for areas under curves (0 < value < 1, variance > 0).

    Pepe, The Statistical Evaluation of Medical Tests, 2003, section 5.2: nearer to 95 % than the plain one for areas
    near 1.
    """
    middle = log(value / (1 - value))
    half = reach * variance**0.5 / (value * (1 - value))
    ends = (1 / (1 + exp(min(700.0, -(middle + side * half)))) for side in (-1, 1))
    return Interval(*ends)


def effective_number(value: float, variance: float) -> float:
    """How many independent images would leave a share as uncertain as `variance` says (0 < value < 1, variance > 0)."""
    return value * (1 - value) / variance
