"""Whether more labels of a class would help: a learning curve for each class, fitted to its labels, with an
interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sslstudio.classifiers import fitting
from sslstudio.classifiers.fitting import Doubles, Floats, Ints

REPEATS = 3
LITTLE = 0.03
"""A gain that is not worth the work."""
PARTS = (1, 2, 4)
"""The curve is fitted to all, half and a quarter of the labels."""
_STEPS = (5, 10, 15, 20, 30, 40, 50)


@dataclass(frozen=True)
class Gain:
    """What the sensitivity of one class would gain if its labels were doubled, by its learning curve so far.

    The curve is a - b / sqrt(n), the power law that Figueroa et al. (BMC Med. Inform. Decis. Mak. 12, 2012) fit, its
    exponent held at a half because three points do not tell it. `labels` is how many the class has; `value` is None
    where too few patients are left out to tell.
    """

    labels: int
    value: float | None = None
    low: float = 0.0
    high: float = 0.0

    @property
    def grows(self) -> bool:
        """Surely more than nothing, and enough to be worth the work."""
        return self.value is not None and self.low > 0 and self.high > LITTLE

    def with_more(self, labels: int) -> tuple[float, float, float]:
        """What so many more labels would gain: the value and the ends of its interval."""
        share = (1 - (self.labels / (self.labels + labels)) ** 0.5) / (1 - 0.5**0.5)
        return (self.value or 0.0) * share, self.low * share, self.high * share

    @property
    def worthwhile(self) -> int:
        """The smallest number of further labels that should gain enough to be worth the work; at most fifty."""
        return next((more for more in _STEPS if self.with_more(more)[0] >= LITTLE), _STEPS[-1])

    @property
    def saturated(self) -> bool:
        """Surely little."""
        return self.value is not None and self.high < LITTLE


def gains(
    standard: Floats,
    y: Ints,
    groups: NDArray[np.str_],
    classes: int,
    strength: float,
    folds: fitting.Folds,
    full: Doubles,
) -> list[Gain]:
    """The gain of each class on standard (N, D), from the out-of-fold logits `full` (N, K) of all labels.

    In each fold the training patients of each class are halved and quartered, three times by chance, and the same
    left-out images are judged. The curve is fitted to each left-out patient by least squares, which is the fit to their
    mean, too. `strength` is that of all labels; the interval (95 %) is over the patients of the class, by the normal
    approximation to the mean of their curves.
    """
    hits = np.zeros((len(PARTS), len(y)))
    hits[0] = full.argmax(axis=1) == y
    for place, part in enumerate(PARTS[1:], 1):
        for number in range(REPEATS):
            random = np.random.default_rng(number)
            for train, test in folds:
                rows = _part(train, y, groups, random, part)
                coef, intercept = fitting.logistic(standard[rows], y[rows], classes, strength * len(rows) / len(train))
                hits[place, test] += ((standard[test] @ coef.T + intercept).argmax(axis=1) == y[test]) / REPEATS
    x = np.sqrt(PARTS) - np.sqrt(PARTS).mean()
    doubling = -(x @ hits) / (x @ x) * (1 - 0.5**0.5)
    return [_gain(y == number, doubling, groups) for number in range(classes)]


def _part(rows: Ints, y: Ints, groups: NDArray[np.str_], random: np.random.Generator, part: int) -> Ints:
    """The rows of one in `part` patients of each class, at least one."""
    kept: set[str] = set()
    for number in np.unique(y[rows]):
        patients = np.unique(groups[rows][y[rows] == number])
        kept.update(random.permutation(patients)[: max(1, len(patients) // part)].tolist())
    found: Ints = rows[np.isin(groups[rows], list(kept))]
    return found


def _gain(mine: NDArray[np.bool_], doubling: Doubles, groups: NDArray[np.str_]) -> Gain:
    labels = int(mine.sum())
    _, patient = np.unique(groups[mine], return_inverse=True)
    count = np.bincount(patient)
    if len(count) < 5:
        return Gain(labels)
    mean = np.bincount(patient, weights=doubling[mine]) / count
    value = float(mean.mean())
    # a half-step of the smallest change that can be seen keeps an interval where no patient differed
    half = 1.96 * max(float(mean.std(ddof=1)), 0.5 / len(count) ** 0.5) / len(count) ** 0.5
    return Gain(labels, value, value - half, value + half)
