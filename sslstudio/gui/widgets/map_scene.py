"""What the map shows, as arrays: points, colours, visibility, selection; apart from the drawing surface.

Needs no window, so that the rules of showing, hiding and highlighting are tested as arithmetic.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt
from PySide6.QtGui import QColor, QPixmap

from sslstudio.gui import theme
from sslstudio.gui.item_models.colouring import Colouring, single
from sslstudio.gui.widgets.map_raster import Bytes, Floats, Integers, Mask, Points

Tool = Literal["pan", "lasso", "box"]
Mode = Literal["replace", "toggle", "extend", "subtract"]

_DIMMED = 110


class Thumbnails(Protocol):
    """Where small pictures come from; None while a picture is still being read."""

    def pixmap(self, image_id: int) -> QPixmap | None:
        """The picture of an image."""


@dataclass(frozen=True)
class Mark:
    """A short text at the middle of a group, in data coordinates (2,)."""

    text: str
    place: npt.NDArray[np.float32]


def _rgb(colour: str) -> tuple[int, int, int]:
    value = QColor(colour)
    return value.red(), value.green(), value.blue()


class MapScene:
    """Points with ids (N,) and places (N, 2), drawn in one fixed random order so that no category hides another."""

    def __init__(self, ids: npt.NDArray[np.int64], xy: Floats, thumbnails: Thumbnails | None = None) -> None:
        self.ids = np.asarray(ids, dtype=np.int64)
        self.xy = np.ascontiguousarray(xy, dtype=np.float32)
        self.thumbnails = thumbnails
        self.colouring = single(len(self.ids))
        self.hidden: frozenset[int] = frozenset()
        self.selected: Mask = np.zeros(len(self.ids), dtype=bool)
        self._drawing = np.random.default_rng(0).permutation(len(self.ids)).astype(np.int32)
        self._sorted = np.argsort(self.ids, kind="stable")
        self._shapes: Bytes = np.zeros(len(self.ids), dtype=np.uint8)
        self.order: Integers = self._drawing
        self._marks: list[Mark] | None = None

    def set_colouring(self, colouring: Colouring, hidden: frozenset[int] = frozenset()) -> None:
        """Colour the points; `hidden` are positions of categories that are not shown."""
        self.colouring = colouring
        shapes = np.array([category.shape for category in colouring.categories] or [0], dtype=np.uint8)
        self._shapes = shapes[colouring.codes] if len(colouring.categories) else self._shapes
        self.set_hidden(hidden)

    def set_hidden(self, hidden: frozenset[int]) -> None:
        """Show all categories but those."""
        self.hidden = hidden
        self._marks = None
        if hidden:
            shown = ~np.isin(self.colouring.codes, list(hidden))
            self.order = self._drawing[shown[self._drawing]]
        else:
            self.order = self._drawing

    def set_selection(self, ids: npt.NDArray[np.int64]) -> None:
        """Highlight these images; ids that are not on the map are ignored."""
        self.selected = np.zeros(len(self.ids), dtype=bool)
        self.selected[self.rows_of(ids)] = True

    def rows_of(self, ids: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Rows of the images that stand on the map."""
        if not len(self.ids) or not len(ids):
            return np.zeros(0, dtype=np.int64)
        place = np.searchsorted(self.ids, ids, sorter=self._sorted)
        rows = self._sorted[np.minimum(place, len(self.ids) - 1)]
        return np.asarray(rows[self.ids[rows] == ids])

    def shown_count(self) -> int:
        """How many points are not hidden by the legend."""
        return len(self.order)

    def points(self, most: int | None) -> Points:
        """What the raster draws; at most `most` points (a random sample that always holds the same ones)."""
        order = self.order
        if most is not None and len(order) > most:
            order = order[:most]
        return Points(self.xy, self._shapes, self.selected, order)

    def look(self) -> tuple[Bytes, Bytes, Bytes]:
        """Fill (N, 3), rim (N, 3) and opacity (N,) of each row under the theme in force."""
        tokens = theme.tokens()
        table = np.array([_rgb(category.colour) for category in self.colouring.categories] or [(128,) * 3], np.uint8)
        fill = table[self.colouring.codes]
        rim = np.empty_like(fill)
        if tokens.dark:
            rim[:] = _rgb(tokens.panel)
        else:  # pale colours need an edge on a white ground
            rim[:] = (fill.astype(np.uint16) * 7 // 10).astype(np.uint8)
        rim[self.selected] = _rgb(tokens.text)
        opacity = np.full(len(self.ids), 255, dtype=np.uint8)
        if self.selected.any():
            opacity[~self.selected] = _DIMMED
        return fill, rim, opacity

    def colour(self, row: int) -> QColor:
        """The colour of one row."""
        return QColor(self.colouring.categories[int(self.colouring.codes[row])].colour)

    def category(self, row: int) -> str:
        """The name of the category of one row."""
        return self.colouring.categories[int(self.colouring.codes[row])].name

    def bounds(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Lowest and highest x and y, never an empty rectangle."""
        low, high = self.xy.min(axis=0).astype(np.float64), self.xy.max(axis=0).astype(np.float64)
        flat = high - low < 1e-9
        return np.where(flat, low - 0.5, low), np.where(flat, high + 0.5, high)

    @property
    def marks_visible(self) -> bool:
        """True when the categories have marks to show."""
        return any(category.mark for category in self.colouring.categories)

    def marks(self) -> list[Mark]:
        """The marks of the categories that are shown, each at the point nearest to the middle of its group."""
        if self._marks is None:
            self._marks = []
            for position, category in enumerate(self.colouring.categories):
                if not category.mark or position in self.hidden:
                    continue
                places = self.xy[self.colouring.codes == position]
                if len(places):
                    middle = np.median(places, axis=0)
                    nearest = np.argmin(((places - middle) ** 2).sum(axis=1))
                    self._marks.append(Mark(category.mark, places[nearest]))
        return self._marks
