"""Blocks of images or volumes, hidden at random: the mask of tasks that rebuild what they do not see."""

from __future__ import annotations

import torch
from torch import Tensor


def block_mask(
    count: int, image_size: int, share: float, block: int, device: torch.device, *, depth: int = 0
) -> Tensor:
    """Random masks (count, 1, S, S) bool, True where hidden: about `share` of the blocks of `block` x `block` pixels.

    Every image hides equally many blocks, at least one and never all; the grid of blocks starts at a random pixel in
    each image, so that their edges teach nothing. For volumes of `depth` slices masks are (count, 1, depth, S, S), and
    a block takes as large a share of the slices as of a side. torch's own random numbers alone.
    """
    across = (image_size, block)
    axes = [(depth, max(1, round(block * depth / image_size))), across, across] if depth else [across, across]
    sides = [-(-size // length) + 1 for size, length in axes]
    cells = torch.Size(sides).numel()
    hidden = min(max(round(share * cells), 1), cells - 1)
    order = torch.rand(count, cells, device=device).argsort(dim=1)
    grid = torch.zeros(count, cells, dtype=torch.bool, device=device)
    grid.scatter_(1, order[:, :hidden], True)
    places = [
        (torch.arange(size, device=device) + torch.randint(length, (count, 1), device=device)) // length
        for size, length in axes
    ]
    rows = torch.arange(count, device=device).view(-1, *[1] * len(axes))
    spread = [
        place.view(count, *[-1 if own == axis else 1 for own in range(len(axes))]) for axis, place in enumerate(places)
    ]
    return grid.view(count, *sides)[(rows, *spread)][:, None]
