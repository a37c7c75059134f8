"""Scores for `few_label.py`: frozen features, logistic regression from few labels, intervals by resampling patients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

COUNTS = (5, 10, 25, 50, 0)
DRAWS = 10
RESAMPLES = 1000


@dataclass(frozen=True)
class Labelled:
    """The labels: class number and part of each image, in the order of the items."""

    names: tuple[str, ...]
    classes: np.ndarray[Any, np.dtype[np.int64]]
    test: np.ndarray[Any, np.dtype[np.bool_]]
    subjects: tuple[str, ...]


@dataclass(frozen=True)
class Score:
    """A mean over the draws, with the ends of its 95 % interval: a balanced accuracy, or how much better one is."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class Spread:
    """A balanced accuracy, and what it is in each of the resamples, which are the same for all sources."""

    mean: float
    resampled: np.ndarray[Any, np.dtype[np.float64]]

    def score(self) -> Score:
        low, high = np.quantile(self.resampled, (0.025, 0.975))
        return Score(self.mean, float(low), float(high))

    def above(self, other: Spread) -> Score:
        """How much better this is than `other`, by pairs of resamples."""
        return Spread(self.mean - other.mean, self.resampled - other.resampled).score()


def guesses(features: Any, labelled: Labelled, count: int) -> Any:
    """Predicted classes (draws, test images) from `count` labels a class (0: all)."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    train = np.flatnonzero(~labelled.test)
    rows = []
    for draw in range(DRAWS if count else 1):
        random = np.random.default_rng(draw)
        chosen = train
        if count:
            groups = [train[labelled.classes[train] == label] for label in range(len(labelled.names))]
            chosen = np.concatenate([random.permutation(group)[:count] for group in groups])
        scaler = StandardScaler().fit(features[chosen])
        model = LogisticRegression(C=0.1, max_iter=2000)
        model.fit(scaler.transform(features[chosen]), labelled.classes[chosen])
        rows.append(model.predict(scaler.transform(features[labelled.test])))
    return np.stack(rows)


def spread(features: Any, labelled: Labelled) -> dict[str, Spread]:
    """Balanced accuracy on the test part for each number of labels a class ("all" for every train label)."""
    truth = labelled.classes[labelled.test]
    patients = np.unique(np.array(labelled.subjects)[labelled.test], return_inverse=True)[1]
    people = int(patients.max()) + 1
    results = {}
    for count in COUNTS:
        random = np.random.default_rng(count)
        right = guesses(features, labelled, count) == truth
        resampled = []
        for _ in range(RESAMPLES):
            draws = random.integers(len(right), size=len(right))
            times = np.bincount(random.integers(people, size=people), minlength=people)
            images = np.repeat(np.arange(len(truth)), times[patients])
            resampled.append(_balanced(right[draws][:, images], truth[images]))
        results[str(count) if count else "all"] = Spread(_balanced(right, truth), np.array(resampled))
    return results


def _balanced(right: Any, truth: Any) -> float:
    """Mean over classes of the share of `right` (draws, images) answers."""
    return float(np.mean([right[:, truth == label].mean() for label in np.unique(truth)]))


def print_table(title: str, table: dict[str, dict[str, Score]]) -> None:
    heads = [str(count) if count else "all" for count in COUNTS]
    print(f"{title:56}" + "".join(f"{head:>22}" for head in heads))
    for source, scores in table.items():
        cells = (f"{one.mean:.3f} ({one.low:.3f}-{one.high:.3f})" for one in (scores[head] for head in heads))
        print(f"{source:56}" + "".join(f"{cell:>22}" for cell in cells))
