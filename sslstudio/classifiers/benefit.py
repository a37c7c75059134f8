"""Is one embedding better than others for the labels at hand? Same patients, same folds, paired intervals; may say no.

Apart from `scores`, which describes one model: here only differences count, and they are drawn by patient for both
sides at once, so that what is hard for all cancels out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sslstudio.classifiers import fitting, linear
from sslstudio.classifiers.intervals import Interval, percentile
from sslstudio.errors import SSLStudioError

Verdict = Literal["better", "worse", "same", "unclear"]
DRAWS = 2000
SAME = 0.02
"""A difference of balanced accuracy that is surely below this matters to nobody."""
Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class Standing:
    """One embedding: its balanced accuracy out of fold, and how far the judged one is above it (None for itself)."""

    name: str
    value: float
    interval: Interval | None
    above: float | None = None
    above_interval: Interval | None = None

    @property
    def verdict(self) -> Verdict:
        """How the judged embedding compares with this one."""
        if self.above_interval is None:
            return "unclear"
        low, high = self.above_interval
        if low > 0:
            return "better"
        if high < 0:
            return "worse"
        return "same" if low > -SAME and high < SAME else "unclear"


@dataclass(frozen=True)
class Benefit:
    """The judged embedding first, then the others; and what it rests on."""

    standings: tuple[Standing, ...]
    n_images: int
    n_subjects: int
    folds: int


def judge(
    embeddings: Mapping[str, NDArray[np.floating]],
    y: NDArray[np.integer],
    groups: NDArray[np.str_],
    seed: int = 0,
    progress: Callable[[float, float], None] = lambda done, total: None,
) -> Benefit:
    """Compare the first of `embeddings` (name to (N, D)) with the others for classes y (N,) and patients (N,).

    Every image is judged by a classifier that has not seen its patient. Intervals of differences are widened by what
    other training patients would have changed, see `_widened`. Raises SSLStudioError "few_labels" when patients do not
    suffice for folds.
    """
    classes = int(np.max(y)) + 1 if len(y) else 0
    target, owners = np.asarray(y, dtype=np.int64), np.asarray(groups)
    folds, reason = fitting.group_folds(target, owners, seed) if classes > 1 else ([], "")
    if not folds:
        raise SSLStudioError(
            f"It cannot be told yet: there are too few labels. {reason}".strip(),
            "Label images of two classes and of several patients each.",
            code="few_labels",
        )
    right, done = {}, 0
    for name, vectors in embeddings.items():
        hits = np.zeros(len(target), dtype=bool)
        for train, test in folds:
            head = linear.fit(vectors[train], target[train], owners[train], classes, seed)
            hits[test] = linear.logits(head, vectors[test]).argmax(axis=1) == target[test]
            done += 1
            progress(done, len(folds) * len(embeddings))
        right[name] = hits
    drawn = _draws(right, target, owners, seed)
    judged = next(iter(embeddings))
    standings = []
    for name, hits in right.items():
        value = _balanced(hits, target)
        if name == judged:
            standings.append(Standing(name, value, percentile(drawn[name])))
            continue
        above = _balanced(right[judged], target) - value
        standings.append(
            Standing(
                name, value, percentile(drawn[name]), above, _widened(drawn[judged] - drawn[name], above, len(folds))
            )
        )
    return Benefit(tuple(standings), len(target), len(np.unique(owners)), len(folds))


def _widened(differences: Doubles, value: float, folds: int) -> Interval | None:
    """The interval of a difference about its `value`, wider than the patients that were judged alone would make it.

    The classifiers of all folds were fitted on nearly the same patients; others would have given others. Nadeau and
    Bengio (2003) add the ratio of test to training size to the variance for that. Without it two embeddings
    that are alike are told apart in 11 of 100 cases (`benchmarks/false_benefit.py`).
    """
    found = percentile(differences)
    if found is None:
        return None
    factor = (1.0 + folds / (folds - 1.0)) ** 0.5
    return Interval(value + factor * (found.low - value), value + factor * (found.high - value))


def _balanced(hits: NDArray[np.bool_], y: NDArray[np.int64]) -> float:
    return float(np.mean([hits[y == k].mean() for k in np.unique(y)]))


def _draws(
    right: Mapping[str, NDArray[np.bool_]], y: NDArray[np.int64], groups: NDArray[np.str_], seed: int
) -> dict[str, Doubles]:
    """Balanced accuracies (DRAWS,) of each embedding, the same patients drawn for all; NaN where a class is missing."""
    names, owner = np.unique(groups, return_inverse=True)
    present, target = np.unique(y, return_inverse=True)
    weights = np.random.default_rng(seed).multinomial(len(names), np.full(len(names), 1 / len(names)), size=DRAWS)
    total = np.zeros((len(names), len(present)))
    np.add.at(total, (owner, target), 1.0)
    drawn = weights @ total
    found = {}
    for name, hits in right.items():
        correct = np.zeros_like(total)
        np.add.at(correct, (owner, target), hits.astype(float))
        recall = np.divide(weights @ correct, drawn, out=np.full_like(drawn, np.nan), where=drawn > 0)
        found[name] = recall.mean(axis=1)
    return found
