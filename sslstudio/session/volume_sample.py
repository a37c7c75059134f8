"""A few of a project's volumes, for whoever wants to see what training does to them."""

from __future__ import annotations

import random

from sslstudio.domain.stacks import LEAST_SLICES, Stack, stacks
from sslstudio.session.project import Project

_TRIES = 8


def some_volumes(project: Project, count: int, seed: int) -> list[Stack]:
    """At most `count` volumes, each of another series while there are such, drawn by `seed`; reads those series alone.

    Call it from a thread in the window.
    """
    series = project.catalogue.long_series(LEAST_SLICES)
    random.Random(seed).shuffle(series)
    found: list[Stack] = []
    more: list[Stack] = []
    for start in range(0, min(len(series), _TRIES * count), count):
        seen: set[str] = set()
        for one in stacks(project.catalogue.series_items(series[start : start + count])):
            (more if one.middle.series in seen else found).append(one)
            seen.add(one.middle.series)
        if len(found) >= count:
            break
    return [*found, *more][:count]
