"""Lines around where images lie densest, from counts in a grid; numpy alone, apart from Qt."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

SHARES = (0.25, 0.5, 0.75, 0.95)
"""Each line encloses the smallest area that holds about this share of the images."""

_GRID = 160
_WIDTH = 16.0
"""Width of the blur in cells for one image; it shrinks with the sixth root of their number (Scott 1992)."""


@dataclass(frozen=True)
class Contour:
    """One line: `share` of the images lies inside; `segments` (S, 2, 2) are its pieces, start and end as (x, y)."""

    share: float
    segments: npt.NDArray[np.float64]


def contours(
    places: npt.NDArray[np.float32], low: npt.NDArray[np.float64], size: npt.NDArray[np.float64]
) -> tuple[Contour, ...]:
    """Lines around the densest parts of `places` (N, 2), which lie in the rectangle from `low` (2,) with `size`."""
    if not len(places):
        return ()
    side = float(size.max()) / _GRID
    reach = max(1, round(_WIDTH * len(places) ** (-1 / 6) - 0.4))
    margin = 3 * reach + 2
    width, height = (int(np.ceil(extent / side)) + 2 * margin for extent in size)
    column = np.clip(((places[:, 0] - low[0]) / side).astype(np.int64) + margin, 0, width - 1)
    line = np.clip(((places[:, 1] - low[1]) / side).astype(np.int64) + margin, 0, height - 1)
    counts = np.bincount(line * width + column, minlength=width * height).reshape(height, width)
    smooth = _blurred(counts.astype(np.float64), reach)
    origin = low + (0.5 - margin) * side
    lines = []
    for share, level in zip(SHARES, _levels(smooth), strict=True):
        lines.append(Contour(share, _march(smooth, level) * side + origin))
    return tuple(lines)


def _blurred(counts: npt.NDArray[np.float64], reach: int) -> npt.NDArray[np.float64]:
    """Three means over squares of 2 x `reach` + 1 cells, which together are close to a Gaussian."""
    for axis in (0, 1, 0, 1, 0, 1):
        total = counts.copy()
        for step in range(1, reach + 1):
            ahead, behind = [slice(None)] * 2, [slice(None)] * 2
            ahead[axis], behind[axis] = slice(step, None), slice(None, -step)
            total[tuple(behind)] += counts[tuple(ahead)]
            total[tuple(ahead)] += counts[tuple(behind)]
        counts = total / (2 * reach + 1)
    return counts


def _levels(smooth: npt.NDArray[np.float64]) -> list[float]:
    """The density above which the cells hold each share; halfway to the next cell, so that no cell lies on a line."""
    falling = np.sort(smooth.ravel())[::-1]
    held = np.cumsum(falling) / falling.sum()
    last = [min(int(np.searchsorted(held, share)), len(falling) - 2) for share in SHARES]
    return [float(falling[place] + falling[place + 1]) / 2 for place in last]


def _march(values: npt.NDArray[np.float64], level: float) -> npt.NDArray[np.float64]:
    """Marching squares over all cells at once (Lorensen and Cline 1987, in the plane): segments (S, 2, 2), x first."""
    corners = (values[:-1, :-1], values[:-1, 1:], values[1:, 1:], values[1:, :-1])
    above = [corner > level for corner in corners]
    steps = ((0, 0), (1, 0), (1, 1), (0, 1))
    crossing, place = [], []
    for side in range(4):
        first, second = corners[side], corners[(side + 1) % 4]
        crosses = above[side] != above[(side + 1) % 4]
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.where(crosses, (level - first) / (second - first), 0.0)
        (x1, y1), (x2, y2) = steps[side], steps[(side + 1) % 4]
        place.append(np.stack([x1 + (x2 - x1) * share, y1 + (y2 - y1) * share], axis=-1))
        crossing.append(crosses)
    cell_y, cell_x = np.indices(corners[0].shape)
    base = np.stack([cell_x, cell_y], axis=-1).astype(np.float64)
    number = np.sum(crossing, axis=0)
    pieces = []
    for one in range(4):
        for other in range(one + 1, 4):
            joined = crossing[one] & crossing[other] & (number == 2)
            pieces.append(np.stack([(base + place[one])[joined], (base + place[other])[joined]], axis=1))
    saddle = number == 4  # two corners above, opposite one another: the middle says which belong together
    middle = sum(corners) / 4 > level
    for pairs, which in ((((0, 1), (2, 3)), middle == above[0]), (((3, 0), (1, 2)), middle != above[0])):
        for one, other in pairs:
            joined = saddle & which
            pieces.append(np.stack([(base + place[one])[joined], (base + place[other])[joined]], axis=1))
    return np.concatenate(pieces)
