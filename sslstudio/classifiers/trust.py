"""How far the probabilities of a classifier can be trusted, and what it says of whole patients."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sslstudio.classifiers import intervals, pooling, scores, thresholds
from sslstudio.classifiers.intervals import Interval

Doubles = NDArray[np.float64]
Ints = NDArray[np.int64]
BINS = 10


def describe(
    y: NDArray[np.integer],
    proba: NDArray[np.floating],
    groups: NDArray[np.str_],
    class_names: Sequence[str],
    temperature: float = 1.0,
) -> dict[str, Any]:
    """Plain JSON for classes y (N,), probabilities (N, K) and patients (N,): "calibration", "roc" and "patients".

    "calibration": see `reliability`; "uncalibrated": the same without the `temperature` that the probabilities were
    softened by, None when that is 1. "roc": for each class with images on both sides its "name" and the cuts of
    `thresholds.roc`. "patients": see `by_patient`.
    """
    true, shares = np.asarray(y, dtype=np.int64), np.asarray(proba, dtype=np.float64)
    names, patient = np.unique(np.asarray(groups), return_inverse=True)
    repeats = len(names) < len(true)
    curves = [
        {"name": name, **thresholds.roc(shares[:, number], true == number, patient if repeats else None)}
        for number, name in enumerate(class_names)
        if 0 < int((true == number).sum()) < len(true)
    ]
    before = None if temperature == 1.0 else reliability(true, _sharpened(shares, temperature), patient)
    return {
        "calibration": reliability(true, shares, patient),
        "uncalibrated": before,
        "roc": curves,
        "patients": by_patient(true, shares, np.asarray(groups), class_names),
    }


def reliability(y: NDArray[np.integer], proba: Doubles, patient: Ints | None = None) -> dict[str, Any]:
    """Whether images that are called something with probability p are right in a share p of all cases.

    "bins": tenths of the largest probability that hold images, each {"confidence", "right", "low", "high", "n"} with
    a 95 % interval, by `patient` (N,) where given; "ece", the mean gap weighted by n (Guo et al., ICML 2017); "brier",
    the mean squared distance from the truth over all classes, 0 to 2 (Brier 1950).
    """
    top, called = proba.max(axis=1), proba.argmax(axis=1)
    right = called == y
    owner = np.arange(len(right)) if patient is None else patient
    place = np.minimum((top * BINS).astype(np.int64), BINS - 1)
    bins, gap = [], 0.0
    for number in np.unique(place):
        here = place == number
        n, hits = int(here.sum()), int(right[here].sum())
        low, high = share_by_patient(right[here], owner[here])
        confidence = float(top[here].mean())
        gap += abs(hits / n - confidence) * n / len(y)
        rounded = {"confidence": confidence, "right": hits / n, "low": low, "high": high}
        bins.append({key: round(value, 6) for key, value in rounded.items()} | {"n": n})
    one_hot = np.eye(proba.shape[1])[y]
    brier = float(((proba - one_hot) ** 2).sum(axis=1).mean())
    return {"bins": bins, "ece": round(gap, 6), "brier": round(brier, 6)}


def share_by_patient(hit: NDArray[np.bool_], patient: Ints) -> Interval:
    """The 95 % interval of the share of images (N,) that are a `hit`, of patients (N,); Wilson's where each has one."""
    names, place, images = np.unique(patient, return_inverse=True, return_counts=True)
    n, value = len(hit), float(hit.mean())
    if len(names) == n:
        return intervals.wilson(int(hit.sum()), n)
    variance, degrees = intervals.spread((np.bincount(place, hit, len(names)) - value * images) / n)
    if variance <= 0 or not 0 < value < 1:
        return intervals.score_interval(value, len(names), intervals.multiplier())
    number = intervals.effective_number(value, variance)
    return intervals.score_interval(value, number, intervals.multiplier(degrees=degrees))


def _sharpened(shares: Doubles, temperature: float) -> Doubles:
    """Probabilities (N, K) as they were before division of the logits by the temperature."""
    logits = np.log(np.maximum(shares, 1e-300)) * temperature
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    found: Doubles = raised / raised.sum(axis=1, keepdims=True)
    return found


def by_patient(
    y: NDArray[np.integer], proba: Doubles, groups: NDArray[np.str_], class_names: Sequence[str]
) -> dict[str, Any] | None:
    """Scores of whole patients: the mean of the probabilities of a patient's images against the patient's class.

    What `scores.evaluate` gives, of one row a patient, and "n" (patients) and "mixed". Patients whose images
    have different classes have no class of their own; they are counted as "mixed" and left out. None when no patient
    has two images, so that nothing would differ from the scores of images, or none has a class.
    """
    bags = pooling.make_bags("patient", groups, groups)
    if not len(bags.size) or bags.size.max() < 2:
        return None
    target = pooling.truth(y, bags)
    whole = target != pooling.NO_CLASS
    if not whole.any():
        return None
    pooled = pooling.pool(proba, bags, "mean")
    found = scores.evaluate(target[whole], pooled[whole], bags.patient[whole], class_names, "patient")
    return {"n": int(whole.sum()), "mixed": int((~whole).sum()), **found}
