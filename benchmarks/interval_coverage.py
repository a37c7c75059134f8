"""How often the 95 % interval of each score holds the truth; it should be 93 to 97 in 100.

    python benchmarks/interval_coverage.py [--draws 2000] [--patients 30 60 100 200] [--images 1 4]

Patients are drawn anew each time; half, three and two tenths of them are of three classes, images of a patient share a
part of what makes them easy or hard (and their number varies). The truth is the score of 100,000 such patients. Two
difficulties: classes that are told apart in 70 % and in 90 % of images. The last lines compare two classifiers by
DeLong.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sslstudio.classifiers import paired, scores

NAMES = ("common", "middle", "rare")
SHARES = (0.5, 0.3, 0.2)
OVERALL = ("accuracy", "balanced_accuracy", "kappa", "macro_f1", "macro_auc")
OF_CLASS = ("sensitivity", "specificity", "precision", "npv", "f1", "auc", "average_precision")
Cases = tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]


def draw(patients: int, images: int, separation: float, seed: int) -> Cases:
    """Classes (N,), probabilities (N, 3) of two classifiers, and patients (N,) with `images` on average."""
    random = np.random.default_rng(seed)
    of_patient = random.choice(3, size=patients, p=SHARES)
    number = np.ones(patients, np.int64) if images == 1 else random.integers(1, 2 * images, patients)
    patient = np.repeat(np.arange(patients), number)
    y = of_patient[patient]
    known = random.normal(size=(len(y), 3)) + separation * np.eye(3)[y]
    known += random.normal(size=(patients, 3))[patient]
    both = []
    for _ in range(2):
        logits = known + 0.7 * random.normal(size=known.shape)
        exponent = np.exp(logits - logits.max(axis=1, keepdims=True))
        both.append(exponent / exponent.sum(axis=1, keepdims=True))
    return y, both[0], both[1], patient


def figures(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """All scores of an evaluation by a flat name; of the classes the common and the rare one."""
    flat = {name: found[name] for name in OVERALL}
    for place in (0, 2):
        entry = found["per_class"][place]
        flat |= {f"{name}, {entry['name']} class": entry[name] for name in OF_CLASS}
    return flat


def cover(patients: int, images: int, separation: float, draws: int) -> dict[str, float]:
    """The share of draws whose interval holds the truth, by score; draws without a class are left out."""
    y, first, _, patient = draw(100_000, images, separation, 10**9)
    truth = {
        name: entry["value"] for name, entry in figures(scores.evaluate(y, first, patient.astype(str), NAMES)).items()
    }
    held: dict[str, list[bool]] = defaultdict(list)
    for seed in range(draws):
        y, first, second, patient = draw(patients, images, separation, seed)
        groups = patient.astype(str)
        if len(np.unique(y)) < 3:
            continue
        for name, entry in figures(scores.evaluate(y, first, groups, NAMES)).items():
            if entry["value"] is not None:
                held[name].append(entry["low"] <= truth[name] <= entry["high"])
        for name, difference in paired.compare(y, first, second, groups)["differences"].items():
            held[f"difference of {name}"].append(difference["low"] <= 0 <= difference["high"])
    return {name: float(np.mean(each)) for name, each in held.items()}


def main() -> None:
    """Print a Markdown table: a line a score, a column a setting; outside 93 to 97 % is marked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=2000)
    parser.add_argument("--patients", type=int, nargs="+", default=[30, 60, 100, 200])
    parser.add_argument("--images", type=int, nargs="+", default=[1, 4])
    parser.add_argument("--separation", type=float, nargs="+", default=[2.0, 4.0])
    options = parser.parse_args()
    settings = [
        (patients, images, separation)
        for separation in options.separation
        for images in options.images
        for patients in options.patients
    ]
    found = []
    for setting in settings:
        found.append(cover(*setting, options.draws))
        print(f"<!-- {setting} done -->", flush=True)
    header = [f"{p} x {i}, {s:g}" for p, i, s in settings]
    print(f"| score | {' | '.join(header)} |\n|---|{'---:|' * len(header)}")
    for name in found[0]:
        cells = [f"{100 * one[name]:.1f}" + ("" if 0.93 <= one[name] <= 0.97 else " *") for one in found]
        print(f"| {name} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
