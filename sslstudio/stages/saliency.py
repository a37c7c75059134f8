"""Where a classifier looked in one image, and whether that rests on what it learned; called in a child process."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before torch loads: idle threads sleep, not spin

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from sslstudio.augment.preprocess import prepare
from sslstudio.backbones import backbone_file, saliency, table
from sslstudio.backbones.backbone_file import BackboneDescription
from sslstudio.backbones.build import build
from sslstudio.domain.items import PixelLocation
from sslstudio.domain.rendering import Windows
from sslstudio.errors import SSLStudioError
from sslstudio.importers.pixel_cache import PixelCache
from sslstudio.importers.windowing import render

RANDOM_NETWORKS = 3
ALIKE = 0.7
"""From this likeness on a map hardly depends on what the network has learned."""
_SIDE = 256


@dataclass(frozen=True, eq=False)
class Saliency:
    """The map `heat` (H, W) over the image, 0 to 1, from `fields` a side, by `method`.

    `likeness` is the mean rank correlation with the maps of networks with random weights (Adebayo et al., NeurIPS
    2018): where it is high, the map shows the picture and not what was learned. `empty` when nothing spoke for it.
    """

    heat: NDArray[np.float32]
    fields: int
    method: str
    likeness: float
    empty: bool

    @property
    def doubtful(self) -> bool:
        """Whether random weights give nearly the same map."""
        return self.likeness >= ALIKE


def look(
    model_folder: str, backbone_folder: str, pixels: str, place: PixelLocation, windows: Windows, number: int
) -> Saliency:
    """The map of one stored image for class `number` of a model; raises SSLStudioError ("no_backbone", "no_map")."""
    torch.set_num_threads(1)
    backbone, description = _network(backbone_folder)
    if description.depth:
        raise SSLStudioError(
            "This network sees whole series; where it looked can be shown for single images only.", code="no_map"
        )
    cache = PixelCache(Path(pixels))
    try:
        shown = render(cache.read(place), windows)
    finally:
        cache.close()
    image = torch.from_numpy(shown).permute(2, 0, 1).unsqueeze(0)
    image = prepare(image, description.image_size, description.in_channels, description.mean, description.std)
    head = _Head(model_folder)
    found = _map(backbone, description, head, image, number)
    likeness = [
        saliency.likeness(found, _map(_random(backbone_folder, seed), description, head, image, number))
        for seed in range(1, RANDOM_NETWORKS + 1)
    ]
    transformer = table.find(description.name).family == "vit"
    return Saliency(
        heat=_over_image(found, shown.shape[0], shown.shape[1]),
        fields=found.shape[0],
        method="attention rollout" if transformer else "Grad-CAM",
        likeness=float(np.mean(likeness)),
        empty=not bool(found.any()),
    )


class _Head:
    """Features (1, D) to logits (1, K) by the head of a model."""

    def __init__(self, folder: str) -> None:
        try:
            json.loads((Path(folder) / "model.json").read_bytes())
            with np.load(Path(folder) / "head.npz", allow_pickle=False) as arrays:
                self._parts = [
                    torch.from_numpy(arrays[name]).float() for name in ("coef", "intercept", "mean", "scale")
                ]
        except (OSError, ValueError, KeyError):
            raise SSLStudioError("This model cannot be read.", "Fit it again.", code="model_damaged") from None

    def __call__(self, features: Tensor) -> Tensor:
        coef, intercept, mean, scale = self._parts
        return nn.functional.linear((features - mean) / scale, coef, intercept)


def _map(backbone: nn.Module, description: BackboneDescription, head: _Head, image: Tensor, number: int) -> Tensor:
    if table.find(description.name).family == "vit":
        return saliency.rollout(backbone, image)
    return saliency.grad_cam(backbone, head, image, number)[0]


def _over_image(found: Tensor, height: int, width: int) -> NDArray[np.float32]:
    """The map (h, w) of the square that the network sees, as far as the image fills it, at most 256 a side."""
    square = nn.functional.interpolate(found[None, None].float(), size=(_SIDE, _SIDE), mode="bilinear")[0, 0]
    longest = max(height, width)
    rows, columns = (max(1, round(_SIDE * side / longest)) for side in (height, width))
    top, left = (_SIDE - rows) // 2, (_SIDE - columns) // 2
    return square[top : top + rows, left : left + columns].numpy().astype(np.float32)


@lru_cache(maxsize=2)
def _network(folder: str) -> tuple[nn.Module, BackboneDescription]:
    return backbone_file.load(Path(folder))


@lru_cache(maxsize=2 * RANDOM_NETWORKS)
def _random(folder: str, seed: int) -> nn.Module:
    """The same network with random weights."""
    described = backbone_file.describe(Path(folder))
    return build(described.name, described.in_channels, described.image_size, 1000 + seed).eval()
