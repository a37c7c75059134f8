"""Scores that follow from a confusion matrix, for many matrices at once, and how patients make them uncertain."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]
Ints = NDArray[np.int64]
MOST_NUMBERS = 4_000_000


class Counted(NamedTuple):
    """Of R matrices: four scores (R,) over all classes and five of each class (R, K); not a number where undefined."""

    accuracy: Doubles
    balanced_accuracy: Doubles
    kappa: Doubles
    macro_f1: Doubles
    sensitivity: Doubles
    specificity: Doubles
    precision: Doubles
    npv: Doubles
    f1: Doubles


def count(confusion: Doubles) -> Counted:
    """Scores of matrices (R, K, K), rows true.

    Balanced accuracy and macro F1 are means over the classes that have images. Kappa is Cohen's (Educ. Psychol. Meas.
    20, 1960).
    """
    total = confusion.sum(axis=(1, 2))
    right = np.einsum("rkk->rk", confusion)
    true, called = confusion.sum(axis=2), confusion.sum(axis=1)
    rest = total[:, None] - true
    passed = rest - called + right
    sensitivity, f1 = _ratio(right, true), np.where(true > 0, _ratio(2 * right, true + called), np.nan)
    accuracy = _ratio(right.sum(axis=1), total)
    chance = _ratio((true * called).sum(axis=1), total**2)
    return Counted(
        accuracy,
        _mean_of_known(sensitivity),
        _ratio(accuracy - chance, 1 - chance),
        _mean_of_known(f1),
        sensitivity,
        _ratio(passed, rest),
        _ratio(right, called),
        _ratio(passed, total[:, None] - called),
        f1,
    )


def contributions(y: Ints, predicted: Ints, patient: Ints, patients: int, k: int) -> Counted:
    """What each of P patients contributes to the error of each score: R is P.

    The scores without the patient, taken from their mean (the jackknife); 0 where they would not exist without him.
    """
    cells, number = np.unique((patient * k + y) * k + predicted, return_counts=True)
    who, true, called = cells // (k * k), cells // k % k, cells % k
    whole = np.zeros((k, k))
    np.add.at(whole, (true, called), number)
    parts = []
    step = max(1, MOST_NUMBERS // (k * k))
    for start in range(0, max(1, patients), step):
        here = (who >= start) & (who < start + step)
        left = np.repeat(whole[None], min(step, patients - start), axis=0)
        np.subtract.at(left, (who[here] - start, true[here], called[here]), number[here])
        parts.append(count(left))
    joined = [np.concatenate(each) for each in zip(*parts, strict=True)]
    return Counted(*(_centred(each, patients) for each in joined))


def _centred(without: Doubles, patients: int) -> Doubles:
    """Jackknife contributions from scores without each patient (P,) or (P, K)."""
    known = ~np.isnan(without)
    mean = np.where(known, without, 0.0).sum(axis=0) / np.maximum(1, known.sum(axis=0))
    found: Doubles = np.where(known, mean - np.where(known, without, 0.0), 0.0) * ((patients - 1) / max(1, patients))
    return found


def _ratio(a: Doubles, b: Doubles) -> Doubles:
    found: Doubles = np.divide(a, b, out=np.full(np.broadcast(a, b).shape, np.nan), where=b > 0)
    return found


def _mean_of_known(values: Doubles) -> Doubles:
    """Mean (R,) of the numbers of each row (R, K)."""
    known = ~np.isnan(values)
    return _ratio(np.where(known, values, 0.0).sum(axis=1), known.sum(axis=1).astype(np.float64))
