"""What a single picture gives away about itself: blank, light on its border, screenshot, test object, marked slices.

Every measure is a plain statistic of the grey picture, so that its reason can be said in a sentence.
"""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from sslstudio.triage.pictures import Picture

Floats = NDArray[np.float32]

_FLAT = 2
_STEP = 14
_RUN = 0.3


def blank(picture: Picture) -> float:
    """1 for a picture (H, W) that is almost constant, less for nothing but noise, 0 for one that shows something."""
    middle = int(np.median(picture))
    constant = float((np.abs(picture.astype(np.int16) - middle) <= _FLAT).mean())
    if constant >= 0.995:
        return 1.0
    values = picture.astype(np.float32)
    values -= values.mean()
    power = float((values * values).mean())
    if power <= 0:
        return 1.0
    beside = float((values[:, 1:] * values[:, :-1]).mean()) / power
    below = float((values[1:] * values[:-1]).mean()) / power
    pooled = cv2.resize(values, (16, 16), interpolation=cv2.INTER_AREA)
    coarse = float(pooled.var()) / power
    if max(beside, below) < 0.35 and coarse < 0.02:
        return float(np.clip(1.0 - max(beside, below), 0.0, 1.0))
    return 0.0


def border(picture: Picture) -> int:
    """The median shade of the four corners of a picture (H, W), 0 to 255, if the corners agree; else the darkest."""
    height, width = picture.shape
    down, across = max(2, height // 12), max(2, width // 12)
    corners = [
        float(np.median(part))
        for part in (
            picture[:down, :across],
            picture[:down, -across:],
            picture[-down:, :across],
            picture[-down:, -across:],
        )
    ]
    return round(min(corners))


def middle(picture: Picture) -> int:
    """The mean shade of the middle half of a picture (H, W), 0 to 255."""
    height, width = picture.shape
    return round(float(picture[height // 4 : -(height // 4) or None, width // 4 : -(width // 4) or None].mean()))


def straight_edges(picture: Picture) -> tuple[list[int], list[int]]:
    """Rows and columns of a picture (H, W) along which a step in shade runs dead straight for a third of its length."""
    values = picture.astype(np.int16)
    return _steps(np.diff(values, axis=0)), _steps(np.diff(values, axis=1).T)


def _steps(change: NDArray[np.int16]) -> list[int]:
    """Places of the first axis where a run of a third of the second axis changes by a clear step of one sign."""
    length = change.shape[1]
    wanted = max(16, int(_RUN * length))
    found: list[int] = []
    strong = np.stack((change > _STEP, change < -_STEP))
    for place in np.flatnonzero((strong.sum(axis=2) >= wanted).any(axis=0)):
        if any(_longest_run(side[place]) >= wanted for side in strong) and (not found or place - found[-1] > 2):
            found.append(int(place))
    return found


def _longest_run(mask: NDArray[np.bool_]) -> int:
    edges = np.flatnonzero(np.diff(np.concatenate(([False], mask, [False]))))
    return int((edges[1::2] - edges[::2]).max(initial=0))


def flat_shades(picture: Picture) -> int:
    """How many shades or colours of a picture (H, W, C) fill at least 1 % of it in dead flat areas, black aside."""
    height, width = picture.shape[:2]
    colours = picture.reshape(height, width, -1).astype(np.int32)
    code = colours[:, :, 0] if colours.shape[2] == 1 else (colours * (1 << 16, 1 << 8, 1)).sum(axis=2)
    inner = code[1:-1, 1:-1]
    flat = np.ones(inner.shape, bool)
    for down in (0, 1, 2):
        for across in (0, 1, 2):
            flat &= code[down : down + inner.shape[0], across : across + inner.shape[1]] == inner
    shades, counts = np.unique(inner[flat], return_counts=True)
    bright = (shades & 255) > 8
    return int(((counts >= 0.01 * code.size) & bright).sum())


def colour_share(picture: Picture) -> float:
    """The share of pixels of (H, W, C) whose channels differ clearly; 0 for a grey picture."""
    if picture.shape[2] == 1:
        return 0.0
    spread = picture.max(axis=2).astype(np.int16) - picture.min(axis=2)
    return float((spread > 40).mean())


def screenshot(picture: Picture, grey: Picture) -> tuple[float, str]:
    """How much a picture (H, W, C) looks like a saved window, 0 to 1, and why."""
    rows, columns = straight_edges(grey)
    height, width = grey.shape
    inner_rows = [row for row in rows if 0.04 * height < row < 0.96 * height]
    inner_columns = [column for column in columns if 0.04 * width < column < 0.96 * width]
    flat = flat_shades(picture)
    colour = colour_share(picture)
    lines = len(inner_rows) + len(inner_columns)
    if flat >= 2 and inner_rows and inner_columns and lines >= 3:
        return min(1.0, 0.5 + 0.05 * lines + 0.1 * flat), "It has the flat areas and frames of a program's window."
    if len(inner_rows) >= 2 and len(inner_columns) >= 2 and lines >= 6:
        return min(1.0, 0.4 + 0.05 * lines), "It is divided into panels by straight frames."
    if flat >= 1 and 0 < colour < 0.2 and lines >= 3:
        return 0.6, "It has coloured areas and straight frames like a program's window."
    return 0.0, ""


def uniform_disc(picture: Picture) -> float:
    """How much a picture (H, W) shows one even, round, mirror-symmetric body as a test object does, 0 to 1."""
    side = 96
    small = cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA)
    if float(small.std()) < 8:
        return 0.0
    _, mask = cv2.threshold(small, 0, 1, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=4)
    if count < 2:
        return 0.0
    body = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    area = int(stats[body, cv2.CC_STAT_AREA])
    others = int(mask.sum()) - area
    if not 0.08 * side**2 < area < 0.75 * side**2 or others > 0.1 * area:
        return 0.0
    shape = (labels == body).astype(np.uint8)
    outlines, _ = cv2.findContours(shape, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    outline = max(outlines, key=len)
    if len(outline) < 40:
        return 0.0
    (_, axes, _) = cv2.fitEllipse(outline)
    ellipse = np.pi / 4 * axes[0] * axes[1]
    filled = np.zeros_like(shape)
    cv2.drawContours(filled, [outline], -1, 1, -1)
    roundness = min(axes) / max(max(axes), 1e-6)
    fits = 1.0 - abs(float(filled.sum()) - ellipse) / ellipse
    solid = area / float(filled.sum())
    inside = cv2.erode(shape, np.ones((9, 9), np.uint8)).astype(bool)
    if int(inside.sum()) < 100:
        return 0.0
    values = cv2.GaussianBlur(small, (0, 0), 1.5)[inside].astype(np.float32)
    low, high = np.percentile(values, (5, 95))
    even = 1.0 - float(high - low) / max(float(values.mean()), 1.0)
    if roundness < 0.9 or fits < 0.96 or solid < 0.93 or even < 0.8:
        return 0.0
    return float(np.clip((roundness + fits + solid + even) / 4, 0.0, 1.0))


def reference_lines(grey: Picture) -> int:
    """How many thin straight lines cross a picture (H, W) parallel to one another, as planned slices on a localiser."""
    side = 256
    scale = side / max(grey.shape)
    size = tuple(max(16, round(length * scale)) for length in (grey.shape[1], grey.shape[0]))
    small = cv2.resize(grey, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR).astype(np.uint8)
    thin = cv2.morphologyEx(small, cv2.MORPH_TOPHAT, np.ones((5, 5), np.uint8))
    strong = (thin > 60).astype(np.uint8) * 255
    found = cv2.HoughLinesP(strong, 1, np.pi / 180, 60, minLineLength=0.45 * min(size), maxLineGap=4)
    if found is None:
        return 0
    lines = np.asarray(found, np.float64).reshape(-1, 4)
    angles = [float(np.arctan2(y1 - y0, x1 - x0)) % np.pi for x0, y0, x1, y1 in lines]
    offsets = [
        (angle, (x0 + x1) / 2 * np.sin(angle) - (y0 + y1) / 2 * np.cos(angle))
        for angle, (x0, y0, x1, y1) in zip(angles, lines, strict=True)
    ]
    best = 0
    for angle, _ in offsets:
        places = sorted(off for other, off in offsets if abs((other - angle + np.pi / 2) % np.pi - np.pi / 2) < 0.03)
        best = max(best, 1 + sum(b - a > 5 for a, b in pairwise(places)))
    return best
