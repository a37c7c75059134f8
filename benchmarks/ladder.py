"""Which classifier for how many labels? The rungs of the ladder against one another, on features that stand still.

    python benchmarks/ladder.py LABELS.csv FEATURES.npy [FEATURES.npy ...] [--draws 20] [-o FILE.json]
    python benchmarks/ladder.py LABELS.csv .../artifacts/embeddings.npy

LABELS.csv has the columns image, label, split (train / test) and, if patients are known, subject; the features are
those of its images in the order of their names, as `few_label.py` leaves them (image_ids.npy beside them says which).
For each number of labels a class so many images are drawn from the train part; each way of learning gets the same ones
and is scored by its balanced accuracy on the whole test part. Propagation sees all images without their labels, the
test part's too, as it does in a project. Differences to the present head have 95 % intervals from 1,000 resamples of
draws and test patients, by pairs.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.few_label import read_labels
from benchmarks.few_label_scores import RESAMPLES, Labelled, Spread, _balanced
from sslstudio.classifiers import fitting, linear, propagation
from sslstudio.classifiers.acquisition import unit_rows
from sslstudio.embeddings import neighbour_graph

COUNTS = (1, 2, 3, 5, 10, 25, 50)
PRESENT = "present head"
Way = Callable[["Case"], Any]


class Case:
    """One draw: `x` (N, D) features of all, `unit` their directions, `rows` (L,) with labels `y` (L,), the graphs."""

    def __init__(self, x: Any, unit: Any, graphs: dict[int, Any], rows: Any, y: Any, groups: Any, classes: int) -> None:
        self.x, self.unit, self.graphs = x, unit, graphs
        self.rows, self.y, self.groups, self.classes = rows, y, groups, classes

    def head(self, features: Any, find: Any) -> Any:
        """Log shares (N, K) by one of the linear heads on `features`."""
        with fitting.one_thread():
            made = find(features[self.rows], self.y, self.groups, self.classes, 0)
            return np.log(linear.predict_proba(made, features) + 1e-9)

    def spread(self, neighbours: int, reach: float) -> Any:
        """Log shares (N, K) by propagation."""
        graph = self.graphs[neighbours]
        return np.log(propagation.propagate(graph, self.rows, self.y, self.classes, reach) + 1e-9)

    def present(self) -> Any:
        return self.head(self.x, lambda *args: linear.fit(*args))

    def taught(self, neighbours: int, reach: float) -> Any:
        """A linear head taught by what propagation says of all images, each as far as it is sure of it."""
        shares = np.exp(self.spread(neighbours, reach))
        sure = 1 + (shares * np.log(shares + 1e-9)).sum(axis=1) / np.log(self.classes)
        target = shares.argmax(axis=1)
        target[self.rows], sure[self.rows] = self.y, 1
        chosen = np.flatnonzero(sure >= np.quantile(sure, 0.5))
        chosen = np.union1d(chosen, self.rows)
        mean, scale = fitting.standardise(self.x[chosen])
        standard = (self.x - mean) / scale
        with fitting.one_thread():
            coef, intercept = fitting.logistic(standard[chosen], target[chosen], self.classes, fitting.DEFAULT_STRENGTH)
        return np.log(fitting.softmax(standard @ coef.T + intercept) + 1e-9)


def together(first: Any, second: Any, share: float = 0.5) -> Any:
    """Two opinions as one, the logs of their shares averaged."""
    return (1 - share) * first + share * second


WAYS: dict[str, Way] = {
    PRESENT: Case.present,
    "prototypes, standardised": lambda case: case.head(case.x, linear._prototypes),
    "prototypes, unit length": lambda case: case.unit @ _centres(case).T,
    "logistic, standardised": lambda case: case.head(case.x, linear._logistic),
    "logistic, unit length": lambda case: case.head(case.unit, linear._logistic),
    "propagation 10, .9": lambda case: case.spread(10, 0.9),
    "propagation 10, .99": lambda case: case.spread(10, 0.99),
    "propagation 30, .9": lambda case: case.spread(30, 0.9),
    "head and propagation 10, .9": lambda case: together(case.present(), case.spread(10, 0.9)),
    "head and propagation 10, .99": lambda case: together(case.present(), case.spread(10, 0.99)),
    "head taught by propagation 10, .9": lambda case: case.taught(10, 0.9),
}


def _centres(case: Case) -> Any:
    return unit_rows(np.stack([case.unit[case.rows[case.y == k]].mean(axis=0) for k in range(case.classes)]))


def measured(x: Any, labelled: Labelled, draws: int) -> dict[str, dict[str, Spread]]:
    """Balanced accuracy of each way by the number of labels a class."""
    unit = unit_rows(x)
    graphs = {}
    for neighbours in (10, 30):
        made = neighbour_graph.exact(x, neighbours)
        graphs[neighbours] = propagation.affinity(made.rows, made.cosine)
    groups = np.array(labelled.subjects)
    train, truth = np.flatnonzero(~labelled.test), labelled.classes[labelled.test]
    patients = np.unique(groups[labelled.test], return_inverse=True)[1]
    found: dict[str, dict[str, Spread]] = {name: {} for name in WAYS}
    for count in COUNTS:
        right: dict[str, list[Any]] = {name: [] for name in WAYS}
        for draw in range(draws):
            random = np.random.default_rng(draw)
            of_class = [train[labelled.classes[train] == label] for label in range(len(labelled.names))]
            rows = np.concatenate([random.permutation(group)[:count] for group in of_class])
            case = Case(x, unit, graphs, rows, labelled.classes[rows], groups[rows], len(labelled.names))
            for name, way in WAYS.items():
                right[name].append(way(case)[labelled.test].argmax(axis=1) == truth)
        for name, hits in resampled(right, truth, patients, count).items():
            found[name][str(count)] = hits
        print(f"{count} a class: done", file=sys.stderr, flush=True)
    return found


def resampled(right: dict[str, list[Any]], truth: Any, patients: Any, seed: int) -> dict[str, Spread]:
    """Means and resamples of draws and patients, the same for all ways."""
    random = np.random.default_rng(seed)
    hits = {name: np.stack(one) for name, one in right.items()}
    draws, people = len(next(iter(hits.values()))), int(patients.max()) + 1
    made: dict[str, list[float]] = {name: [] for name in hits}
    for _ in range(RESAMPLES):
        chosen = np.bincount(random.integers(draws, size=draws), minlength=draws) / draws
        times = np.bincount(random.integers(people, size=people), minlength=people)[patients]
        size = np.bincount(truth, weights=times)
        for name, one in hits.items():
            of_class = np.bincount(truth, weights=times * (chosen @ one))
            made[name].append(float((of_class / np.maximum(size, 1)).mean()))
    return {name: Spread(_balanced(one, truth), np.array(made[name])) for name, one in hits.items()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labels", type=Path)
    parser.add_argument("features", type=Path, nargs="+")
    parser.add_argument("--draws", type=int, default=20)
    parser.add_argument("-o", "--output", type=Path)
    options = parser.parse_args()
    _, labelled = read_labels(options.labels)
    told: dict[str, Any] = {}
    for path in options.features:
        x = np.load(path).astype(np.float32)
        found = measured(x, labelled, options.draws)
        print(f"\n{path}\n{'balanced accuracy, and above the present head':40}", end="")
        print("".join(f"{count:>26}" for count in COUNTS))
        told[str(path)] = {}
        for name, scores in found.items():
            cells, rows = [], {}
            for count, one in scores.items():
                above = one.above(found[PRESENT][count])
                rows[count] = {"mean": one.mean, "above": [above.mean, above.low, above.high]}
                cells.append(f"{one.mean:.3f} {above.mean:+.3f} ({above.low:+.3f} {above.high:+.3f})")
            told[str(path)][name] = rows
            print(f"{name:45}" + "".join(f"{cell:>26}" for cell in cells))
    if options.output:
        options.output.write_text(json.dumps(told, indent=1), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
