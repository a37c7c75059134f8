"""All training images as squares, resized once: on the training device if they fit, else on the host or disk.

Squares have 8 bits, or 16 where the window is to be moved while training: then they hold a wider range, in which a step
of 8 bits would show after the window is made narrower (`benchmarks/window_jitter.py` measures it).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from sslstudio.augment.preprocess import match_channels
from sslstudio.augment.resample import fit_square
from sslstudio.domain.items import Item
from sslstudio.importers.pixel_cache import PixelCache
from sslstudio.importers.windowing import render, render_wide
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
    """3 if any image is seen in three channels, else 1."""
    return 3 if any(item.seen_channels == 3 for item in items) else 1


def display_pixels(cache: PixelCache, item: Item) -> Tensor:
    """One image as the gallery shows it and the model sees it: uint8 (1, C, H, W)."""
    return torch.from_numpy(render(cache.read(item.pixels), item.windows)).permute(2, 0, 1).unsqueeze(0)


def wide_pixels(cache: PixelCache, item: Item, margin: float) -> Tensor:
    """One image over windows that are wider at both ends by `margin` of their width: float32 (1, C, H, W), 0 to 1."""
    wide = tuple((low - margin * (high - low), high + margin * (high - low)) for low, high in item.windows)
    pixels = render_wide(cache.read(item.pixels), wide).astype(np.float32) / 65535.0
    return torch.from_numpy(pixels).permute(2, 0, 1).unsqueeze(0)


class PixelStore:
    """Squares (n, C, T, T), one for each item in order: uint8, or int16 for 65,536 levels from -32,768 on.

    For volumes they are (n, C, D, T, T) and stand here under the same name.

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
        """The squares of `rows` (N,) int64 as (N, C, T, T) on the training device; see `augment.batch.shares`."""
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


def _square(cache: PixelCache, item: Item, channels: int, side: int, margin: float) -> Tensor:
    if not margin:
        fitted = fit_square(match_channels(display_pixels(cache, item), channels), side)[0]
        return fitted.round_().clamp_(0, 255).to(torch.uint8)
    fitted = fit_square(match_channels(wide_pixels(cache, item, margin), channels), side)[0]
    return (fitted * 65535.0).round_().clamp_(0, 65535).sub_(32768).to(torch.int16)


def squares(items: Sequence[Item], cache: PixelCache, image_size: int, channels: int, margin: float) -> Tensor:
    """The squares (N, C, T, T) of a few items, as `build` stores them."""
    side = stored_side(image_size)
    return torch.stack([_square(cache, item, channels, side, margin) for item in items])


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
    """Read, window and resize every item; `scratch` names a file to use when the squares do not fit into memory.

    With a `margin` the windows are wider by it and the squares have 16 bits.
    """
    side = stored_side(image_size)
    squares, file = empty_store((len(items), channels, side, side), torch.int16 if margin else torch.uint8, scratch)
    for row, item in enumerate(items):
        report.check_cancelled()
        squares[row] = _square(cache, item, channels, side, margin)
        report.progress(row + 1, len(items), "images", "Preparing images")
    return settle(squares, device, file)


def empty_store(shape: tuple[int, ...], kind: torch.dtype, scratch: Path) -> tuple[Tensor, Path | None]:
    """Room for pixels of `shape`: in memory, or in the file `scratch` (then named too) where memory is short."""
    wanted = math.prod(shape) * kind.itemsize
    if wanted <= SHARE * free_bytes(torch.device("cpu")):
        return torch.empty(shape, dtype=kind), None
    scratch.parent.mkdir(parents=True, exist_ok=True)
    numbers = np.int16 if kind == torch.int16 else np.uint8
    return torch.from_numpy(np.memmap(scratch, dtype=numbers, mode="w+", shape=shape)), scratch


def settle(pixels: Tensor, device: torch.device, file: Path | None) -> PixelStore:
    """`pixels` on the training device if they fit there, else where they are; `file` is what lies behind them."""
    on_device = device.type != "cpu" and pixels.numel() * pixels.itemsize <= SHARE * free_bytes(device)
    if not on_device:
        return PixelStore(pixels, device, file)
    resident = pixels.to(device)
    if file is not None:
        file.unlink(missing_ok=True)
    return PixelStore(resident, device)
