"""Builds a backbone with seeded random weights: images (N, C, S, S) in, features (N, D) out, no classifier on top.

Those of the table with three dimensions take volumes (N, C, depth, S, S) instead.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from sslstudio.backbones import table
from sslstudio.errors import SSLStudioError

Builder = Callable[[int, int], nn.Module]
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
        return _builder(name)(in_channels, image_size)


def feature_dimension(name: str) -> int:
    """D of the backbone's features."""
    return table.find(name).feature_dim


def _resnet(name: str) -> Builder:
    def make(in_channels: int, image_size: int) -> nn.Module:
        from torchvision import models

        network: nn.Module = models.get_model(name, weights=None)
        if in_channels != 3:
            network.conv1 = nn.Conv2d(in_channels, 64, kernel_size=7, stride=2, padding=3, bias=False)
            nn.init.kaiming_normal_(network.conv1.weight, mode="fan_out", nonlinearity="relu")
        network.fc = nn.Identity()
        return network

    return make


def _vit(model: str) -> Builder:
    def make(in_channels: int, image_size: int) -> nn.Module:
        import timm

        patch = 8 if image_size < _SMALL_PATCH_BELOW else 16
        if image_size % patch:
            raise SSLStudioError(
                f"A vision transformer needs an image size that is a multiple of {patch} pixels.",
                f"Choose {image_size // patch * patch} or {(image_size // patch + 1) * patch}.",
                code="image_size_not_multiple",
            )
        network: nn.Module = timm.create_model(
            model,
            pretrained=False,
            img_size=image_size,
            patch_size=patch,
            in_chans=in_channels,
            num_classes=0,
            dynamic_img_size=True,
        )
        return network

    return make


def _timm(model: str) -> Builder:
    def make(in_channels: int, image_size: int) -> nn.Module:
        import timm

        network: nn.Module = timm.create_model(model, pretrained=False, in_chans=in_channels, num_classes=0)
        return network

    return make


def _builder(name: str) -> Builder:
    entry = table.find(name)
    if entry.library == "torchvision":
        return _resnet(entry.model)
    if entry.library == "monai":
        from sslstudio.backbones import volumetric

        return volumetric.swin if entry.model == "swin" else volumetric.resnet(entry.model)
    return _vit(entry.model) if entry.family == "vit" else _timm(entry.model)
