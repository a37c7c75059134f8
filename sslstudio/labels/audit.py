"""Checking a group of images before all of them get one label: a sample drawn blindly, answered image by image."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace

from sslstudio.domain.labels import Label

SAMPLE = 20
REACHES = (0.05, 0.08, 0.10, 0.15, 0.20, 0.30)
"""Shares of wrong labels that a check can rule out, to choose from."""
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

    The answers are the labels themselves, so that undo and a restart take them back or keep them as any others;
    `refused` are the images of the sample that were said not to be of the class without saying what they are.
    """

    class_id: int
    ids: tuple[int, ...]
    sample: tuple[int, ...]
    refused: frozenset[int] = frozenset()

    def refuse(self, image_id: int) -> Audit:
        """With the answer "no" for an image of the sample."""
        return replace(self, refused=self.refused | {image_id})

    def next(self, labels: Mapping[int, Label]) -> int | None:
        """The next image of the sample to look at; None when all are answered."""
        return next((key for key in self.sample if key not in labels and key not in self.refused), None)

    def found(self, labels: Mapping[int, Label], among: Set[int] | None = None) -> Found:
        """What the answers say so far; with `among`, those of these images only."""
        asked = [key for key in self.sample if among is None or key in among]
        answers = [labels[key] for key in asked if key in labels]
        refused = sum(key in self.refused and key not in labels for key in asked)
        return Found(len(answers) + refused, sum(answer.class_id == self.class_id for answer in answers))

    def rest(self, labels: Mapping[int, Label]) -> tuple[int, ...]:
        """The images that still have no label and were not said to be of another class."""
        return tuple(key for key in self.ids if key not in labels and key not in self.refused)

    def core(self, labels: Mapping[int, Label], ordered: Sequence[int]) -> tuple[tuple[int, ...], Found]:
        """The inner half of the rest, by `ordered` (all images, the innermost first), and what the answers say of the
        images that lie as far in."""
        rest = set(self.rest(labels))
        inner = [key for key in ordered if key in rest][: len(rest) // 2]
        reach = set(ordered[: ordered.index(inner[-1]) + 1]) if inner else set()
        return tuple(inner), self.found(labels, reach)


def sample_size(share: float, level: float = 0.95) -> int:
    """How many images to look at so that, none being wrong, the exact interval ends at `share`: 36 for a tenth.

    Clopper and Pearson 1934: the upper end for 0 of n is 1 - (half of 1 - level) ** (1 / n).
    """
    return math.ceil(math.log((1 - level) / 2) / math.log(1 - share))


def draw(
    ids: Sequence[int], class_id: int, labels: Mapping[int, Label], seed: int, size: int = SAMPLE
) -> Audit:  # fmt: skip
    """A check of those of `ids` that have no label, by `size` of them drawn at random."""
    open_ = tuple(image_id for image_id in ids if image_id not in labels)
    return Audit(class_id, open_, tuple(random.Random(seed).sample(open_, min(size, len(open_)))))
