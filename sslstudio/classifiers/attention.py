"""Attention pooling: which images of a patient or study count, learned from whole patients or studies.

Gated attention multiple-instance learning (Ilse, Tomczak and Welling, ICML 2018) over the frozen embedding. Small on
purpose, since patients are few: the embedding in its main directions, one layer of gates, a linear classifier, all held
back by an L2 penalty, which pulls the attention towards the plain mean. By L-BFGS with the gradient written out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sslstudio.classifiers import fitting, pooling
from sslstudio.classifiers.pooling import BAGS, NO_CLASS, Bags
from sslstudio.domain.units import PLURAL, Unit

Doubles = NDArray[np.float64]
Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
FEWEST_BAGS = 20
"""So many training patients (or studies) with several images are needed."""
FEWEST_OF_A_CLASS = 5
DIRECTIONS = 48
"""Main directions of the embedding that are kept."""
GATES = 8
HOLD = 0.5
"""The weight of |V|^2 + |U|^2 + |w|^2 over 2."""
MOST_IMAGES = 20_000


@dataclass(frozen=True, eq=False)
class Attention:
    """An image x (D,) becomes h = (x - mean) @ basis.T (R,); its weight in the bag is the softmax, over the bag, of
    w . (tanh(V h + v) * sigmoid(U h + u)); the bag's logits are coef @ (weighted mean of h) + intercept, divided by
    `temperature` (1,).

    `mean` (D,), `basis` (R, D), `V` and `U` (L, R), `v`, `u` and `w` (L,), `coef` (K, R), `intercept` (K,).
    """

    mean: Floats
    basis: Floats
    V: Doubles
    v: Doubles
    U: Doubles
    u: Doubles
    w: Doubles
    coef: Doubles
    intercept: Doubles
    temperature: Doubles


def learn(
    vectors: NDArray[np.floating],
    y: NDArray[np.integer],
    patients: NDArray[np.str_],
    studies: NDArray[np.str_],
    n_classes: int,
    nothing: int = NO_CLASS,
    seed: int = 0,
) -> dict[str, Attention | str]:
    """For studies and for patients: the attention learned from labelled training images, or why there is none.

    Vectors (N, D), classes y (N,), patients and studies (N,), all of training images alone. Bags whose images differ,
    see `pooling.truth`, are not learned from. The same for the same seed.
    """
    some = fitting.some_patients(np.asarray(patients), MOST_IMAGES, seed)
    x, classes = np.asarray(vectors, dtype=np.float32)[some], np.asarray(y, dtype=np.int64)[some]
    whose, study = np.asarray(patients)[some], np.asarray(studies)[some]
    found: dict[str, Attention | str] = {}
    with fitting.one_thread():
        space = None
        for unit in BAGS:
            bags = pooling.make_bags(unit, whose, study)
            target = pooling.truth(classes, bags, nothing)
            reason = refusal(unit, bags, target, n_classes)
            if reason:
                found[unit] = reason
                continue
            space = space or _space(x)
            found[unit] = _learn(space, bags, target, n_classes, seed)
    return found


def refusal(unit: Unit, bags: Bags, target: Ints, n_classes: int) -> str:
    """Why nothing can be learned from bags of classes `target` (B,); "" when it can."""
    many = PLURAL[unit]
    several = bags.size > 1
    usable = int((several & (target != NO_CLASS)).sum())
    if usable < FEWEST_BAGS:
        differ = int((several & (target == NO_CLASS)).sum())
        out = f" ({differ:,} more hold images of different classes)" if differ else ""
        return (
            f"Attention is learned from training {many}: it needs {FEWEST_BAGS} with several labelled images of one "
            f"class, and there {'is' if usable == 1 else 'are'} {usable:,}{out}."
        )
    fewest = min(len(np.unique(bags.patient[target == number])) for number in range(n_classes))
    if fewest < FEWEST_OF_A_CLASS:
        return (
            f"Attention needs training {many} of at least {FEWEST_OF_A_CLASS} patients in each class; one class has "
            f"{fewest:,}."
        )
    return ""


def attend(
    heads: Mapping[str, Attention | str],
    vectors: NDArray[np.floating],
    patients: NDArray[np.str_],
    studies: NDArray[np.str_],
) -> dict[str, Doubles]:
    """For each unit with a learned head: the probabilities (N, K) of the bag that each image is in."""
    found: dict[str, Doubles] = {}
    for unit in BAGS:
        head = heads.get(unit)
        if isinstance(head, Attention):
            bags = pooling.make_bags(unit, patients, studies)
            found[unit] = predict(head, reduce(head, vectors), bags)[0][bags.bag]
    return found


def reduce(head: Attention, vectors: NDArray[np.floating]) -> Doubles:
    """Vectors (N, D) in the main directions of a head, (N, R)."""
    found: Doubles = (np.asarray(vectors, dtype=np.float64) - head.mean) @ head.basis.T
    return found


def predict(head: Attention, h: Doubles, bags: Bags) -> tuple[Doubles, Doubles]:
    """Probabilities (B, K) of bags of images h (N, R), and the weight (N,) of each image; 1 in sum for each bag."""
    if not len(h):
        return np.zeros((0, len(head.coef))), np.zeros(0)
    parts = _Parts(head.V, head.v, head.U, head.u, head.w, head.coef, head.intercept)
    kept = _Sorted(h, bags)
    logits, weight, _ = _forward(parts, kept)
    back = np.empty(len(h))
    back[bags.order] = weight
    return fitting.softmax(logits / float(head.temperature[0])), back


def to_arrays(heads: Mapping[str, Attention | str]) -> dict[str, NDArray[Any]]:
    """The learned heads as arrays to be stored together."""
    return {
        f"{unit}.{one.name}": getattr(head, one.name)
        for unit, head in heads.items()
        if isinstance(head, Attention)
        for one in fields(Attention)
    }


def from_arrays(arrays: Mapping[str, NDArray[Any]]) -> dict[str, Attention]:
    """What `to_arrays` gave; raises KeyError where a part is missing."""
    names = [one.name for one in fields(Attention)]
    return {
        unit: Attention(**{name: arrays[f"{unit}.{name}"] for name in names}) for unit in BAGS if f"{unit}.w" in arrays
    }


@dataclass(frozen=True, eq=False)
class _Space:
    mean: Floats
    basis: Floats
    h: Doubles


def _space(x: Floats) -> _Space:
    """The main directions of vectors (N, D), standardised, and the images in them at unit mean square."""
    from sklearn.decomposition import PCA

    mean, scale = fitting.standardise(x)
    solver = "full" if len(x) < x.shape[1] else "covariance_eigh"
    basis = PCA(min(DIRECTIONS, *x.shape), svd_solver=solver).fit((x - mean) / scale).components_ / scale
    h = (x - mean) @ basis.T
    size = float(np.sqrt((h.astype(np.float64) ** 2).mean())) or 1.0
    basis = (basis / size).astype(np.float32)
    return _Space(mean, basis, ((x - mean) @ basis.T).astype(np.float64))


@dataclass(frozen=True, eq=False)
class _Parts:
    V: Doubles
    v: Doubles
    U: Doubles
    u: Doubles
    w: Doubles
    C: Doubles
    b: Doubles

    def flat(self) -> Doubles:
        return np.concatenate([np.ravel(getattr(self, one.name)) for one in fields(self)])

    def like(self, flat: Doubles) -> _Parts:
        found, start = [], 0
        for one in fields(self):
            shape = getattr(self, one.name).shape
            size = int(np.prod(shape))
            found.append(flat[start : start + size].reshape(shape))
            start += size
        return _Parts(*found)


class _Sorted:
    """Images h (N, R), those of a bag side by side; `bag` (N,) which one, `starts` (B,)."""

    def __init__(self, h: Doubles, bags: Bags) -> None:
        self.h, self.bag, self.starts = h[bags.order], bags.bag[bags.order], bags.starts


@dataclass(frozen=True, eq=False)
class _Felt:
    """What the way forward leaves for the way back: T and G (N, L), z (B, R)."""

    T: Doubles
    G: Doubles
    z: Doubles


def _forward(parts: _Parts, rows: _Sorted) -> tuple[Doubles, Doubles, _Felt]:
    """Logits (B, K) of bags, weights (N,) of images in the order of `rows`."""
    from scipy.special import expit

    T, G = np.tanh(rows.h @ parts.V.T + parts.v), expit(rows.h @ parts.U.T + parts.u)
    e = (T * G) @ parts.w
    raised = np.exp(e - np.maximum.reduceat(e, rows.starts)[rows.bag])
    weight = raised / np.add.reduceat(raised, rows.starts)[rows.bag]
    z = np.add.reduceat(weight[:, None] * rows.h, rows.starts, axis=0)
    return z @ parts.C.T + parts.b, weight, _Felt(T, G, z)


def objective(parts: _Parts, rows: _Sorted, one_hot: Doubles, worth: Doubles, hold: float) -> tuple[float, Doubles]:
    """The weighted cross entropy of bags with classes `one_hot` (B, K) and weights `worth` (B,), plus |C|^2 / 2 and
    `hold` times the squares of V, U and w over 2; and its gradient by all parts, flat."""
    from scipy.special import logsumexp

    logits, weight, felt = _forward(parts, rows)
    total = logsumexp(logits, axis=1)
    held = float((parts.V**2).sum() + (parts.U**2).sum() + (parts.w**2).sum())
    loss = float((total - (logits * one_hot).sum(axis=1)) @ worth) + 0.5 * float((parts.C**2).sum()) + 0.5 * hold * held
    by_logits = worth[:, None] * (np.exp(logits - total[:, None]) - one_hot)
    by_z = by_logits @ parts.C
    by_weight = np.einsum("nr,nr->n", by_z[rows.bag], rows.h)
    mean = np.add.reduceat(weight * by_weight, rows.starts)[rows.bag]
    by_e = (weight * (by_weight - mean))[:, None]
    by_T = by_e * parts.w * felt.G * (1 - felt.T**2)
    by_U = by_e * parts.w * felt.T * felt.G * (1 - felt.G)
    gradient = _Parts(
        by_T.T @ rows.h + hold * parts.V,
        by_T.sum(axis=0),
        by_U.T @ rows.h + hold * parts.U,
        by_U.sum(axis=0),
        (by_e * felt.T * felt.G).sum(axis=0) + hold * parts.w,
        by_logits.T @ felt.z + parts.C,
        by_logits.sum(axis=0),
    )
    return loss, gradient.flat()


def _learn(space: _Space, bags: Bags, target: Ints, n_classes: int, seed: int) -> Attention:
    """Strength and temperature by folds of whole patients, then all bags that have a class."""
    known = np.flatnonzero(target != NO_CLASS)
    (h, bags), target = _only(space.h, bags, known), target[known]
    mean = np.add.reduceat(h[bags.order], bags.starts, axis=0) / bags.size[:, None]
    folds, _ = fitting.group_folds(target, bags.patient, seed)
    strength = fitting.search(mean.astype(np.float32), target, n_classes, folds).chosen
    logits = np.zeros((len(target), n_classes))
    for train, test in folds:
        parts = _fit(*_only(h, bags, train), target[train], n_classes, strength, seed)
        logits[test] = _forward(parts, _Sorted(*_only(h, bags, test)))[0]
    temperature = fitting.temperature(logits, target) if folds else 1.0
    made = _fit(h, bags, target, n_classes, strength, seed)
    return Attention(
        space.mean, space.basis, made.V, made.v, made.U, made.u, made.w, made.C, made.b, np.array([temperature])
    )


def _only(h: Doubles, bags: Bags, kept: Ints) -> tuple[Doubles, Bags]:
    """The images, of h (N, R), of the bags `kept` (ascending), in the order they had, and these bags numbered anew."""
    images = np.isin(bags.bag, kept)
    bag = np.searchsorted(kept, bags.bag[images]).astype(np.int64)
    size = bags.size[kept]
    some = Bags(bag, bags.patient[kept], size, np.argsort(bag, kind="stable"), np.cumsum(size) - size)
    return h[images], some


def _fit(h: Doubles, bags: Bags, target: Ints, n_classes: int, strength: float, seed: int) -> _Parts:
    """Begins where the plain mean is: w is zero and the classifier is the best one for the mean."""
    from scipy.optimize import minimize

    rows, R = _Sorted(h, bags), h.shape[1]
    mean = np.add.reduceat(rows.h, rows.starts, axis=0) / bags.size[:, None]
    coef, intercept = fitting.logistic(mean.astype(np.float32), target, n_classes, strength)
    random = np.random.default_rng(seed)
    V, U = (random.normal(scale=R**-0.5, size=(GATES, R)) for _ in range(2))
    start = _Parts(V, np.zeros(GATES), U, np.zeros(GATES), np.zeros(GATES), coef, intercept)
    counts = np.bincount(target, minlength=n_classes)
    worth = strength / (np.count_nonzero(counts) * counts[target])
    one_hot = np.eye(n_classes)[target]

    def loss(flat: Doubles) -> tuple[float, Doubles]:
        return objective(start.like(flat), rows, one_hot, worth, HOLD)

    options = {"maxiter": 200, "gtol": 1e-3, "ftol": 1e-8, "maxcor": 10}
    return start.like(minimize(loss, start.flat(), jac=True, method="L-BFGS-B", options=options).x)
