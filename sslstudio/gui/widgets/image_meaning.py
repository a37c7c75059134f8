"""What the pixels of an image mean: values in their unit, sizes in millimetres, directions in the body."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy.typing as npt


@dataclass(frozen=True)
class Meaning:
    """A stored value v means ``v * slope + intercept`` in `unit` ("" when it has none that is known).

    Spacings are the distances between rows and columns in mm, or None. `sides` are the letters at the left, right, top
    and bottom edge ("R", "L", "A", "P", "H", "F"; of an oblique image several, as "RA"), given only when they are
    really known. `corners` are lines for the top left and the top right corner of the picture.
    """

    slope: float = 1.0
    intercept: float = 0.0
    unit: str = ""
    row_spacing: float | None = None
    column_spacing: float | None = None
    sides: tuple[str, str, str, str] | None = None
    corners: tuple[tuple[str, ...], tuple[str, ...]] = field(default=((), ()))

    def value(self, stored: float) -> float:
        """A stored value in the unit of the image."""
        return stored * self.slope + self.intercept

    def stored(self, value: float) -> float:
        """A value in the unit of the image as it is stored."""
        return (value - self.intercept) / self.slope if self.slope else value

    def number(self, stored: float) -> str:
        """ "-1,024 HU"."""
        value = self.value(stored)
        text = f"{value:,.0f}" if abs(self.slope) >= 0.5 or abs(value) >= 1000 else f"{value:,.3g}"
        return f"{text} {self.unit}".rstrip()

    def window(self, low: float, high: float) -> str:
        """ "W 400  C 40 HU": width and centre of a window that is given in stored values."""
        black, white = self.value(low), self.value(high)
        width, centre = abs(white - black), (black + white) / 2
        fine = width < 10
        text = f"W {width:,.3g}  C {centre:,.3g}" if fine else f"W {width:,.0f}  C {centre:,.0f}"
        return f"{text} {self.unit}".rstrip()

    def at(self, pixels: npt.NDArray[Any], column: int, row: int) -> str:
        """ "x 120  y 88   -1,024 HU": place and value of one pixel of (H, W, C) stored values."""
        place = f"x {column}  y {row}"
        pixel = pixels[row, column]
        if pixel.ndim and pixel.shape[0] == 3:
            red, green, blue = (int(part) for part in pixel)
            return f"{place}   R {red} G {green} B {blue}"
        return f"{place}   {self.number(float(pixel.reshape(-1)[0]))}"

    def swapped(self) -> bool:
        """True when greater stored values mean smaller ones."""
        return self.slope < 0


PLAIN = Meaning()
"""Stored values that mean nothing more."""
