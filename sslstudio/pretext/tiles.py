"""Tiles cut from images with gaps between them: the pieces of jigsaws and of relative places."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def cut_tiles(images_nchw: Tensor, grid: int, keep: float, side: int) -> Tensor:
    """Tiles (N, grid * grid, C, side, side), row by row, of images (N, C, S, S).

    Each tile shows `keep` of the side of its cell, at a random place in it: the gap and the jitter keep edges that
    continue from one tile to the next from giving the answer away (Doersch et al. 2015). Tiles are enlarged or reduced
    to `side` pixels. torch's own random numbers alone.
    """
    count, _, height, _ = images_nchw.shape
    device = images_nchw.device
    cell = height // grid
    shown = min(max(round(cell * keep), 1), cell)
    corner = cell * torch.arange(grid, device=device)
    down = corner.repeat_interleave(grid) + _jitter(count, grid, cell - shown, device)
    across = corner.repeat(grid) + _jitter(count, grid, cell - shown, device)
    inside = torch.arange(shown, device=device)
    rows = torch.arange(count, device=device)[:, None, None, None]
    # Indexing with the channels in the middle puts them last: (N, tiles, shown, shown, C).
    pieces = images_nchw[
        rows, :, (down[:, :, None] + inside)[:, :, :, None], (across[:, :, None] + inside)[:, :, None, :]
    ]
    flat = pieces.permute(0, 1, 4, 2, 3).flatten(0, 1)
    if shown != side:
        flat = functional.interpolate(
            flat, size=(side, side), mode="bilinear", align_corners=False, antialias=shown > side
        )
    return flat.reshape(count, grid * grid, *flat.shape[1:])


def tile_side(image_size: int, grid: int) -> int:
    """A side that every backbone takes and that is near a cell's own: a multiple of 16, at least 32 pixels."""
    return max(32, -(-(image_size // grid) // 16) * 16)


def _jitter(count: int, grid: int, most: int, device: torch.device) -> Tensor:
    return torch.randint(most + 1, (count, grid * grid), device=device)
