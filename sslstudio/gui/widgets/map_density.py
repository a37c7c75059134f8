"""The map far out: how many images lie in each small square, not which was drawn last; numpy alone, apart from Qt.

A square's colour is the mean colour of its images (for a scale of numbers the colour of their mean number), its
strength the logarithm of how many they are. Squares of several sizes are kept, each four of the size below, so that
any zoom of any number of points is one picture stretched a little.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int32]
Image = npt.NDArray[np.uint32]

COARSEST = 128
"""Squares along the longer side of the smallest picture, which is also the overview."""

_WEAKEST = 0.42
_SHARE_AT_FULL = 99.5


@dataclass(frozen=True)
class Paint:
    """How rows are coloured: `table` (K, 3) red, green, blue of each code, 0-255. The first `ramp` codes are steps of
    a scale, whose mean is a step; 0 when all codes are names. `weakest` is the strength (0-1) of a single image."""

    table: npt.NDArray[np.float64]
    ramp: int = 0
    weakest: float = _WEAKEST


@dataclass(frozen=True)
class Field:
    """A rectangle of the plane divided into `width` x `height` squares of `side`, from `left` and `top` on."""

    left: float
    top: float
    side: float
    width: int
    height: int

    def squares(self, places: Floats) -> Integers:
        """The square (line * width + column) of each of `places` (N, 2); those outside go to the nearest one."""
        column = ((places[:, 0] - np.float32(self.left)) * np.float32(1 / self.side)).astype(np.int32)
        line = ((np.float32(self.top) - places[:, 1]) * np.float32(1 / self.side)).astype(np.int32)
        np.clip(column, 0, self.width - 1, out=column)
        np.clip(line, 0, self.height - 1, out=line)
        line *= self.width
        line += column
        return line


@dataclass(frozen=True)
class Picture:
    """`image` (H, W): premultiplied ARGB of the squares of `field`."""

    field: Field
    image: Image


@dataclass(frozen=True)
class _Sums:
    """What lies in the squares `where` (M,) that hold anything: `count` (M,) and `totals`, one (M,) a channel."""

    where: npt.NDArray[np.int64]
    count: npt.NDArray[np.int64]
    totals: tuple[npt.NDArray[np.float64], ...]


def field_over(low: npt.NDArray[np.float64], size: npt.NDArray[np.float64], squares: int) -> Field:
    """A field over the rectangle from `low` (2,) with `size` (2,), `squares` along its longer side."""
    side = float(size.max()) / squares
    width, height = (max(1, int(np.ceil(extent / side - 1e-9))) for extent in size)
    return Field(float(low[0]), float(low[1]) + height * side, side, width, height)


def pyramid(places: Floats, codes: Integers, paint: Paint, finest: Field) -> tuple[Picture, ...]:
    """Pictures of `places` (N, 2) coloured by `codes` (N,): over `finest`, then over ever fewer squares."""
    field = finest
    sums = _gather(places, codes, paint, field)
    pictures = [Picture(field, _shade(sums, paint, field))]
    while max(field.width, field.height) > COARSEST:
        field, sums = _halve(field, sums)
        pictures.append(Picture(field, _shade(sums, paint, field)))
    return tuple(pictures)


def picture(places: Floats, codes: Integers, paint: Paint, field: Field) -> Picture:
    """One picture of `places` (N, 2), all of which lie in `field`."""
    return Picture(field, _shade(_gather(places, codes, paint, field), paint, field))


def fitting(pictures: Sequence[Picture], pixels_a_unit: float) -> Picture:
    """The finest picture whose squares are at least a pixel wide at this zoom, else the coarsest: a lone image far
    from all others is never thinned away."""
    for one in pictures:
        if one.field.side * pixels_a_unit >= 0.999:
            return one
    return pictures[-1]


def _gather(places: Floats, codes: Integers, paint: Paint, field: Field) -> _Sums:
    square = field.squares(places)
    counts = np.bincount(square, minlength=field.width * field.height)
    where = np.flatnonzero(counts)
    slot = np.empty(len(counts), dtype=np.int32)
    slot[where] = np.arange(len(where), dtype=np.int32)
    at = slot[square]
    if paint.ramp:
        known = codes < paint.ramp
        step = np.where(known, codes, 0).astype(np.float64)
        channels = [step, known.astype(np.float64)]
    else:
        channels = [paint.table[:, channel][codes] for channel in range(3)]
    totals = tuple(_summed(at, values, len(where)) for values in channels)
    return _Sums(where, counts[where], totals)


def _halve(field: Field, sums: _Sums) -> tuple[Field, _Sums]:
    """The same counts in squares twice as wide."""
    wider = Field(field.left, field.top, field.side * 2, -(-field.width // 2), -(-field.height // 2))
    line, column = np.divmod(sums.where, field.width)
    parent = (line // 2) * wider.width + column // 2
    counts = np.bincount(parent, weights=sums.count, minlength=wider.width * wider.height)
    where = np.flatnonzero(counts)
    slot = np.empty(len(counts), dtype=np.int32)
    slot[where] = np.arange(len(where), dtype=np.int32)
    at = slot[parent]
    totals = tuple(_summed(at, values, len(where)) for values in sums.totals)
    return wider, _Sums(where, counts[where].astype(np.int64), totals)


def _summed(at: Integers, values: npt.NDArray[np.float64], squares: int) -> npt.NDArray[np.float64]:
    return np.bincount(at, weights=values, minlength=squares).astype(np.float64, copy=False)


def _shade(sums: _Sums, paint: Paint, field: Field) -> Image:
    image = np.zeros(field.width * field.height, dtype=np.uint32)
    if len(sums.where):
        full = max(2.0, float(np.percentile(sums.count, _SHARE_AT_FULL)))
        strength = np.minimum(np.log(sums.count) / np.log(full), 1.0)
        alpha = paint.weakest + (1.0 - paint.weakest) * strength
        packed = np.round(alpha * 255).astype(np.uint32) << 24
        for shift, channel in zip((16, 8, 0), _colours(sums, paint), strict=True):
            packed |= np.round(channel * alpha).astype(np.uint32) << shift
        image[sums.where] = packed
    return image.reshape(field.height, field.width)


def _colours(sums: _Sums, paint: Paint) -> list[npt.NDArray[np.float64]]:
    if not paint.ramp:
        return [total / sums.count for total in sums.totals]
    steps, known = sums.totals
    mean = np.round(steps / np.maximum(known, 1)).astype(np.int64)
    code = np.where(known > 0, mean, len(paint.table) - 1)
    return [paint.table[code, channel] for channel in range(3)]
