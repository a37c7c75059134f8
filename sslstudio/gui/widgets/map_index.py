"""Points sorted into the cells of a grid, so that what is in view, near the pointer or in a lasso is found without
looking at all of them; numpy alone, apart from drawing.

Rows of one cell stand together, and the cells of one line of the grid follow one another: a rectangle of the plane is
one run of rows for each line of cells it touches.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int32]
Mask = npt.NDArray[np.bool_]

_A_CELL = 16
_MOST_CELLS = 256


@dataclass(frozen=True)
class Rectangle:
    """A part of the plane; `left` <= `right`, `bottom` <= `top`, edges included."""

    left: float
    right: float
    bottom: float
    top: float

    def grown(self, x: float, y: float) -> Rectangle:
        """The rectangle with a margin on every side."""
        return Rectangle(self.left - x, self.right + x, self.bottom - y, self.top + y)


class PointIndex:
    """The points `xy` (N, 2) by place. `order` (N,) are their rows in the order of the cells, `places` (N, 2) and
    `shown` (N,) what belongs to them in the same order; `low` and `size` (2,) say where the points lie."""

    def __init__(self, xy: Floats) -> None:
        self.low, high = bounds(xy)
        self.size = high - self.low
        self._cells = int(np.clip(np.sqrt(len(xy) / _A_CELL), 1, _MOST_CELLS))
        cell = self._cell_of(xy[:, 0], 0) + self._cell_of(xy[:, 1], 1) * self._cells
        small = cell.astype(np.uint16) if self._cells <= _MOST_CELLS else cell  # sorted by digits, ten times as fast
        self.order: Integers = np.argsort(small, kind="stable").astype(np.int32)
        self.places: Floats = np.take(xy, self.order, axis=0)
        counts = np.bincount(cell, minlength=self._cells**2)
        self._starts = np.concatenate([[0], np.cumsum(counts)])
        self.shown: Mask = np.ones(len(xy), dtype=bool)
        self._shown_before = np.arange(len(xy) + 1)

    def set_shown(self, shown: Mask | None) -> None:
        """Only rows of this mask (N,) are found from now on; None for all."""
        self.shown = np.ones(len(self.order), dtype=bool) if shown is None else shown[self.order]
        self._shown_before = np.concatenate([[0], np.cumsum(self.shown)])

    def rows(self, area: Rectangle) -> Integers:
        """Rows that are shown and lie in `area`."""
        return self.found(area)[0]

    def found(self, area: Rectangle) -> tuple[Integers, Floats]:
        """Rows (M,) that are shown and lie in `area`, and their places (M, 2)."""
        runs = self._runs(area)
        if not runs:
            return np.zeros(0, dtype=np.int32), np.zeros((0, 2), dtype=np.float32)
        places = np.concatenate([self.places[first:last] for first, last in runs])
        rows = np.concatenate([self.order[first:last] for first, last in runs])
        inside = _within(places, area)
        if self._shown_before[-1] < len(self.order):
            inside &= np.concatenate([self.shown[first:last] for first, last in runs])
        at = np.flatnonzero(inside)
        return rows[at], np.take(places, at, axis=0)

    def count(self, area: Rectangle) -> int:
        """How many rows `rows(area)` would give, from the counts of whole cells and a look at those at the edge."""
        inner = self._inner(area)
        total = 0
        edge: list[tuple[int, int]] = []
        for line, (first, last) in self._lines(area):
            if inner is None or not inner[2] <= line < inner[3] or inner[0] >= inner[1]:
                edge.append((first, last))
                continue
            start, end = self._starts[line * self._cells + inner[0]], self._starts[line * self._cells + inner[1]]
            total += int(self._shown_before[end] - self._shown_before[start])
            edge += [(first, int(start)), (int(end), last)]
        edge = [(first, last) for first, last in edge if last > first]
        if edge:
            places = np.concatenate([self.places[first:last] for first, last in edge])
            shown = np.concatenate([self.shown[first:last] for first, last in edge])
            total += int((_within(places, area) & shown).sum())
        return total

    def nearest(self, x: float, y: float, reach_x: float, reach_y: float) -> int | None:
        """The row nearest to (x, y), at most `reach_x` to the side and `reach_y` up or down as half axes of an
        ellipse; None when there is none."""
        area = Rectangle(x, x, y, y).grown(reach_x, reach_y)
        runs = self._runs(area)
        best, found = 1.0, None
        for first, last in runs:
            away = (self.places[first:last].astype(np.float64) - (x, y)) / (reach_x, reach_y)
            distance = np.where(self.shown[first:last], (away**2).sum(axis=1), np.inf)
            if len(distance) and distance.min() <= best:
                place = int(distance.argmin())
                best, found = float(distance[place]), int(self.order[first + place])
        return found

    def _cell_of(self, values: Floats, axis: int) -> Integers:
        scaled = (values - np.float32(self.low[axis])) * np.float32(self._cells / self.size[axis])
        return np.clip(scaled.astype(np.int32), 0, self._cells - 1)

    def _span(self, low: float, high: float, axis: int) -> tuple[int, int]:
        """First and last cell that the values between `low` and `high` may lie in, with one more for rounding."""
        scale = self._cells / self.size[axis]
        first, last = (low - self.low[axis]) * scale - 1, (high - self.low[axis]) * scale + 1
        return int(np.clip(first, 0, self._cells - 1)), int(np.clip(last, 0, self._cells - 1))

    def _lines(self, area: Rectangle) -> list[tuple[int, tuple[int, int]]]:
        if not len(self.order) or area.right < area.left or area.top < area.bottom:
            return []
        (left, right), (bottom, top) = self._span(area.left, area.right, 0), self._span(area.bottom, area.top, 1)
        return [
            (line, (int(self._starts[line * self._cells + left]), int(self._starts[line * self._cells + right + 1])))
            for line in range(bottom, top + 1)
        ]

    def _runs(self, area: Rectangle) -> list[tuple[int, int]]:
        return [run for _line, run in self._lines(area) if run[1] > run[0]]

    def _inner(self, area: Rectangle) -> tuple[int, int, int, int] | None:
        """First cell and the one after the last that lie wholly in `area`: left, right, bottom, top."""
        spans = []
        for axis, (low, high) in enumerate(((area.left, area.right), (area.bottom, area.top))):
            scale = self._cells / self.size[axis]
            first = int(np.clip(np.ceil((low - self.low[axis]) * scale) + 1, 0, self._cells))
            last = int(np.clip(np.floor((high - self.low[axis]) * scale) - 1, 0, self._cells))
            whole = high >= self.low[axis] + self.size[axis]  # the last cell has nothing beyond it
            spans += [0 if low <= self.low[axis] else first, self._cells if whole else last]
        return (spans[0], spans[1], spans[2], spans[3]) if spans[2] < spans[3] else None


def _within(places: Floats, area: Rectangle) -> Mask:
    x, y = places[:, 0], places[:, 1]
    return (x >= area.left) & (x <= area.right) & (y >= area.bottom) & (y <= area.top)


def bounds(xy: Floats) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Lowest and highest x and y, never an empty rectangle."""
    if not len(xy):
        return np.zeros(2), np.ones(2)
    columns = (xy[:, 0], xy[:, 1])  # one by one: over rows of two, numpy is fifty times slower
    low = np.array([column.min() for column in columns], dtype=np.float64)
    high = np.array([column.max() for column in columns], dtype=np.float64)
    flat = high - low < 1e-9
    return np.where(flat, low - 0.5, low), np.where(flat, high + 0.5, high)
