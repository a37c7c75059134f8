"""Which images to label first? Curves of labels to accuracy for the queue's ways of choosing and those of others.

    python benchmarks/active_learning.py FEATURES.npy LABELS.csv [FEATURES.npy LABELS.csv ...] [--seeds 20] [-o FILE]

FEATURES.npy (N, D) has a row for each image of LABELS.csv in the order of the file names; LABELS.csv has the columns
image, label, split (train / test). `benchmarks/few_label.py` writes such features to
WORK/runs/embed-.../artifacts/embeddings.npy. Each seed draws four fifths of the train part as the pool; every way
starts with no label and asks for more, step by step; logistic regression (C = 0.1) on standardised features learns from
what it asked for, and balanced accuracy on the whole test part counts. Ways that need a classifier start at random.
Printed: the mean over the seeds, and how much better than random, with a 95 % interval by pairs of seeds.

random; margin; entropy; coreset (Sener and Savarese 2018: farthest first); badge (Ash et al. 2020: k-means++ on the
gradients of the last layer); typical (TypiClust); covering (ProbCover); and two that change from typical images to
margins, when each class has 5 or 20 labels. "classes" is how many labels it takes until each class has one.

"queue" is the product's own with all that is drawn at random learned from; "queue, 1 in 8 kept" keeps what it draws
apart to test, so that of 100 labels only 88 teach: the price of a test set that stands for all. For these the share
right on what was drawn is compared with that on the test part, printed as the mean difference and how often Wilson's
95 % interval held the latter.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.few_label import read_labels
from sslstudio.classifiers import acquisition, queue
from sslstudio.classifiers.intervals import wilson

STEPS = (5, 10, 15, 20, 30, 40, 50, 75, 100, 150, 200)
Rows = NDArray[np.int64]


@dataclass
class State:
    """A pool under way: `unit` and `standard` (N, D), classes `y` (N,), what is labelled, what is asked for by whom."""

    unit: NDArray[np.float32]
    y: Rows
    classes: int
    random: np.random.Generator
    seed: int
    labelled: NDArray[np.bool_]
    probabilities: NDArray[np.float64] | None = None
    radius: float = 0.0
    kept: NDArray[np.bool_] | None = None
    file: str = ""

    @property
    def open(self) -> NDArray[np.bool_]:
        return ~self.labelled


def at_random(state: State, wanted: int) -> Rows:
    return state.random.permutation(np.flatnonzero(state.open))[:wanted]


def by_margin(state: State, wanted: int) -> Rows:
    if state.probabilities is None or state.probabilities.shape[1] < 2:
        return at_random(state, wanted)
    return acquisition.doubtful(state.probabilities, state.open)[:wanted]


def by_entropy(state: State, wanted: int) -> Rows:
    if state.probabilities is None:
        return at_random(state, wanted)
    shares = np.clip(state.probabilities, 1e-12, 1)
    entropy = np.where(state.open, -(shares * np.log(shares)).sum(axis=1), -np.inf)
    return np.argsort(-entropy, kind="stable")[:wanted]


def by_coreset(state: State, wanted: int) -> Rows:
    chosen = np.flatnonzero(state.labelled).tolist() or [int(at_random(state, 1)[0])]
    found: list[int] = [] if state.labelled.any() else list(chosen)
    far = (2 - 2 * state.unit @ state.unit[chosen].T).min(axis=1)
    while len(found) < wanted:
        row = int(np.where(state.open, far, -np.inf).argmax())
        found.append(row)
        far = np.minimum(far, 2 - 2 * state.unit @ state.unit[row])
    return np.asarray(found, dtype=np.int64)


def by_badge(state: State, wanted: int) -> Rows:
    """k-means++ on (p - onehot of the likeliest class) times the features, without writing these products out."""
    if state.probabilities is None:
        return at_random(state, wanted)
    rows = np.flatnonzero(state.open)
    error = state.probabilities[rows].copy()
    error[np.arange(len(rows)), error.argmax(axis=1)] -= 1
    features = state.unit[rows]
    size = (error**2).sum(axis=1) * (features**2).sum(axis=1)
    chosen = [int(size.argmax())]
    far = np.full(len(rows), np.inf)
    while len(chosen) < min(wanted, len(rows)):
        last = chosen[-1]
        inner = (error @ error[last]) * (features @ features[last])
        far = np.minimum(far, np.clip(size + size[last] - 2 * inner, 0, None))
        far[chosen] = 0
        total = far.sum()
        chosen.append(int(state.random.choice(len(rows), p=far / total)) if total > 0 else int(far.argmax()))
    return rows[chosen]


def by_typical(state: State, wanted: int) -> Rows:
    count = min(int(state.labelled.sum()) + wanted, acquisition.MOST_CLUSTERS)
    cluster = acquisition.clusters(state.unit, count, state.seed)
    return acquisition.typical(state.unit, cluster, state.labelled, state.open, wanted)


def by_covering(state: State, wanted: int) -> Rows:
    if not state.radius:
        groups = acquisition.clusters(state.unit, state.classes, state.seed)
        state.radius = acquisition.cover_radius(state.unit, groups)
    found = acquisition.covering(state.unit, state.labelled, state.open, wanted, state.radius, state.seed)
    rest = np.setdiff1d(at_random(state, wanted + len(found)), found)[: wanted - len(found)]
    return np.concatenate([found, rest])


def switching(per_class: int) -> Callable[[State, int], Rows]:
    """Typical images until the labels are `per_class` for each class, then margins."""

    def choose(state: State, wanted: int) -> Rows:
        few = int(state.labelled.sum()) < per_class * state.classes
        return by_typical(state, wanted) if few else by_margin(state, wanted)

    return choose


def at_random_kept(every: int) -> Callable[[State, int], Rows]:
    """At random, with one in `every` kept to test: what an unbiased test costs there."""

    def choose(state: State, wanted: int) -> Rows:
        state.kept = np.zeros(len(state.y), dtype=bool) if state.kept is None else state.kept
        done, found = int(state.labelled.sum()), at_random(state, wanted)
        state.kept[found[(np.arange(done, done + len(found)) % every) == every - 1]] = True
        return found

    return choose


def by_queue(every: int, *, keep: bool) -> Callable[[State, int], Rows]:
    """The product's queue, one case asked for after the other as its proposals come, one in `every` drawn at random."""

    def choose(state: State, wanted: int) -> Rows:
        nobody = np.zeros(len(state.y), dtype=bool)
        state.kept = nobody if state.kept is None else state.kept
        fewest = np.bincount(state.y[state.labelled & ~state.kept], minlength=state.classes).min()
        shares = None if state.probabilities is None else state.probabilities.astype(np.float32)
        lot = np.random.default_rng([7, state.seed]).permutation(len(state.y)) / len(state.y)
        rows = np.arange(len(state.y))
        before = queue.RANDOM_EVERY
        queue.RANDOM_EVERY = every
        try:
            pool = queue.Pool(
                rows, rows, state.labelled, state.open, shares, int(fewest),
                lot if keep else None, state.kept if keep else None,
            )  # fmt: skip
            cases = queue.propose(state.file, pool, wanted + 2 * every, int(state.labelled.sum()))
        finally:
            queue.RANDOM_EVERY = before
        done = int(state.labelled.sum())
        lots = {kind: [c for c in cases if (c.reason == "random") == kind] for kind in (False, True)}
        found: list[int] = []
        for number in range(done, done + wanted):
            drawn = number % every == every - 1 and bool(lots[True])
            found.append(lots[drawn].pop(0).image_id)
            state.kept[found[-1]] |= drawn and keep
        return np.asarray(found, dtype=np.int64)

    return choose


