"""Maps inside a backbone: their shapes, their order, and that pooling the last gives the features."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from sslstudio.backbones import table
from sslstudio.backbones.build import build
from sslstudio.backbones.features import feature_map, feature_pyramid, patch_size


@pytest.mark.parametrize("name", sorted(name for name, one in table.ARCHITECTURES.items() if one.dimensions == 2))
def test_maps_get_coarser_and_the_last_has_the_features_width(name: str) -> None:
    backbone = build(name, 1, 64).eval()
    with torch.no_grad():
        maps = feature_pyramid(backbone, torch.randn(2, 1, 64, 64))
        last = feature_map(backbone, torch.randn(2, 1, 64, 64))
    entry = table.find(name)
    sides = [one.shape[-1] for one in maps]
    assert sides == sorted(sides, reverse=True)
    assert last.shape[:2] == (2, entry.feature_dim)
    assert (patch_size(backbone) > 0) == (entry.family == "vit")
    assert len(maps) == 1 if entry.family == "vit" else len(set(sides)) > 3


def test_the_pooled_map_of_a_resnet_is_its_features() -> None:
    backbone = build("resnet18", 3, 64).eval()
    images = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        assert torch.allclose(feature_map(backbone, images).mean((2, 3)), backbone(images), atol=1e-5)


def test_a_backbone_without_maps_is_refused() -> None:
    with pytest.raises(TypeError, match="no feature maps"):
        feature_map(nn.Flatten(), torch.zeros(1, 1, 8, 8))
