"""Whether more labels of a class would help: what doubling its labels has brought so far, with an interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sslstudio.classifiers import fitting
from sslstudio.classifiers.fitting import Doubles, Floats, Ints

REPEATS = 3
LITTLE = 0.03
"""A gain that is not worth the work."""


@dataclass(frozen=True)
class Gain:
    """What the sensitivity of one class gained when the labels of all classes went from half to all.

    `labels` is how many the class has; `value` is None where too few patients are left out to tell.
    """

    labels: int
    value: float | None = None
    low: float = 0.0
    high: float = 0.0

    @property
    def grows(self) -> bool:
        """Surely more than nothing, and enough to be worth the work."""
        return self.value is not None and self.low > 0 and self.high > LITTLE

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

    In each fold the training patients of each class are halved, three times by chance, and the same left-out images
    are judged. `strength` is that of all labels; the interval (95 %) is over the patients of the class, by the normal
    approximation to the mean of their differences.
    """
    hit = (full.argmax(axis=1) == y).astype(np.float64)
    half = np.zeros(len(y))
    for number in range(REPEATS):
        random = np.random.default_rng(number)
        for train, test in folds:
            rows = _half(train, y, groups, random)
            coef, intercept = fitting.logistic(standard[rows], y[rows], classes, strength * len(rows) / len(train))
            half[test] += ((standard[test] @ coef.T + intercept).argmax(axis=1) == y[test]) / REPEATS
    return [_gain(y == number, hit - half, groups) for number in range(classes)]


def _half(rows: Ints, y: Ints, groups: NDArray[np.str_], random: np.random.Generator) -> Ints:
    """The rows of half the patients of each class, at least one."""
    kept: set[str] = set()
    for number in np.unique(y[rows]):
        patients = np.unique(groups[rows][y[rows] == number])
        kept.update(random.permutation(patients)[: max(1, len(patients) // 2)].tolist())
    found: Ints = rows[np.isin(groups[rows], list(kept))]
    return found


def _gain(mine: NDArray[np.bool_], difference: Doubles, groups: NDArray[np.str_]) -> Gain:
    labels = int(mine.sum())
    _, patient = np.unique(groups[mine], return_inverse=True)
    count = np.bincount(patient)
    if len(count) < 5:
        return Gain(labels)
    mean = np.bincount(patient, weights=difference[mine]) / count
    value = float(mean.mean())
    # a half-step of the smallest change that can be seen keeps an interval where no patient differed
    half = 1.96 * max(float(mean.std(ddof=1)), 0.5 / len(count) ** 0.5) / len(count) ** 0.5
    return Gain(labels, value, value - half, value + half)
