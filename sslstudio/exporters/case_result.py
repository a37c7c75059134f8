"""What is said of one study outside the tables: apart because a structured report and a picture say the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sslstudio import __version__
from sslstudio.exporters.cases import POOLED_BY
from sslstudio.exporters.scoring import Model

NOTICE = "AI-generated, research use only"
LONG_NOTICE = (
    "AI-generated from the images referenced. Research use only: not a medical device, not checked by a person."
)
PRODUCT = "SSL Studio"
VERSION = __version__


@dataclass(frozen=True)
class CaseResult:
    """One study: its probabilities by class (K,), how they were pooled over `images`, whether the model abstains and
    why, how many images it abstained for and how many are unlike its own (None: not known)."""

    model: Model
    probabilities: Sequence[float]
    pooled_by: str
    images: int
    abstain: bool
    why: str
    abstained: int
    unlike: int | None

    @property
    def best(self) -> int:
        """The most probable class."""
        return max(range(len(self.probabilities)), key=self.probabilities.__getitem__)

    @property
    def model_name(self) -> str:
        """What the algorithm is called."""
        return f"{PRODUCT} {self.model.name}".strip()

    @property
    def image_why(self) -> str:
        """Of a study of one image, which classes cannot be ruled out; "" for others, and where nothing is promised."""
        deciding = self.model.deciding
        if self.images != 1 or deciding.least is None or self.pooled_by == POOLED_BY["attention"]:
            return ""
        return deciding.decide(np.asarray([self.probabilities]), self.model.classes)[0][1]

    @property
    def operating_point(self) -> str:
        """Where the most probable class stands against its operating point, as a sentence; "" where there is none."""
        name, share = self.model.classes[self.best], self.probabilities[self.best]
        point = self.model.deciding.point(name)
        if point is None:
            return ""
        called = "reaches" if share >= float(point["threshold"]) else "does not reach"
        shares = (
            f"{word} {_share(point[word])}" for word in ("sensitivity", "specificity")
        )  # each with its interval, of single images of the test part
        return (
            f"{name} {called} its operating point, {float(point['threshold']):.3f} ({', '.join(shares)}, single images)"
        )


def result_of(model: Model, row: dict[str, str]) -> CaseResult:
    """What a row of the table of studies says, by its columns."""
    unlike = row["images unlike the training images"]
    return CaseResult(
        model,
        [float(row[f"probability {name}"]) for name in model.classes],
        row["pooled by"],
        int(row["images"]),
        row["abstain"] == "yes",
        row["why"],
        int(row["images abstained"]),
        int(unlike) if unlike else None,
    )


def _share(known: dict[str, float]) -> str:
    return f"{100 * known['value']:.0f} % ({100 * known['low']:.0f}-{100 * known['high']:.0f})"
