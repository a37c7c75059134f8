"""How points and tiles are coloured: one category a row, each with colour, shape and name; apart from Qt.

A colour never stands alone: each category also has a shape on the map and a name with its count in the legend.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from sslstudio.domain.labels import OKABE_ITO

NEUTRAL = "#8a8f96"
"""Colour of what has no category (no label, no prediction, all others)."""

_SHAPES = 7
MOST_NAMED = 20
"""So many values of a column have a colour and shape of their own; the others share one."""

STEPS = 64
"""Steps of a scale of numbers."""

Kind = Literal["number", "date"]

_VIRIDIS = (
    "#440154", "#482878", "#3e4989", "#31688e", "#26828e", "#1f9e89", "#35b779", "#6ece58", "#b5de2b", "#fde725",
)  # fmt: skip
_CROSS = 6
_CROWDED = 0.2
_OTHERS = "#b8b0a2"
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
class Scale:
    """A scale of numbers or of days (days since 1970-01-01): from `low` to `high` in `steps` equal steps.

    `below` and `above` say that values beyond the ends were drawn as the ends, because a few lie far off. `whole` says
    that all are whole numbers.
    """

    low: float
    high: float
    steps: int
    kind: Kind = "number"
    below: bool = False
    above: bool = False
    whole: bool = False

    def at(self, step: float) -> str:
        """The value at the lower edge of a step (0 to `steps`), as it is read."""
        value = self.low + (self.high - self.low) * step / self.steps
        return told(value, self.kind, 100.0 if self.whole else self.high - self.low)

    def ends(self) -> tuple[str, str]:
        """The words at the ends of the scale."""
        low, high = self.at(0), self.at(self.steps)
        return f"< {low}" if self.below else low, f"> {high}" if self.above else high

    def span(self, first: int, last: int) -> str:
        """The values from step `first` to step `last`, ends included."""
        start = "or less" if self.below and first == 0 else ""
        end = "or more" if self.above and last == self.steps - 1 else ""
        words = f"{self.at(first)}{' ' + start if start else ''} to {self.at(last + 1)}{' ' + end if end else ''}"
        return self.at(0) if self.high == self.low else words


@dataclass(frozen=True)
class Colouring:
    """`codes` (N,) gives each row's position in `categories`. With a `scale` the first `scale.steps` categories are
    its steps, in rising order."""

    title: str
    codes: npt.NDArray[np.int32]
    categories: tuple[Category, ...]
    scale: Scale | None = None

    @property
    def named(self) -> tuple[tuple[int, Category], ...]:
        """Position and category of what has a line of its own in the legend."""
        first = self.scale.steps if self.scale is not None else 0
        return tuple(enumerate(self.categories))[first:]


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
    counts = np.bincount(clusters[clusters >= 0]) if len(clusters) else np.zeros(0, dtype=np.int64)
    known = np.flatnonzero(counts).tolist()
    table = np.full(len(counts) + 1, len(known), dtype=np.int32)
    table[known] = np.arange(len(known), dtype=np.int32)
    categories = [
        Category(
            (names or {}).get(value) or f"Group {value + 1}",
            colour_of(position),
            shape_of(position),
            int(counts[value]),
            str(value + 1),
            value,
        )
        for position, value in enumerate(known)
    ]
    return _with_rest("By group", table[np.maximum(clusters, -1)], categories, "In no group")


def by_class(
    title: str, class_of_row: npt.NDArray[np.int64], classes: Sequence[tuple[int, str, str]], rest: str
) -> Colouring:
    """Colour by class: `class_of_row` (N,) holds a class id or -1; `classes` are (id, name, colour)."""
    codes = np.full(len(class_of_row), len(classes), dtype=np.int32)
    for place, (class_id, _name, _colour) in enumerate(classes):
        codes[class_of_row == class_id] = place
    counts = np.bincount(codes, minlength=len(classes) + 1)
    categories = [
        Category(name, colour, shape_of(place), int(counts[place]), value=class_id)
        for place, (class_id, name, colour) in enumerate(classes)
    ]
    return _with_rest(title, codes, categories, rest)


def by_text(title: str, values: Sequence[str] | npt.NDArray[np.object_], *, limit: int = MOST_NAMED) -> Colouring:
    """Colour by a text, "" for not known: the `limit` most frequent values one by one, the rest as one."""
    texts = np.asarray(values, dtype=object)
    if not len(texts):
        return Colouring(title, np.zeros(0, dtype=np.int32), ())
    seen: dict[str, int] = {}
    codes = np.fromiter((seen.setdefault(value, len(seen)) for value in texts), np.int32, len(texts))
    return by_code(title, codes, list(seen), limit=limit)


def by_code(title: str, codes: npt.NDArray[np.int32], names: Sequence[str], *, limit: int = MOST_NAMED) -> Colouring:
    """Colour by a column that is coded already: `codes` (N,) are positions in `names`, -1 and "" are not known."""
    known = [place for place, name in enumerate(names) if name]
    counts = np.bincount(codes[codes >= 0], minlength=len(names))
    ranked = [place for place in sorted(known, key=lambda place: (-counts[place], names[place])) if counts[place]]
    shown, others = ranked[:limit], ranked[limit:]
    if len(others) == 1:  # a line for one value and a line for "1 other value" take the same room
        shown, others = ranked, []
    table = np.full(len(names) + 1, len(shown) + bool(others), dtype=np.int32)
    table[shown] = np.arange(len(shown), dtype=np.int32)
    table[others] = len(shown)
    categories = [
        Category(names[which], colour_of(place), shape_of(place), int(counts[which]), value=names[which])
        for place, which in enumerate(shown)
    ]
    if others:
        together = int(counts[others].sum())
        categories.append(Category(f"other ({len(others):,} values)", _OTHERS, _CROSS, together))
    return _with_rest(title, table[codes], categories, "not known")


def by_value(title: str, values: npt.NDArray[np.float64], kind: Kind = "number") -> Colouring:
    """Colour by a number or a day (days since 1970-01-01) of each row (N,) along a ramp that every reader can follow
    (viridis, by van der Walt and Smith, 2015); nan is not known. When a few values lie so far off that all others
    would look alike, the ends of the scale stand for them too, and the scale says so."""
    known = np.isfinite(values)
    scale = _scale(values[known], kind)
    width = (scale.high - scale.low) or 1.0
    step = (np.where(known, values, scale.low) - scale.low) * (scale.steps / width)
    codes = np.where(known, np.clip(step, 0, scale.steps - 1), scale.steps).astype(np.int32)
    counts = np.bincount(codes, minlength=scale.steps + 1)
    categories = [
        Category(scale.span(place, place), colour, 0, int(counts[place]), value=place)
        for place, colour in enumerate(ramp(scale.steps))
    ]
    if counts[-1]:
        categories.append(Category("not known", NEUTRAL, _CROSS, int(counts[-1])))
    return Colouring(title, codes, tuple(categories), scale)


def ramp(steps: int) -> list[str]:
    """`steps` colours from dark to bright, evenly along viridis."""
    anchors = np.array([[int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in _VIRIDIS], dtype=np.float64)
    at = np.linspace(0, len(anchors) - 1, steps)
    channels = [np.interp(at, np.arange(len(anchors)), anchors[:, channel]) for channel in range(3)]
    levels = np.round(np.stack(channels, axis=1)).astype(np.uint8)
    return [f"#{bytes(colour).hex()}" for colour in levels]


def told(value: float, kind: Kind, extent: float) -> str:
    """A value as it is read: a day as 2026-01-31, a number with as many digits as an `extent` of it needs."""
    if kind == "date":
        return str(np.datetime64("1970-01-01", "D") + np.timedelta64(round(value), "D"))
    if extent <= 0:
        return f"{value:,.6g}"
    digits = int(np.clip(2 - np.floor(np.log10(extent)), 0, 6))
    return f"{value:,.{digits}f}" if abs(value) < 1e7 else f"{value:.4g}"


def _scale(values: npt.NDArray[np.float64], kind: Kind) -> Scale:
    if not len(values):
        return Scale(0.0, 0.0, STEPS, kind)
    low, high = float(values.min()), float(values.max())
    inner_low, inner_high = (float(end) for end in np.percentile(values, (1, 99)))
    inner, whole = inner_high - inner_low, bool((values == np.round(values)).all())
    if not 0 < inner < _CROWDED * (high - low):
        return Scale(low, high, STEPS, kind, whole=whole)
    below, above = low < inner_low - _CROWDED * inner, high > inner_high + _CROWDED * inner
    return Scale(inner_low if below else low, inner_high if above else high, STEPS, kind, below, above, whole)


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
