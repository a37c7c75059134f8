"""Groups that a person has changed: some made one, one made several; names stay where they still fit.

Groups are numbers (N,), -1 for none. A group keeps its number through all this where it can, because colour and shape
on the map go by it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
from numpy.typing import NDArray

Groups = NDArray[np.int32]
Names = dict[int, str]
LONGEST_NAME = 60


def merged(groups: Groups, chosen: Collection[int], names: Mapping[int, str]) -> tuple[Groups, Names]:
    """The groups `chosen` as one, under the number of the largest of them.

    It bears the names that were given: one name stays, several are joined with "+".
    """
    sizes = {number: int((groups == number).sum()) for number in chosen}
    ranked = sorted(sizes, key=lambda number: (-sizes[number], number))
    if len(ranked) < 2:
        return groups.copy(), dict(names)
    kept = ranked[0]
    found = groups.copy()
    found[np.isin(groups, ranked)] = kept
    given = list(dict.fromkeys(names[number] for number in ranked if names.get(number)))
    left = {number: name for number, name in names.items() if number not in sizes}
    if given:
        left[kept] = shortened(" + ".join(given))
    return found, left


def divided(groups: Groups, number: int, parts: NDArray[np.integer], names: Mapping[int, str]) -> tuple[Groups, Names]:
    """The group `number` in parts: `parts` (M,) numbers those of its members, in their order.

    The largest part keeps number and name; of a named group the others are called "name, part 2" and so on.
    """
    members = np.flatnonzero(groups == number)
    values, counts = np.unique(parts, return_counts=True)
    ranked = values[np.argsort(-counts, kind="stable")]
    found, given = groups.copy(), dict(names)
    free = int(groups.max(initial=-1)) + 1
    for place, part in enumerate(ranked[1:], start=2):
        found[members[parts == part]] = free
        if names.get(number):
            given[free] = shortened(f"{names[number]}, part {place}")
        free += 1
    return found, given


def carried(old: Groups, names: Mapping[int, str], new: Groups) -> Names:
    """Names for the groups `new` (N,) from those of `old` (N,), the same images in the same order.

    A name goes to the group that holds more than half of the images that bore it and is more than half made of them.
    """
    found: Names = {}
    for number, name in names.items():
        members = new[old == number]
        members = members[members >= 0]
        if not len(members):
            continue
        best = int(np.bincount(members).argmax())
        shared = int((members == best).sum())
        if 2 * shared > int((old == number).sum()) and 2 * shared > int((new == best).sum()):
            found[best] = name
    return found


def shortened(name: str) -> str:
    """A name that fits into the list."""
    return name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 4].rstrip() + " ..."
