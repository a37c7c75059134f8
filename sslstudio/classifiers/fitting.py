"""The numbers behind the linear head: folds, the path over the regularisation, calibration. Plain arrays, no state.

The strength of the regularisation is `strength` = C * N, the weight of the mean loss against |w|^2 / 2, so that what
was found on folds holds for all images.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Ints = NDArray[np.int64]
Folds = list[tuple[Ints, Ints]]

STRENGTHS = (1.0, 5.0, 25.0, 125.0, 625.0)
DEFAULT_STRENGTH = 25.0
"""Best or within a point of it on real embeddings of 256 and 512 dimensions from 2 to 500 labels a class."""
MOST_TO_SEARCH = 2000
NEVER = -30.0
"""The logit of a class that nothing was learned of."""


@dataclass(frozen=True)
class Path:
    """What the search found: the chosen strength, its out-of-fold logits (N, K), and the figures of each strength."""

    chosen: float
    logits: Doubles
    grid: list[dict[str, Any]]


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """One thread for the products within: they are small, and waiting for each other costs more than it saves."""
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    with threadpool_limits(1):
        yield


def some_patients(groups: NDArray[np.str_], most: int, seed: int) -> Ints:
    """Rows of patients drawn at random until they hold `most` images; all rows when there are no more."""
    if len(groups) <= most:
        return np.arange(len(groups))
    names, group_of = np.unique(groups, return_inverse=True)
    rank = np.random.default_rng(seed).permutation(len(names))[group_of]
    found: Ints = np.sort(np.argsort(rank, kind="stable")[:most])
    return found


def group_folds(y: Ints, groups: NDArray[np.str_], seed: int) -> tuple[Folds, str]:
    """Up to five stratified folds (three from 1,000 images on) that keep each patient together, and why there are none.

    Every class with two patients or more is in each training part.
    """
    from sklearn.model_selection import StratifiedGroupKFold

    patients = [len(np.unique(groups[y == k])) for k in np.unique(y)]
    count = min(5 if len(y) < 1000 else 3, *patients)
    if count < 2:
        return [], "A class has images of one patient only."
    with warnings.catch_warnings():
        # It counts images and warns of a rare class; patients were counted above.
        warnings.filterwarnings("ignore", message="The least populated class", category=UserWarning)
        found = list(StratifiedGroupKFold(count, shuffle=True, random_state=seed).split(y, y, groups))
    folds = [(train, test) for train, test in found if len(test) and len(np.unique(y[train])) == len(patients)]
    if len(folds) < len(found):
        return [], "Too few patients to keep every class in every fold."
    return folds, ""


def standardise(vectors: Floats) -> tuple[Floats, Floats]:
    """Mean (D,) and scale (D,) of vectors (N, D). With few images the variances lean on their common mean."""
    mean = vectors.mean(axis=0, dtype=np.float64)
    variance = vectors.var(axis=0, dtype=np.float64)
    lean = 10.0 / (10.0 + len(vectors))
    common = float(variance.mean())
    scale = np.sqrt((1 - lean) * variance + lean * common + 1e-4 * common)
    return mean.astype(np.float32), np.where(scale > 0, scale, 1.0).astype(np.float32)


def rotate(standard: Floats) -> tuple[Floats, Floats]:
    """The rows (N, D) in their own space, (N, min(N, D)), and the matrix that takes weights back.

    Exact for an L2 penalty, whose weights lie in the space of the rows.
    """
    n, dimensions = standard.shape
    if n >= dimensions:
        return standard, np.eye(dimensions, dtype=np.float32)
    U, S, Vt = np.linalg.svd(standard, full_matrices=False)
    return np.ascontiguousarray(U * S), Vt


def logistic(
    standard: Floats, y: Ints, n_classes: int, strength: float, start: Doubles | None = None, tolerance: float = 1e-4
) -> tuple[Doubles, Doubles]:
    """Weights (K, D) and intercepts (K,) of balanced L2 logistic regression on standard (N, D), softmax form.

    Minimises the class-balanced mean cross entropy * `strength` + |W|^2 / 2 with L-BFGS. `start` (K, D + 1) is a
    solution nearby. A class that is missing from y gets the constant logit `NEVER`.
    """
    from scipy.optimize import minimize

    present, target = np.unique(y, return_inverse=True)
    k, n = len(present), len(y)
    counts = np.bincount(target)
    weight = (n / (k * counts[target]) / n).astype(np.float32)
    one_hot = np.zeros((n, k), dtype=np.float32)
    one_hot[np.arange(n), target] = 1.0

    def loss(flat: Doubles) -> tuple[float, Doubles]:
        W = flat.reshape(k, -1)
        scores = standard @ W[:, :-1].T.astype(np.float32) + W[:, -1].astype(np.float32)
        scores -= scores.max(axis=1, keepdims=True)
        exponent = np.exp(scores)
        total = exponent.sum(axis=1, keepdims=True)
        entropy = (np.log(total[:, 0]) - (scores * one_hot).sum(axis=1)) @ weight
        residual = (exponent / total - one_hot) * weight[:, None]
        gradient = np.empty_like(W)
        gradient[:, :-1] = strength * (residual.T @ standard) + W[:, :-1]
        gradient[:, -1] = strength * residual.sum(axis=0)
        return strength * float(entropy) + 0.5 * float((W[:, :-1] ** 2).sum()), gradient.ravel()

    first = np.zeros((k, standard.shape[1] + 1)) if start is None else start[present]
    options = {"maxiter": 500, "gtol": tolerance * max(strength, 1e-2), "ftol": 1e-9, "maxcor": 10}
    W = minimize(loss, first.ravel(), jac=True, method="L-BFGS-B", options=options).x.reshape(k, -1)
    W = W - W.mean(axis=0)  # the softmax knows differences only
    coef, intercept = np.zeros((n_classes, standard.shape[1])), np.full(n_classes, NEVER)
    coef[present], intercept[present] = W[:, :-1], W[:, -1]
    return coef, intercept


def search(standard: Floats, y: Ints, n_classes: int, folds: Folds) -> Path:
    """Choose the strength by cross-validation, each solution the start of the next.

    The balanced log loss decides, which is steadier than accuracy with few labels. Of all strengths whose loss is
    within a standard error (over the folds) of the smallest, the one nearest to `DEFAULT_STRENGTH` is taken: few
    labels cannot tell them apart, many can. Without folds it is `DEFAULT_STRENGTH`.
    """
    if not folds:
        return Path(DEFAULT_STRENGTH, np.zeros((len(y), n_classes)), [])
    found = np.zeros((len(STRENGTHS), len(y), n_classes))
    for train, test in folds:
        rows, start = standard[train], None
        for place, strength in enumerate(STRENGTHS):
            coef, intercept = logistic(rows, y[train], n_classes, strength, start, tolerance=1e-3)
            start = np.hstack([coef, intercept[:, None]])
            found[place, test] = standard[test] @ coef.T + intercept
    calibrated = [each / temperature(each, y) for each in found]
    losses = np.array([[balanced_log_loss(each[test], y[test]) for _, test in folds] for each in calibrated])
    best = int(losses.mean(axis=1).argmin())
    worse = losses - losses[best]
    error = worse.std(axis=1, ddof=1) / np.sqrt(len(folds))
    near = np.flatnonzero(worse.mean(axis=1) <= error)
    chosen = int(near[np.abs(np.log(np.asarray(STRENGTHS)[near] / DEFAULT_STRENGTH)).argmin()])
    grid: list[dict[str, Any]] = [
        {
            "C": strength / len(y),
            "balanced_accuracy": round(balanced_accuracy(y, each.argmax(axis=1)), 6),
            "log_loss": round(float(loss.mean()), 6),
            "standard_error": round(float(loss.std(ddof=1) / np.sqrt(len(folds))), 6),
        }
        for strength, each, loss in zip(STRENGTHS, found, losses, strict=True)
    ]
    return Path(STRENGTHS[chosen], found[chosen], grid)


def out_of_fold(
    standard: Floats, n_classes: int, folds: Folds, weights: Callable[[Ints], tuple[Doubles, Doubles]]
) -> Doubles:
    """Logits (N, K) of each image by the weights learned without its fold."""
    found = np.zeros((len(standard), n_classes))
    for train, test in folds:
        coef, intercept = weights(train)
        found[test] = standard[test] @ coef.T + intercept
    return found


def temperature(logits: Doubles, y: Ints) -> float:
    """The one number that calibrates logits (N, K) for classes y (N,): Guo et al. 2017, between 0.1 and 20."""
    from scipy.optimize import minimize_scalar

    def loss(log_temperature: float) -> float:
        return balanced_log_loss(logits / np.exp(log_temperature), y)

    return float(np.exp(minimize_scalar(loss, bounds=(np.log(0.1), np.log(20.0)), method="bounded").x))


def balanced_log_loss(logits: Doubles, y: Ints) -> float:
    """Mean over the classes in y of the mean cross entropy of their images, in nats."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    entropy = np.log(np.exp(shifted).sum(axis=1)) - shifted[np.arange(len(y)), y]
    return float(np.mean([entropy[y == k].mean() for k in np.unique(y)]))


def balanced_accuracy(y: Ints, predicted: Ints) -> float:
    """Mean over the classes in y of the fraction of their images that is right."""
    return float(np.mean([(predicted[y == k] == k).mean() for k in np.unique(y)]))


def softmax(logits: Doubles) -> Doubles:
    """Probabilities (N, K) of logits (N, K)."""
    exponent = np.exp(logits - logits.max(axis=1, keepdims=True))
    found: Doubles = exponent / exponent.sum(axis=1, keepdims=True)
    return found
