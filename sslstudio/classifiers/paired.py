"""Two classifiers on the same test images: is one better? Difference, interval and p by patient.

Apart from `scores`, which describes one: here what is hard for both cancels out.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sslstudio.classifiers import counting, intervals, ranking

Doubles = NDArray[np.float64]
LEVEL = 0.95
SAME = 1e-7


def compare(
    y: NDArray[np.integer], first: NDArray[np.floating], second: NDArray[np.floating], groups: NDArray[np.str_]
) -> dict[str, Any]:
    """The first against the second for classes y (N,), probabilities (N, K) of each and patients (N,); plain JSON.

    {"n_images", "n_subjects", "method", "differences"}, the last with "macro_auc" (DeLong's test; Obuchowski's where
    patients have several images; the mean over the classes that have images on both sides) and "balanced_accuracy"
    (jackknife of the patients), each {"first", "second", "value", "low", "high", "p"} with a 95 % interval of first
    minus second and a two-sided p. A score that does not exist is left out.
    """
    true, names, patient = _prepared(y, groups)
    one, other = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    repeats = len(names) < len(true)
    found = {}
    sides = [number for number in range(one.shape[1]) if 0 < int((true == number).sum()) < len(true)]
    if sides:
        areas = [
            [ranking.area(each[:, number], true == number, patient, len(names)) for number in sides]
            for each in (one, other)
        ]
        weights = np.full(len(sides), 1 / len(sides))
        means = [float(np.mean([area.value for area in each])) for each in areas]
        variance, freedom = ranking.variance([*areas[0], *areas[1]], np.r_[weights, -weights])
        fewest = min(min(area.positive_patients, area.negative_patients) for area in areas[0])
        found["macro_auc"] = _difference(means, variance, freedom if repeats else None, fewest)
    if len(np.unique(true)) > 1:
        parts, values = [], []
        for each in (one, other):
            called = each.argmax(axis=1)
            table = np.zeros((1, one.shape[1], one.shape[1]))
            np.add.at(table[0], (true, called), 1)
            values.append(float(counting.count(table).balanced_accuracy[0]))
            parts.append(counting.contributions(true, called, patient, len(names), one.shape[1]).balanced_accuracy)
        variance, freedom = intervals.spread(parts[0] - parts[1])
        fewest = min(len(np.unique(patient[true == number])) for number in np.unique(true))
        found["balanced_accuracy"] = _difference(values, variance, freedom if repeats else None, fewest)
    return {
        "n_images": len(true),
        "n_subjects": len(names),
        "method": "obuchowski" if repeats else "delong",
        "differences": found,
    }


def _prepared(
    y: NDArray[np.integer], groups: NDArray[np.str_]
) -> tuple[NDArray[np.int64], NDArray[np.str_], NDArray[np.int64]]:
    names, patient = np.unique(np.asarray(groups), return_inverse=True)
    return np.asarray(y, dtype=np.int64), names, patient.astype(np.int64)


def _difference(values: list[float], variance: float, freedom: float | None, fewest: int) -> dict[str, float]:
    value, error = values[0] - values[1], variance**0.5
    reach = intervals.multiplier(LEVEL, freedom) * error
    if error <= SAME:  # no patient tells them apart: what `fewest` patients leave open
        reach = 1 - intervals.wilson(fewest, fewest, LEVEL).low
    numbers = {
        "first": values[0],
        "second": values[1],
        "value": value,
        "low": max(-1.0, value - reach),
        "high": min(1.0, value + reach),
    }
    return {**{key: round(number, 6) for key, number in numbers.items()}, "p": _two_sided(value, error, freedom)}


def _two_sided(value: float, error: float, freedom: float | None) -> float:
    """The chance of a difference at least as large when there is none."""
    if error <= SAME:
        return 1.0
    from scipy.special import ndtr, stdtr

    size = -abs(value) / error
    return float(2 * (ndtr(size) if freedom is None else stdtr(freedom, size)))
