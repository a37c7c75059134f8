"""Sets of classes that hold the truth as often as promised: split conformal prediction on scores out of fold.

Twenty lines of numpy that no library has by patient, see docs/decisions.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sslstudio.classifiers.trust import share_by_patient

Doubles = NDArray[np.float64]
COVERAGES = (0.9, 0.95)
ENOUGH = 50
"""With fewer images to calibrate on the sets are called indicative."""


def calibrate(
    y: NDArray[np.integer],
    proba: NDArray[np.floating],
    groups: NDArray[np.str_],
    coverages: Sequence[float] = COVERAGES,
) -> dict[str, Any]:
    """From classes y (N,) and probabilities (N, K) that were found without the patient: plain JSON to keep with a
    model.

    {"n_images", "n_subjects", "levels"}, the last a list of {"coverage", "least"}: a class belongs to the set of an
    image when its probability is at least "least". Scores are one minus the probability of the true class (LAC:
    Sadinle, Lei and Wasserman, J. Am. Stat. Assoc. 114, 2019). Patients count alike however many images they have,
    so that what is promised holds for an image of a new patient (Lee, Barber and Willett, arXiv:2306.06342). Where
    there are too few patients for a promise "least" is 0: all classes.
    """
    true = np.asarray(y, dtype=np.int64)
    score = 1.0 - np.asarray(proba, dtype=np.float64)[np.arange(len(true)), true]
    _, patient, images = np.unique(np.asarray(groups), return_inverse=True, return_counts=True)
    weight = 1.0 / images[patient]
    order = np.argsort(score, kind="stable")
    reached = np.cumsum(weight[order])
    levels = []
    for coverage in coverages:
        place = int(np.searchsorted(reached, coverage * (len(images) + 1) - 1e-9))
        least = 0.0 if place >= len(order) else 1.0 - float(score[order][place])
        levels.append({"coverage": coverage, "least": round(max(0.0, least), 6)})
    return {"n_images": len(true), "n_subjects": len(images), "levels": levels}


def indicative(kept: Mapping[str, Any]) -> bool:
    """True when what `calibrate` returned rests on too few images for its promise to be relied on."""
    return bool(kept.get("levels")) and int(kept.get("n_images", 0)) < ENOUGH


def sets(proba: NDArray[np.floating], least: float) -> NDArray[np.bool_]:
    """Which classes belong to the set of each image (N, K); the most probable one always does."""
    shares = np.asarray(proba, dtype=np.float64)
    found: NDArray[np.bool_] = shares >= least - 1e-6  # as it was rounded
    found[np.arange(len(shares)), shares.argmax(axis=1)] = True
    return found


def describe(
    y: NDArray[np.integer], proba: NDArray[np.floating], groups: NDArray[np.str_], kept: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """How the sets of a model, with what `calibrate` kept of it, do on test images; a list of plain JSON, one a level.

    {"coverage", "least", "held", "mean_size", "one", "cannot_tell", "sizes"}: "held" is the share of images whose set
    holds their class, {"value", "low", "high", "n", "n_subjects"} with a 95 % interval by patient; "one" and
    "cannot_tell" are the shares of images with one class and with several; "sizes" counts images with 1, 2, ...
    classes.
    """
    true = np.asarray(y, dtype=np.int64)
    names, patient = np.unique(np.asarray(groups), return_inverse=True)
    found = []
    for level in kept.get("levels", ()):
        chosen = sets(proba, float(level["least"]))
        size = chosen.sum(axis=1)
        right = chosen[np.arange(len(true)), true]
        low, high = share_by_patient(right, patient)
        held = {"value": float(right.mean()), "low": low, "high": high}
        found.append(
            {
                "coverage": float(level["coverage"]),
                "least": float(level["least"]),
                "held": {key: round(value, 6) for key, value in held.items()}
                | {"n": len(true), "n_subjects": len(names)},
                "mean_size": round(float(size.mean()), 6),
                "one": round(float((size == 1).mean()), 6),
                "cannot_tell": round(float((size > 1).mean()), 6),
                "sizes": np.bincount(size, minlength=chosen.shape[1] + 1)[1:].tolist(),
            }
        )
    return found
