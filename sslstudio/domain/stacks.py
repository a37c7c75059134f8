"""Volumes for networks that see them whole: unbroken passes over a series, found in a list of items; pure.

A project stores single images. A volume is no row of its own: it goes by its middle slice, whose image id, patient,
label and part are its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sslstudio.domain.items import Item

LEAST_SLICES = 8
"""A pass over a series with fewer slices is no volume."""
NO_VOLUMES = f"There is no series with {LEAST_SLICES} or more successive slices of one size."


@dataclass(frozen=True)
class Stack:
    """One volume: its slices in reading order, all of one size and number of channels."""

    slices: tuple[Item, ...]

    @property
    def middle(self) -> Item:
        """The slice the volume goes by: the middle one, the lower of two."""
        return self.slices[(len(self.slices) - 1) // 2]


def stacks(items: Iterable[Item]) -> list[Stack]:
    """The volumes among `items` that know their place in their series, in the order of their middle slices' ids.

    A pass ends where a place is missing (an excluded image, the next pass over the series) and where size, channels or
    windows' number change. Shorter passes, and images that know no place, belong to no volume.
    """
    placed = sorted((item for item in items if item.place >= 0), key=_order)
    passes: list[list[Item]] = []
    for item in placed:
        if passes and _goes_on(passes[-1][-1], item):
            passes[-1].append(item)
        else:
            passes.append([item])
    found = [Stack(tuple(one)) for one in passes if len(one) >= LEAST_SLICES]
    return sorted(found, key=lambda one: one.middle.image_id)


def middles(volumes: Sequence[Stack]) -> list[Item]:
    """The items that stand for `volumes`, in their order."""
    return [one.middle for one in volumes]


def _order(item: Item) -> tuple[str, str, str, int, int]:
    return item.subject, item.study, item.series, item.place, item.image_id


def _goes_on(before: Item, item: Item) -> bool:
    same_series = (item.subject, item.study, item.series) == (before.subject, before.study, before.series)
    return same_series and item.place == before.place + 1 and _kind(item) == _kind(before)


def _kind(item: Item) -> tuple[int, int, int, int]:
    return item.height, item.width, item.channels, len(item.windows)
