"""Where headers and cells of a gallery stand: arithmetic on sections, at no cost for the number of images; no widget.

Rows are those of the model: the images one section after another, then the headers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Box:
    """A rectangle in pixels from the top left of all."""

    x: int
    y: int
    width: int
    height: int

    @property
    def bottom(self) -> int:
        """The first pixel line below."""
        return self.y + self.height


class CellLayout:
    """`starts` (S + 1,) says where each section begins among the images; `collapsed` (S,) which show their header only.

    `header` is the height of a header, 0 for none at all: then there is one section.
    """

    def __init__(
        self,
        starts: Ints,
        columns: int,
        cell: tuple[int, int],
        width: int,
        header: int = 0,
        collapsed: npt.NDArray[np.bool_] | None = None,
    ) -> None:
        self._starts, self.columns, self._cell, self._width, self._header = starts, columns, cell, width, header
        counts = np.diff(starts)
        self._collapsed = collapsed if collapsed is not None else np.zeros(len(counts), dtype=bool)
        self._lines = np.where(self._collapsed, 0, -(-counts // columns))
        self._tops = np.concatenate([[0], np.cumsum(header + self._lines * cell[1])]).astype(np.int64)
        self.images = int(starts[-1])

    @property
    def height(self) -> int:
        """Pixels from the first to the last."""
        return int(self._tops[-1])

    @property
    def rows(self) -> int:
        """Images and headers."""
        return self.images + (len(self._lines) if self._header else 0)

    def box(self, row: int) -> Box | None:
        """Where a row stands; None for an image that is folded away."""
        if row >= self.images:
            return Box(0, int(self._tops[row - self.images]), self._width, self._header)
        section = self.section(row)
        if self._collapsed[section]:
            return None
        line, column = divmod(row - int(self._starts[section]), self.columns)
        top = int(self._tops[section]) + self._header + line * self._cell[1]
        return Box(column * self._cell[0], top, *self._cell)

    def section(self, row: int) -> int:
        """The section of an image."""
        return int(np.searchsorted(self._starts[1:], row, side="right"))

    def at(self, x: int, y: int) -> int | None:
        """The row at a point; None beside all."""
        if not (x >= 0 and 0 <= y < self.height):
            return None
        section, line = self._line_at(y)
        if line < 0:
            return self.images + section
        column = x // self._cell[0]
        row = int(self._starts[section]) + line * self.columns + column
        return row if column < self.columns and row < self._starts[section + 1] else None

    def near(self, x: int, y: int) -> int:
        """The row at a point, or the nearest one in the line there."""
        section, line = self._line_at(min(max(0, y), max(0, self.height - 1)))
        if line < 0:
            return self.images + section
        row = int(self._starts[section]) + line * self.columns + min(x // self._cell[0], self.columns - 1)
        return min(row, int(self._starts[section + 1]) - 1)

    def between(self, top: int, bottom: int) -> list[int]:
        """The rows of which something lies between two heights, in reading order."""
        found: list[int] = []
        if not self.rows or bottom < 0 or top >= self.height:
            return found
        section = self._line_at(max(0, top))[0]
        while section < len(self._lines) and self._tops[section] <= bottom:
            head = int(self._tops[section])
            if self._header and head + self._header > top:
                found.append(self.images + section)
            first = max(0, (top - head - self._header) // self._cell[1])
            last = min(int(self._lines[section]), (bottom - head - self._header) // self._cell[1] + 1)
            start = int(self._starts[section])
            end = min(start + last * self.columns, int(self._starts[section + 1]))
            found.extend(range(start + first * self.columns, end))
            section += 1
        return found

    def step(self, row: int, by: int) -> int:
        """The row before (-1) or after (1) in reading order, headers included; itself at either end."""
        if row >= self.images:
            section = row - self.images
            if by > 0 and self._lines[section]:
                return int(self._starts[section])
            section += by
        else:
            section = self.section(row)
            start, end = int(self._starts[section]), int(self._starts[section + 1])
            if start <= row + by < end:
                return row + by
            if by < 0 and self._header:
                return self.images + section
            section += by
        if not 0 <= section < len(self._lines):
            return row
        if by > 0 or not self._lines[section]:
            return self.images + section if self._header else row
        return int(self._starts[section + 1]) - 1

    def down(self, row: int, by: int) -> int:
        """The row in the line above (-1) or below (1), in the same column where there is one; itself at either end."""
        place = self.box(row)
        if place is None:
            return self.images + self.section(row)
        y = place.y - 1 if by < 0 else place.bottom
        return self.near(place.x, y) if 0 <= y < self.height else row

    def page(self, row: int, by: int) -> int:
        """The row so many pixels further down, in the same column; at the ends the first or last in it."""
        place = self.box(row)
        if place is None:
            return self.images + self.section(row)
        return self.near(place.x, place.y + place.height // 2 + by)

    def end(self, *, last: bool) -> int:
        """The first or the last row that is shown."""
        if not self._header:
            return self.images - 1 if last else 0
        section = len(self._lines) - 1
        if last and self._lines[section]:
            return self.images - 1
        return self.images + (section if last else 0)

    def _line_at(self, y: int) -> tuple[int, int]:
        """Section and line in it at a height; line -1 is the header."""
        section = min(int(np.searchsorted(self._tops[1:], y, side="right")), len(self._lines) - 1)
        inside = y - int(self._tops[section]) - self._header
        return section, -1 if inside < 0 else min(inside // self._cell[1], max(0, int(self._lines[section]) - 1))
