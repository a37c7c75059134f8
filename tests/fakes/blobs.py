"""Made-up embeddings: classes as clouds around their centres, several images to a patient."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def blobs(
    n: int, dimensions: int = 64, classes: int = 3, spread: float = 1.0, per_patient: int = 1, seed: int = 0
) -> tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.str_]]:
    """Vectors (n, dimensions), classes (n,) and patients (n,). The centres are the same for every n and spread."""
    centres = np.random.default_rng(99).normal(size=(classes, dimensions))
    random = np.random.default_rng(seed)
    patients = np.arange(n) // per_patient
    y = random.integers(0, classes, patients.max() + 1)[patients]
    vectors = centres[y] + spread * random.normal(size=(n, dimensions)) + 3
    return vectors.astype(np.float32), y.astype(np.int64), np.array([f"p{number:05d}" for number in patients])
