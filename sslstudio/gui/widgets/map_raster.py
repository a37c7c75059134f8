"""Turn points into pixels with numpy alone: apart from Qt so that the fastest part of the map is tested as arithmetic.

A raster keeps *which point* stands in each pixel, not which colour, so that the order of drawing alone decides what
covers what, whatever the colours.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int32]
Bytes = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]

SHAPES = ("disc", "square", "triangle", "diamond", "plus", "wedge", "cross")
"""Names of the point shapes, in the order of their codes."""

_SUPERSAMPLING = 4
_SIMPLE_FROM, _TINY_FROM = 1_500, 8_000
_SCALES = {"disc": 1.0, "square": 0.86, "triangle": 1.22, "diamond": 1.22, "plus": 1.18, "wedge": 1.22, "cross": 1.18}


@dataclass(frozen=True)
class Stamp:
    """The pixels of one point shape around its centre.

    `dx`, `dy` are offsets in pixels, `coverage` (how much of the pixel is inside, 0-255) and `core` (how much of
    that is fill and not rim, 0-255) have one value for each offset.
    """

    radius: int
    dx: Integers
    dy: Integers
    coverage: Bytes
    core: Bytes


@dataclass(frozen=True)
class Raster:
    """`rows` (H, W): the point row in each pixel, -1 for none; `coverage` and `core` (H, W) as in `Stamp`.

    `visible_rows` are the rows whose centre lies inside the rectangle, in drawing order.
    """

    rows: Integers
    coverage: Bytes
    core: Bytes
    visible_rows: Integers


@dataclass(frozen=True)
class View:
    """The rectangle of the plane that is shown (`left` < `right`, `bottom` < `top`) and its size in pixels."""

    left: float
    right: float
    bottom: float
    top: float
    width: int
    height: int

    def to_pixels(self, xy: Floats) -> tuple[Floats, Floats]:
        """Pixel coordinates (x to the right, y downwards) of points `xy` (N, 2)."""
        x = (xy[:, 0] - np.float32(self.left)) * np.float32(self.width / (self.right - self.left))
        y = (np.float32(self.top) - xy[:, 1]) * np.float32(self.height / (self.top - self.bottom))
        return x, y


def _inside(shape: str, x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], r: float) -> Mask:
    """Which of the positions (x, y) lie inside `shape` of size `r` around the origin, y downwards."""
    r = r * _SCALES[shape]
    if shape == "square":
        result = (np.abs(x) <= r) & (np.abs(y) <= r)
    elif shape == "triangle":
        result = (y <= r * 0.66) & (y >= 1.9 * np.abs(x) - r)
    elif shape == "wedge":
        result = (y >= -r * 0.66) & (y <= r - 1.9 * np.abs(x))
    elif shape == "diamond":
        result = np.abs(x) + np.abs(y) <= r
    elif shape == "plus":
        result = ((np.abs(x) <= r * 0.36) & (np.abs(y) <= r)) | ((np.abs(y) <= r * 0.36) & (np.abs(x) <= r))
    elif shape == "cross":
        u, v = (x + y) * 0.7071, (x - y) * 0.7071
        result = ((np.abs(u) <= r * 0.36) & (np.abs(v) <= r)) | ((np.abs(v) <= r * 0.36) & (np.abs(u) <= r))
    else:
        result = x * x + y * y <= r * r
    return result


@lru_cache(maxsize=256)
def stamp(shape: str, radius: float, rim: float) -> Stamp:
    """The stamp of `shape` with the given radius and rim width in pixels; small ones are antialiased too."""
    reach = int(np.ceil((radius + rim) * 1.25))
    fine = (np.arange((2 * reach + 1) * _SUPERSAMPLING) + 0.5) / _SUPERSAMPLING - reach - 0.5
    x, y = np.meshgrid(fine, fine)
    side = 2 * reach + 1

    def share(inside: Mask) -> npt.NDArray[np.float64]:
        blocks = inside.reshape(side, _SUPERSAMPLING, side, _SUPERSAMPLING)
        return np.asarray(blocks.mean(axis=(1, 3)), dtype=np.float64)

    outer = share(_inside(shape, x, y, radius + rim))
    inner = share(_inside(shape, x, y, radius)) if rim > 0 else outer
    dy, dx = np.nonzero(outer > 0.08)
    coverage = outer[dy, dx]
    core = np.minimum(inner[dy, dx] / coverage, 1.0)
    if radius <= 1.0:
        coverage = np.maximum(coverage, 0.75)
    return Stamp(
        radius=reach,
        dx=(dx - reach).astype(np.int32),
        dy=(dy - reach).astype(np.int32),
        coverage=np.round(coverage * 255).astype(np.uint8),
        core=np.round(core * 255).astype(np.uint8),
    )


@dataclass(frozen=True)
class PointStyle:
    """Point size in device pixels: `radius` and `rim` of plain points, and what is added for selected ones."""

    radius: float
    rim: float
    selected_extra: float


def style_for(count: int, scale: float) -> PointStyle:
    """Point size for `count` points in view at `scale` device pixels a pixel: fewer points are drawn larger."""
    for limit, radius, rim in ((400, 5.0, 1.0), (3_000, 4.0, 0.9), (12_000, 3.0, 0.6), (60_000, 2.1, 0.0)):
        if count <= limit:
            return PointStyle(radius * scale, rim * scale, 1.2 * scale)
    return PointStyle((1.4 if count <= 300_000 else 0.9) * scale, 0.0, 1.2 * scale)


@dataclass(frozen=True)
class Points:
    """What is drawn: `xy` (N, 2), `shapes` (N,) codes into `SHAPES`, `order` (M,) the rows to draw, last on top.

    `selected` (N,) marks the rows drawn larger and above all others.
    """

    xy: Floats
    shapes: Bytes
    selected: Mask
    order: Integers


def rasterise(points: Points, view: View, scale: float = 1.0, *, moving: bool = False) -> Raster:
    """Draw `points` into the rectangle `view`; `scale` is device pixels for each pixel of the user interface.

    While the view is `moving`, thousands of points are drawn smaller and without their shapes, but all of them.
    """
    x, y = view.to_pixels(points.xy[points.order])
    inside = (x >= 0) & (x < view.width) & (y >= 0) & (y < view.height)
    shown = int(inside.sum())
    simple = moving and shown > _SIMPLE_FROM
    quick = PointStyle((2.6 if shown <= _TINY_FROM else 1.5) * scale, 0.0, 1.2 * scale)
    style = quick if simple else style_for(shown, scale)
    margin = int(np.ceil((style.radius + max(style.rim, style.selected_extra) + style.selected_extra) * 1.25)) + 1
    pad = 2 * margin  # a point outside by a margin is stamped a margin further out
    near = (x >= -margin) & (x < view.width + margin - 1) & (y >= -margin) & (y < view.height + margin - 1)
    rows = points.order[near]
    visible = points.order[inside]
    on_top = points.selected[rows]
    sequence = np.concatenate([np.flatnonzero(~on_top), np.flatnonzero(on_top)])
    rows = rows[sequence]
    stride = view.width + 2 * pad
    column = np.floor(x[near][sequence]).astype(np.int64) + pad
    line = np.floor(y[near][sequence]).astype(np.int64) + pad
    place = line * stride + column
    buffers = _Buffers(stride, view.height + 2 * pad)
    ranks = _topmost(place, buffers)
    _stamp_all(points, rows, place, ranks, style, buffers, discs=simple or style.radius < 2.0)
    frame = (slice(pad, pad + view.height), slice(pad, pad + view.width))
    drawn = buffers.ranks.reshape(-1, stride)[frame]
    table = np.append(rows, np.int32(-1)).astype(np.int32)
    return Raster(
        rows=table[drawn],
        coverage=np.ascontiguousarray(buffers.coverage.reshape(-1, stride)[frame]),
        core=np.ascontiguousarray(buffers.core.reshape(-1, stride)[frame]),
        visible_rows=visible.astype(np.int32),
    )


class _Buffers:
    """The padded flat buffers that stamps write into."""

    def __init__(self, stride: int, height: int) -> None:
        size = stride * height
        self.stride = stride
        self.ranks = np.full(size, -1, dtype=np.int32)
        self.coverage = np.zeros(size, dtype=np.uint8)
        self.core = np.zeros(size, dtype=np.uint8)


def _topmost(place: npt.NDArray[np.int64], buffers: _Buffers) -> Integers:
    """Ranks (drawing positions) that are not hidden by a later point with the same centre pixel."""
    ranks = np.arange(len(place), dtype=np.int32)
    buffers.ranks[place] = ranks
    kept = ranks[buffers.ranks[place] == ranks]
    buffers.ranks[place] = -1
    return np.asarray(kept, dtype=np.int32)


def _stamp_all(
    points: Points,
    rows: Integers,
    place: npt.NDArray[np.int64],
    ranks: Integers,
    style: PointStyle,
    buffers: _Buffers,
    *,
    discs: bool,
) -> None:
    """Write every kept point: groups of one shape and one size, offset by offset, the higher rank winning."""
    shape_codes = np.zeros(len(ranks), dtype=np.uint8) if discs else points.shapes[rows[ranks]]
    selected = points.selected[rows[ranks]]
    for is_selected in (False, True):
        for code in np.unique(shape_codes[selected == is_selected]):
            group = ranks[(shape_codes == code) & (selected == is_selected)]
            shape = SHAPES[int(code)]
            extra = style.selected_extra if is_selected else 0.0
            rim = max(style.rim, extra) if is_selected else style.rim
            _stamp_group(stamp(shape, style.radius + extra * 0.5, rim), place[group], group, buffers)


def _stamp_group(one: Stamp, place: npt.NDArray[np.int64], ranks: Integers, buffers: _Buffers) -> None:
    offsets = one.dy.astype(np.int64) * buffers.stride + one.dx
    for offset, coverage, core in zip(offsets, one.coverage, one.core, strict=True):
        where = place + offset
        wins = ranks > buffers.ranks[where]
        if coverage < 128:  # a thin edge pixel never hides what is below it
            wins &= buffers.ranks[where] < 0
        where = where[wins]
        buffers.ranks[where] = ranks[wins]
        buffers.coverage[where] = coverage
        buffers.core[where] = core


def compose(raster: Raster, fill: Bytes, rim: Bytes, opacity: Bytes) -> npt.NDArray[np.uint32]:
    """Colour a raster: premultiplied ARGB (H, W) as uint32 in native byte order.

    `fill` and `rim` (N, 3) are the colours of each row, red first; `opacity` (N,) 0-255.
    """
    image = np.zeros(raster.rows.shape, dtype=np.uint32)
    covered = np.flatnonzero(raster.rows.ravel() >= 0)
    rows = raster.rows.ravel()[covered]
    red_blue, green = (part[rows] for part in _packed(fill))
    core = raster.core.ravel()[covered]
    edge = np.flatnonzero(core < 255)
    if len(edge):
        share = core[edge].astype(np.uint32)
        for inner, outer in zip((red_blue, green), _packed(rim), strict=True):
            mixed = inner[edge] * share + outer[rows[edge]] * (255 - share)
            inner[edge] = _divided(mixed)
    alpha = raster.coverage.ravel()[covered].astype(np.uint32)
    alpha = alpha * opacity[rows] // 255
    image.ravel()[covered] = (alpha << 24) | _divided(red_blue * alpha) | (_divided(green * alpha) << 8)
    return image


def _packed(colours: Bytes) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint32]]:
    """Red and blue of each row (N, 3) in one number with room between, and green in another."""
    wide = colours.astype(np.uint32)
    return (wide[:, 0] << np.uint32(16)) | wide[:, 2], wide[:, 1]


def _divided(products: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint32]:
    """Both 16-bit halves divided by 255, down to a unit."""
    halves, eight = np.uint32(0x00FF00FF), np.uint32(8)
    return ((products + np.uint32(0x00010001) + ((products >> eight) & halves)) >> eight) & halves
