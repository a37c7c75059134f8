"""Which images each batch of an epoch holds: a function of seed and epoch alone, so that a resume needs no more."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from sslstudio.api import ViewPlan
from sslstudio.errors import SSLStudioError

_MIX = 0x9E3779B97F4A7C15
_MASK = (1 << 63) - 1


def generator_for(device: torch.device, *numbers: int) -> torch.Generator:
    """A generator on `device` whose state follows from `numbers` (seed, purpose, step ...) alone."""
    state = 0
    for number in numbers:
        state = ((state ^ (number & _MASK)) * _MIX + 0x632BE59BD9B4E019) & ((1 << 64) - 1)
        state ^= state >> 29
    return torch.Generator(device).manual_seed(state & _MASK)


class Sampler:
    """Batches of rows for a view plan over `subjects`, the subject of each image in order.

    Images: a new permutation for each epoch, the incomplete batch at its end left out (it holds other images in each
    epoch). Bags: each batch draws distinct subjects, and for each subject as many different images as there are
    views, repeated where it has fewer. Raises SSLStudioError for fewer than two images (or bags).
    """

    def __init__(self, subjects: Sequence[str], plan: ViewPlan, batch_size: int, seed: int) -> None:
        self._plan = plan
        self._seed = seed
        numbers: dict[str, int] = {}
        self.subject_ids = torch.tensor([numbers.setdefault(name, len(numbers)) for name in subjects])
        units = len(subjects) if plan.sampling == "image" else len(numbers)
        if units < 2:
            raise SSLStudioError(
                "Pretraining needs at least two images, and more patients than one if it compares patients.",
                "Import more images, or include those that were excluded.",
                code="too_few_images",
            )
        self.batch_size = min(batch_size, units)
        self.steps_per_epoch = max(1, len(subjects) // self.batch_size)
        self._units = units
        self._bags = [torch.nonzero(self.subject_ids == bag).flatten() for bag in range(len(numbers))]

    def epoch(self, epoch: int) -> Tensor:
        """Rows (steps, batch, views) int64 of every batch of `epoch`, counted from 0."""
        generator = generator_for(torch.device("cpu"), self._seed, 1, epoch)
        if self._plan.sampling == "image":
            order = torch.randperm(self._units, generator=generator)[: self.steps_per_epoch * self.batch_size]
            return order.view(self.steps_per_epoch, self.batch_size, 1).expand(-1, -1, self._plan.views)
        return torch.stack([self._bag_batch(generator) for _ in range(self.steps_per_epoch)])

    def _bag_batch(self, generator: torch.Generator) -> Tensor:
        bags = torch.randperm(self._units, generator=generator)[: self.batch_size]
        rows = []
        for bag in bags.tolist():
            images = self._bags[bag]
            order = torch.randperm(len(images), generator=generator)
            repeats = -(-self._plan.views // len(images))
            rows.append(images[order.repeat(repeats)[: self._plan.views]])
        return torch.stack(rows)
