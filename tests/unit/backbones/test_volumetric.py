"""Backbones for volumes: shapes at several depths and sizes, seeds, weights files. MONAI takes seconds to load."""

from __future__ import annotations

from pathlib import Path

import pytest
import safetensors.torch
import torch

from sslstudio.backbones import backbone_file, table, weights
from sslstudio.backbones.backbone_file import BackboneDescription
from sslstudio.backbones.build import build
from sslstudio.backbones.features import feature_pyramid
from sslstudio.errors import SSLStudioError

VOLUMETRIC = sorted(name for name, one in table.ARCHITECTURES.items() if one.dimensions == 3)


@pytest.mark.parametrize("name", VOLUMETRIC)
def test_features_have_the_declared_dimension_at_any_depth_and_size(name: str) -> None:
    entry = table.find(name)
    backbone = build(name, 1, 32).eval()
    with torch.inference_mode():
        for depth, size in ((8, 32), (24, 40)):
            features = backbone(torch.randn(2, 1, depth, size, size))
            assert features.shape == (2, entry.feature_dim)
            assert float((features[0] - features[1]).abs().max()) > 0
        volumes = torch.randn(1, 1, 24, 40, 40)
        maps = feature_pyramid(backbone, volumes)
        assert torch.allclose(maps[-1].mean((2, 3, 4)), backbone(volumes), atol=1e-5)
    assert [one.shape[2:] for one in maps[:2]] == [(6, 10, 10), (3, 5, 5)] and len(maps) == 4
    million = sum(parameter.numel() for parameter in backbone.parameters()) / 1e6
    assert million == pytest.approx(entry.million_parameters, abs=0.3)


@pytest.mark.parametrize("name", ["resnet10_3d", "swin_tiny_3d"])
def test_every_weight_learns_on_the_cpu_with_determinism_demanded(name: str) -> None:
    backbone = build(name, 3, 32)
    torch.set_deterministic_debug_mode("error")
    try:
        backbone(torch.randn(2, 3, 16, 32, 32)).square().mean().backward()
    finally:
        torch.set_deterministic_debug_mode("default")
    assert all(one.grad is not None and bool(torch.isfinite(one.grad).all()) for one in backbone.parameters())


def test_a_seed_fixes_the_weights() -> None:
    first, again, other = (build("swin_tiny_3d", 1, 32, seed=seed).state_dict() for seed in (3, 3, 4))
    assert all(torch.equal(first[key], again[key]) for key in first)
    assert any(not torch.equal(first[key], other[key]) for key in first)


def test_a_saved_backbone_says_its_depth_and_gives_the_same_features(tmp_path: Path) -> None:
    entry = table.find("resnet10_3d")
    mean, std = entry.normalisation(1)
    description = BackboneDescription(
        name=entry.name, in_channels=1, feature_dim=512, image_size=32, mean=mean, std=std, source="random", depth=16
    )
    backbone = build(entry.name, 1, 32, seed=1).eval()
    backbone_file.save(backbone, description, tmp_path)
    loaded, found = backbone_file.load(tmp_path)
    volumes = torch.rand(2, 1, 16, 32, 32)
    with torch.inference_mode():
        assert torch.allclose(loaded(volumes), backbone(volumes), atol=1e-5)
    assert found == description


def test_weights_for_grey_volumes_start_a_colour_network(tmp_path: Path) -> None:
    """Named as the published weights of Med3D are: wrapped by "module.", with a classifier that is not taken."""
    donor = build("resnet10_3d", 1, 32, seed=5).state_dict()
    file = tmp_path / "med3d.safetensors"
    safetensors.torch.save_file(
        {f"module.{name}": one.contiguous() for name, one in donor.items()} | {"module.fc.weight": torch.zeros(3, 512)},
        file,
    )
    backbone = build("resnet10_3d", 3, 32)
    report = weights.load_file(backbone, file)
    assert report.missing == () and report.unused == ()
    grey = torch.rand(2, 1, 16, 32, 32)
    own = build("resnet10_3d", 1, 32, seed=5).eval()
    with torch.inference_mode():
        assert torch.allclose(backbone.eval()(grey.expand(-1, 3, -1, -1, -1)), own(grey), atol=1e-4)


def test_there_are_no_imagenet_weights_for_volumes() -> None:
    with pytest.raises(SSLStudioError, match="sees volumes") as problem:
        weights.load_imagenet(torch.nn.Identity(), "resnet10_3d")
    assert problem.value.code == "no_imagenet_weights"
