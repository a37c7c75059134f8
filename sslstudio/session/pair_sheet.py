"""Pairs as pairing rules would draw them, to be looked at before a run, and how many patients the rules leave out.

Apart from `pairing`, which a run needs, because this is for the eye: a few pairs with what is alike in them.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

from sslstudio.catalogue.rows import Surroundings
from sslstudio.domain.items import Item
from sslstudio.domain.specs import Alike, Pairing
from sslstudio.session.pairing import arranged, has_pair
from sslstudio.session.project import Project

_TRIES = 20


@dataclass(frozen=True)
class Members:
    """The included images of a project with what is around each: read once, however often rules change."""

    items: Sequence[Item]
    around: Mapping[int, Surroundings]

    def told(self) -> dict[str, int]:
        """How many images say each fact in which two can be alike."""
        names: tuple[Alike, ...] = get_args(Alike)
        known = [self.around[item.image_id].facts for item in self.items if item.image_id in self.around]
        return {
            name: len(self.items) if name == "series" else sum(bool(one.get(name)) for one in known) for name in names
        }


@dataclass(frozen=True)
class Pair:
    """Two images that may be compared. `alike` are facts both tell alike; `slices` and `days` None where unknown."""

    one: Item
    other: Item
    same_study: bool
    same_series: bool
    alike: tuple[str, ...]
    slices: int | None
    days: int | None


@dataclass(frozen=True)
class PairSheet:
    """Some pairs, and the coverage of the rules: `covered` of `subjects` have two images that fit.

    `bags` is how many there are to draw from, `paired` how many of them hold a pair.
    """

    pairs: tuple[Pair, ...]
    subjects: int
    covered: int
    bags: int
    paired: int

    @property
    def share(self) -> float:
        """The share of subjects with two images that fit."""
        return self.covered / max(1, self.subjects)


def read_members(project: Project) -> Members:
    """All that pairs are made of; reads every image, so call it from a thread."""
    return Members(project.catalogue.items(), project.catalogue.surroundings())


def draw_sheet(members: Members, pairing: Pairing, count: int, seed: int) -> PairSheet:
    """At most `count` pairs by the rules of `pairing`, of different patients first; the same `seed` draws the same."""
    bags: defaultdict[str, list[Item]] = defaultdict(list)
    for item in members.items:
        placed = arranged(item, members.around.get(item.image_id), pairing)
        bags[placed.bag or placed.subject].append(placed)
    paired = [images for images in bags.values() if has_pair(images, pairing)]
    covered = {images[0].subject for images in paired}
    subjects = {item.subject for item in members.items}
    chooser = random.Random(seed)
    chooser.shuffle(paired)
    seen: set[str] = set()
    first: list[list[Item]] = []
    more: list[list[Item]] = []
    for images in paired:
        (more if images[0].subject in seen else first).append(images)
        seen.add(images[0].subject)
    drawn = (_draw(images, pairing, members, chooser) for images in [*first, *more][:count])
    pairs = tuple(pair for pair in drawn if pair is not None)
    return PairSheet(pairs, len(subjects), len(covered), len(bags), len(paired))


def _draw(images: Sequence[Item], pairing: Pairing, members: Members, chooser: random.Random) -> Pair | None:
    """A pair of one bag as the sampler draws it: any image, then any other that fits."""
    for _ in range(_TRIES):
        one = chooser.choice(images)
        fitting = [other for other in images if other.image_id != one.image_id and pairing.fit(one, other)]
        if fitting:
            return _pair(one, chooser.choice(fitting), members)
    return None


def _pair(one: Item, other: Item, members: Members) -> Pair:
    facts, others = (
        members.around[item.image_id].facts if item.image_id in members.around else {} for item in (one, other)
    )
    same_series = one.series == other.series
    placed = same_series and one.place >= 0 and other.place >= 0
    days = abs(one.day - other.day) if one.day is not None and other.day is not None else None
    alike = tuple(name for name, value in facts.items() if value and others.get(name) == value)
    slices = abs(one.place - other.place) if placed else None
    return Pair(one, other, one.study == other.study, same_series, alike, slices, days)
