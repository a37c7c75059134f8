"""What the map shows, as arrays: points, colours, visibility, selection; apart from the drawing surface.

Needs no window, so that the rules of showing, hiding and highlighting are tested as arithmetic.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt
from PySide6.QtGui import QColor, QPixmap

from sslstudio.gui import theme
from sslstudio.gui.item_models.colouring import Colouring, single
from sslstudio.gui.item_models.id_rows import IdRows
from sslstudio.gui.widgets import map_contours, map_density, map_index
from sslstudio.gui.widgets.map_index import PointIndex, Rectangle
from sslstudio.gui.widgets.map_raster import Bytes, Floats, Integers, Mask, Points

Tool = Literal["pan", "lasso", "box"]
Mode = Literal["replace", "toggle", "extend", "subtract"]

NEAR = 25_000
"""Up to so many points in view are drawn one by one, more as a picture of how many lie where."""

AT_ONCE = NEAR
"""So many points are sorted and coloured while the window waits; more are, while it does not."""

_DIMMED = 110
_FINEST = 2048
_SELECTED_WEAKEST = 0.85


class Thumbnails(Protocol):
    """Where small pictures come from; None while a picture is still being read."""

    def pixmap(self, image_id: int) -> QPixmap | None:
        """The picture of an image."""


@dataclass(frozen=True)
class Mark:
    """A short text at the middle of a group, in data coordinates (2,)."""

    text: str
    place: npt.NDArray[np.float32]


@dataclass(frozen=True)
class Far:
    """The points as they look from far: `whole` holds all that are shown, `chosen` the selected ones, either from
    fine to coarse; `contours` the lines around the densest parts; `marks` the names at the middle of groups."""

    whole: tuple[map_density.Picture, ...]
    chosen: tuple[map_density.Picture, ...]
    contours: tuple[map_contours.Contour, ...]
    marks: tuple[Mark, ...]


def _rgb(colour: str) -> tuple[int, int, int]:
    value = QColor(colour)
    return value.red(), value.green(), value.blue()


class MapScene:
    """Points with ids (N,) and places (N, 2), drawn in one fixed random order so that no category hides another.

    `index` is there at once for few points; for many `prepare` makes it in a thread, and `take` puts it in place.
    `far` likewise, by `far_work` and `far`; it follows colours, what is shown, selection and theme.
    """

    def __init__(self, ids: npt.NDArray[np.int64], xy: Floats, thumbnails: Thumbnails | None = None) -> None:
        self.ids = np.asarray(ids, dtype=np.int64)
        self.xy = np.ascontiguousarray(xy, dtype=np.float32)
        self.thumbnails = thumbnails
        self.colouring = single(len(self.ids))
        self.hidden: frozenset[int] = frozenset()
        self.selected: Mask = np.zeros(len(self.ids), dtype=bool)
        self.shown: Mask | None = None
        self.index: PointIndex | None = None
        self.far: Far | None = None
        self._rank: Integers = np.zeros(0, dtype=np.int32)
        self._id_rows = IdRows(self.ids)
        self._rising = bool((self.ids[1:] > self.ids[:-1]).all())
        self._shapes: Bytes = np.zeros(len(self.ids), dtype=np.uint8)
        if not self.large:
            self.take(self.prepare())

    @property
    def large(self) -> bool:
        """True when there are so many points that preparing them would hold the window."""
        return len(self.ids) > AT_ONCE

    def prepare(self) -> tuple[PointIndex, Integers]:
        """The points sorted by place, and the place of each in the order of drawing; reads nothing that changes."""
        return PointIndex(self.xy), np.random.default_rng(0).permutation(len(self.ids)).astype(np.int32)

    def take(self, prepared: tuple[PointIndex, Integers]) -> None:
        """Put in place what `prepare` made."""
        self.index, self._rank = prepared
        self.index.set_shown(self.shown)

    def far_work(self, base: Far | None = None) -> Callable[[], Far]:
        """What makes `far` anew from all as it stands now, or from `base` when only the selection changed; may be
        called in a thread."""
        index = self.index
        if index is None:
            return lambda: Far((), (), (), ())
        codes, selected, shown = self.colouring.codes, self.selected, index.shown
        paint, finest = self.paint(), _FINEST
        if not self.large:  # for the overview alone: squares that can be seen although they hold one image
            paint = replace(paint, weakest=_SELECTED_WEAKEST)
            finest = int(np.clip(3 * np.sqrt(len(self.ids)), 48, map_density.COARSEST))
        chosen = map_density.Paint(paint.table, paint.ramp, _SELECTED_WEAKEST)
        field = map_density.field_over(index.low, index.size, finest)
        marks = self._marks_work()

        def work() -> Far:
            every = bool(shown.all())
            places = index.places if every else index.places[shown]
            order = index.order if every else index.order[shown]
            marked = np.flatnonzero(selected[order])
            apart = map_density.pyramid(places[marked], codes[order[marked]], chosen, field) if len(marked) else ()
            if base is not None:
                return replace(base, chosen=apart)
            return Far(
                map_density.pyramid(places, codes[order], paint, field),
                apart,
                map_contours.contours(places, index.low, index.size),
                marks(),
            )

        return work

    def sharp_work(self, area: Rectangle, side: float) -> Callable[[], tuple[map_density.Picture, ...]]:
        """What makes pictures of `area` in squares of `side`: of all that is shown there, then of what is selected."""
        index, codes, selected, paint = self.index, self.colouring.codes, self.selected, self.paint()
        chosen = map_density.Paint(paint.table, paint.ramp, _SELECTED_WEAKEST)
        field = map_density.Field(
            area.left,
            area.top,
            side,
            max(1, round((area.right - area.left) / side)),
            max(1, round((area.top - area.bottom) / side)),
        )

        def work() -> tuple[map_density.Picture, ...]:
            rows = index.rows(area) if index is not None else np.zeros(0, dtype=np.int32)
            marked = rows[selected[rows]]
            pictures = [map_density.picture(self.xy[rows], codes[rows], paint, field)]
            if len(marked):
                pictures.append(map_density.picture(self.xy[marked], codes[marked], chosen, field))
            return tuple(pictures)

        return work

    def paint(self) -> map_density.Paint:
        """The colours of the categories for pictures from far."""
        table = [_rgb(category.colour) for category in self.colouring.categories] or [(128, 128, 128)]
        scale = self.colouring.scale
        return map_density.Paint(np.array(table, dtype=np.float64), scale.steps if scale is not None else 0)

    def set_colouring(self, colouring: Colouring, hidden: frozenset[int] = frozenset()) -> None:
        """Colour the points; `hidden` are positions of categories that are not shown."""
        self.colouring = colouring
        shapes = np.array([category.shape for category in colouring.categories] or [0], dtype=np.uint8)
        self._shapes = shapes[colouring.codes] if len(colouring.categories) else self._shapes
        self.set_hidden(hidden)

    def set_hidden(self, hidden: frozenset[int]) -> None:
        """Show all categories but those."""
        changed = bool(hidden or self.hidden)
        self.hidden = hidden
        self.shown = None
        if hidden:
            table = np.ones(len(self.colouring.categories) + 1, dtype=bool)
            table[list(hidden)] = False
            self.shown = table[self.colouring.codes]
        if changed and self.index is not None:
            self.index.set_shown(self.shown)

    def set_selection(self, ids: npt.NDArray[np.int64]) -> None:
        """Highlight these images; ids that are not on the map are ignored."""
        self.selected = np.zeros(len(self.ids), dtype=bool)
        self.selected[self.rows_of(ids)] = True

    def rows_of(self, ids: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Rows of the images that stand on the map."""
        return self._id_rows.rows_of(ids)

    def ids_of(self, rows: Integers) -> npt.NDArray[np.int64]:
        """The ids of these rows, ascending."""
        chosen = np.zeros(len(self.ids), dtype=bool)
        chosen[rows] = True
        return self.ids[chosen] if self._rising else np.sort(self.ids[chosen])

    def shown_count(self) -> int:
        """How many points are not hidden by the legend."""
        return len(self.ids) if self.shown is None else int(self.shown.sum())

    def rows_in(self, area: Rectangle) -> Integers:
        """Rows that are shown in `area`, in the order of drawing."""
        if self.index is None:
            return np.zeros(0, dtype=np.int32)
        rows = self.index.rows(area)
        return rows[np.argsort(self._rank[rows], kind="stable")]

    def points(self, rows: Integers) -> Points:
        """What the raster draws of `rows` (M,): from now on their numbers are 0 to M - 1."""
        drawn = np.arange(len(rows), dtype=np.int32)
        return Points(self.xy[rows], self._shapes[rows], self.selected[rows], drawn)

    def look(self, rows: Integers) -> tuple[Bytes, Bytes, Bytes]:
        """Fill (M, 3), rim (M, 3) and opacity (M,) of `rows` (M,) under the theme in force."""
        tokens = theme.tokens()
        table = np.array([_rgb(category.colour) for category in self.colouring.categories] or [(128,) * 3], np.uint8)
        fill = table[self.colouring.codes[rows]]
        rim = np.empty_like(fill)
        if tokens.dark:
            rim[:] = _rgb(tokens.panel)
        else:  # pale colours need an edge on a white ground
            rim[:] = (fill.astype(np.uint16) * 7 // 10).astype(np.uint8)
        selected = self.selected[rows]
        rim[selected] = _rgb(tokens.text)
        opacity = np.full(len(rows), 255, dtype=np.uint8)
        if self.selected.any():
            opacity[~selected] = _DIMMED
        return fill, rim, opacity

    def colour(self, row: int) -> QColor:
        """The colour of one row."""
        return QColor(self.colouring.categories[int(self.colouring.codes[row])].colour)

    def bounds(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Lowest and highest x and y, never an empty rectangle."""
        return map_index.bounds(self.xy)

    def marks(self) -> tuple[Mark, ...]:
        """The marks of the categories that are shown, each at the point nearest to the middle of its group."""
        return self._marks_work()()

    def _marks_work(self) -> Callable[[], tuple[Mark, ...]]:
        xy, colouring, hidden = self.xy, self.colouring, self.hidden

        def work() -> tuple[Mark, ...]:
            marks = []
            for position, category in enumerate(colouring.categories):
                if not category.mark or position in hidden:
                    continue
                places = xy[colouring.codes == position]
                if len(places):
                    middle = np.median(places, axis=0)
                    nearest = np.argmin(((places - middle) ** 2).sum(axis=1))
                    marks.append(Mark(category.mark, places[nearest]))
            return tuple(marks)

        return work
