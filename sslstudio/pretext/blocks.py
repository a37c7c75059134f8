"""Square blocks of images, hidden at random: the mask of tasks that rebuild what they do not see."""

from __future__ import annotations

import torch
from torch import Tensor


def block_mask(count: int, image_size: int, share: float, block: int, device: torch.device) -> Tensor:
    """Random masks (count, 1, S, S) bool, True where hidden: about `share` of the blocks of `block` x `block` pixels.

    Every image hides equally many blocks, at least one and never all; the grid of blocks starts at a random pixel in
    each image, so that their edges teach nothing. torch's own random numbers alone.
    """
    cells = -(-image_size // block) + 1
    hidden = min(max(round(share * cells * cells), 1), cells * cells - 1)
    order = torch.rand(count, cells * cells, device=device).argsort(dim=1)
    grid = torch.zeros(count, cells * cells, dtype=torch.bool, device=device)
    grid.scatter_(1, order[:, :hidden], True)
    grid = grid.view(count, cells, cells)
    places = torch.arange(image_size, device=device)
    down, across = ((places + torch.randint(block, (count, 1), device=device)) // block for _ in range(2))
    rows = torch.arange(count, device=device)[:, None, None]
    return grid[rows, down[:, :, None], across[:, None, :]][:, None]
