"""Views of a few images exactly as training makes them, for whoever chooses how images are changed.

Called by name in a child process: what comes and goes is plain data, so that the window needs no torch.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from sslstudio.augment import presets
from sslstudio.augment.batch import BatchAugmenter, VolumeAugmenter
from sslstudio.domain.items import Item
from sslstudio.domain.specs import Preset
from sslstudio.domain.stacks import stacks
from sslstudio.importers.pixel_cache import PixelCache
from sslstudio.training import devices, pixel_store, volume_store
from sslstudio.training.sampling import generator_for

Pictures = np.ndarray[tuple[int, ...], np.dtype[np.uint8]]
_VIEWS = 7
_NO_SHIFT, _NO_SCALE = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)


def draw_views(
    pixels_dir: str, items: Sequence[Item], preset: Preset, image_size: int, each: int, seed: int, depth: int = 0
) -> tuple[Pictures, Pictures]:
    """The images as the network would see them unchanged (N, S, S, 3), and `each` views of them (N, each, S, S, 3).

    Both are uint8. The same `seed` gives the same views. With a `depth`, `items` are the slices of volumes, of which
    and of whose views the middle slices are shown. Raises SSLStudioError when pixels are lost.
    """
    devices.use_every_core()
    chosen = presets.PRESETS[preset]
    channels = pixel_store.channels_of(items)
    cpu = torch.device("cpu")
    shift, scale = _NO_SHIFT[:channels], _NO_SCALE[:channels]
    with contextlib.closing(PixelCache(Path(pixels_dir))) as cache:
        if depth:
            squares = volume_store.volumes(stacks(items), cache, image_size, depth, channels, chosen.window_margin)
        else:
            squares = pixel_store.squares(items, cache, image_size, channels, chosen.window_margin)
    augmenter = (
        VolumeAugmenter(chosen, image_size, depth, shift, scale)
        if depth
        else BatchAugmenter(chosen, image_size, shift, scale)
    )
    plain = augmenter.plain(squares)
    views = [augmenter.view(squares, generator_for(cpu, seed, _VIEWS, view)) for view in range(each)]
    if depth:
        plain, views = plain[:, :, depth // 2], [view[:, :, depth // 2] for view in views]
    return _pictures(plain), _pictures(torch.stack(views, dim=1))


def _pictures(images: Tensor) -> Pictures:
    """Images (..., C, S, S), 0 to 1, as uint8 (..., S, S, 3)."""
    pixels = (images.clamp(0.0, 1.0) * 255.0).round().to(torch.uint8)
    shown: Any = pixels.movedim(-3, -1)
    return np.ascontiguousarray(shown.expand(*shown.shape[:-1], 3).numpy())
