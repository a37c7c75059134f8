"""Which images each batch of an epoch holds: a function of seed and epoch alone, so that a resume needs no more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import torch
from torch import Tensor

from sslstudio.api import ViewPlan
from sslstudio.domain.items import Item
from sslstudio.domain.specs import Pairing
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
    """Batches of rows for a view plan over `items`.

    Images: a new permutation for each epoch, the incomplete batch at its end left out (it holds other images in each
    epoch). Bags: each batch draws distinct bags, and from each as many different images as there are views that fit
    together by the rules of `pairing`, repeated where it has fewer. Neighbours: a permutation of all runs of as many
    successive images of one series as there are views. Raises SSLStudioError for fewer than two rows to draw from.
    """

    def __init__(
        self, items: Sequence[Item], plan: ViewPlan, batch_size: int, seed: int, pairing: Pairing | None = None
    ) -> None:
        self._plan = plan
        self._seed = seed
        self._pairing = pairing or Pairing()
        self.items = items
        self.subject_ids = _numbers([item.subject for item in items])
        self._rows = _rows_of_images(len(items), plan) if plan.sampling != "neighbours" else _runs(items, plan.views)
        self._bags: list[list[int]] = _bags(items) if plan.sampling == "bag" else []
        units = len(self._bags) if plan.sampling == "bag" else len(self._rows)
        if units < 2:
            raise SSLStudioError(
                _TOO_FEW[plan.sampling],
                "Import more images, include those that were excluded, or choose another method.",
                code="too_few_images",
            )
        self.batch_size = min(batch_size, units)
        images = len(items) if plan.sampling == "bag" else units
        self.steps_per_epoch = max(1, images // self.batch_size)

    def epoch(self, epoch: int) -> Tensor:
        """Rows (steps, batch, views) int64 of every batch of `epoch`, counted from 0."""
        generator = generator_for(torch.device("cpu"), self._seed, 1, epoch)
        if self._plan.sampling == "bag":
            return torch.stack([self._bag_batch(generator) for _ in range(self.steps_per_epoch)])
        order = torch.randperm(len(self._rows), generator=generator)[: self.steps_per_epoch * self.batch_size]
        return self._rows[order].view(self.steps_per_epoch, self.batch_size, self._plan.views)

    def _bag_batch(self, generator: torch.Generator) -> Tensor:
        bags = torch.randperm(len(self._bags), generator=generator)[: self.batch_size]
        return torch.tensor([self._choose(self._bags[bag], generator) for bag in bags.tolist()])

    def _choose(self, images: Sequence[int], generator: torch.Generator) -> list[int]:
        """Rows of one bag, one for each view."""
        views = self._plan.views
        if len(images) == 1:
            return [images[0]] * views
        order = [images[index] for index in torch.randperm(len(images), generator=generator).tolist()]
        chosen = order[:1]
        for row in order[1:]:
            if len(chosen) == views:
                break
            if all(self._pairing.fit(self.items[row], self.items[other]) for other in chosen):
                chosen.append(row)
        return (chosen * views)[:views]


class BalancedSampler(Sampler):
    """Batches of single images in which classes come equally often, whatever their sizes.

    `classes` (N,) holds the class of each of `items`. An epoch has as many rows as there are images; each class gets
    its share of them, from permutation after permutation of its images.
    """

    def __init__(
        self, items: Sequence[Item], classes: Sequence[int], plan: ViewPlan, batch_size: int, seed: int
    ) -> None:
        super().__init__(items, plan, batch_size, seed)
        numbers = torch.tensor(list(classes), dtype=torch.int64)
        self._members = [torch.nonzero(numbers == number).flatten() for number in numbers.unique().tolist()]

    def epoch(self, epoch: int) -> Tensor:
        """Rows (steps, batch, views) int64 of every batch of `epoch`, counted from 0."""
        generator = generator_for(torch.device("cpu"), self._seed, 1, epoch)
        wanted = self.steps_per_epoch * self.batch_size
        each = -(-wanted // len(self._members))
        drawn = [torch.cat(list(_rounds(members, each, generator)))[:each] for members in self._members]
        rows = torch.stack(drawn, dim=1)  # one of each class in turn; the order of classes is mixed row by row
        order = torch.argsort(torch.rand(rows.shape, generator=generator), dim=1)
        mixed = rows.gather(1, order).flatten()[:wanted]
        return self._rows[mixed].view(self.steps_per_epoch, self.batch_size, self._plan.views)


def _rounds(members: Tensor, wanted: int, generator: torch.Generator) -> Iterator[Tensor]:
    """Permutations of `members` until they hold `wanted` rows."""
    for _ in range(-(-wanted // len(members))):
        yield members[torch.randperm(len(members), generator=generator)]


_TOO_FEW = {
    "image": "Pretraining needs at least two images.",
    "bag": "This method compares patients and needs at least two.",
    "neighbours": "This method needs series of successive images, at least two runs of them.",
}


def _numbers(names: Sequence[str]) -> Tensor:
    numbers: dict[str, int] = {}
    return torch.tensor([numbers.setdefault(name, len(numbers)) for name in names], dtype=torch.int64)


def _rows_of_images(count: int, plan: ViewPlan) -> Tensor:
    return torch.arange(count).view(-1, 1).expand(-1, plan.views)


def _bags(items: Sequence[Item]) -> list[list[int]]:
    bags: dict[str, list[int]] = {}
    for row, item in enumerate(items):
        bags.setdefault(item.bag or item.subject, []).append(row)
    return list(bags.values())


def _runs(items: Sequence[Item], length: int) -> Tensor:
    """Rows (runs, length): successive images of one series without a gap in between."""
    order = [row for row in range(len(items)) if items[row].place >= 0]
    order.sort(key=lambda row: (items[row].series, items[row].place))
    unbroken, runs = 1, []
    for before, (first, second) in enumerate(pairwise(order)):
        one, other = items[first], items[second]
        unbroken = unbroken + 1 if one.series == other.series and other.place == one.place + 1 else 1
        if unbroken >= length:
            runs.append(order[before + 2 - length : before + 2])
    return torch.tensor(runs, dtype=torch.int64).view(-1, length)
