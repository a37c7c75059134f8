"""Where to cut the probability of a class: ROC and precision-recall curve, operating point, and net benefit.

Of numpy alone, because the window asks again whenever the user moves a cut.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sslstudio.classifiers import intervals
from sslstudio.classifiers.intervals import Interval

Doubles = NDArray[np.float64]
Ints = NDArray[np.int64]
MOST_POINTS = 400
_PATIENTS_AT_ONCE = 4000


def roc(share: Doubles, positive: NDArray[np.bool_], patient: Ints | None = None) -> dict[str, Any]:
    """For cuts from high to low: how many positives are found ("hits") and how many negatives ("alarms") at or above.

    "threshold", "hits" and "alarms" are lists; of more than 400 cuts those that are spread evenly over the hits and
    alarms are kept. "positives" and "negatives" are the images of each side. With `patient` (N,) where patients have
    several images: "positive_patients", "negative_patients", and for each cut "hits_worth" and "alarms_worth", how
    many independent images the shares are as certain as (Student's t included).
    """
    order = np.argsort(-share, kind="stable")
    sorted_share, up = share[order], positive[order]
    last = np.flatnonzero(np.r_[sorted_share[1:] < sorted_share[:-1], True])
    hits, alarms = np.cumsum(up)[last], np.cumsum(~up)[last]
    kept = np.arange(len(last))
    if len(last) > MOST_POINTS:
        walked = hits / max(1, hits[-1]) + alarms / max(1, alarms[-1])
        kept = np.unique(np.searchsorted(walked, np.linspace(0, 2, MOST_POINTS)).clip(0, len(last) - 1))
    found: dict[str, Any] = {
        "positives": int(positive.sum()),
        "negatives": int((~positive).sum()),
        "threshold": [round(float(value), 6) for value in sorted_share[last][kept]],
        "hits": hits[kept].tolist(),
        "alarms": alarms[kept].tolist(),
    }
    if patient is None:
        return found
    owner = patient[order]
    first_cut = np.searchsorted(last[kept], np.arange(len(order)))  # the first kept cut that an image is above
    for side, name, among in (("hits", "positive", up), ("alarms", "negative", ~up)):
        members, place = np.unique(owner[among], return_inverse=True)
        found[f"{name}_patients"] = len(members)
        worth = _worth(first_cut[among], place, len(members), len(kept))
        found[f"{side}_worth"] = [round(float(number), 2) for number in worth]
    return found


def _worth(first_cut: Ints, patient: Ints, patients: int, cuts: int) -> Doubles:
    """How many independent images the share above each cut (C,) is as certain as."""
    total = len(first_cut)
    share = np.cumsum(np.bincount(first_cut, minlength=cuts + 1)[:cuts]) / total
    squares, fourths = np.zeros(cuts), np.zeros(cuts)
    for start in range(0, patients, _PATIENTS_AT_ONCE):
        here = (patient >= start) & (patient < start + _PATIENTS_AT_ONCE)
        number = min(_PATIENTS_AT_ONCE, patients - start)
        above = np.zeros((cuts + 1, number))
        np.add.at(above, (first_cut[here], patient[here] - start), 1.0)
        images = above.sum(axis=0)
        parts = (np.cumsum(above[:cuts], axis=0) - share[:, None] * images) / total
        squares += (parts**2).sum(axis=1)
        fourths += (parts**4).sum(axis=1)
    variance = squares * patients / max(1, patients - 1)
    known = (variance > 1e-24) & (share > 0) & (share < 1)
    worth = np.full(cuts, float(patients))
    degrees = intervals.freedom(squares, fourths, patients)
    plain = intervals.multiplier()
    for cut in np.flatnonzero(known):
        reach = intervals.multiplier(degrees=float(degrees[cut]))
        independent = intervals.effective_number(float(share[cut]), float(variance[cut]))
        worth[cut] = max(1.0, independent * (plain / reach) ** 2)
    return worth


class Cut(NamedTuple):
    """An operating point: call an image positive from `threshold` on; intervals are 95 % ones."""

    threshold: float
    found: int
    sensitivity: float
    sensitivity_interval: Interval
    passed: int
    specificity: float
    specificity_interval: Interval
    ppv: float | None
    ppv_interval: Interval | None
    npv: float | None
    npv_interval: Interval | None


def cut_at(curve: Mapping[str, Any], sensitivity: float, prevalence: float) -> Cut | None:
    """The highest cut of a curve of `roc` that finds at least a share `sensitivity` of the positives.

    Predictive values follow by Bayes' rule for a `prevalence` of the user's own; None where nothing would be called so.
    Their intervals: the adjusted logit ones of Mercaldo, Lau and Zhou, Stat. Med. 26, 2007. None when the curve has no
    cut that finds so many.
    """
    hits, alarms = np.asarray(curve["hits"]), np.asarray(curve["alarms"])
    enough = np.flatnonzero(hits >= sensitivity * curve["positives"] - 1e-9)
    if not len(enough):
        return None
    place = int(enough[0])
    found, passed = int(hits[place]), curve["negatives"] - int(alarms[place])
    sens, spec = found / curve["positives"], passed / curve["negatives"]
    worth_sens = float(curve["hits_worth"][place] if "hits_worth" in curve else curve["positives"])
    worth_spec = float(curve["alarms_worth"][place] if "alarms_worth" in curve else curve["negatives"])
    called = sens * prevalence + (1 - spec) * (1 - prevalence)
    let_go = (1 - sens) * prevalence + spec * (1 - prevalence)
    ppv, npv = _predictive_intervals(sens, spec, worth_sens, worth_spec, prevalence)
    reach = intervals.multiplier()
    return Cut(
        float(curve["threshold"][place]),
        found,
        sens,
        intervals.score_interval(sens, worth_sens, reach),
        passed,
        spec,
        intervals.score_interval(spec, worth_spec, reach),
        *_predictive(sens * prevalence, called, ppv),
        *_predictive(spec * (1 - prevalence), let_go, npv),
    )


def _predictive(right: float, said: float, ends: Interval) -> tuple[float | None, Interval | None]:
    """The share `right` of those of whom it is `said`, and an interval that holds it however few images there are."""
    if said <= 0:
        return None, None
    value = right / said
    return value, Interval(min(ends.low, value), max(ends.high, value))


def _predictive_intervals(
    sens: float, spec: float, n_sens: float, n_spec: float, share: float
) -> tuple[Interval, Interval]:
    """The intervals of the positive and the negative predictive value for a prevalence `share`."""
    reach = intervals.multiplier()
    square = reach * reach
    sens, spec = (sens * n_sens + square / 2) / (n_sens + square), (spec * n_spec + square / 2) / (n_spec + square)
    n_sens, n_spec = n_sens + square, n_spec + square
    if share >= 1:
        return Interval(1.0, 1.0), Interval(0.0, 0.0)
    odds = np.log(share / (1 - share))
    positive = odds + np.log(sens / (1 - spec))
    negative = -odds + np.log(spec / (1 - sens))
    of_positive = reach * ((1 - sens) / sens / n_sens + spec / (1 - spec) / n_spec) ** 0.5
    of_negative = reach * (sens / (1 - sens) / n_sens + (1 - spec) / spec / n_spec) ** 0.5
    ends = [
        1 / (1 + np.exp(-(middle + side * half)))
        for middle, half in ((positive, of_positive), (negative, of_negative))
        for side in (-1, 1)
    ]
    return Interval(float(ends[0]), float(ends[1])), Interval(float(ends[2]), float(ends[3]))


def precision_recall(curve: Mapping[str, Any]) -> list[tuple[float, float]]:
    """(Sensitivity, share of those called so that are) at each cut of a curve of `roc`, from the highest cut on."""
    hits, alarms = np.asarray(curve["hits"], dtype=np.float64), np.asarray(curve["alarms"], dtype=np.float64)
    return list(zip((hits / curve["positives"]).tolist(), (hits / (hits + alarms)).tolist(), strict=True))


class NetBenefit(NamedTuple):
    """Net benefit (T,) at thresholds (T,): of the classifier, and of calling all images positive; none has 0.

    `useful` is the longest run of thresholds at which the classifier is above both, None where there is none.
    """

    thresholds: Doubles
    classifier: Doubles
    everyone: Doubles
    useful: tuple[float, float] | None


def net_benefit(curve: Mapping[str, Any]) -> NetBenefit:
    """Found positives less false alarms, the latter weighed by the odds of the threshold, as shares of all images.

    Vickers and Elkin, Med. Decis. Making 26, 2006. For thresholds of 1 to 99 % on the probability as it stands, and for
    the share of positives among the test images.
    """
    thresholds = np.arange(1, 100) / 100
    cuts = np.asarray(curve["threshold"], dtype=np.float64)
    above = np.searchsorted(-cuts, -(thresholds - 1e-9), side="right")
    hits, alarms = (np.r_[0.0, np.asarray(curve[name], dtype=np.float64)][above] for name in ("hits", "alarms"))
    total, odds = curve["positives"] + curve["negatives"], thresholds / (1 - thresholds)
    classifier = (hits - alarms * odds) / total
    everyone = (curve["positives"] - curve["negatives"] * odds) / total
    better = classifier > np.maximum(everyone, 0.0) + 1e-9
    edges = np.flatnonzero(np.diff(np.r_[False, better, False]))
    runs = list(zip(edges[::2], edges[1::2] - 1, strict=True))
    longest = max(runs, key=lambda run: int(run[1] - run[0]), default=None)
    useful = None if longest is None else (float(thresholds[longest[0]]), float(thresholds[longest[1]]))
    return NetBenefit(thresholds, classifier, everyone, useful)
