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
    `library` says which library builds it and holds the names of its ImageNet weights; `family` whether it is a
    convolutional network or a vision transformer.
    """

    name: str
    title: str
    summary: str
    library: Literal["torchvision", "timm"]
    feature_dim: int
    smallest_image: int
    million_parameters: float
    family: Literal["cnn", "vit"] = "cnn"
    half_normalised: bool = False

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
            feature_dim=512,
            smallest_image=32,
            million_parameters=11.2,
        ),
        Architecture(
            name="resnet50",
            title="ResNet-50",
            summary="Larger and about three times slower; pays from some ten thousand images and with a graphics card.",
            library="torchvision",
            feature_dim=2048,
            smallest_image=32,
            million_parameters=23.5,
        ),
        Architecture(
            name="vit_tiny",
            title="ViT-Tiny",
            summary="A small vision transformer; needs more images and more epochs than a ResNet.",
            library="timm",
            feature_dim=192,
            smallest_image=32,
            million_parameters=5.5,
            family="vit",
            half_normalised=True,
        ),
        Architecture(
            name="efficientnet_lite0",
            title="EfficientNet-Lite0",
            summary="Small, with ImageNet weights that can be installed as a package, without internet access later.",
            library="timm",
            feature_dim=1280,
            smallest_image=32,
            million_parameters=3.4,
            half_normalised=True,
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
