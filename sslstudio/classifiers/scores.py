"""Scores of a classifier on test images, each with its interval and how many images and patients it rests on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sslstudio.classifiers import intervals
from sslstudio.classifiers.intervals import Interval

Doubles = NDArray[np.float64]
Ints = NDArray[np.int64]

REPLICATES = 1000
LEVEL = 0.95

WILSON = "Proportions with Wilson intervals (95 %), all else by a bootstrap of the patients (1,000 draws, 95 %)."
BOOTSTRAP = "Intervals by a bootstrap of the patients (1,000 draws, 95 %), since patients have several images."
DEGENERATE = (
    "Where no draw differed (a score of 0 or 1), the interval is Wilson's for the number of patients, which is wider."
)


def evaluate(
    y: NDArray[np.integer],
    proba: NDArray[np.floating],
    groups: NDArray[np.str_],
    class_names: Sequence[str],
    seed: int = 0,
) -> dict[str, Any]:
    """Scores for classes y (N,), probabilities (N, K) and patients (N,); plain JSON.

    "n_images", "n_subjects", "confusion" (K x K counts, rows true), "accuracy", "balanced_accuracy" (over the classes
    that have test images), "per_class" with "name", "n", "n_subjects", "sensitivity", "specificity", "precision",
    "f1" and "auc" (one against the rest), "method" and "notes" (sentences). Each score is {"value", "low", "high",
    "n", "n_subjects"}; a score that does not exist has None for its numbers and a "reason".
    Wilson 1927; AUC as the probability of Mann and Whitney 1947.
    """
    true, chances = np.asarray(y, dtype=np.int64), np.asarray(proba, dtype=np.float64)
    k = len(class_names)
    if chances.shape != (len(true), k) or len(groups) != len(true) or not np.isin(true, np.arange(k)).all():
        raise ValueError("y, proba, groups and class_names do not fit together")
    names, patient = np.unique(np.asarray(groups), return_inverse=True)
    draws = _draw_patients(len(names), seed)
    table = _Table(true, chances, patient.astype(np.int64), k, repeats=len(names) < len(true), draws=draws)
    per_class = [table.class_scores(number, name) for number, name in enumerate(class_names)]
    empty = [entry["name"] for entry in per_class if entry["n"] == 0]
    notes = [DEGENERATE]
    if empty:
        notes.append(f"No test images: {', '.join(empty)}. Balanced accuracy is over the other classes.")
    return {
        "n_images": len(true),
        "n_subjects": len(names),
        "confusion": table.confusion.tolist(),
        "accuracy": table.accuracy(),
        "balanced_accuracy": table.balanced_accuracy(),
        "per_class": per_class,
        "method": BOOTSTRAP if table.repeats else WILSON,
        "notes": notes,
    }


class _Table:
    """Predictions, and the draws of patients that give their intervals."""

    def __init__(self, y: Ints, proba: Doubles, patient: Ints, k: int, *, repeats: bool, draws: Doubles) -> None:
        self.y, self.proba, self.patient, self.repeats = y, proba, patient, repeats
        self.predicted: Ints = proba.argmax(axis=1) if len(y) else np.empty(0, dtype=np.int64)
        self.draws = draws  # (replicates, patients): how often each is drawn
        by_patient = np.zeros((draws.shape[1], k, k))
        np.add.at(by_patient, (patient, y, self.predicted), 1)
        self.confusion: Ints = by_patient.sum(axis=0).astype(np.int64)
        self.drawn: Doubles = np.tensordot(draws, by_patient, axes=1)  # (replicates, K, K)

    def accuracy(self) -> dict[str, Any]:
        """Fraction of all images that is right."""
        right, total = np.trace(self.drawn, axis1=1, axis2=2), self.drawn.sum(axis=(1, 2))
        return self._proportion(self.predicted == self.y, np.ones(len(self.y), bool), right, total, "No test images.")

    def balanced_accuracy(self) -> dict[str, Any]:
        """Mean of the sensitivities of the classes that have images."""
        everyone = np.ones(len(self.y), bool)
        if not len(self.y):
            return self._score(None, None, everyone, "No test images.")
        value = _mean_diagonal(self.confusion[None].astype(float))[0]
        patients = [self._patients(self.y == number) for number in np.unique(self.y)]
        # The rarest class is what a perfect score rests on.
        return self._score(float(value), _mean_diagonal(self.drawn), everyone, fewest=min(patients) * len(patients))

    def class_scores(self, number: int, name: str) -> dict[str, Any]:
        """All scores of one class against the rest."""
        mine, called = self.y == number, self.predicted == number
        hit = self.drawn[:, number, number]
        true, found = self.drawn[:, number].sum(axis=1), self.drawn[:, :, number].sum(axis=1)
        rest = self.drawn.sum(axis=(1, 2)) - true
        none, others = f"No test images of {name}.", f"No test images other than {name}."
        everyone = np.ones(len(self.y), bool)
        f1 = auc = self._score(None, None, everyone, none)
        if mine.any():
            f1_value = 2 * (mine & called).sum() / (mine.sum() + called.sum())
            f1 = self._score(float(f1_value), _ratio(2 * hit, true + found), everyone)
            auc = self._auc(number, mine) if (~mine).any() else self._score(None, None, everyone, others)
        return {
            "name": name,
            "n": int(mine.sum()),
            "n_subjects": self._patients(mine),
            "sensitivity": self._proportion(called, mine, hit, true, none),
            "specificity": self._proportion(~called, ~mine, rest - (found - hit), rest, others),
            "precision": self._proportion(mine, called, hit, found, f"No test image was called {name}."),
            "f1": f1,
            "auc": auc,
        }

    def _auc(self, number: int, mine: NDArray[np.bool_]) -> dict[str, Any]:
        everyone = np.ones(len(self.y), bool)
        value = intervals.weighted_auc(self.proba[:, number], mine, np.ones((1, len(self.y))))[0]
        drawn = np.concatenate(
            [
                intervals.weighted_auc(self.proba[:, number], mine, block[:, self.patient])
                for block in np.array_split(self.draws, max(1, len(self.draws) * len(self.y) // 2_000_000))
            ]
        )
        # The smaller side is what a perfect order rests on.
        return self._score(float(value), drawn, everyone, fewest=min(self._patients(mine), self._patients(~mine)))

    def _proportion(
        self, hit: NDArray[np.bool_], among: NDArray[np.bool_], drawn: Doubles, total: Doubles, reason: str
    ) -> dict[str, Any]:
        """The fraction of the images `among` that is a `hit`; `drawn` of `total` in each draw of patients."""
        n = int(among.sum())
        if not n:
            return self._score(None, None, among, reason)
        value = int((hit & among).sum())
        if self.repeats:
            return self._score(value / n, _ratio(drawn, total), among)
        return _entry(value / n, intervals.wilson(value, n, LEVEL), n, self._patients(among))

    def _score(
        self,
        value: float | None,
        drawn: Doubles | None,
        among: NDArray[np.bool_],
        reason: str = "",
        fewest: int | None = None,
    ) -> dict[str, Any]:
        n, patients = int(among.sum()), self._patients(among)
        if value is None or drawn is None:
            return {"value": None, "low": None, "high": None, "n": n, "n_subjects": patients, "reason": reason}
        interval = intervals.percentile(drawn, LEVEL)
        if interval is None or interval.low == interval.high:
            few = fewest or patients
            interval = intervals.wilson(round(value * few), few, LEVEL)
        return _entry(value, Interval(min(interval.low, value), max(interval.high, value)), n, patients)

    def _patients(self, among: NDArray[np.bool_]) -> int:
        return len(np.unique(self.patient[among]))


def _entry(value: float, interval: Interval, n: int, patients: int) -> dict[str, Any]:
    low, high = round(interval.low, 6), round(interval.high, 6)
    return {"value": round(value, 6), "low": low, "high": high, "n": n, "n_subjects": patients}


def _draw_patients(n: int, seed: int) -> Doubles:
    """How often each of n patients is drawn (replicates, n), n draws with replacement each."""
    random = np.random.default_rng(seed)
    if not n:
        return np.zeros((REPLICATES, 0))
    found: Doubles = random.multinomial(n, np.full(n, 1 / n), size=REPLICATES).astype(np.float64)
    return found


def _ratio(a: Doubles, b: Doubles) -> Doubles:
    """a / b, not a number where b is 0: such a draw says nothing."""
    found: Doubles = np.divide(a, b, out=np.full(len(a), np.nan), where=b > 0)
    return found


def _mean_diagonal(confusion: Doubles) -> Doubles:
    """Mean sensitivity (R,) of confusion matrices (R, K, K) over the rows that hold images."""
    rows = confusion.sum(axis=2)
    right = np.einsum("rkk->rk", confusion)
    sensitivity = np.divide(right, rows, out=np.zeros_like(rows), where=rows > 0)
    present = (rows > 0).sum(axis=1)
    return _ratio(sensitivity.sum(axis=1), present.astype(np.float64))
