"""Scores of a classifier on test images, each with its interval and how many images and patients it rests on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sslstudio.classifiers import counting, intervals, ranking
from sslstudio.classifiers.intervals import Interval
from sslstudio.domain.units import PLURAL, Unit

Doubles = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
Entry = dict[str, Any]

LEVEL = 0.95
FEW_PATIENTS = 10

ONE_EACH = (
    "95 % intervals: Wilson's for proportions; for the other scores Wilson's with the variance that the patients show, "
    "for areas under curves on the logit scale (DeLong's variance for AUROC)."
)
DEGENERATE = (
    "Where all patients agree (a score of 0 or 1), the interval is Wilson's for the number of patients, which is wider."
)


def several_each(unit: Unit) -> str:
    """How the intervals are made where patients have several images, or studies."""
    many = PLURAL[unit]
    return (
        f"95 % intervals by patient, since patients have several {many}: Wilson's with the number of independent "
        f"{many} that the patients amount to, for areas under curves on the logit scale (Obuchowski's variance for "
        "AUROC), with Student's t."
    )


def evaluate(
    y: NDArray[np.integer],
    proba: NDArray[np.floating],
    groups: NDArray[np.str_],
    class_names: Sequence[str],
    unit: Unit = "image",
) -> Entry:
    """Scores for classes y (N,), probabilities (N, K) and patients (N,); plain JSON.

    "n_images", "n_subjects", "confusion" (K x K counts, rows true); over all classes that have test images "accuracy",
    "balanced_accuracy", "kappa" (Cohen's), "macro_f1" and "macro_auc" (means over the classes); "per_class" with
    "name", "n", "n_subjects" and, one class against the rest, "sensitivity", "specificity", "precision" (PPV), "npv",
    "f1", "auc" (under the ROC curve) and "average_precision" (under the precision-recall curve); "method" and "notes"
    (sentences). Each score is {"value", "low", "high", "n", "n_subjects"}; a score that does not exist has None for
    its numbers and a "reason". How often the intervals hold the truth: `benchmarks/interval_coverage.py`.
    Where a row stands for a whole study or patient `unit` says so, and the sentences do; "n_images" counts rows.
    """
    true, chances = np.asarray(y, dtype=np.int64), np.asarray(proba, dtype=np.float64)
    k = len(class_names)
    if chances.shape != (len(true), k) or len(groups) != len(true) or not np.isin(true, np.arange(k)).all():
        raise ValueError("y, proba, groups and class_names do not fit together")
    names, patient = np.unique(np.asarray(groups), return_inverse=True)
    table = _Table(true, chances, patient.astype(np.int64), k, unit)
    per_class = [table.class_scores(number, name) for number, name in enumerate(class_names)]
    return {
        "n_images": len(true),
        "n_subjects": len(names),
        "confusion": table.confusion.tolist(),
        "accuracy": table.accuracy(),
        **table.overall(),
        "macro_auc": table.macro_auc(),
        "per_class": per_class,
        "method": several_each(unit) if table.repeats else ONE_EACH,
        "notes": _notes(per_class, unit),
    }


def _notes(per_class: Sequence[Entry], unit: Unit) -> list[str]:
    empty = [entry["name"] for entry in per_class if entry["n"] == 0]
    few = [entry["name"] for entry in per_class if 0 < entry["n_subjects"] < FEW_PATIENTS]
    notes = [DEGENERATE]
    if empty:
        notes.append(f"No test {PLURAL[unit]}: {', '.join(empty)}. Scores over all classes are over the others.")
    if few:
        notes.append(
            f"Fewer than {FEW_PATIENTS} test patients: {', '.join(few)}. Scores of so few, and their intervals, are "
            "indicative only."
        )
    return notes


class _Table:
    """Predictions, and what each patient contributes to the error of each score."""

    def __init__(self, y: Ints, proba: Doubles, patient: Ints, k: int, unit: Unit) -> None:
        self.one, self.many = unit, PLURAL[unit]
        self.y, self.proba, self.patient = y, proba, patient
        self.patients = int(patient.max()) + 1 if len(patient) else 0
        self.repeats = self.patients < len(y)
        self.predicted: Ints = proba.argmax(axis=1) if len(y) else np.empty(0, dtype=np.int64)
        self.everyone = np.ones(len(y), dtype=bool)
        whole = np.zeros((1, k, k))
        np.add.at(whole[0], (y, self.predicted), 1)
        self.confusion: Ints = whole[0].astype(np.int64)
        self.values = counting.count(whole)
        self.parts = counting.contributions(y, self.predicted, patient, self.patients, k)
        self.areas = {
            number: ranking.area(proba[:, number], y == number, patient, self.patients)
            for number in range(k)
            if 0 < int((y == number).sum()) < len(y)
        }

    def accuracy(self) -> Entry:
        """Fraction of all images that is right."""
        return self._proportion(self.predicted == self.y, self.everyone, self.parts.accuracy, f"No test {self.many}.")

    def overall(self) -> dict[str, Entry]:
        """Balanced accuracy, kappa and macro F1; what a perfect one rests on are the patients of the rarest class."""
        none = f"No test {self.many}." if not len(self.y) else f"All test {self.many} are of one class."
        each = [self._count(self.y == number) for number in np.unique(self.y)]
        fewest = min(each, default=0) * len(each)
        found = {}
        for name, lowest in (("balanced_accuracy", 0.0), ("kappa", -1.0), ("macro_f1", 0.0)):
            value = float(getattr(self.values, name)[0])
            found[name] = self._score(value, getattr(self.parts, name), self.everyone, fewest, none, lowest)
        return found

    def macro_auc(self) -> Entry:
        """Mean area under the ROC curves of the classes that have images."""
        if not self.areas:
            return _nothing(len(self.y), self.patients, f"Test {self.many} of two classes are needed.")
        areas = list(self.areas.values())
        weights = np.full(len(areas), 1 / len(areas))
        fewest = min(min(one.positive_patients, one.negative_patients) for one in areas)
        value = float(np.mean([one.value for one in areas]))
        return self._area(value, *ranking.variance(areas, weights), fewest)

    def class_scores(self, number: int, name: str) -> Entry:
        """All scores of one class against the rest."""
        mine, called, parts = self.y == number, self.predicted == number, self.parts
        none, others = f"No test {self.many} of {name}.", f"No test {self.many} other than {name}."
        unsaid, always = f"No test {self.one} was called {name}.", f"Every test {self.one} was called {name}."
        patients = self._count(mine)
        f1 = float(self.values.f1[0, number])
        return {
            "name": name,
            "n": int(mine.sum()),
            "n_subjects": patients,
            "sensitivity": self._proportion(called, mine, parts.sensitivity[:, number], none),
            "specificity": self._proportion(~called, ~mine, parts.specificity[:, number], others),
            "precision": self._proportion(mine, called, parts.precision[:, number], unsaid),
            "npv": self._proportion(~mine, ~called, parts.npv[:, number], always),
            "f1": self._score(f1, parts.f1[:, number], self.everyone, patients, none),
            **self._areas(number, mine, none if patients == 0 else others),
        }

    def _areas(self, number: int, mine: Flags, reason: str) -> dict[str, Entry]:
        one = self.areas.get(number)
        if one is None:
            nothing = _nothing(len(self.y), self.patients, reason)
            return {"auc": nothing, "average_precision": dict(nothing)}
        fewest = min(one.positive_patients, one.negative_patients)
        precision, parts = ranking.average_precision(self.proba[:, number], mine, self.patient, self.patients)
        return {
            "auc": self._area(one.value, *ranking.variance([one], np.ones(1)), fewest),
            "average_precision": self._area(precision, *intervals.spread(parts), fewest),
        }

    def _area(self, value: float, variance: float, freedom: float, fewest: int) -> Entry:
        """An area under a curve; the smaller side is what a perfect order rests on."""
        if variance <= 0 or not 0 < value < 1:
            interval = intervals.score_interval(value, fewest, intervals.multiplier(LEVEL))
        else:
            interval = intervals.logit_interval(value, variance, self._reach(freedom))
        return _entry(value, interval, len(self.y), self.patients)

    def _proportion(self, hit: Flags, among: Flags, parts: Doubles, reason: str) -> Entry:
        """The fraction of the images `among` that is a `hit`."""
        n = int(among.sum())
        if not n:
            return _nothing(n, 0, reason)
        value = int((hit & among).sum())
        if self.repeats:
            return self._score(value / n, parts, among, self._count(among), reason)
        return _entry(value / n, intervals.wilson(value, n, LEVEL), n, n)

    def _score(
        self, value: float, parts: Doubles, among: Flags, fewest: int, reason: str, lowest: float = 0.0
    ) -> Entry:
        """A score of `lowest` to 1 with the variance that the contributions `parts` (P,) of the patients make."""
        n, patients = int(among.sum()), self._count(among)
        if np.isnan(value):
            return _nothing(n, patients, reason)
        variance, freedom = intervals.spread(parts)
        share = (value - lowest) / (1 - lowest)
        number, reach = float(fewest), intervals.multiplier(LEVEL)
        if variance > 0 and 0 < share < 1:
            number = intervals.effective_number(share, variance / (1 - lowest) ** 2)
            reach = self._reach(freedom)
        return _entry(value, intervals.score_interval(value, max(number, 1e-9), reach, lowest), n, patients)

    def _reach(self, freedom: float) -> float:
        return intervals.multiplier(LEVEL, freedom if self.repeats else None)

    def _count(self, among: Flags) -> int:
        return len(np.unique(self.patient[among]))


def _entry(value: float, interval: Interval, n: int, patients: int) -> Entry:
    low, high = round(min(interval.low, value), 6), round(max(interval.high, value), 6)
    return {"value": round(value, 6), "low": low, "high": high, "n": n, "n_subjects": patients}


def _nothing(n: int, patients: int, reason: str) -> Entry:
    return {"value": None, "low": None, "high": None, "n": n, "n_subjects": patients, "reason": reason}
