"""Checking a group of images before all of them get one label: a sample drawn blindly, answered image by image."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sslstudio.domain.labels import Label

SAMPLE = 20
FEWEST = 30
"""Fewer images than this are labelled sooner than checked."""


@dataclass(frozen=True)
class Found:
    """How far a check has come: `n` images answered, `right` of them of the class."""

    n: int
    right: int

    @property
    def wrong(self) -> int:
        """Images that were of another class, or marked as unsure or left out."""
        return self.n - self.right


@dataclass(frozen=True)
class Audit:
    """A check whether `ids` are all of the class `class_id`, by the images of `sample`, none of which has a label yet.

    The answers are the labels themselves, so that undo and a restart take them back or keep them as any others.
    """

    class_id: int
    ids: tuple[int, ...]
    sample: tuple[int, ...]

    def next(self, labels: Mapping[int, Label]) -> int | None:
        """The next image of the sample to look at; None when all are answered."""
        return next((image_id for image_id in self.sample if image_id not in labels), None)

    def found(self, labels: Mapping[int, Label]) -> Found:
        """What the answers say so far."""
        answers = [labels[image_id] for image_id in self.sample if image_id in labels]
        return Found(len(answers), sum(answer.class_id == self.class_id for answer in answers))

    def rest(self, labels: Mapping[int, Label]) -> tuple[int, ...]:
        """The images that still have no label."""
        return tuple(image_id for image_id in self.ids if image_id not in labels)


def draw(ids: Sequence[int], class_id: int, labels: Mapping[int, Label], seed: int) -> Audit:
    """A check of those of `ids` that have no label, by twenty of them drawn at random."""
    open_ = tuple(image_id for image_id in ids if image_id not in labels)
    return Audit(class_id, open_, tuple(random.Random(seed).sample(open_, min(SAMPLE, len(open_)))))
