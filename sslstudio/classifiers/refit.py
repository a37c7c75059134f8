"""The refit while labels arrive, run in the compute process: reads the vectors there, gives back what is shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sslstudio.classifiers import advising, fitting, second_look
from sslstudio.classifiers.advising import Gain
from sslstudio.classifiers.second_look import Doubt

BLOCK = 8192
MOST_TO_ADVISE = 2000
"""Who has labelled more needs no advice, and half of them takes too long to learn again."""


@dataclass(frozen=True)
class Refit:
    """`probabilities` (N, K) for all images that have a vector, `ids` (N,).

    `accuracy` is the balanced accuracy over patients left out in turn, {"value", "low", "high"} with a 95 % interval;
    None with too few labels to leave any out, and then no label is doubted and no gain known. `doubts` are labels
    that are worth a second look, rows of the labelled images; `gains` says of each class what more labels bring.
    """

    ids: npt.NDArray[np.int64]
    probabilities: npt.NDArray[np.float32]
    accuracy: dict[str, float] | None = None
    doubts: tuple[Doubt, ...] = ()
    gains: tuple[Gain, ...] = ()


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
    return Refit(ids, shares, *_left_out(head, chosen, y, patients, classes))


def _left_out(
    head: Any, vectors: npt.NDArray[np.float32], y: npt.NDArray[np.int64], patients: npt.NDArray[np.str_], classes: int
) -> tuple[dict[str, float] | None, tuple[Doubt, ...], tuple[Gain, ...]]:
    """Accuracy, doubted labels and gains, of patients that each fold left out, at the strength of the head."""
    from sslstudio.classifiers.scores import evaluate

    folds, _ = fitting.group_folds(y, patients, 0)
    if not folds or head.C <= 0:
        return None, (), ()
    turned, _ = fitting.rotate(((vectors - head.mean) / head.scale).astype(np.float32))
    strength = float(head.C) * len(y)
    found = fitting.out_of_fold(
        turned, classes, folds, lambda rows: fitting.logistic(turned[rows], y[rows], classes, strength)
    )
    shares = fitting.softmax(found / head.temperature)
    names = [str(number) for number in range(classes)]
    measured = evaluate(y, shares, patients, names)["balanced_accuracy"]
    accuracy = {key: float(measured[key]) for key in ("value", "low", "high")}
    told: list[Gain] = []
    if len(y) <= MOST_TO_ADVISE:
        with fitting.one_thread():
            told = advising.gains(turned, y, patients, classes, strength, folds, found)
    return accuracy, tuple(second_look.doubts(shares, y)), tuple(told)
