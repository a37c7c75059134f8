"""Made-up series of slices in a pixel cache, and a network for volumes that takes milliseconds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import nn

from sslstudio.domain.items import Item
from sslstudio.importers.pixel_cache import PixelCacheWriter


class TinyVolumeNet(nn.Module):
    """Two convolutions with batch normalisation, whose maps can be asked for: (N, C, D, S, S) to (N, 512)."""

    def __init__(self, channels: int = 1, padding: int = 0) -> None:
        super().__init__()
        self.fine = nn.Sequential(
            nn.Conv3d(channels, 16, 3, stride=2, padding=padding, bias=False), nn.BatchNorm3d(16), nn.ReLU()
        )
        self.coarse = nn.Sequential(nn.Conv3d(16, 32, 3, stride=2, padding=padding), nn.ReLU())
        self.pool = nn.Sequential(nn.AdaptiveAvgPool3d(2), nn.Flatten(), nn.Linear(256, 512))

    def forward(self, volumes: torch.Tensor) -> torch.Tensor:
        """Features (N, 512)."""
        features: torch.Tensor = self.pool(self.coarse(self.fine(volumes)))
        return features

    def forward_intermediates(self, volumes: torch.Tensor) -> tuple[torch.Tensor, list[torch.Tensor]]:
        """The last map, and both."""
        fine = self.fine(volumes)
        coarse = self.coarse(fine)
        return coarse, [fine, coarse]


def write_series(root: Path, series: int = 16, slices: int = 12, side: int = 20, channels: int = 1) -> list[Item]:
    """Series of one volume each, two to a patient: three blobs in places of its own. Image ids rise along each."""
    random = np.random.default_rng(0)
    axes = np.stack(np.mgrid[0.0 : 1.0 : slices * 1j, 0.0 : 1.0 : side * 1j, 0.0 : 1.0 : side * 1j])
    items: list[Item] = []
    with PixelCacheWriter(root / "pixels" / "shard.bin") as writer:
        for number in range(series):
            volume = np.zeros((slices, side, side))
            for _ in range(3):
                centre = random.uniform(0.2, 0.8, 3)[:, None, None, None]
                volume += np.exp(-((axes - centre) ** 2).sum(axis=0) / random.uniform(0.02, 0.05))
            pixels = (np.clip(volume, 0, 1) * 220).astype(np.uint8)
            for place, picture in enumerate(pixels):
                location = writer.append(np.repeat(picture[:, :, None], channels, axis=2))
                facts = {
                    "image_id": 1000 + len(items), "subject": f"s{number // 2}", "study": "t",
                    "series": f"series{number}", "modality": "MR", "scanner": "x", "windows": ((0.0, 255.0),),
                    "place": place,
                }  # fmt: skip
                items.append(Item.model_validate({**facts, **location.model_dump()}))
    return items
