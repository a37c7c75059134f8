"""The linear head on frozen embeddings: from a few labels a class to thousands, in a second or two, without torch.

Up to two images a class: the nearest class centre (prototypes); above: logistic regression, its strength chosen by
patient-grouped cross-validation. Both are one and the same linear form, so all that follows knows only that form.
`benchmarks/ladder.py` compares them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sslstudio.classifiers import conformal, fitting
from sslstudio.errors import SSLStudioError

FEW_PER_CLASS = 2
Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class LinearHead:
    """Probabilities are softmax(((x - mean) / scale @ coef.T + intercept) / temperature).

    `coef` (K, D), `intercept` (K,), `mean` (D,), `scale` (D,), float32. `C` is the inverse strength of the
    regularisation, 0 for prototypes. `cross_validation` is plain JSON, see `fit`.
    """

    coef: Floats
    intercept: Floats
    mean: Floats
    scale: Floats
    C: float
    temperature: float
    cross_validation: dict[str, Any] = field(default_factory=dict)


def fit(
    vectors: NDArray[np.floating],
    y: NDArray[np.integer],
    groups: NDArray[np.str_],
    n_classes: int,
    seed: int = 0,
) -> LinearHead:
    """Fit a head on vectors (N, D), classes y (N,) in 0..n_classes-1 and patients (N,).

    Classes count alike however many images they have. `cross_validation` of the head holds "method" ("prototypes"
    or "logistic"), "folds", "reason" (why there were no folds, else ""), "balanced_accuracy" and "log_loss" (out of
    fold, None without folds), "grid" (one entry for each C tried: C, balanced_accuracy, standard_error, log_loss),
    "conformal" (see `conformal.calibrate`, None without folds), "n_images" and "n_subjects". Raises SSLStudioError:
    "few_labels", "bad_embedding".
    """
    matrix, target = np.asarray(vectors, dtype=np.float32), np.asarray(y, dtype=np.int64)
    counts = np.bincount(target, minlength=n_classes)
    if (counts > 0).sum() < 2:
        raise SSLStudioError("A classifier needs labels of two classes.", "Label more images.", code="few_labels")
    if not np.isfinite(matrix).all():
        raise SSLStudioError(
            "Some embeddings hold values that are no numbers.", "Train or embed again.", code="bad_embedding"
        )
    with fitting.one_thread():
        find = _prototypes if counts.max() <= FEW_PER_CLASS else _logistic
        return find(matrix, target, np.asarray(groups), n_classes, seed)


def logits(head: LinearHead, vectors: NDArray[np.floating]) -> Doubles:
    """Logits (N, K) of vectors (N, D), before the temperature."""
    standard = (np.asarray(vectors, dtype=np.float64) - head.mean) / head.scale
    found: Doubles = standard @ head.coef.T.astype(np.float64) + head.intercept
    return found


def predict_proba(head: LinearHead, vectors: NDArray[np.floating]) -> Doubles:
    """Probabilities (N, K) of vectors (N, D); each row sums to 1."""
    return fitting.softmax(logits(head, vectors) / head.temperature)


def _prototypes(matrix: Floats, y: Ints, groups: NDArray[np.str_], n_classes: int, seed: int) -> LinearHead:
    """Nearest class centre by the cosine of standardised vectors (Snell et al. 2017), as the linear form.

    The cosine of x with a centre is its product divided by the length of x, which is the same for all classes; here
    one mean length stands for it, which leaves the order of the classes as it is.
    """
    folds, reason = fitting.group_folds(y, groups, seed)
    mean, scale = fitting.standardise(matrix)
    scale *= float(np.linalg.norm((matrix - mean) / scale, axis=1).mean()) or 1.0
    standard = (matrix - mean) / scale

    def weights(rows: Ints) -> tuple[Doubles, Doubles]:
        coef, intercept = np.zeros((n_classes, matrix.shape[1])), np.full(n_classes, fitting.NEVER)
        for k in np.unique(y[rows]):
            centre = standard[rows][y[rows] == k].mean(axis=0)
            coef[k] = centre / (np.linalg.norm(centre) or 1.0)
            intercept[k] = 0.0
        return coef, intercept

    coef, intercept = weights(np.arange(len(y)))
    out_of_fold = fitting.out_of_fold(standard, n_classes, folds, weights)
    temperature, scores = _calibrate(out_of_fold, y, groups, folds)
    notes = {"method": "prototypes", "reason": reason, "grid": [], **scores, **_counts(y, groups)}
    return _head((coef, intercept, mean, scale), 0.0, temperature, notes)


def _logistic(matrix: Floats, y: Ints, groups: NDArray[np.str_], n_classes: int, seed: int) -> LinearHead:
    """Balanced L2 logistic regression on standardised features; K rows also for two classes.

    The strength is searched on 2,000 images at most, of patients drawn at random.
    """
    mean, scale = fitting.standardise(matrix)
    standard, back = fitting.rotate((matrix - mean) / scale)
    some = fitting.some_patients(groups, fitting.MOST_TO_SEARCH, seed)
    folds, reason = fitting.group_folds(y[some], groups[some], seed)
    path = fitting.search(standard[some], y[some], n_classes, folds)
    coef, intercept = fitting.logistic(standard, y, n_classes, path.chosen)
    temperature, scores = _calibrate(path.logits, y[some], groups[some], folds)
    notes = {"method": "logistic", "reason": reason, "grid": path.grid, **scores, **_counts(y, groups)}
    return _head((coef @ back, intercept, mean, scale), path.chosen, temperature, notes)


def _head(arrays: tuple[NDArray[Any], ...], strength: float, temperature: float, notes: dict[str, Any]) -> LinearHead:
    coef, intercept, mean, scale = (np.asarray(each, dtype=np.float32) for each in arrays)
    return LinearHead(coef, intercept, mean, scale, strength / notes["n_images"], temperature, notes)


def _calibrate(
    out_of_fold: Doubles, y: Ints, groups: NDArray[np.str_], folds: fitting.Folds
) -> tuple[float, dict[str, Any]]:
    """The temperature and the out-of-fold scores; 1 and no scores without folds."""
    if not folds:
        return 1.0, {"folds": 0, "balanced_accuracy": None, "log_loss": None, "conformal": None}
    temperature = fitting.temperature(out_of_fold, y)
    return temperature, {
        "folds": len(folds),
        "balanced_accuracy": round(fitting.balanced_accuracy(y, out_of_fold.argmax(axis=1)), 6),
        "log_loss": round(fitting.balanced_log_loss(out_of_fold / temperature, y), 6),
        "conformal": conformal.calibrate(y, fitting.softmax(out_of_fold / temperature), groups),
    }


def _counts(y: Ints, groups: NDArray[np.str_]) -> dict[str, int]:
    return {"n_images": len(y), "n_subjects": len(np.unique(groups))}
