"""How far the probabilities of a classifier can be trusted, where to cut them, and what it says of whole patients."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sslstudio.classifiers import intervals, scores
from sslstudio.classifiers.intervals import Interval

Doubles = NDArray[np.float64]
BINS = 10
MOST_POINTS = 400


def describe(
    y: NDArray[np.integer],
    proba: NDArray[np.floating],
    groups: NDArray[np.str_],
    class_names: Sequence[str],
    seed: int = 0,
) -> dict[str, Any]:
    """Plain JSON for classes y (N,), probabilities (N, K) and patients (N,): "calibration", "roc" and "patients".

    "calibration": see `reliability`. "roc": for each class with images on both sides {"name", "positives", "negatives",
    "threshold", "hits", "alarms"}, the last three lists of at most 400 cuts, see `roc`. "patients": see `by_patient`.
    """
    true, shares = np.asarray(y, dtype=np.int64), np.asarray(proba, dtype=np.float64)
    curves = [
        {"name": name, **roc(shares[:, number], true == number)}
        for number, name in enumerate(class_names)
        if 0 < int((true == number).sum()) < len(true)
    ]
    return {
        "calibration": reliability(true, shares),
        "roc": curves,
        "patients": by_patient(true, shares, np.asarray(groups), class_names, seed),
    }


def reliability(y: NDArray[np.integer], proba: Doubles) -> dict[str, Any]:
    """Whether images that are called something with probability p are right in a share p of all cases.

    "bins": tenths of the largest probability that hold images, each {"confidence", "right", "low", "high", "n"} with
    Wilson's 95 % interval; "ece", the mean gap weighted by n (Guo et al., ICML 2017); "brier", the mean squared
    distance from the truth over all classes, 0 to 2 (Brier 1950).
    """
    top, called = proba.max(axis=1), proba.argmax(axis=1)
    right = called == y
    place = np.minimum((top * BINS).astype(np.int64), BINS - 1)
    bins, gap = [], 0.0
    for number in np.unique(place):
        here = place == number
        n, hits = int(here.sum()), int(right[here].sum())
        low, high = intervals.wilson(hits, n)
        confidence = float(top[here].mean())
        gap += abs(hits / n - confidence) * n / len(y)
        rounded = {"confidence": confidence, "right": hits / n, "low": low, "high": high}
        bins.append({key: round(value, 6) for key, value in rounded.items()} | {"n": n})
    one_hot = np.eye(proba.shape[1])[y]
    brier = float(((proba - one_hot) ** 2).sum(axis=1).mean())
    return {"bins": bins, "ece": round(gap, 6), "brier": round(brier, 6)}


def roc(share: Doubles, positive: NDArray[np.bool_]) -> dict[str, Any]:
    """For cuts from high to low: how many positives are found ("hits") and how many negatives ("alarms") at or above.

    Of more than 400 cuts those that are spread evenly over the hits and alarms are kept.
    """
    order = np.argsort(-share, kind="stable")
    sorted_share, up = share[order], positive[order]
    last = np.flatnonzero(np.r_[sorted_share[1:] < sorted_share[:-1], True])
    hits, alarms = np.cumsum(up)[last], np.cumsum(~up)[last]
    kept = np.arange(len(last))
    if len(last) > MOST_POINTS:
        walked = hits / max(1, hits[-1]) + alarms / max(1, alarms[-1])
        kept = np.unique(np.searchsorted(walked, np.linspace(0, 2, MOST_POINTS)).clip(0, len(last) - 1))
    return {
        "positives": int(positive.sum()),
        "negatives": int((~positive).sum()),
        "threshold": [round(float(value), 6) for value in sorted_share[last][kept]],
        "hits": hits[kept].tolist(),
        "alarms": alarms[kept].tolist(),
    }


class Cut(NamedTuple):
    """An operating point: call an image positive from `threshold` on."""

    threshold: float
    sensitivity: float
    sensitivity_interval: Interval
    specificity: float
    specificity_interval: Interval
    ppv: float | None
    npv: float | None


def cut_at(curve: dict[str, Any], sensitivity: float, prevalence: float) -> Cut | None:
    """The highest cut of a curve of `roc` that finds at least a share `sensitivity` of the positives.

    Predictive values follow by Bayes' rule for a `prevalence` of the user's own; None where nothing would be called so.
    None when the curve has no cut that finds so many.
    """
    hits, alarms = np.asarray(curve["hits"]), np.asarray(curve["alarms"])
    enough = np.flatnonzero(hits >= sensitivity * curve["positives"] - 1e-9)
    if not len(enough):
        return None
    place = int(enough[0])
    found, passed = int(hits[place]), curve["negatives"] - int(alarms[place])
    sens, spec = found / curve["positives"], passed / curve["negatives"]
    called, let_go = (
        sens * prevalence + (1 - spec) * (1 - prevalence),
        (1 - sens) * prevalence + spec * (1 - prevalence),
    )
    return Cut(
        float(curve["threshold"][place]),
        sens,
        intervals.wilson(found, curve["positives"]),
        spec,
        intervals.wilson(passed, curve["negatives"]),
        sens * prevalence / called if called > 0 else None,
        spec * (1 - prevalence) / let_go if let_go > 0 else None,
    )


def by_patient(
    y: NDArray[np.integer], proba: Doubles, groups: NDArray[np.str_], class_names: Sequence[str], seed: int = 0
) -> dict[str, Any] | None:
    """Scores of whole patients: the mean of the probabilities of a patient's images against the patient's class.

    {"n", "mixed", "balanced_accuracy", "accuracy"}, the last two as `scores.evaluate` gives them. Patients whose images
    have different classes have no class of their own; they are counted as "mixed" and left out. None when no patient
    has two images, so that nothing would differ from the scores of images, or none has a class.
    """
    names, patient = np.unique(groups, return_inverse=True)
    count = np.bincount(patient, minlength=len(names))
    if not len(names) or count.max() < 2:
        return None
    pooled = np.zeros((len(names), proba.shape[1]))
    np.add.at(pooled, patient, proba)
    pooled /= count[:, None]
    votes = np.zeros((len(names), proba.shape[1]), dtype=np.int64)
    np.add.at(votes, (patient, y), 1)
    whole = votes.max(axis=1) == count
    if not whole.any():
        return None
    found = scores.evaluate(votes[whole].argmax(axis=1), pooled[whole], names[whole], class_names, seed)
    return {
        "n": int(whole.sum()),
        "mixed": int((~whole).sum()),
        "balanced_accuracy": found["balanced_accuracy"],
        "accuracy": found["accuracy"],
    }
