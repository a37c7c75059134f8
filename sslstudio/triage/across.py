"""Whether two images of different patients show the same picture: pairs that embeddings suggest, decided by pixels."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sslstudio.domain.items import Item
from sslstudio.errors import SSLStudioError
from sslstudio.importers.pixel_cache import PixelCache
from sslstudio.triage import duplicates, likeness, pictures

Tile = likeness.Tile
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
    found = []
    for left, right in pairs:
        score = agreement(made.get(left, _EMPTY), made.get(right, _EMPTY))
        found.append((left, right, min(1.0, score), score >= duplicates.COPY))
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
