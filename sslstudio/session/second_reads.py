"""A second, blinded read of images that have a label: drawn, answered and kept in the project. No Qt."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from sslstudio.domain.labels import Label
from sslstudio.errors import SSLStudioError
from sslstudio.session.project import Project

SETTING = "second_read"
SAMPLE = 30
FEWEST = 10


class SecondRead(BaseModel):
    """`images` to be read again, with the class ids that they had when they were drawn (`first`).

    `answers` holds the second reading by image id, None for one that was unsure.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    images: tuple[int, ...]
    first: tuple[int, ...]
    answers: dict[int, int | None] = {}
    author: str = ""

    @property
    def next(self) -> int | None:
        """The next image without an answer."""
        return next((image_id for image_id in self.images if image_id not in self.answers), None)

    def answered(self, image_id: int, class_id: int | None) -> SecondRead:
        """With one more answer."""
        return self.model_copy(update={"answers": {**self.answers, image_id: class_id}})

    def pairs(self) -> list[tuple[int, int, int]]:
        """(image id, first class, second class) of the images that got a class twice."""
        return [
            (image_id, one, other)
            for image_id, one in zip(self.images, self.first, strict=True)
            if (other := self.answers.get(image_id)) is not None
        ]


def draw(labels: Mapping[int, Label], seed: int, author: str = "") -> SecondRead:
    """Thirty of the images with a class, at random. Raises SSLStudioError "few_labels" for fewer than ten."""
    known = sorted(image_id for image_id, label in labels.items() if label.class_id is not None)
    if len(known) < FEWEST:
        raise SSLStudioError(
            f"A second read needs {FEWEST} labelled images; there are {len(known)}.", "Label more.", code="few_labels"
        )
    chosen = random.Random(seed).sample(known, min(SAMPLE, len(known)))
    return SecondRead(images=tuple(chosen), first=tuple(labels[key].class_id or 0 for key in chosen), author=author)


def load(project: Project) -> SecondRead | None:
    """The read that is kept; None when there is none, or one of another version."""
    stored: Any = project.catalogue.setting(SETTING)
    try:
        return None if stored is None else SecondRead.model_validate(stored)
    except ValidationError:
        return None


def store(project: Project, read: SecondRead | None) -> None:
    """Keep a read in the project, or none; on the disk when this returns."""
    project.catalogue.set_setting(SETTING, None if read is None else read.model_dump(mode="json"))
