"""A made-up picture for the package, so that a receiver can check it without any patient's image; drawn by formula."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

HEIGHT, WIDTH = 160, 200


def picture(channels: int) -> NDArray[np.uint8]:
    """An 8-bit picture (160, 200, C) of a bright oval with a soft spot on a dark ramp; always the same."""
    y, x = np.meshgrid(np.linspace(-1, 1, HEIGHT), np.linspace(-1, 1, WIDTH), indexing="ij")
    oval = 1.0 / (1.0 + np.exp(24.0 * ((x / 0.8) ** 2 + (y / 0.85) ** 2 - 1.0)))
    texture = 0.08 * np.sin(19.0 * x + 7.0 * y) + 0.05 * np.sin(31.0 * y - 5.0 * x)
    spot = 0.35 * np.exp(-((x - 0.3) ** 2 + (y + 0.2) ** 2) / 0.02)
    grey = np.clip(0.06 + 0.05 * x + oval * (0.45 + texture + spot), 0.0, 1.0)
    tints = np.array([1.0]) if channels == 1 else np.array([1.0, 0.85, 0.8])
    result: NDArray[np.uint8] = np.rint(255.0 * grey[:, :, None] * tints).astype(np.uint8)
    return result
