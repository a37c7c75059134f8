"""Groups of near-duplicates from pairs, and the one image that stands for each group."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping


def connected(pairs: Iterable[tuple[int, int]]) -> list[list[int]]:
    """The connected groups of two or more under `pairs`, each ascending, in the order of their first member."""
    leader: dict[int, int] = {}

    def find(one: int) -> int:
        leader.setdefault(one, one)
        while leader[one] != one:
            leader[one] = leader[leader[one]]
            one = leader[one]
        return one

    for left, right in pairs:
        a, b = sorted((find(left), find(right)))
        leader[b] = a
    groups: dict[int, list[int]] = defaultdict(list)
    for one in sorted(leader):
        groups[find(one)].append(one)
    return [members for members in groups.values() if len(members) > 1]


def group_name(members: Iterable[int], known: Mapping[int, str]) -> str:
    """The name of a group: the least one that its members had before, else one made from its first member."""
    members = list(members)
    names = sorted({known[one] for one in members if known.get(one)}, key=lambda name: (len(name), name))
    return names[0] if names else f"d{min(members)}"


def representative(members: Iterable[int], pixels: Mapping[int, int]) -> int:
    """The image with the most pixels; the first of several."""
    return min(members, key=lambda one: (-pixels[one], one))
