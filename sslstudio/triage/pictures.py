"""Pictures as the triage looks at them: the display picture of an item, in colour and in grey."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from sslstudio.domain.items import Item
from sslstudio.importers.pixel_cache import PixelCache
from sslstudio.importers.windowing import render

Picture = NDArray[np.uint8]
"""(H, W) grey or (H, W, C) with C 1 or 3."""


def display(cache: PixelCache, item: Item) -> Picture:
    """The picture (H, W, C) as gallery and model show it; of three windows on one grey image the widest."""
    windows = item.windows if item.channels == 3 else (max(item.windows, key=lambda window: window[1] - window[0]),)
    return render(cache.read(item.pixels), windows)


def grey(picture: Picture) -> Picture:
    """The picture in grey (H, W)."""
    if picture.ndim == 2:
        return picture
    if picture.shape[2] == 1:
        return np.ascontiguousarray(picture[:, :, 0])
    return cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2GRAY).astype(np.uint8)


def content(picture: Picture) -> tuple[int, int, int, int]:
    """(top, bottom, left, right) of what stands out from the border of a grey picture; the whole if nothing does.

    Thin structures such as text and noise do not count, so that an overlay does not move the frame.
    """
    height, width = picture.shape
    small = cv2.resize(picture, (64, 64), interpolation=cv2.INTER_AREA)
    border = np.concatenate((small[0], small[-1], small[:, 0], small[:, -1]))
    away = np.abs(small.astype(np.int16) - int(np.median(border)))
    mask = (away > max(12, 0.15 * float(away.max()))).astype(np.uint8)
    mask = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8)).astype(np.uint8)
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if len(rows) < 16 or len(columns) < 16:
        return 0, height, 0, width
    return (
        rows[0] * height // 64,
        -(-(rows[-1] + 1) * height // 64),
        columns[0] * width // 64,
        -(-(columns[-1] + 1) * width // 64),
    )


def framed(picture: Picture) -> Picture:
    """The part of a grey picture that `content` frames."""
    top, bottom, left, right = content(picture)
    return np.ascontiguousarray(picture[top:bottom, left:right])
