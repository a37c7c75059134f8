"""What counts as one case of a classifier, and how the scores of its images become one."""

from __future__ import annotations

from typing import Literal

from sslstudio.domain.record import Record

Unit = Literal["image", "study", "patient"]
Pooling = Literal["mean", "max", "attention"]
UNITS: tuple[Unit, ...] = ("image", "study", "patient")
POOLINGS: tuple[Pooling, ...] = ("mean", "max", "attention")
PLURAL = {"image": "images", "study": "studies", "patient": "patients"}


class Counting(Record):
    """The user's choice: by image, or by study or patient with one way of pooling."""

    unit: Unit = "image"
    pooling: Pooling = "mean"


def count(number: int, one: str, many: str = "") -> str:
    """ "1 image", "2,155 images"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
