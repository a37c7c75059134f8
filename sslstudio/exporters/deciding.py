"""What is said of a prediction beyond its class: whether the model abstains, and whether the image is like its own.

Read from a package: `operating.json` (what conformal sets promise) and `typical.npz` (the training images' embeddings,
as means and a covariance).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sslstudio.classifiers import conformal, typical
from sslstudio.classifiers.typical import Typical
from sslstudio.errors import SSLStudioError
from sslstudio.exporters import package

COVERAGE = 0.9
"""The promise by which the model abstains, where the package has it and nobody asks for another."""
SURE = 0.8
"""Where there is no promise: the model abstains when its most probable class is below this."""


@dataclass(frozen=True)
class Judgement:
    """Of one image: whether the model abstains and why (not); its distance from the training images, None where the
    package cannot say; above 1 is unlike them."""

    abstain: bool
    why: str
    distance: float | None

    @property
    def unlike(self) -> bool:
        """True for an image that is unlike the training images."""
        return self.distance is not None and self.distance > 1


@dataclass(frozen=True)
class Deciding:
    """How a package decides. `levels` says for each promise which probability a class needs to stay in the set; it has
    none where its model was calibrated on too little. `points` are operating points, see `operating.describe`."""

    coverage: float
    levels: Mapping[float, float]
    typical: Typical | None
    n_images: int = 0
    points: Sequence[Mapping[str, Any]] = ()

    @property
    def least(self) -> float | None:
        """The probability that a class needs to stay in the set; None where nothing is promised."""
        return self.levels.get(self.coverage)

    def at(self, coverage: float) -> Deciding:
        """The same by another promise."""
        return replace(self, coverage=coverage)

    def judge(
        self, probabilities: NDArray[np.floating], embeddings: NDArray[np.floating], classes: Sequence[str]
    ) -> list[Judgement]:
        """Of images with probabilities (N, K) and embeddings (N, D)."""
        if self.typical is None:
            distances: list[float | None] = [None] * len(probabilities)
        else:
            distances = [float(one) for one in self.typical.distance(embeddings)]
        told = self.decide(probabilities, classes)
        return [Judgement(*one, distance) for one, distance in zip(told, distances, strict=True)]

    def decide(self, probabilities: NDArray[np.floating], classes: Sequence[str]) -> list[tuple[bool, str]]:
        """Whether it abstains for each image, and why (not)."""
        if self.least is None:
            return [self._by_confidence(float(one)) for one in probabilities.max(axis=1)]
        return [self._by_set(one, classes) for one in conformal.sets(probabilities, self.least)]

    def judge_case(self, probabilities: Sequence[float]) -> tuple[bool, str]:
        """Whether it abstains for a study or patient, and why: what is promised for images is none for pooled ones."""
        return self._by_confidence(max(probabilities))

    @property
    def said(self) -> str:
        """By which rule the model abstains, as a sentence."""
        if self.least is None:
            return f"The package promises nothing: it abstains below a probability of {SURE}."
        few = f", set on {self.n_images} images only" if 0 < self.n_images < conformal.ENOUGH else ""
        return f"It abstains where more than one class cannot be ruled out at a promise of {self.coverage:.0%}{few}."

    def point(self, name: str, sensitivity: float = 0.9) -> Mapping[str, Any] | None:
        """The operating point of a class for a wanted sensitivity; None where the package has none."""
        wanted = (one for one in self.points if one["class"] == name and one["wanted_sensitivity"] == sensitivity)
        return next(wanted, None)

    @staticmethod
    def _by_confidence(highest: float) -> tuple[bool, str]:
        return highest < SURE, f"highest probability {'below' if highest < SURE else 'at least'} {SURE}"

    def _by_set(self, held: NDArray[np.bool_], classes: Sequence[str]) -> tuple[bool, str]:
        names = [name for name, within in zip(classes, held, strict=True) if within]
        if len(names) == 1:
            return False, f"one class remains at {self.coverage:.0%}"
        return True, f"cannot be ruled out at {self.coverage:.0%}: {', '.join(names)}"


def read(folder: Path) -> Deciding:
    """How a verified package decides; packages of earlier versions may know neither promises nor distances.

    Raises SSLStudioError ("altered_package").
    """
    try:
        known = _known(folder / package.OPERATING)
        promised = known.get("conformal") or {}
        like: Typical | None = None
        if (folder / package.TYPICAL).is_file():
            with np.load(folder / package.TYPICAL, allow_pickle=False) as arrays:
                like = typical.from_arrays(arrays)
        levels = {float(one["coverage"]): float(one["least"]) for one in promised.get("levels", ())}
        return Deciding(
            COVERAGE,
            levels,
            like,
            int(promised.get("n_images", 0)),
            tuple(known.get("operating_points", ())),
        )
    except (OSError, ValueError, KeyError, TypeError):
        raise SSLStudioError(
            "The limits of the model package cannot be read.", "Export it again.", code="altered_package"
        ) from None


def _known(path: Path) -> dict[str, Any]:
    found = json.loads(path.read_bytes()) if path.is_file() else {}
    return found if isinstance(found, dict) else {}
