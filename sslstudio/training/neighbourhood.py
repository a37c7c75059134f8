"""Who lies next to whom among features: which neighbours stay, and whether they share patient, scanner or site.

A network that puts images of one scanner side by side, also those of different patients, may have learned the scanner.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

NEIGHBOURS = 10
_OUT = -3.0


@dataclass(frozen=True)
class Purity:
    """Share of an image's nearest ones that belong to its own group, and what it would be by chance."""

    share: float
    chance: float

    @property
    def excess(self) -> float:
        """0 at chance level, 1 when all neighbours are of the own group."""
        return (self.share - self.chance) / max(1e-9, 1.0 - self.chance)


def similarity(features: Tensor) -> Tensor:
    """Cosines (N, N) of features (N, D), below all others on the diagonal: no image is its own neighbour."""
    normal = functional.normalize(features.float(), dim=1)
    return (normal @ normal.T).fill_diagonal_(_OUT)


def nearest(cosines: Tensor) -> Tensor:
    """The ten nearest images of each, best first: rows (N, 10) from `similarity`, fewer with fewer images."""
    return cosines.topk(min(NEIGHBOURS, len(cosines) - 1), dim=1).indices


def kept(before: Tensor, now: Tensor) -> float:
    """Share of the nearest images `before` (N, k) that are among those of `now` (N, k)."""
    return float((before[:, :, None] == now[:, None, :]).any(dim=2).float().mean())


def codes(names: Sequence[str]) -> Tensor:
    """Numbers (N,) for names; -1 for "", which stands for what is not known."""
    numbers: dict[str, int] = {}
    return torch.tensor([numbers.setdefault(name, len(numbers)) if name else -1 for name in names])


def purity(cosines: Tensor, groups: Tensor, apart: Tensor | None = None, alike: Tensor | None = None) -> Purity | None:
    """How pure neighbourhoods are in `groups` (N,) of `codes`; None where no image has another of its group.

    Neighbours with the same number in `apart` (N,), or another one in `alike` (N,), do not count. Of each image as many
    neighbours are looked at as there are others of its group, at most ten. Chance is exact: the share of its group
    among all that count.
    """
    known = groups >= 0
    counted = known[None, :] & known[:, None]
    counted.fill_diagonal_(False)
    if apart is not None:
        counted &= apart[:, None] != apart[None, :]
    if alike is not None:
        counted &= alike[:, None] == alike[None, :]
    same = (groups[:, None] == groups[None, :]) & counted
    others = same.sum(dim=1)
    rows = others > 0
    if not bool(rows.any()):
        return None
    k = min(NEIGHBOURS, len(cosines) - 1)
    near = cosines.masked_fill(~counted, _OUT).topk(k, dim=1).indices
    looked = torch.arange(k) < others.clamp(max=k)[:, None]
    hits = (same.gather(1, near) & looked).sum(dim=1) / looked.sum(dim=1).clamp(min=1)
    chance = others / counted.sum(dim=1).clamp(min=1)
    return Purity(float(hits[rows].mean()), float(chance[rows].mean()))
