"""Areas under the ROC and the precision-recall curve, and what each patient contributes to their error.

From the contributions follow the variance of one area (DeLong), of a mean over classes, and of the difference of two
classifiers on the same images; patients may have several images (Obuchowski).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sslstudio.classifiers import intervals

Doubles = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


class Area(NamedTuple):
    """The area under a ROC curve, and the shares (P,) of its error of each patient's positive and negative images."""

    value: float
    positive: Doubles
    negative: Doubles
    positive_patients: int
    negative_patients: int


def area(score: Doubles, positive: Flags, patient: Ints, patients: int) -> Area:
    """The chance that a positive image scores above a negative one, ties counting half; for scores (N,), patients (N,).

    Both sides must have images. By midranks: Sun and Xu, IEEE Signal Process. Lett. 21, 2014, on DeLong, DeLong and
    Clarke-Pearson, Biometrics 44, 1988; summed by patient: Obuchowski, Biometrics 53, 1997.
    """
    up, down = score[positive], score[~positive]
    all_ranks, up_ranks, down_ranks = midranks(score), midranks(up), midranks(down)
    above = (all_ranks[positive] - up_ranks) / len(down)  # share of the negatives below each positive
    below = 1.0 - (all_ranks[~positive] - down_ranks) / len(up)  # share of the positives above each negative
    value = float(above.mean())
    own, other = patient[positive], patient[~positive]
    return Area(
        value,
        np.bincount(own, above - value, patients) / len(up),
        np.bincount(other, below - value, patients) / len(down),
        len(np.unique(own)),
        len(np.unique(other)),
    )


def midranks(values: Doubles) -> Doubles:
    """Ranks from 1 (N,), equal values sharing the mean of theirs."""
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    ranks: Doubles = (last - (count - 1) / 2.0)[place]
    return ranks


def variance(areas: list[Area], weights: Doubles) -> tuple[float, float]:
    """Variance of the sum of areas times weights, and its degrees of freedom.

    For one area with one image a patient it is DeLong's, for several images Obuchowski's.
    """
    patients = len(areas[0].positive)
    up, down, up_raw, down_raw = (np.zeros(patients) for _ in range(4))
    for one, weight in zip(areas, weights, strict=True):
        up += weight * _corrected(one.positive, one.positive_patients)
        down += weight * _corrected(one.negative, one.negative_patients)
        up_raw += weight * one.positive
        down_raw += weight * one.negative
    both = 2 * float((up_raw * down_raw).sum()) * patients / max(1, patients - 1)
    found = float((up**2).sum() + (down**2).sum()) + both
    return max(0.0, found), intervals.spread(up + down)[1]


def average_precision(score: Doubles, positive: Flags, patient: Ints, patients: int) -> tuple[float, Doubles]:
    """Average precision of scores (N,), and what each patient contributes to its error (P,).

    The mean, over the positive images, of the precision among the images that score at least as high; equal to
    scikit-learn's. The contributions are its derivatives by the weight of a patient.
    """
    order = np.argsort(-score, kind="stable")
    sorted_score, up = score[order], positive[order].astype(np.float64)
    last = np.flatnonzero(np.r_[sorted_score[1:] < sorted_score[:-1], True])
    of_tie = np.searchsorted(last, np.arange(len(order)))
    found, called = np.cumsum(up)[last], last + 1.0
    hits = np.diff(np.r_[0.0, found])
    precision = found / called
    total = found[-1]
    value = float((hits * precision).sum() / total)
    # An image raises what all positives at or below it find among those called.
    gain = np.cumsum((hits / called)[::-1])[::-1]
    loss = np.cumsum((hits * found / called**2)[::-1])[::-1]
    share = up * (precision[of_tie] - value + gain[of_tie]) - loss[of_tie]
    by_patient = np.asarray(np.bincount(patient[order], share / total, patients), dtype=np.float64)
    return value, by_patient


def _corrected(contributions: Doubles, patients: int) -> Doubles:
    factor = (patients / (patients - 1.0)) ** 0.5 if patients > 1 else 1.0
    found: Doubles = factor * contributions
    return found
