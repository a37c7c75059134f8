"""A backbone is the same network in timm and torchvision, loaded under their own names."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from sslstudio.backbones.build import build
from sslstudio.errors import SSLStudioError
from sslstudio.exporters import backbone_folder, other_libraries
from sslstudio.exporters.other_libraries import features, largest_difference


def lively(name: str, channels: int, size: int) -> nn.Module:
    """A backbone whose every layer matters: statistics and layer scales are not those of a fresh network."""
    backbone = build(name, channels, size, seed=1).eval()
    torch.manual_seed(0)
    for module in backbone.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 1.5)
    for parameter_name, parameter in backbone.named_parameters():
        if "gamma" in parameter_name:
            parameter.data.uniform_(0.1, 1)
    return backbone


@pytest.mark.parametrize(
    ("name", "channels"),
    [("resnet18", 1), ("resnet18", 3), ("convnext_tiny", 1), ("efficientnet_b0", 1), ("vit_tiny", 1)],
)
def test_the_features_are_the_same_in_both_libraries(name: str, channels: int) -> None:
    backbone = lively(name, channels, 64)
    shape = other_libraries.shape_of(backbone, name, channels, 64)
    images = torch.randn(2, channels, 64, 64)
    wanted = features(backbone, images)
    timm = other_libraries.timm_network(shape).eval()
    timm.load_state_dict(backbone.state_dict())
    assert largest_difference(wanted, features(timm, images)) == 0
    network = other_libraries.torchvision_network(shape)
    assert network is not None
    state = other_libraries.torchvision_state(backbone.state_dict(), network, channels)
    report = network.load_state_dict(state, strict=False)
    assert not report.unexpected_keys and len(report.missing_keys) == 2  # weight and bias of the last layer
    network = other_libraries.without_last_layer(network, shape).eval()
    assert largest_difference(wanted, features(network, images.repeat(1, 3 // channels, 1, 1))) < 1e-5


def test_a_network_that_torchvision_lacks_is_said_and_one_that_does_not_fit_refused() -> None:
    backbone = build("efficientnet_lite0", 1, 64)
    shape = other_libraries.shape_of(backbone, "efficientnet_lite0", 1, 64)
    assert other_libraries.torchvision_network(shape) is None
    other = other_libraries.torchvision_network(other_libraries.Shape("resnet18", 1, 64))
    assert other is not None
    with pytest.raises(SSLStudioError) as caught:
        other_libraries.torchvision_state(backbone.state_dict(), other, 1)
    assert caught.value.code == "export_names"


def test_a_full_disk_is_not_taken_for_a_network_that_is_no_program(tmp_path: Path) -> None:
    class Plain(nn.Module):
        def forward(self, pixels: Tensor, window: Tensor) -> Tensor:
            return pixels.mean((1, 2, 3)) + window.mean()

    (tmp_path / "program.pt2").mkdir()
    with pytest.raises(OSError, match=r"program\.pt2"):
        backbone_folder.save_program(Plain(), 1, tmp_path / "program.pt2")
