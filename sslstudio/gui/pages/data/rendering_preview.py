"""Reads one image and makes what the section "What the model sees" shows of it; runs off the window's thread."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from sslstudio.domain.rendering import Rendering, Windows
from sslstudio.errors import SSLStudioError
from sslstudio.gui.widgets.window_histogram import Histogram, measure
from sslstudio.importers.pixel_cache import PixelCache
from sslstudio.importers.rendering import Grey, original_window
from sslstudio.importers.windowing import StoredPixels, render, to_uint8
from sslstudio.session.project import Project

Shown = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Sample:
    """One image of the project: stored pixels (H, W, C), what windows are made from, its values in its unit."""

    image_id: int
    stored: StoredPixels
    grey: Grey
    histogram: Histogram | None
    kind: str


@dataclass(frozen=True)
class Made:
    """Pictures (H, W, 1 or 3) uint8: by the file's own window, as the model sees it, and at the model's size."""

    original: Shown
    seen: Shown
    small: Shown


def read(project: Project, image_id: int) -> Sample:
    """One image with its histogram; raises SSLStudioError when its pixels are lost."""
    found = project.catalogue.greys([image_id]).get(image_id)
    if found is None:
        raise SSLStudioError("This image is not in the project.", "Import it again.", code="unknown_image")
    place, grey = found
    stored = np.array(PixelCache(project.pixels_dir).read(place))
    finished = grey.finished or stored.shape[2] == 3
    histogram = None if finished else measure(stored, grey.slope, grey.intercept, grey.unit)
    words = [grey.modality, "colour" if stored.shape[2] == 3 else grey.unit]
    return Sample(image_id, stored, grey, histogram, " ".join(filter(None, words)))


def make(sample: Sample, windows: Windows, side: int) -> Made:
    """The pictures of an image through `windows`; the small one is a square of `side` pixels."""
    seen = render(sample.stored, windows)
    return Made(to_uint8(sample.stored, *original_window(sample.grey)), seen, fit_square(seen, side))


def fit_square(picture: Shown, side: int) -> Shown:
    """(H, W, C) as (side, side, C): aspect kept, centred, black beyond; Pillow's antialiased triangle filter, as the
    model's own resize has it."""
    height, width, channels = picture.shape
    scale = side / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    whole = Image.fromarray(picture if channels == 3 else picture[:, :, 0])
    small = np.asarray(whole.resize(size, Image.Resampling.BILINEAR)).reshape(size[1], size[0], channels)
    square = np.zeros((side, side, channels), np.uint8)
    top, left = (side - size[1]) // 2, (side - size[0]) // 2
    square[top : top + size[1], left : left + size[0]] = small
    return square


def fixed_windows(rendering: Rendering) -> list[tuple[float, float]]:
    """(Centre, width) in HU of each channel; empty when the rendering has none."""
    found = []
    for channel in rendering.channels:
        rule = next((rule for rule in channel.rules if rule.centre is not None and rule.width is not None), None)
        if rule is None or rule.centre is None or rule.width is None:
            return []
        found.append((rule.centre, rule.width))
    return found


def in_unit(windows: Windows, grey: Grey) -> list[tuple[float, float]]:
    """Windows in the unit of the image."""
    found = []
    for window in windows:
        low, high = sorted(end * grey.slope + grey.intercept for end in window)
        found.append((low, high))
    return found
