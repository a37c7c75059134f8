"""Builds a backbone with seeded random weights: images (N, C, S, S) in, features (N, D) out, no classifier on top."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from sslstudio.backbones import table
from sslstudio.errors import SSLStudioError

_SMALL_PATCH_BELOW = 128


def build(name: str, in_channels: int, image_size: int, seed: int = 0) -> nn.Module:
    """The backbone `name` for `in_channels` (1 or 3) and square images of `image_size` pixels.

    The same name, shape and seed give the same weights; torch's global random state is left as it was.
    Raises SSLStudioError for an unknown name or an image size below what the backbone can use.
    """
    entry = table.find(name)
    if image_size < entry.smallest_image:
        raise SSLStudioError(
            f"{entry.title} needs images of at least {entry.smallest_image} pixels.",
            "Choose a larger image size.",
            code="image_too_small",
        )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return _BUILDERS[name](in_channels, image_size)


def feature_dimension(name: str) -> int:
    """D of the backbone's features."""
    return table.find(name).feature_dim


def _resnet(name: str) -> Callable[[int, int], nn.Module]:
    def make(in_channels: int, image_size: int) -> nn.Module:
        from torchvision import models

        network: nn.Module = models.get_model(name, weights=None)
        if in_channels != 3:
            network.conv1 = nn.Conv2d(in_channels, 64, kernel_size=7, stride=2, padding=3, bias=False)
            nn.init.kaiming_normal_(network.conv1.weight, mode="fan_out", nonlinearity="relu")
        network.fc = nn.Identity()
        return network

    return make


def _vit_tiny(in_channels: int, image_size: int) -> nn.Module:
    import timm

    patch = 8 if image_size < _SMALL_PATCH_BELOW else 16
    if image_size % patch:
        raise SSLStudioError(
            f"ViT-Tiny needs an image size that is a multiple of {patch} pixels.",
            f"Choose {image_size // patch * patch} or {(image_size // patch + 1) * patch}.",
            code="image_size_not_multiple",
        )
    network: nn.Module = timm.create_model(
        "vit_tiny_patch16_224",
        pretrained=False,
        img_size=image_size,
        patch_size=patch,
        in_chans=in_channels,
        num_classes=0,
        dynamic_img_size=True,
    )
    return network


def _efficientnet_lite0(in_channels: int, image_size: int) -> nn.Module:
    import timm

    network: nn.Module = timm.create_model(
        "tf_efficientnet_lite0", pretrained=False, in_chans=in_channels, num_classes=0
    )
    return network


_BUILDERS: dict[str, Callable[[int, int], nn.Module]] = {
    "resnet18": _resnet("resnet18"),
    "resnet50": _resnet("resnet50"),
    "vit_tiny": _vit_tiny,
    "efficientnet_lite0": _efficientnet_lite0,
}
