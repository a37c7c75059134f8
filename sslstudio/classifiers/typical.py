"""Whether an image is like those a classifier learned from: how far its embedding lies from theirs.

What is kept are means, main directions and one covariance, all over many patients: no embedding of an image.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sslstudio.classifiers import fitting

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Ints = NDArray[np.int64]

SHARE = 0.99
"""So many of the training images lie within the limit, each measured without its patient."""
FEWEST_IMAGES, FEWEST_PATIENTS = 30, 10
FEWEST_OF_A_CLASS = 5
"""Patients that a class needs for a centre of its own: the mean of fewer would be close to one person's image."""
DIRECTIONS = 32
PATIENTS_A_DIRECTION = 3
MOST_IMAGES = 5_000
FOLDS = 5


@dataclass(frozen=True, eq=False)
class Typical:
    """An image x (D,) becomes z = (x - mean) / scale and h = basis @ z; its distance is the root of the mean of two
    parts: the least |whiten @ (h - centre)|^2 / R over `centres`, and (|z|^2 - |h|^2) / residual; over `limit`.

    `mean`, `scale` (D,), `basis` (R, D) with orthonormal rows, `centres` (C, R), `whiten` (R, R), `residual` and
    `limit` (1,), `learned_from` (2,): images and patients. Mahalanobis distance to class means with one shared
    covariance (Lee et al., NeurIPS 2018), shrunk as Ledoit and Wolf do, and what the directions leave over.
    """

    mean: Floats
    scale: Floats
    basis: Floats
    centres: Doubles
    whiten: Doubles
    residual: Doubles
    limit: Doubles
    learned_from: Ints

    def distance(self, vectors: NDArray[np.floating]) -> Doubles:
        """How far embeddings (N, D) lie, (N,); above 1 is unlike the training images."""
        z = (np.asarray(vectors, dtype=np.float32) - self.mean) / self.scale
        h = (z @ self.basis.T).astype(np.float64)
        white = h @ self.whiten.T
        near = np.min([np.square(white - self.whiten @ one).sum(axis=1) for one in self.centres], axis=0)
        left = np.maximum(np.square(z, dtype=np.float64).sum(axis=1) - np.square(h).sum(axis=1), 0.0)
        over: Doubles = np.sqrt((near / len(self.basis) + left / self.residual[0]) / 2) / self.limit[0]
        return over


def learn(
    vectors: NDArray[np.floating], y: NDArray[np.integer], patients: NDArray[np.str_], seed: int = 0
) -> Typical | str:
    """From embeddings (N, D), classes (N,) and patients (N,) of training images alone; or why there is none.

    The limit is the quantile `SHARE` of distances that were measured without the image's own patient, in folds. The
    same for the same seed.
    """
    some = fitting.some_patients(np.asarray(patients), MOST_IMAGES, seed)
    x, classes = np.asarray(vectors, dtype=np.float32)[some], np.asarray(y, dtype=np.int64)[some]
    names, whose = np.unique(np.asarray(patients)[some], return_inverse=True)
    if len(x) < FEWEST_IMAGES or len(names) < FEWEST_PATIENTS:
        return (
            f"It takes {FEWEST_IMAGES} labelled training images of {FEWEST_PATIENTS} patients to say what is unlike "
            f"them; there are {len(x):,} of {len(names):,}."
        )
    fold = np.random.default_rng(seed).permutation(len(names))[whose] % FOLDS
    outside = np.empty(len(x))
    with fitting.one_thread():
        for number in range(FOLDS):
            kept = _fit(x[fold != number], classes[fold != number], whose[fold != number])
            outside[fold == number] = kept.distance(x[fold == number])
        place = min(len(x), int(np.ceil(SHARE * (len(x) + 1)))) - 1
        limit = float(np.sort(outside)[place]) or 1.0
        whole = _fit(x, classes, whose)
    parts = {one.name: getattr(whole, one.name) for one in fields(Typical)}
    return Typical(**{**parts, "limit": np.array([limit])})


def _fit(x: Floats, classes: Ints, whose: Ints) -> Typical:
    """Everything but the limit, which is 1."""
    from sklearn.covariance import LedoitWolf
    from sklearn.decomposition import PCA

    n_patients = len(np.unique(whose))
    mean, scale = fitting.standardise(x)
    z = (x - mean) / scale
    size = min(DIRECTIONS, max(1, n_patients // PATIENTS_A_DIRECTION), *z.shape)
    basis = PCA(size, svd_solver="full" if len(z) < z.shape[1] else "covariance_eigh").fit(z).components_
    h = (z @ basis.T).astype(np.float64)
    known = [k for k in np.unique(classes) if len(np.unique(whose[classes == k])) >= FEWEST_OF_A_CLASS]
    centres = np.array([h[classes == k].mean(axis=0) for k in known]) if known else np.zeros((1, size))
    centre_of = np.square(h[:, None] - centres[None]).sum(axis=2).argmin(axis=1)
    for place, k in enumerate(known):
        centre_of[classes == k] = place
    covariance = LedoitWolf(assume_centered=True).fit(h - centres[centre_of]).covariance_
    covariance += np.eye(size) * (1e-9 + 1e-6 * np.trace(covariance) / size)
    left = float((np.square(z, dtype=np.float64).sum(axis=1) - np.square(h).sum(axis=1)).mean())
    return Typical(
        mean.astype(np.float32),
        scale.astype(np.float32),
        basis.astype(np.float32),
        centres,
        np.linalg.inv(np.linalg.cholesky(covariance)),
        np.array([left if left > 1e-6 * z.shape[1] else np.inf]),
        np.ones(1),
        np.array([len(x), n_patients]),
    )


def to_arrays(typical: Typical) -> dict[str, NDArray[Any]]:
    """What is learned, as arrays to be stored together."""
    return {one.name: getattr(typical, one.name) for one in fields(Typical)}


def from_arrays(arrays: Mapping[str, NDArray[Any]]) -> Typical:
    """What `to_arrays` gave; raises KeyError where a part is missing, ValueError where parts do not fit."""
    typical = Typical(**{one.name: np.asarray(arrays[one.name]) for one in fields(Typical)})
    rank, dimensions = typical.basis.shape
    shapes = [
        part.shape for part in (typical.mean, typical.scale, typical.whiten, typical.centres[:1], typical.residual)
    ]
    if shapes != [(dimensions,), (dimensions,), (rank, rank), (1, rank), (1,)] or not typical.limit[0] > 0:
        raise ValueError("The parts do not fit each other.")
    return typical
