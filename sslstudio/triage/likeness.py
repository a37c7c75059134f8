"""How alike two pictures are, closely enough to tell a copy from a neighbouring slice or another patient.

Copies agree in their fine structure even after compression, scaling, another window or an overlay; neighbouring slices
agree in the coarse one only. So fine structure is compared block by block; the median and the lower quartile decide.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from sslstudio.triage.pictures import Picture, framed

SIDE = 96
"""Side of the compared pictures in pixels."""
_BLOCK = 12
_COARSE = 3.0
"""Pixels of the blur that takes fine structure away."""
_TEXTURE = 2.0
_LEAST_BLOCKS = 6
_QUARTILE_ALLOWANCE = 0.04

_LIKELY = 0.95
"""Correlation of shades after a first, rough fit; below it a fine one is not tried."""
_HALF = SIDE // 2
_CUT_SIDES = (_HALF, round(0.9 * _HALF), round(0.8 * _HALF))
_CUT_LIKELY = 0.7
_CUT_SURE = 0.97
_CUT_TRIES = 6
_CUT_FREEDOM = 0.1
"""How far a registration may turn and stretch from the place where the part was found."""
_QUICK = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 30, 1e-3)
_EXACT = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 30, 1e-4)
_EVERYWHERE = np.ones((SIDE, SIDE), np.uint8)

Tile = NDArray[np.uint8]
Floats = NDArray[np.float32]


def tiles(picture: Picture) -> Tile:
    """A grey picture (H, W) at 96 px, whole and by its content: (2, 96, 96)."""
    return np.stack([_small(picture), _small(framed(picture))])


def _small(picture: Picture) -> Tile:
    way = cv2.INTER_AREA if min(picture.shape) > SIDE else cv2.INTER_LINEAR
    return cv2.resize(picture, (SIDE, SIDE), interpolation=way).astype(np.uint8)


def coarse(left: Tile, right: Tile) -> Floats:
    """Correlation of pictures (M, 96, 96) with pictures (M, 96, 96) in their shades: (M,), -1 to 1."""
    a, b = _centred(_pooled(left)), _centred(_pooled(right))
    return _ratio((a * b).sum(axis=(1, 2)), (a * a).sum(axis=(1, 2)), (b * b).sum(axis=(1, 2)))


def fine(left: Tile, right: Tile) -> Floats:
    """How well the fine structure agrees in most blocks of pictures (M, 96, 96) that have any: (M,), about -1 to 1.

    The lesser of the median correlation and the lower quartile (plus an allowance); 0 where too few blocks of both
    have structure.
    """
    a, b = _blocks(_detail(left)), _blocks(_detail(right))
    aa, bb = (a * a).mean(axis=2), (b * b).mean(axis=2)
    textured = (aa > _TEXTURE**2) & (bb > _TEXTURE**2)
    each = np.sort(np.where(textured, _ratio((a * b).mean(axis=2), aa, bb), np.inf), axis=1)
    count = textured.sum(axis=1)
    rows = np.arange(len(each))
    last = np.maximum(count - 1, 0)
    agreed = np.minimum(each[rows, last // 2], each[rows, last // 4] + _QUARTILE_ALLOWANCE)
    return np.where(count >= _LEAST_BLOCKS, agreed, 0.0).astype(np.float32)


def registered_fine(left: Tile, right: Tile) -> float:
    """`fine` of two pictures (96, 96) after the second is moved and scaled onto the first; 0 if it cannot be."""
    half = SIDE // 2
    a, b = (cv2.resize(one, (half, half), interpolation=cv2.INTER_AREA).astype(np.float32) for one in (left, right))
    inside = np.ones((half, half), np.uint8)
    warp = np.eye(2, 3, dtype=np.float32)
    try:
        likely, rough = cv2.findTransformECC(a, b, warp, cv2.MOTION_AFFINE, _QUICK, inside, 3)
        if likely < _LIKELY:
            return 0.0
        warp = np.asarray(rough, np.float32) * np.array([1, 1, 2], np.float32)
        still, moving = left.astype(np.float32), right.astype(np.float32)
        _, found = cv2.findTransformECC(still, moving, warp, cv2.MOTION_AFFINE, _EXACT, _EVERYWHERE, 5)
    except cv2.error:  # the pictures have nothing in common
        return 0.0
    change = np.abs(found - np.eye(2, 3))
    if change[:, :2].max() > 0.25 or change[:, 2].max() > SIDE / 4:
        return 0.0
    moved = cv2.warpAffine(
        right, found, (SIDE, SIDE), flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE
    )
    return float(fine(left[None], moved[None].astype(np.uint8))[0])


def cut_out_fine(left: Tile, right: Tile) -> float:
    """`fine` of two pictures, as tiles (2, 96, 96), one of which may be cut out of the other; 0 if nothing says so.

    Up to a tenth may be off each side, and it may be turned over.

    The one is looked for in the other at nine sizes by normalised correlation; the most likely places are where the
    registration of the whole onto the part begins.
    """
    starts: list[tuple[float, Tile, Tile, Floats]] = []
    for seen in (right, np.ascontiguousarray(right[:, :, ::-1])):
        for one in left:
            for other in seen:
                starts += [_place(one, other), _place(other, one)]
    starts.sort(key=lambda start: -start[0])
    best = 0.0
    for likely, still, moving, start in starts[:_CUT_TRIES]:
        if likely < _CUT_LIKELY or best >= _CUT_SURE:
            break
        best = max(best, _fitted(still, moving, start))
    return best


def _place(part: Tile, whole: Tile) -> tuple[float, Tile, Tile, Floats]:
    """How likely `part` (96, 96) is cut out of `whole`, both, and the warp (2, 3) that leads there."""
    small, large = (cv2.resize(one, (_HALF, _HALF), interpolation=cv2.INTER_AREA) for one in (part, whole))
    best, start = -1.0, np.eye(2, 3, dtype=np.float32)
    for height in _CUT_SIDES:
        for width in _CUT_SIDES:
            if height == width == _HALF:
                continue  # nothing is cut off: `registered_fine` begins there, and neighbouring slices agree there
            view = cv2.resize(small, (width, height), interpolation=cv2.INTER_AREA)
            _, likely, _, (x, y) = cv2.minMaxLoc(cv2.matchTemplate(large, view, cv2.TM_CCOEFF_NORMED))
            if likely > best:
                best = likely
                start = np.array([[width / _HALF, 0, 2 * x], [0, height / _HALF, 2 * y]], np.float32)
    return best, part, whole, start


def _fitted(still: Tile, moving: Tile, start: Floats) -> float:
    """`fine` after a registration that begins at `start`; 0 if it fails or goes far from there."""
    try:
        _, found = cv2.findTransformECC(
            still.astype(np.float32), moving.astype(np.float32), start.copy(), cv2.MOTION_AFFINE, _EXACT, _EVERYWHERE, 5
        )
    except cv2.error:  # the pictures have nothing in common
        return 0.0
    change = np.abs(found - start)
    if change[:, :2].max() > _CUT_FREEDOM or change[:, 2].max() > _BLOCK:
        return 0.0
    moved = cv2.warpAffine(
        moving, found, (SIDE, SIDE), flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE
    )
    return float(fine(still[None], moved[None].astype(np.uint8))[0])


def _pooled(pictures: Tile) -> Floats:
    count = len(pictures)
    pooled: Floats = pictures.reshape(count, SIDE // 2, 2, SIDE // 2, 2).mean(axis=(2, 4), dtype=np.float32)
    return pooled


def _centred(values: Floats) -> Floats:
    centred: Floats = values - values.mean(axis=(1, 2), keepdims=True)
    return centred


def _detail(pictures: Tile) -> Floats:
    """What a blur of a few pixels takes away."""
    values = pictures.astype(np.float32)
    return np.stack([one - cv2.GaussianBlur(one, (0, 0), _COARSE) for one in values]) if len(values) else values


def _blocks(values: Floats) -> Floats:
    """(M, 96, 96) to (M, blocks, pixels of a block), each block with mean 0."""
    count, n = len(values), SIDE // _BLOCK
    cut = values.reshape(count, n, _BLOCK, n, _BLOCK).transpose(0, 1, 3, 2, 4).reshape(count, n * n, _BLOCK**2)
    centred: Floats = cut - cut.mean(axis=2, keepdims=True)
    return centred


def _ratio(product: Floats, left: Floats, right: Floats) -> Floats:
    ratio: Floats = product / np.sqrt(np.maximum(left * right, 1e-6))
    return ratio
