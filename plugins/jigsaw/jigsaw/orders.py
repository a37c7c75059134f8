"""Orders of tiles that differ in as many places as possible, so that telling them apart needs all tiles."""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor


def all_orders(tiles: int) -> Tensor:
    """Every order (tiles!, tiles) int8 of `tiles` things."""
    orders = torch.zeros(1, 1, dtype=torch.int8)
    for newest in range(1, tiles):
        put = torch.full((len(orders), 1), newest, dtype=torch.int8)
        orders = torch.cat([torch.cat((orders[:, :at], put, orders[:, at:]), 1) for at in range(newest + 1)])
    return orders


@cache
def distinct_orders(tiles: int, count: int) -> Tensor:
    """`count` different orders (count, tiles) int64; the next is always one that is farthest from those before.

    Farthest by the least Hamming distance, then by the mean; always the same orders for the same numbers. Starts
    with the tiles in place.
    """
    orders = all_orders(tiles)
    start = int((orders == torch.arange(tiles, dtype=torch.int8)).all(dim=1).nonzero())
    chosen = [start]
    least = torch.full((len(orders),), tiles, dtype=torch.int64)
    total = torch.zeros(len(orders), dtype=torch.int64)
    while len(chosen) < count:
        distance = (orders != orders[chosen[-1]]).sum(dim=1)
        least = torch.minimum(least, distance)
        total += distance
        score = least * (tiles * (count + 1)) + total
        score[chosen] = -1
        chosen.append(int(score.argmax()))
    return orders[chosen].long()
