"""Mean, highest or attention: which way of pooling images to patients and studies does best, and by how much?

    python benchmarks/pooling.py --demo 240 [--seeds 10] [--work FOLDER]
    python benchmarks/pooling.py LABELS.csv FEATURES.npy --nothing none [--seeds 10]

--demo takes the demo's synthetic studies of so many patients, imported and embedded (untrained ResNet-18, 64 px) as the
product does: all images of a patient show what the patient has. LABELS.csv has the columns image, label, split (train /
test), and the features are those of its images in the order of their names, as `few_label.py` leaves them. Patients of
such a set are made up, since it names none: a patient has so many images (--images), of which all, or one, show the
finding and the others are of the class that means nothing found; images of the train part go to training patients,
those of the test part to test patients, and an image may be in several patients of its side. Each seed deals or makes
up the patients anew; the linear head and the attention learn from the training patients alone. Printed are the mean
balanced accuracy over the seeds and, in brackets, its 95 % interval (Student's t over seeds), and the same of the
difference from the mean of the same seed. Seeds share their images, so these intervals say how steady the result is on
this set, and not what another set would give.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from sslstudio.classifiers import attention, linear, pooled
from sslstudio.classifiers.fitting import balanced_accuracy
from sslstudio.classifiers.pooled import Said
from sslstudio.classifiers.splits import split_by_group
from sslstudio.domain.units import POOLINGS

WAYS = ("image by itself", *POOLINGS)


@dataclass(frozen=True, eq=False)
class Side:
    """Images of some patients: vectors (N, D), classes (N,), patients and studies (N,)."""

    x: Any
    y: Any
    patients: Any
    studies: Any

    def only(self, rows: Any) -> Side:
        return Side(self.x[rows], self.y[rows], self.patients[rows], self.studies[rows])


def demo_images(patients: int, work: Path) -> tuple[Side, int]:
    """The demo's images with features, and how many classes there are."""
    from benchmarks.few_label import embed
    from benchmarks.few_label_demo import labelled_items

    work.mkdir(parents=True, exist_ok=True)
    rows = list(labelled_items(work, patients))
    names = sorted({row.label for row in rows})
    items = [row.item for row in rows]
    y = np.array([names.index(row.label) for row in rows])
    x = embed(work, "random", "resnet18", 64, items)
    whose = np.array([item.subject for item in items])
    return Side(x, y, whose, np.array([item.study for item in items])), len(names)


def made_up(x: Any, y: Any, classes: int, nothing: int, images: int, showing: int, patients: int, rng: Any) -> Side:
    """So many patients, their classes in turn, each with `images` images of which `showing` show the finding."""
    rows, whose = [], []
    for number in range(patients):
        kind = number % classes
        shown = images if kind == nothing else showing
        rows += [rng.choice(np.flatnonzero(y == kind), shown, replace=False)]
        if shown < images:
            rows += [rng.choice(np.flatnonzero(y == nothing), images - shown, replace=False)]
        whose += [f"p{number}"] * images
    chosen, names = np.concatenate(rows), np.array(whose)
    return Side(x[chosen], y[chosen], names, names)


def score(train: Side, test: Side, classes: int, nothing: int, seed: int) -> dict[str, dict[str, float]]:
    """Balanced accuracy of each way, by "patient" and by "study"; what attention refuses is left out."""
    head = linear.fit(train.x, train.y, train.patients, classes, seed)
    heads = attention.learn(train.x, train.y, train.patients, train.studies, classes, nothing, seed)
    proba = linear.predict_proba(head, test.x)
    attended = attention.attend(heads, test.x, test.patients, test.studies)
    said = Said(test.y, proba, test.patients, test.studies, attended)
    found: dict[str, dict[str, float]] = {}
    for unit in ("patient", "study"):
        cases = pooled.cases(said, unit, nothing)
        if unit == "study" and len(cases.y) == len(set(test.patients)):
            continue
        found[unit] = {"image by itself": balanced_accuracy(test.y, proba.argmax(axis=1))}
        for way in POOLINGS:
            if way != "attention" or unit in attended:
                called = pooled.shares(said, cases, unit, way, nothing).argmax(axis=1)
                found[unit][way] = balanced_accuracy(cases.y, called)
    return found


def interval(values: list[float]) -> str:
    """A mean over seeds with its 95 % interval."""
    from scipy.stats import t

    mean, n = float(np.mean(values)), len(values)
    reach = float(t.ppf(0.975, n - 1) * np.std(values, ddof=1) / n**0.5) if n > 1 else float("nan")
    return f"{mean:.3f} ({mean - reach:.3f} to {mean + reach:.3f})"


def settings(options: argparse.Namespace) -> Iterator[tuple[str, list[dict[str, dict[str, float]]]]]:
    """What is measured, and the scores of each seed."""
    if options.demo:
        every, classes = demo_images(options.demo, options.work)
        found = []
        for seed in range(options.seeds):
            test = split_by_group(every.patients, every.y, 0.4, seed)
            found.append(score(every.only(~test), every.only(test), classes, -1, seed))
        yield f"demo, {options.demo} patients", found
        return
    from benchmarks.few_label import read_labels

    _, labelled = read_labels(options.labels)
    x, y = np.load(options.features).astype(np.float32), labelled.classes
    nothing, classes = labelled.names.index(options.nothing), len(labelled.names)
    for patients in options.patients:
        for showing in (options.images, 1):
            found = []
            for seed in range(options.seeds):
                rng = np.random.default_rng([seed, patients, showing])
                train, test = (
                    made_up(x[side], y[side], classes, nothing, options.images, showing, number, rng)
                    for side, number in ((~labelled.test, patients), (labelled.test, 200))
                )
                found.append(score(train, test, classes, nothing, seed))
            yield f"{patients} training patients, {showing} of {options.images} images show it", found


def main() -> None:
    """Print a Markdown table: a line a setting and unit."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labels", type=Path, nargs="?")
    parser.add_argument("features", type=Path, nargs="?")
    parser.add_argument("--demo", type=int, metavar="PATIENTS")
    parser.add_argument("--nothing", default="none", help="class of images that show nothing")
    parser.add_argument("--images", type=int, default=6, help="images of a made-up patient")
    parser.add_argument("--patients", type=int, nargs="+", default=[60, 200], help="made-up training patients")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--work", type=Path, default=Path("pooling"), help="folder for the demo's studies and runs")
    parser.add_argument("-o", "--output", type=Path)
    options = parser.parse_args()
    if not options.demo and not options.features:
        parser.error("give LABELS.csv and FEATURES.npy, or --demo PATIENTS")
    print(f"| | by | {' | '.join(WAYS).replace('max', 'highest')} | highest less mean | attention less mean |")
    print("|---" * (len(WAYS) + 4) + "|")
    report: dict[str, Any] = {}
    for title, found in settings(options):
        report[title] = found
        for unit in found[0]:
            cells = []
            for way in WAYS:
                known = [one[unit][way] for one in found if way in one[unit]]
                cells.append(interval(known) if len(known) == len(found) else "refused")
            for way in ("max", "attention"):
                gaps = [one[unit][way] - one[unit]["mean"] for one in found if way in one[unit]]
                cells.append(interval(gaps) if len(gaps) == len(found) else "")
            print(f"| {title} | {unit} | {' | '.join(cells)} |", flush=True)
    if options.output:
        options.output.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
