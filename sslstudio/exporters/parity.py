"""Proof that the exported graph gives the product's own numbers; apart so that the rule stands in one place."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sslstudio.domain.rendering import Windows
from sslstudio.errors import SSLStudioError
from sslstudio.importers.windowing import StoredPixels

TOLERANCE = 1e-4
"""Largest difference of a class probability that an export may show."""

Floats = NDArray[np.floating]
Scorer = Callable[["ParityImage"], tuple[Floats, Floats]]


@dataclass(frozen=True)
class ParityImage:
    """One image as the cache holds it: `stored` values (H, W, C) and its windows in stored values."""

    stored: StoredPixels
    windows: Windows


@dataclass(frozen=True)
class Parity:
    """What the comparison saw: `images` compared, the largest difference of a probability and of an embedding value."""

    images: int
    probability: float
    embedding: float


def compare(reference: Scorer, exported: Scorer, images: Iterable[ParityImage]) -> Parity:
    """Score each image both ways and hold the results side by side.

    A scorer gives probabilities (K,) and an embedding (D,). Raises SSLStudioError with code "parity" when there is
    nothing to compare, a value is not finite, a probability differs by `TOLERANCE` or more, or a class differs.
    """
    count, probability, embedding = 0, 0.0, 0.0
    for image in images:
        wanted, wanted_vector = reference(image)
        got, got_vector = exported(image)
        if not (np.isfinite(got).all() and np.isfinite(got_vector).all()):
            raise _failed("The exported model gives numbers that are not finite on an image of this project.")
        if int(np.argmax(got)) != int(np.argmax(wanted)):
            raise _failed("The exported model gives another class than the model in this project on one image.")
        count += 1
        probability = max(probability, float(np.abs(got - wanted).max()))
        embedding = max(embedding, float(np.abs(got_vector - wanted_vector).max()))
    if count == 0:
        raise SSLStudioError(
            "There is no image to check the exported model with.", "Import images first.", code="parity"
        )
    if not probability < TOLERANCE:
        raise _failed(f"The exported model's probabilities differ by {probability:.1e}, more than {TOLERANCE:.0e}.")
    return Parity(images=count, probability=probability, embedding=embedding)


def _failed(message: str) -> SSLStudioError:
    return SSLStudioError(message, "Nothing was exported. Please report this run.", code="parity")
