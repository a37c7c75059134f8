"""Puts the images of a series in order, and says what is odd about it; pure functions, the same for tree and viewer.

The order depends on what the images are, never on the order in which their files were found. Positions are distances
along the slice normal in mm (DICOM PS3.3 C.7.6.2).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

TOLERANCE = 0.01
"""Positions that differ by less than this, in mm, are the same."""
FEW_SLICES = 15
"""A series with slices across each other, and no more than these in any direction, is a localiser."""

_UNEVEN = 0.1
_SLICED = ("CT", "MR", "PT")


@dataclass(frozen=True, slots=True)
class Slice:
    """What the order of one image depends on. `name` is content, not place: it decides where nothing else does."""

    image_id: int
    name: str
    position: float | None = None
    phase: int | None = None
    instance: int | None = None
    frame: int = 0


Key = tuple[float, ...]


def reading_order(slices: Iterable[Slice]) -> list[Slice]:
    """Volume by volume, along the body; where there are no positions, as numbered.

    Where several images stand at one position, they belong to several passes: those that the files number (time,
    acquisition, echo) if these are volumes of their own, else the first image of each position, then the second.
    """
    numbered = sorted(slices, key=_number)
    if any(one.position is None for one in numbered):
        return numbered
    places = _places(numbered)
    passes = _passes(numbered, places)
    return [one for _, _, one in sorted(zip(passes, places, numbered, strict=True), key=lambda row: row[:2])]


def _number(one: Slice) -> tuple[bool, int, int, str]:
    return one.instance is None, one.instance or 0, one.frame, one.name


def _places(slices: Sequence[Slice]) -> list[int]:
    """Which position each image stands at, counted along the normal; neighbours within the tolerance share one."""
    order = sorted(range(len(slices)), key=lambda n: slices[n].position or 0.0)
    places, place, before = [0] * len(slices), 0, None
    for n in order:
        position = slices[n].position or 0.0
        place += before is not None and position - before > TOLERANCE
        before = position
        places[n] = place
    return places


def _passes(slices: Sequence[Slice], places: Sequence[int]) -> list[int]:
    if len(set(places)) == len(places):
        return [0] * len(places)
    phases = [one.phase for one in slices]
    if len({*zip(phases, places, strict=True)}) == len(places):
        return [-1 if phase is None else phase for phase in phases]
    seen: Counter[int] = Counter()
    passes = []
    for place in places:
        passes.append(seen[place])
        seen[place] += 1
    return passes


def findings(slices: Iterable[Slice], modality: str) -> tuple[str, ...]:
    """What is odd about one volume, in sentences: missing slices, uneven distances, uneven numbers of passes."""
    known = list(slices)
    if modality not in _SLICED or len(known) < 2:
        return ()
    if any(one.position is None for one in known):
        return ("The slices do not say where they lie; they stand in the order of their numbers.",)
    places = _places(known)
    positions = sorted({place: one.position or 0.0 for place, one in zip(places, known, strict=True)}.values())
    counts = Counter(places).values()
    found = [*_gaps(positions)]
    if min(counts) != max(counts):
        found.append(f"Some positions have {min(counts)} and some {max(counts)} images: a pass may be incomplete.")
    return tuple(found)


def _gaps(positions: Sequence[float]) -> Iterable[str]:
    steps = [b - a for a, b in pairwise(positions)]
    if len(steps) < 3:
        return
    usual = median(steps)
    missing, uneven = 0, False
    for step in steps:
        whole = round(step / usual)
        if abs(step - whole * usual) > _UNEVEN * usual or whole < 1:
            uneven = True
        else:
            missing += whole - 1
    if uneven:
        yield f"The distance between slices varies from {min(steps):.2f} to {max(steps):.2f} mm."
    elif missing:
        yield f"{missing} {'slice seems' if missing == 1 else 'slices seem'} to be missing ({usual:.2f} mm apart)."


def parted(planes: Mapping[str, int], shapes: int) -> str:
    """A sentence when one series of the files became several here; `planes` counts images by plane."""
    named = ", ".join(f"{count} {plane}" for plane, count in sorted(planes.items()) if plane)
    if len(planes) > 1:
        return f"The files of this series lie in several planes ({named}); each is a series of its own here."
    if shapes > 1:
        return "The files of this series have several sizes or directions; each is a series of its own here."
    return ""


def is_localiser(planes: Mapping[str, int], modality: str) -> bool:
    """True for a series of few slices across each other, as they are made for planning."""
    across = {plane: count for plane, count in planes.items() if plane in ("axial", "coronal", "sagittal")}
    return modality in ("CT", "MR") and len(across) > 1 and max(planes.values()) <= FEW_SLICES


def by_series(rows: Iterable[tuple[int, Slice]]) -> dict[int, list[Slice]]:
    """Slices collected by the id of their series, each series in reading order."""
    found: defaultdict[int, list[Slice]] = defaultdict(list)
    for series, one in rows:
        found[series].append(one)
    return {series: reading_order(slices) for series, slices in found.items()}
