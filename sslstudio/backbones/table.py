"""The table of backbones; apart from the code that builds them, so that forms can show it without torch."""

from __future__ import annotations

from typing import Literal

from sslstudio.domain.record import Record
from sslstudio.errors import SSLStudioError

IMAGENET_GREY = ((0.449,), (0.226,))
IMAGENET_COLOUR = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
HALF_GREY = ((0.5,), (0.5,))
HALF_COLOUR = ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))


class Architecture(Record):
    """One backbone: what it is called, what it costs and how pixels (0 to 1) are normalised for it.

    `feature_dim` is D of its features (N, D); `smallest_image` the least image size in pixels it makes sense with.
    `library` says which library builds it, from its name `model` there; `hub` is the repository of the ImageNet weights
    of timm's (torchvision knows its own). `cost` is the processor time of a training step at 64 px relative to
    ResNet-18; `family` says whether it is a convolutional network or a vision transformer (timm's,
    with a class token; Swin counts as the former: it is used like one). `dimensions` is 3 for networks that see volumes
    (N, C, depth, S, S); their `cost` is that of one volume of 32 slices.
    """

    name: str
    title: str
    summary: str
    library: Literal["torchvision", "timm", "monai"]
    model: str
    feature_dim: int
    smallest_image: int
    million_parameters: float
    cost: float
    hub: str = ""
    family: Literal["cnn", "vit"] = "cnn"
    half_normalised: bool = False
    dimensions: Literal[2, 3] = 2

    def normalisation(self, in_channels: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Mean and standard deviation for each input channel, for pixels in 0 to 1."""
        if self.half_normalised:
            return HALF_GREY if in_channels == 1 else HALF_COLOUR
        return IMAGENET_GREY if in_channels == 1 else IMAGENET_COLOUR


ARCHITECTURES: dict[str, Architecture] = {
    entry.name: entry
    for entry in (
        Architecture(
            name="resnet18",
            title="ResNet-18",
            summary="Small and quick; the right start for most sets and for a computer without a graphics card.",
            library="torchvision",
            model="resnet18",
            feature_dim=512,
            smallest_image=32,
            million_parameters=11.2,
            cost=1.0,
        ),
        Architecture(
            name="resnet34",
            title="ResNet-34",
            summary="A ResNet-18 with twice as many layers; about twice as slow.",
            library="torchvision",
            model="resnet34",
            feature_dim=512,
            smallest_image=32,
            million_parameters=21.3,
            cost=1.9,
        ),
        Architecture(
            name="resnet50",
            title="ResNet-50",
            summary="Larger and about three times slower; pays from some ten thousand images and with a graphics card.",
            library="torchvision",
            model="resnet50",
            feature_dim=2048,
            smallest_image=32,
            million_parameters=23.5,
            cost=2.7,
        ),
        Architecture(
            name="convnext_tiny",
            title="ConvNeXt-Tiny",
            summary="A modern convolutional network; for a graphics card and a warm start from ImageNet weights.",
            library="timm",
            model="convnext_tiny",
            feature_dim=768,
            smallest_image=32,
            million_parameters=27.8,
            cost=2.0,
            hub="timm/convnext_tiny.fb_in1k",
        ),
        Architecture(
            name="efficientnet_b0",
            title="EfficientNet-B0",
            summary="Few parameters and strong features; needs more epochs than a ResNet when it starts at random.",
            library="timm",
            model="efficientnet_b0",
            feature_dim=1280,
            smallest_image=32,
            million_parameters=4.0,
            cost=0.9,
            hub="timm/efficientnet_b0.ra_in1k",
        ),
        Architecture(
            name="efficientnet_lite0",
            title="EfficientNet-Lite0",
            summary="The quickest; its ImageNet weights can be installed as a package, without internet access later.",
            library="timm",
            model="tf_efficientnet_lite0",
            feature_dim=1280,
            smallest_image=32,
            million_parameters=3.4,
            cost=0.6,
            hub="timm/tf_efficientnet_lite0.in1k",
            half_normalised=True,
        ),
        Architecture(
            name="vit_tiny",
            title="ViT-Tiny",
            summary="A small vision transformer; needs more images and more epochs than a ResNet.",
            library="timm",
            model="vit_tiny_patch16_224",
            feature_dim=192,
            smallest_image=32,
            million_parameters=5.5,
            cost=1.8,
            hub="timm/vit_tiny_patch16_224.augreg_in21k_ft_in1k",
            family="vit",
            half_normalised=True,
        ),
        Architecture(
            name="vit_small",
            title="ViT-Small",
            summary="A vision transformer for large sets and a graphics card; the usual choice for MAE and DINO.",
            library="timm",
            model="vit_small_patch16_224",
            feature_dim=384,
            smallest_image=32,
            million_parameters=21.5,
            cost=4.9,
            hub="timm/vit_small_patch16_224.augreg_in21k_ft_in1k",
            family="vit",
            half_normalised=True,
        ),
        Architecture(
            name="resnet10_3d",
            title="ResNet-10 for volumes",
            summary="Sees whole series as volumes; the right start for them. One volume costs as much as seven images.",
            library="monai",
            model="resnet10",
            feature_dim=512,
            smallest_image=32,
            million_parameters=14.4,
            cost=7.0,
            dimensions=3,
        ),
        Architecture(
            name="resnet18_3d",
            title="ResNet-18 for volumes",
            summary="Sees whole series as volumes; larger and nearly twice as slow as ResNet-10.",
            library="monai",
            model="resnet18",
            feature_dim=512,
            smallest_image=32,
            million_parameters=33.2,
            cost=13.0,
            dimensions=3,
        ),
        Architecture(
            name="swin_tiny_3d",
            title="Swin-Tiny for volumes",
            summary="A transformer that sees whole series as volumes; for some hundred series and a graphics card.",
            library="monai",
            model="swin",
            feature_dim=384,
            smallest_image=32,
            million_parameters=2.0,
            cost=16.0,
            dimensions=3,
        ),
    )
}


def find(name: str) -> Architecture:
    """The table's entry for `name`; raises SSLStudioError (code "unknown_backbone")."""
    if name not in ARCHITECTURES:
        raise SSLStudioError(
            f"There is no backbone called {name}.",
            f"Choose one of {', '.join(ARCHITECTURES)}.",
            code="unknown_backbone",
        )
    return ARCHITECTURES[name]


def sees_volumes(name: str) -> bool:
    """Whether the backbone `name` sees volumes instead of images; False for an unknown one."""
    entry = ARCHITECTURES.get(name)
    return entry is not None and entry.dimensions == 3
