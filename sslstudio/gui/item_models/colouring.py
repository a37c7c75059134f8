"""How points and tiles are coloured: one category a row, each with colour, shape and name; apart from Qt.

A colour never stands alone: each category also has a shape on the map and a name with its count in the legend.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sslstudio.domain.labels import OKABE_ITO

NEUTRAL = "#8a8f96"
"""Colour of what has no category (no label, no prediction, all others)."""

_SHAPES = 7
_BANDS = (0.5, 0.7, 0.85, 0.95)
_BAND_NAMES = ("below 0.50", "0.50 to 0.70", "0.70 to 0.85", "0.85 to 0.95", "0.95 and above")
_BAND_COLOURS = ("#5b2a86", "#3b6aa0", "#26978b", "#7ac143", "#f2d21b")


@dataclass(frozen=True)
class Category:
    """One line of the legend: `name`, `colour` (#rrggbb), `shape` (a code into `map_raster.SHAPES`) and its count.

    `mark` is what stands at the centre of the group on the map ("3"); empty for none. `value` is what the category
    stands for in the project: a class id, a cluster number, a scanner's name.
    """

    name: str
    colour: str
    shape: int
    count: int
    mark: str = ""
    value: object = None


@dataclass(frozen=True)
class Colouring:
    """`codes` (N,) gives each row's position in `categories`."""

    title: str
    codes: npt.NDArray[np.int32]
    categories: tuple[Category, ...]


def single(count: int, title: str = "") -> Colouring:
    """All rows alike."""
    return Colouring(title, np.zeros(count, dtype=np.int32), (Category("All images", OKABE_ITO[0], 0, count),))


def colour_of(position: int) -> str:
    """The colour of the category at `position` (the same for eight, then again with other shapes)."""
    return OKABE_ITO[position % len(OKABE_ITO)]


def shape_of(position: int) -> int:
    """The shape of the category at `position`; colour and shape together repeat only after 56."""
    return position % _SHAPES


def by_cluster(clusters: npt.NDArray[np.int32], names: dict[int, str] | None = None) -> Colouring:
    """Colour by cluster number (N,); -1 is "no cluster". `names` holds the names the user gave."""
    known = [int(value) for value in np.unique(clusters) if value >= 0]
    codes = np.full(len(clusters), len(known), dtype=np.int32)
    categories = []
    for position, value in enumerate(known):
        rows = clusters == value
        codes[rows] = position
        name = (names or {}).get(value) or f"Group {value + 1}"
        categories.append(
            Category(name, colour_of(position), shape_of(position), int(rows.sum()), str(value + 1), value)
        )
    return _with_rest("By group", codes, categories, "In no group")


def by_class(
    title: str, class_of_row: Sequence[int | None], classes: Sequence[tuple[int, str, str]], rest: str
) -> Colouring:
    """Colour by class: `class_of_row` holds a class id or None; `classes` are (id, name, colour)."""
    position = {class_id: place for place, (class_id, _name, _colour) in enumerate(classes)}
    codes = np.fromiter(
        (position.get(value, len(classes)) if value is not None else len(classes) for value in class_of_row),
        dtype=np.int32,
        count=len(class_of_row),
    )
    counts = np.bincount(codes, minlength=len(classes) + 1)
    categories = [
        Category(name, colour, shape_of(place), int(counts[place]), value=class_id)
        for place, (class_id, name, colour) in enumerate(classes)
    ]
    return _with_rest(title, codes, categories, rest)


def by_text(title: str, values: Sequence[str], *, limit: int = 8, rest: str = "all others") -> Colouring:
    """Colour by a text: the `limit` most frequent values one by one, the rest together."""
    texts = np.asarray([value or "not known" for value in values], dtype=object)
    if not len(texts):
        return Colouring(title, np.zeros(0, dtype=np.int32), ())
    names, inverse, counts = np.unique(texts, return_inverse=True, return_counts=True)
    largest = np.argsort(-counts, kind="stable")[:limit]
    table = np.full(len(names), len(largest), dtype=np.int32)
    table[largest] = np.arange(len(largest), dtype=np.int32)
    categories = [
        Category(str(names[which]), colour_of(place), shape_of(place), int(counts[which]), value=str(names[which]))
        for place, which in enumerate(largest)
    ]
    return _with_rest(title, table[inverse.ravel()], categories, rest)


def by_confidence(title: str, confidence: npt.NDArray[np.float64], rest: str) -> Colouring:
    """Colour by a probability (N,) in five bands from dark to bright; nan is "no prediction"."""
    codes = np.searchsorted(np.asarray(_BANDS), np.nan_to_num(confidence, nan=0.0), side="right").astype(np.int32)
    codes[np.isnan(confidence)] = len(_BAND_NAMES)
    counts = np.bincount(codes, minlength=len(_BAND_NAMES) + 1)
    categories = [
        Category(name, colour, 0, int(counts[place]), value=place)
        for place, (name, colour) in enumerate(zip(_BAND_NAMES, _BAND_COLOURS, strict=True))
    ]
    return _with_rest(title, codes, categories, rest)


def _with_rest(title: str, codes: npt.NDArray[np.int32], categories: list[Category], rest: str) -> Colouring:
    """Add the grey category for rows whose code is `len(categories)`, if there are any."""
    left = int((codes == len(categories)).sum())
    if left:
        categories = [*categories, Category(rest, NEUTRAL, 0, left)]
    return Colouring(title, codes, tuple(categories))
