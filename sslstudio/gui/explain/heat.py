"""A map of where a classifier looked as a picture to lay over an image: colours that read on grey, clear where low."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PySide6.QtGui import QImage

_ANCHORS = np.array([[94, 60, 153], [203, 24, 120], [252, 120, 40], [255, 236, 90]], dtype=np.float64)
"""Violet, magenta, orange, yellow: ever brighter, so that it reads without colour too, and no colour is a grey."""


def picture(heat: npt.NDArray[np.float32]) -> QImage:
    """`heat` (H, W), 0 to 1, as a picture with transparency; what is low is not covered."""
    values = np.clip(np.nan_to_num(heat.astype(np.float64)), 0.0, 1.0)
    places = np.linspace(0.0, 1.0, len(_ANCHORS))
    made = np.empty((*values.shape, 4), dtype=np.uint8)
    for channel in range(3):
        made[..., channel] = np.interp(values, places, _ANCHORS[:, channel]).round().astype(np.uint8)
    made[..., 3] = (255 * np.clip(values * 1.4, 0.0, 1.0)).astype(np.uint8)
    held = np.ascontiguousarray(made)
    height, width = values.shape
    return QImage(held.data, width, height, 4 * width, QImage.Format.Format_RGBA8888).copy()
