"""Whether two images of different patients show the same picture: pairs that embeddings and shades suggest, decided by
pixels.

A network may take a copy with noise for something else; its coarse shades are those of the original.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from sslstudio.domain.items import Item
from sslstudio.errors import SSLStudioError
from sslstudio.importers.pixel_cache import PixelCache
from sslstudio.triage import duplicates, likeness, pictures

Tile = likeness.Tile
CUT_OUT = 0.955
"""Fine structure of a picture and a part of it agrees at least so well: the part was shrunk and stretched back."""
NEAREST = 4
ALIKE_SHADES = 0.78
"""Correlation of shades from which two pictures are compared closely."""
MOST_BY_SHADES = 10_000
"""Of more images the embeddings alone suggest pairs: all would be compared with all."""
_SHADES = 12
_MOST_KEPT = 20_000
_BLOCK = 1024
_CUTS = ((0, 48), (0, 43), (2, 45), (5, 48), (5, 43))
"""From where to where in 48 pixels: whole, a tenth off one side or both, a tenth off both sides."""
_EMPTY = np.zeros((2, likeness.SIDE, likeness.SIDE), np.uint8)


def same_pictures(
    pixels: str, items: Sequence[Item], pairs: Sequence[tuple[int, int]]
) -> list[tuple[int, int, float, bool]]:
    """(left, right, how well the fine structure agrees, whether it is the same picture) of each pair of image ids.

    `pixels` is the project's pixel cache. A picture that was turned over is the same picture here: it leaks as much.
    The measures are those of `triage.duplicates`.
    """
    made: dict[int, Tile] = {}
    with_pixels = PixelCache(Path(pixels))
    try:
        for item in items:
            made[item.image_id] = _tile(with_pixels, item)
    finally:
        with_pixels.close()

    def judged(pair: tuple[int, int]) -> tuple[int, int, float, bool]:
        one, other = (made.get(image_id, _EMPTY) for image_id in pair)
        score = agreement(one, other)
        same = score >= duplicates.COPY
        if not same:
            cut = likeness.cut_out_fine(one, other)
            score, same = max(score, cut), cut >= CUT_OUT
        return *pair, min(1.0, score), same

    with ThreadPoolExecutor(os.cpu_count()) as cores:  # OpenCV lets go of the interpreter
        return list(cores.map(judged, pairs))


def alike_shades(pixels: str, items: Sequence[Item], owners: Sequence[int]) -> list[tuple[int, int]]:
    """Pairs of image ids, the lower first, whose shades correlate: each with the four most alike of other `owners`,
    also where one is cut out of the other or turned over; the most alike first.

    `items` are those of the images in the order of `owners`; of more than 10,000 there is no pair.
    """
    if not 2 <= len(items) <= MOST_BY_SHADES:
        return []
    views = _views(pixels, items)
    ids, owner = np.array([item.image_id for item in items]), np.asarray(owners)
    cuts = [_shades(views[:, 0, a:b, c:d]) for a, b in _CUTS for c, d in _CUTS]
    whole, framed = cuts[0], _shades(views[:, 1])
    turned = [_shades(views[:, k, :, ::-1]) for k in (0, 1)]
    found: dict[tuple[int, int], float] = {}
    for first in range(0, len(ids), _BLOCK):
        rows = slice(first, first + _BLOCK)
        alike = np.maximum(framed[rows] @ framed.T, turned[1][rows] @ framed.T)
        for cut in cuts:
            for part in (whole, turned[0]):
                np.maximum(alike, part[rows] @ cut.T, out=alike)
        alike[owner[rows, None] == owner[None]] = -1
        for row, nearest in enumerate(np.argpartition(-alike, min(NEAREST, len(ids)) - 1, axis=1)[:, :NEAREST]):
            for other in nearest.tolist():
                if alike[row, other] >= ALIKE_SHADES:
                    one, two = sorted((int(ids[first + row]), int(ids[other])))
                    found[one, two] = max(found.get((one, two), 0.0), float(alike[row, other]))
    return sorted(found, key=lambda pair: (-found[pair], pair))


_seen: dict[tuple[str, int, object], NDArray[np.uint8]] = {}
"""Small views (2, 48, 48) of what this process has looked at, by cache, image and windows."""


def _views(pixels: str, items: Sequence[Item]) -> NDArray[np.uint8]:
    """(N, 2, 48, 48): each picture small, whole and by its content."""
    if len(_seen) > _MOST_KEPT:
        _seen.clear()
    cache, made = PixelCache(Path(pixels)), []
    try:
        for item in items:
            key = (pixels, item.image_id, tuple(item.windows))
            if key not in _seen:
                _seen[key] = np.stack(
                    [cv2.resize(one, (48, 48), interpolation=cv2.INTER_AREA) for one in _tile(cache, item)]
                )
            made.append(_seen[key])
    finally:
        cache.close()
    return np.stack(made)


def _shades(pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(N, 144) coarse shades of pictures (N, H, W), mean 0 and length 1; even pictures are 0."""
    small = np.stack(
        [cv2.resize(one.astype(np.float32), (_SHADES, _SHADES), interpolation=cv2.INTER_AREA) for one in pictures]
    ).reshape(len(pictures), -1)
    small -= small.mean(axis=1, keepdims=True)
    length = np.linalg.norm(small, axis=1, keepdims=True)
    found: NDArray[np.float32] = np.where(length > 1, small / np.maximum(length, 1), 0).astype(np.float32)
    return found


def agreement(left: Tile, right: Tile) -> float:
    """How well the fine structure of two pictures, as tiles (2, 96, 96), agrees, the second as it is or turned over."""
    best = 0.0
    for seen in (right, right[:, :, ::-1]):
        views = likeness.coarse(left, seen)
        if views.max() < duplicates.SAME_VIEW:
            continue
        score = float(likeness.fine(left, seen).max())
        if score < duplicates.COPY:
            better = int(views.argmax())
            score = max(score, likeness.registered_fine(left[better], seen[better]))
        best = max(best, score)
    return best


def _tile(cache: PixelCache, item: Item) -> Tile:
    try:
        return likeness.tiles(pictures.grey(pictures.display(cache, item)))
    except SSLStudioError:  # no pixels: an empty tile is like none
        return _EMPTY
