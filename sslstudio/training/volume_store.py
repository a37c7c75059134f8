"""All training volumes resampled once to one shape, stored as the squares of single images are; see `pixel_store`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from sslstudio.augment.preprocess import match_channels
from sslstudio.augment.resample import axis_weights, fit_square
from sslstudio.domain.stacks import Stack
from sslstudio.importers.pixel_cache import PixelCache
from sslstudio.training.pixel_store import PixelStore, display_pixels, empty_store, settle, stored_side, wide_pixels
from sslstudio.training.reporter import Reporter

_WIDE = 65535.0


def read_volume(
    cache: PixelCache, volume: Stack, *, channels: int, depth: int, side: int, margin: float = 0.0
) -> Tensor:
    """One volume (C, depth, side, side) float32: 0 to 255, or 0 to 1 over windows wider by `margin`.

    Within a slice the aspect is kept with zeros beyond, as `fit_square` does; along the axis the whole pass is
    resampled to `depth` slices, whatever their distance. Slices are read one after the other, so that a series of any
    length needs no more memory than its result.
    """
    weights = axis_weights(len(volume.slices), depth)
    made = torch.zeros(channels, depth, side, side)
    for place, item in enumerate(volume.slices):
        pixels = wide_pixels(cache, item, margin) if margin else display_pixels(cache, item)
        fitted = fit_square(match_channels(pixels, channels), side)[0]
        for at in weights[:, place].nonzero().flatten().tolist():
            made[:, at] += weights[at, place] * fitted
    return made


def build(
    volumes: Sequence[Stack],
    cache: PixelCache,
    *,
    image_size: int,
    depth: int,
    channels: int,
    margin: float,
    device: torch.device,
    scratch: Path,
    report: Reporter,
) -> PixelStore:
    """Read, window and resample every volume to (C, D', T, T), both with room to zoom; else as `pixel_store.build`."""
    side, slices = stored_side(image_size), stored_side(depth)
    kind = torch.int16 if margin else torch.uint8
    stored, file = empty_store((len(volumes), channels, slices, side, side), kind, scratch)
    for row, volume in enumerate(volumes):
        report.check_cancelled()
        stored[row] = _as_stored(cache, volume, channels, slices, side, margin)
        report.progress(row + 1, len(volumes), "volumes", "Preparing volumes")
    return settle(stored, device, file)


def volumes(
    some: Sequence[Stack], cache: PixelCache, image_size: int, depth: int, channels: int, margin: float
) -> Tensor:
    """A few volumes (N, C, D', T, T) as `build` stores them."""
    side, slices = stored_side(image_size), stored_side(depth)
    return torch.stack([_as_stored(cache, one, channels, slices, side, margin) for one in some])


def _as_stored(cache: PixelCache, volume: Stack, channels: int, slices: int, side: int, margin: float) -> Tensor:
    made = read_volume(cache, volume, channels=channels, depth=slices, side=side, margin=margin)
    if margin:
        return (made * _WIDE).round_().clamp_(0, _WIDE).sub_(32768).to(torch.int16)
    return made.round_().clamp_(0, 255).to(torch.uint8)
