"""The refit while labels arrive, run in the compute process: reads the vectors there, gives back what is shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from sslstudio.classifiers import advising, fitting, propagation, second_look
from sslstudio.classifiers.advising import Gain
from sslstudio.classifiers.second_look import Doubt

Rung = Literal["prototypes", "logistic", "propagation"]
"""How it was learned: by class centres, by logistic regression, or by that and the labels of nearest neighbours."""
BLOCK = 8192
MOST_TO_ADVISE = 2000
"""Who has labelled more needs no advice, and half of them takes too long to learn again."""


@dataclass(frozen=True)
class Refit:
    """`probabilities` (N, K) for all images that have a vector, `ids` (N,).

    `accuracy` is the balanced accuracy over patients left out in turn, {"value", "low", "high"} with a 95 % interval;
    None with too few labels to leave any out, and then no label is doubted and no gain known. `doubts` are labels
    that are worth a second look, rows of the labelled images; `gains` says of each class what more labels bring. On the
    rung "logistic", `neighbours_missing` says that propagation would have its say if neighbours were counted.
    """

    ids: npt.NDArray[np.int64]
    probabilities: npt.NDArray[np.float32]
    accuracy: dict[str, float] | None = None
    doubts: tuple[Doubt, ...] = ()
    gains: tuple[Gain, ...] = ()
    rung: Rung = "logistic"
    neighbours_missing: bool = False


def refit(
    vectors_file: str, ids_file: str, image_ids: list[int], targets: list[int], groups: list[str], classes: int
) -> Refit:
    """Fit a linear head on the labelled images and look at all images with it."""
    from sslstudio.classifiers import linear

    ids = np.load(ids_file, allow_pickle=False).astype(np.int64)
    vectors = np.load(vectors_file, mmap_mode="r", allow_pickle=False)
    rows = np.searchsorted(ids, np.asarray(image_ids, dtype=np.int64))
    chosen = np.asarray(vectors[rows], dtype=np.float32)
    y, patients = np.asarray(targets, dtype=np.int64), np.asarray(groups, dtype=np.str_)
    head = linear.fit(chosen, y, patients, classes, 0)
    shares = np.empty((len(ids), classes), dtype=np.float32)
    for start in range(0, len(ids), BLOCK):
        block = np.asarray(vectors[start : start + BLOCK], dtype=np.float32)
        shares[start : start + BLOCK] = linear.predict_proba(head, block)
    fewest, few = int(np.bincount(y, minlength=classes).min()), head.C <= 0
    wanted = not few and fewest <= propagation.MOST_PER_CLASS
    graph = propagation.stored(vectors_file, len(ids)) if wanted else None
    left_out = _LeftOut(head, chosen, y, patients, classes)
    accuracy, doubts, gains = left_out.told(None if graph is None else _Spread(graph, rows))
    if graph is None:
        rung: Rung = "prototypes" if few else "logistic"
        return Refit(ids, shares, accuracy, doubts, gains, rung, wanted)
    both = propagation.together(shares, propagation.propagate(graph, rows, y, classes))
    shares = fitting.softmax(both / left_out.temperature).astype(np.float32)
    return Refit(ids, shares, accuracy, doubts, gains, "propagation")


@dataclass(frozen=True)
class _Spread:
    """Propagation over `graph` from some of the labelled images, which stand at `rows` of it."""

    graph: Any
    rows: npt.NDArray[np.int64]

    def left_out(self, y: npt.NDArray[np.int64], classes: int, folds: fitting.Folds) -> npt.NDArray[np.float64]:
        """Shares (n, K) of each labelled image by the labels outside its fold."""
        found = np.full((len(y), classes), 1 / classes)
        for train, test in folds:
            found[test] = propagation.propagate(self.graph, self.rows[train], y[train], classes)[self.rows[test]]
        return found


class _LeftOut:
    """What is measured on patients that each fold left out, at the strength of the head; `temperature` calibrates
    it."""

    def __init__(
        self,
        head: Any,
        vectors: npt.NDArray[np.float32],
        y: npt.NDArray[np.int64],
        patients: npt.NDArray[np.str_],
        classes: int,
    ) -> None:
        self._head, self._vectors, self._y, self._patients, self._classes = head, vectors, y, patients, classes
        self.temperature = 1.0

    def told(self, spread: _Spread | None) -> tuple[dict[str, float] | None, tuple[Doubt, ...], tuple[Gain, ...]]:
        """Accuracy, doubted labels and gains; nothing of all that where no patients can be left out."""
        from sslstudio.classifiers.scores import evaluate

        head, y, patients, classes = self._head, self._y, self._patients, self._classes
        folds, _ = fitting.group_folds(y, patients, 0)
        if not folds or head.C <= 0:
            return None, (), ()
        turned, _ = fitting.rotate(((self._vectors - head.mean) / head.scale).astype(np.float32))
        strength = float(head.C) * len(y)
        found = fitting.out_of_fold(
            turned, classes, folds, lambda rows: fitting.logistic(turned[rows], y[rows], classes, strength)
        )
        shares = fitting.softmax(found / head.temperature)
        if spread is not None:
            both = propagation.together(shares, spread.left_out(y, classes, folds))
            self.temperature = fitting.temperature(both, y)
            shares = fitting.softmax(both / self.temperature)
        names = [str(number) for number in range(classes)]
        measured = evaluate(y, shares, patients, names)["balanced_accuracy"]
        accuracy = {key: float(measured[key]) for key in ("value", "low", "high")}
        told: list[Gain] = []
        if len(y) <= MOST_TO_ADVISE:
            with fitting.one_thread():
                told = advising.gains(turned, y, patients, classes, strength, folds, found)
        return accuracy, tuple(second_look.doubts(shares, y)), tuple(told)