WAYS: dict[str, Callable[[State, int], Rows]] = {
    "random": at_random,
    "random, 1 in 8 kept": at_random_kept(8),
    "margin": by_margin,
    "entropy": by_entropy,
    "coreset": by_coreset,
    "badge": by_badge,
    "typical": by_typical,
    "covering": by_covering,
    "typical, margin from 5": switching(5),
    "typical, margin from 20": switching(20),
    "queue": by_queue(5, keep=False),
    "queue, 1 in 5 kept": by_queue(5, keep=True),
    "queue, 1 in 8 kept": by_queue(8, keep=True),
    "queue, 1 in 10 kept": by_queue(10, keep=True),
}


def learn(features: Any, y: Rows, everything: Any) -> tuple[Any, Any]:
    """The classes seen, and the probabilities (M, K') of `everything` (M, D) after learning from `features`."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    if len(np.unique(y)) < 2:
        return np.unique(y), np.ones((len(everything), 1))
    scaler = StandardScaler().fit(features)
    model = LogisticRegression(C=0.1, max_iter=500).fit(scaler.transform(features), y)
    return model.classes_, model.predict_proba(scaler.transform(everything))


@dataclass
class Curve:
    """Balanced accuracy after each of `STEPS` labels, how many labels it took until each class had one, and after each
    step (right of those drawn at random, their number, share right on the test part)."""

    scores: list[float]
    classes: int
    drawn: list[tuple[int, int, float]]


def curve(way: str, vectors: Any, y: Rows, test: NDArray[np.bool_], seed: int) -> Curve:
    """One way from no label on."""
    random = np.random.default_rng(seed)
    train = np.flatnonzero(~test)
    pool = np.sort(random.choice(train, len(train) * 4 // 5, replace=False))
    classes = len(np.unique(y))
    state = State(acquisition.unit_rows(vectors[pool]), y[pool], classes, random, seed, np.zeros(len(pool), dtype=bool))
    everything = np.concatenate([vectors[pool], vectors[test]])
    state.file = str(Path(tempfile.gettempdir()) / f"pool-{os.getpid()}.npy")
    np.save(state.file, vectors[pool])
    scores, complete, drawn = [], 0, []
    for step in STEPS:
        found = WAYS[way](state, step - int(state.labelled.sum()))
        if not complete:
            seen = set(state.y[state.labelled].tolist())
            for number, row in enumerate(found, 1):
                seen.add(int(state.y[row]))
                if len(seen) == classes:
                    complete = int(state.labelled.sum()) + number
                    break
        state.labelled[found] = True
        teach = state.labelled if state.kept is None else state.labelled & ~state.kept
        known, shares = learn(vectors[pool][teach], state.y[teach], everything)
        state.probabilities = shares[: len(pool)] if len(known) > 1 else None
        guessed = known[shares[len(pool) :].argmax(axis=1)]
        truth = y[test]
        scores.append(float(np.mean([(guessed[truth == one] == one).mean() for one in range(classes)])))
        if state.kept is not None and state.kept.any():
            own = known[shares[: len(pool)].argmax(axis=1)] == state.y
            drawn.append((int(own[state.kept].sum()), int(state.kept.sum()), float((guessed == truth).mean())))
    Path(state.file).unlink()
    return Curve(scores, complete or STEPS[-1], drawn)


def compare(features: Path, labels: Path, seeds: int, ways: Sequence[str]) -> dict[str, Any]:
    """All ways on one set: their curves (seeds, steps) and labels until every class was seen (seeds,)."""
    vectors = np.load(features).astype(np.float32)
    _, labelled = read_labels(labels)
    result: dict[str, Any] = {}
    for way in ways:
        started = time.monotonic()
        runs = [curve(way, vectors, labelled.classes, labelled.test, seed) for seed in range(seeds)]
        result[way] = {
            "curves": [run.scores for run in runs],
            "classes": [run.classes for run in runs],
            "drawn": [run.drawn for run in runs],
        }
        print(f"{way}: {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
    return result


def tell(title: str, result: dict[str, Any]) -> None:
    """Print the means, and the differences from random with their intervals."""
    print(f"\n{title}\n{'balanced accuracy after labels':32}" + "".join(f"{step:>7}" for step in STEPS) + "  classes")
    for way, found in result.items():
        cells = "".join(f"{value:7.3f}" for value in np.mean(found["curves"], axis=0))
        print(f"{way:32}{cells}{np.mean(found['classes']):9.1f}")
    for way, found in result.items():
        last = [run[-1] for run in found["drawn"] if run]
        if last:
            ahead = np.array([right / n - share for right, n, share in last])
            inside = [wilson(right, n).low <= share <= wilson(right, n).high for right, n, share in last]
            print(
                f"{way}: right on what was drawn less right on the test part {ahead.mean():+.3f} "
                f"(standard error {ahead.std(ddof=1) / len(ahead) ** 0.5:.3f}), inside Wilson's interval "
                f"{sum(inside)} of {len(inside)}"
            )
    print("above random, with 95 % interval")
    base, resample = np.array(result["random"]["curves"]), np.random.default_rng(0)
    for way, found in result.items():
        gain = np.array(found["curves"]) - base
        drawn = gain[resample.integers(len(gain), size=(2000, len(gain)))].mean(axis=1)
        low, high = np.quantile(drawn, (0.025, 0.975), axis=0)
        cells = (f"{mean:+.3f} ({a:+.3f} {b:+.3f})" for mean, a, b in zip(gain.mean(axis=0), low, high, strict=True))
        shown = [cell for step, cell in zip(STEPS, cells, strict=True) if step in (10, 20, 50, 100, 200)]
        if way != "random":
            print(
                f"{way:32}"
                + "  ".join(f"{step:>4}: {cell}" for step, cell in zip((10, 20, 50, 100, 200), shown, strict=True))
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", type=Path, nargs="+", metavar="FEATURES.npy LABELS.csv")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--way", action="append", choices=list(WAYS), help="(all)")
    parser.add_argument("-o", "--output", type=Path)
    options = parser.parse_args()
    if len(options.sets) % 2:
        parser.error("a file of labels must follow each file of features")
    ways = list(dict.fromkeys(["random", *(options.way or WAYS)]))
    report = {}
    for features, labels in zip(options.sets[::2], options.sets[1::2], strict=True):
        report[str(features)] = compare(features, labels, options.seeds, ways)
        tell(str(features), report[str(features)])
    if options.output:
        options.output.write_text(json.dumps(report) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
