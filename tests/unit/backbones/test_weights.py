"""Weights files: names matched and reported, colour summed for grey, pickles never executed."""

from __future__ import annotations

import os
import zipfile
from collections import OrderedDict
from pathlib import Path

import pytest
import safetensors.torch
import torch

from sslstudio.backbones import convert_weights, weights
from sslstudio.backbones.build import build
from sslstudio.errors import SSLStudioError


def test_a_colour_checkpoint_with_wrapped_names_fits_a_grey_backbone(tmp_path: Path) -> None:
    donor = build("resnet18", 3, 64, seed=5)
    state = {f"module.encoder.{name}": tensor for name, tensor in donor.state_dict().items()}
    state["module.encoder.fc.weight"] = torch.zeros(10, 512)
    state["extra.weight"] = torch.zeros(3)
    path = tmp_path / "weights.safetensors"
    safetensors.torch.save_file(state, path)
    backbone = build("resnet18", 1, 64, seed=0)
    report = weights.load_file(backbone, path)
    assert report.missing == ()
    assert report.unused == ("extra.weight",)
    assert torch.allclose(backbone.conv1.weight, donor.conv1.weight.sum(1, keepdim=True))
    assert torch.equal(backbone.layer4[1].conv2.weight, donor.layer4[1].conv2.weight)


@pytest.mark.slow
def test_a_pickled_state_dict_is_read_in_a_child(tmp_path: Path) -> None:
    donor = build("vit_tiny", 1, 64, seed=5)
    path = tmp_path / "weights.pth"
    torch.save({"epoch": 3, "state_dict": OrderedDict(donor.state_dict())}, path)
    backbone = build("vit_tiny", 1, 32, seed=0)
    report = weights.load_file(backbone, path)
    assert report.missing == ()
    assert torch.equal(backbone.blocks[0].attn.qkv.weight, donor.blocks[0].attn.qkv.weight)


class _Bomb:
    """Creates the file `marker` when a careless reader unpickles it."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (os.mkdir, (str(self.marker),))


@pytest.mark.slow
def test_a_malicious_pickle_is_refused_and_not_executed(tmp_path: Path) -> None:
    marker = tmp_path / "executed"
    path = tmp_path / "weights.pth"
    torch.save({"state_dict": {"conv1.weight": torch.zeros(2)}, "x": _Bomb(marker)}, path)
    with pytest.raises(SSLStudioError, match="could not be read as network weights") as caught:
        weights.load_file(build("resnet18", 1, 64), path)
    assert caught.value.code == "not_weights"
    assert not marker.exists()


def test_a_compression_bomb_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "weights.pth"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", b"\0" * (64 << 20))
    assert convert_weights.main(path, tmp_path / "out.safetensors") == convert_weights.TOO_LARGE


@pytest.mark.parametrize("content", [b"", b"not weights at all", b"PK\x03\x04broken"])
def test_files_that_are_not_weights_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "weights.safetensors"
    path.write_bytes(content)
    with pytest.raises(SSLStudioError, match="could not be read"):
        weights.load_file(build("vit_tiny", 1, 32), path)


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    safetensors.torch.save_file(dict(build("vit_tiny", 1, 32).state_dict()), path)
    with pytest.raises(SSLStudioError, match="does not belong"):
        weights.load_file(build("resnet18", 1, 64), path)


def port_name(name: str) -> str:
    """timm's name of a layer of EfficientNet-Lite0 as the PyTorch port calls it."""
    parts = name.split(".")
    if parts[0] != "blocks":
        return {"conv_stem": "_conv_stem", "bn1": "_bn0", "conv_head": "_conv_head", "bn2": "_bn1"}[parts[0]] + (
            "." + parts[-1]
        )
    number = sum((1, 2, 2, 3, 3, 4, 1)[: int(parts[1])]) + int(parts[2])
    first = {"conv_dw": "_depthwise_conv", "bn1": "_bn1", "conv_pw": "_project_conv", "bn2": "_bn2"}
    inner = {"conv_pw": "_expand_conv", "bn1": "_bn0", "conv_dw": "_depthwise_conv", "bn2": "_bn1"}
    inner |= {"conv_pwl": "_project_conv", "bn3": "_bn2"}
    return f"_blocks.{number}.{(inner if number else first)[parts[3]]}.{parts[4]}"


def test_the_names_of_efficientnets_other_port_are_translated(tmp_path: Path) -> None:
    donor = build("efficientnet_lite0", 3, 64, seed=2)
    state = {port_name(name): tensor for name, tensor in donor.state_dict().items()}
    state["_fc.weight"] = torch.zeros(10, 1280)
    path = tmp_path / "port.safetensors"
    safetensors.torch.save_file(state, path)
    backbone = build("efficientnet_lite0", 1, 64)
    report = weights.load_file(backbone, path)
    assert (report.missing, report.unused) == ((), ())
    assert torch.equal(backbone.blocks[5][3].conv_dw.weight, donor.blocks[5][3].conv_dw.weight)
    assert torch.equal(backbone.conv_head.weight, donor.conv_head.weight)


def test_missing_imagenet_weights_are_one_plain_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(url: str, path: Path, digest: str) -> None:
        raise OSError("no route to secret.host")

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr(weights, "_download", refuse)
    with pytest.raises(SSLStudioError, match="could not be downloaded") as caught:
        weights.load_imagenet(build("resnet18", 1, 64), "resnet18")
    assert "secret" not in str(caught.value)


def test_imagenet_weights_in_the_local_cache_are_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    cache = tmp_path / "hub" / "checkpoints"
    cache.mkdir(parents=True)
    donor = build("resnet18", 3, 64, seed=9)
    torch.save(donor.state_dict(), cache / "resnet18-f37072fd.pth")
    backbone = build("resnet18", 3, 64)
    assert weights.load_imagenet(backbone, "resnet18").missing == ()
    assert torch.equal(backbone.conv1.weight, donor.conv1.weight)


@pytest.mark.parametrize("name", ["convnext_tiny", "vit_tiny", "efficientnet_b0"])
def test_every_weight_of_a_trained_backbone_is_taken_over(name: str) -> None:
    trained, fresh = build(name, 1, 64, seed=1), build(name, 1, 64, seed=2)
    assert not weights.fit_weights(fresh, trained.state_dict()).missing
    assert all(torch.equal(tensor, fresh.state_dict()[key]) for key, tensor in trained.state_dict().items())


def test_a_vision_transformer_goes_on_at_another_image_size() -> None:
    trained, larger = build("vit_tiny", 1, 64, seed=1), build("vit_tiny", 1, 96, seed=2)
    assert not weights.fit_weights(larger, trained.state_dict()).missing
    assert larger(torch.zeros(1, 1, 96, 96)).shape == (1, 192)
