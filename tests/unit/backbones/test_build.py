"""Every backbone of the table: shapes, seeds, files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from sslstudio.backbones import backbone_file, table
from sslstudio.backbones.backbone_file import BackboneDescription
from sslstudio.backbones.build import build
from sslstudio.errors import SSLStudioError


def describe(name: str, channels: int = 1, size: int = 64) -> BackboneDescription:
    entry = table.find(name)
    mean, std = entry.normalisation(channels)
    return BackboneDescription(
        name=name,
        in_channels=1 if channels == 1 else 3,
        feature_dim=entry.feature_dim,
        image_size=size,
        mean=mean,
        std=std,
        source="random",
    )


@pytest.mark.parametrize("name", [name for name, one in table.ARCHITECTURES.items() if one.dimensions == 2])
@pytest.mark.parametrize("channels", [1, 3])
def test_features_have_the_declared_dimension(name: str, channels: int) -> None:
    backbone = build(name, channels, 64).eval()
    with torch.inference_mode():
        features = backbone(torch.zeros(2, channels, 64, 64))
    assert features.shape == (2, table.find(name).feature_dim)
    million = sum(parameter.numel() for parameter in backbone.parameters()) / 1e6
    assert million == pytest.approx(table.find(name).million_parameters, abs=0.3)


@pytest.mark.parametrize("name", ["resnet18", "vit_tiny"])
def test_a_seed_fixes_the_weights_and_leaves_the_global_state_alone(name: str) -> None:
    state = torch.random.get_rng_state()
    first, again, other = (build(name, 1, 64, seed=seed).state_dict() for seed in (3, 3, 4))
    assert torch.equal(state, torch.random.get_rng_state())
    assert all(torch.equal(first[key], again[key]) for key in first)
    assert any(not torch.equal(first[key], other[key]) for key in first)


def test_unknown_names_and_sizes_are_refused_in_words() -> None:
    with pytest.raises(SSLStudioError, match="no backbone called"):
        build("resnet19", 1, 64)
    with pytest.raises(SSLStudioError, match="at least 32 pixels"):
        build("resnet18", 1, 16)
    with pytest.raises(SSLStudioError, match="multiple of 8"):
        build("vit_tiny", 1, 63)


def test_saved_backbone_gives_the_same_features(tmp_path: Path) -> None:
    backbone = build("resnet18", 1, 64, seed=1).to(memory_format=torch.channels_last).eval()
    weights, text = backbone_file.save(backbone, describe("resnet18"), tmp_path)
    assert weights.name == "backbone.safetensors"
    assert json.loads(text.read_text())["feature_dim"] == 512
    loaded, description = backbone_file.load(tmp_path)
    images = torch.rand(2, 1, 64, 64)
    with torch.inference_mode():
        assert torch.allclose(loaded(images), backbone(images), atol=1e-5)
    assert description == describe("resnet18")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["backbone.json", "backbone.safetensors"]


def test_non_finite_weights_are_never_saved(tmp_path: Path) -> None:
    backbone = build("vit_tiny", 1, 32)
    with torch.no_grad():
        next(backbone.parameters()).view(-1)[0] = float("nan")
    with pytest.raises(SSLStudioError, match="not finite"):
        backbone_file.save(backbone, describe("vit_tiny", size=32), tmp_path)
    assert not list(tmp_path.iterdir())


def test_damaged_files_are_refused(tmp_path: Path) -> None:
    backbone_file.save(build("vit_tiny", 1, 32), describe("vit_tiny", size=32), tmp_path)
    weights = tmp_path / "backbone.safetensors"
    weights.write_bytes(weights.read_bytes()[:5000])
    with pytest.raises(SSLStudioError, match="no readable backbone"):
        backbone_file.load(tmp_path)
    (tmp_path / "backbone.json").write_text("{}")
    with pytest.raises(SSLStudioError, match="no readable backbone"):
        backbone_file.load(tmp_path)
