"""A backbone under the names that timm and torchvision give it, and the line that loads it there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from sslstudio.backbones import table
from sslstudio.errors import SSLStudioError

TIMM_FILE, TORCHVISION_FILE = "timm.safetensors", "torchvision.pth"
_HEADS = {"vit_tiny": 3, "vit_small": 6}
_LAST_LAYER = {"resnet": "fc", "convnext": "classifier[2]", "efficientnet": "classifier", "vit": "heads"}
_HEAD_NAMES = ("fc.", "classifier.1.", "classifier.2.", "heads.")


@dataclass(frozen=True)
class Shape:
    """What decides how a backbone of the table is built elsewhere; `patch` is 0 for networks without patches."""

    name: str
    in_channels: int
    image_size: int
    patch: int = 0

    @property
    def timm_options(self) -> dict[str, Any]:
        """The options of `timm.create_model` besides name and number of classes."""
        options: dict[str, Any] = {"in_chans": self.in_channels}
        if self.patch:
            options |= {"img_size": self.image_size, "patch_size": self.patch, "dynamic_img_size": True}
        return options


def shape_of(backbone: nn.Module, name: str, in_channels: int, image_size: int) -> Shape:
    """The shape of a backbone that `backbones.build` has built."""
    patch = int(backbone.patch_embed.patch_size[0]) if table.find(name).family == "vit" else 0  # type: ignore[union-attr,index]
    return Shape(name, in_channels, image_size, patch)


def timm_network(shape: Shape, classes: int = 0) -> nn.Module:
    """The network as timm builds it, with random weights and a last layer for so many classes; 0: none."""
    import timm

    entry = table.find(shape.name)
    network: nn.Module = timm.create_model(entry.model, num_classes=classes, **shape.timm_options)
    return network


def timm_line(shape: Shape) -> str:
    """The line of Python that loads `timm.safetensors` in timm; gives features (N, D)."""
    options = "".join(f", {name}={value}" for name, value in shape.timm_options.items())
    model = table.find(shape.name).model
    return f'net = timm.create_model("{model}", num_classes=0{options}, checkpoint_path="{TIMM_FILE}").eval()'


def torchvision_network(shape: Shape) -> nn.Module | None:
    """The network as torchvision builds it, for three channels; None where torchvision has no such network."""
    from torchvision import models

    if shape.patch:
        width = table.find(shape.name).feature_dim
        transformer: nn.Module = models.VisionTransformer(
            image_size=shape.image_size,
            patch_size=shape.patch,
            num_layers=12,
            num_heads=_HEADS[shape.name],
            hidden_dim=width,
            mlp_dim=4 * width,
        )
        return transformer
    known = shape.name in models.list_models()
    network: nn.Module | None = models.get_model(shape.name, weights=None) if known else None
    return network


def torchvision_lines(shape: Shape) -> str:
    """Lines of Python that build the network in torchvision, load `torchvision.pth`, and take off the last layer."""
    width = table.find(shape.name).feature_dim
    made = (
        f"VisionTransformer({shape.image_size}, {shape.patch}, 12, {_HEADS[shape.name]}, {width}, {4 * width})"
        if shape.patch
        else f"{shape.name}()"
    )
    last = _LAST_LAYER[_kind(shape)]
    return (
        f"net = torchvision.models.{made}.eval()\n"
        f'net.load_state_dict(torch.load("{TORCHVISION_FILE}", weights_only=True), strict=False)\n'
        f"net.{last} = torch.nn.Identity()"
    )


def _kind(shape: Shape) -> str:
    return "vit" if shape.patch else shape.name.rstrip("0123456789").partition("_")[0]


def without_last_layer(network: nn.Module, shape: Shape) -> nn.Module:
    """A network of torchvision that gives features (N, D)."""
    *path, last = _LAST_LAYER[_kind(shape)].replace("[", ".").replace("]", "").split(".")
    setattr(network.get_submodule(".".join(path)), last, nn.Identity())
    return network


def torchvision_state(weights: Mapping[str, Tensor], target: nn.Module, in_channels: int) -> dict[str, Tensor]:
    """`weights` of a backbone under the names of torchvision's `target`, without its last layer.

    Both libraries list the same layers in the same order, so each tensor goes to the first free place of its shape.
    torchvision's networks take three channels: the first layer of one that takes grey is spread over three, a third
    each, so that three equal channels give what one gave. Raises SSLStudioError (code "export_names") when a tensor
    finds no place; that the features are the same is proved by whoever exports.
    """
    free = {name: tensor for name, tensor in target.state_dict().items() if not name.startswith(_HEAD_NAMES)}
    found: dict[str, Tensor] = {}
    for tensor in weights.values():
        value = tensor
        if (
            value.ndim == 4
            and value.shape[1] == 1
            and in_channels == 1
            and not any(v.ndim == 4 for v in found.values())
        ):
            value = value.repeat(1, 3, 1, 1) / 3
        name = next((name for name, place in free.items() if _fits(value, place)), None)
        if name is None:
            raise _no_place()
        found[name] = value.reshape(free.pop(name).shape).clone()
    if free:
        raise _no_place()
    return found


def _fits(value: Tensor, place: Tensor) -> bool:
    """Equal but for axes of length one (torchvision keeps the layer scale of ConvNeXt as (D, 1, 1))."""
    return value.dtype == place.dtype and value.squeeze().shape == place.squeeze().shape


def _no_place() -> SSLStudioError:
    return SSLStudioError(
        "The network's layers do not fit those of torchvision.",
        "Update SSL Studio, or export the model package.",
        code="export_names",
    )


def largest_difference(one: Tensor, other: Tensor) -> float:
    """Of two tensors of features, as a share of the largest feature where that is above one."""
    scale = max(1.0, float(one.abs().max()))
    return float((one - other).abs().max()) / scale


def features(network: nn.Module, images_nchw: Tensor) -> Tensor:
    """What a network gives for prepared images (N, C, S, S), on the CPU and without gradient."""
    with torch.inference_mode():
        result: Tensor = network(images_nchw)
    return result
