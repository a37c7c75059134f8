"""All training images as 8-bit squares, resized once: on the training device if they fit, else on the host or disk."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from sslstudio.augment.preprocess import match_channels
from sslstudio.augment.resample import fit_square
from sslstudio.domain.items import Item
from sslstudio.importers.pixel_cache import PixelCache
from sslstudio.importers.windowing import to_uint8
from sslstudio.training.devices import free_bytes
from sslstudio.training.reporter import Reporter

SHARE = 0.4
"""The share of free memory that pixels may take."""
OVERSIZE = 1.375
"""Side of the stored squares relative to the training image size: room to zoom without keeping full size."""


def stored_side(image_size: int) -> int:
    """Side of the stored squares in pixels: a multiple of 8."""
    return -(-int(image_size * OVERSIZE) // 8) * 8


def channels_of(items: Sequence[Item]) -> int:
    """3 if any image is in colour, else 1."""
    return 3 if any(item.channels == 3 for item in items) else 1


def display_pixels(cache: PixelCache, item: Item, margin: float = 0.0) -> Tensor:
    """One image as the gallery shows it: uint8 (1, C, H, W); `margin` widens its window by a share at both ends."""
    widen = margin * (item.high - item.low)
    pixels = to_uint8(cache.read(item.pixels), item.low - widen, item.high + widen)
    return torch.from_numpy(pixels).permute(2, 0, 1).unsqueeze(0)


class PixelStore:
    """Squares (n, C, T, T) uint8, one for each item in order.

    `gather` gives rows on the training device. `resident` is True when no copy between memories is needed for it.
    """

    def __init__(self, squares: Tensor, device: torch.device, scratch: Path | None = None) -> None:
        self.squares = squares
        self.device = device
        self._scratch = scratch

    @property
    def resident(self) -> bool:
        """Whether the squares already lie in the training device's memory."""
        return self.squares.device.type == self.device.type and self._scratch is None

    def __len__(self) -> int:
        return len(self.squares)

    def gather(self, rows: Tensor) -> Tensor:
        """The squares of `rows` (N,) int64 as (N, C, T, T) uint8 on the training device."""
        if self.squares.device.type != "cpu":
            return self.squares[rows.to(self.squares.device)]
        chosen = self.squares[rows]
        if self.device.type == "cpu":
            return chosen
        if self.device.type == "cuda":
            chosen = chosen.pin_memory()
        return chosen.to(self.device, non_blocking=True)

    def close(self) -> None:
        """Remove the file behind the squares, if there is one."""
        if self._scratch is not None:
            self._scratch.unlink(missing_ok=True)


def build(
    items: Sequence[Item],
    cache: PixelCache,
    *,
    image_size: int,
    channels: int,
    margin: float,
    device: torch.device,
    scratch: Path,
    report: Reporter,
) -> PixelStore:
    """Read, window and resize every item; `scratch` names a file to use when the squares do not fit into memory."""
    side = stored_side(image_size)
    shape = (len(items), channels, side, side)
    wanted = len(items) * channels * side * side
    on_device = device.type != "cpu" and wanted <= SHARE * free_bytes(device)
    in_memory = wanted <= SHARE * free_bytes(torch.device("cpu"))
    file: Path | None = None
    if in_memory:
        squares = torch.empty(shape, dtype=torch.uint8)
    else:
        file = scratch
        file.parent.mkdir(parents=True, exist_ok=True)
        squares = torch.from_numpy(np.memmap(file, dtype=np.uint8, mode="w+", shape=shape))
    for row, item in enumerate(items):
        report.check_cancelled()
        pixels = match_channels(display_pixels(cache, item, margin), channels)
        squares[row] = fit_square(pixels, side)[0].round_().clamp_(0, 255).to(torch.uint8)
        report.progress(row + 1, len(items), "images", "Preparing images")
    if on_device:
        resident = squares.to(device)
        if file is not None:
            file.unlink(missing_ok=True)
        return PixelStore(resident, device)
    return PixelStore(squares, device, file)
