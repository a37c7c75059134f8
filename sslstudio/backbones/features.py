"""Features with a place: the maps inside a backbone, for tasks that rebuild or compare parts of an image."""

from __future__ import annotations

from torch import Tensor, nn

_RESNET_STAGES = ("layer1", "layer2", "layer3", "layer4")


def feature_map(backbone: nn.Module, images: Tensor) -> Tensor:
    """The last map (N, D, h, w) of `backbone` for `images` (N, C, S, S), before it is pooled to (N, D).

    For a vision transformer h x w is the grid of its patches; for volumes (N, C, depth, S, S) it is (N, D, d, h, w).
    Raises TypeError for a backbone without maps.
    """
    return feature_pyramid(backbone, images)[-1]


def patch_size(backbone: nn.Module) -> int:
    """Side of a vision transformer's patches in pixels; 0 for any other backbone."""
    embed = getattr(backbone, "patch_embed", None)
    return int(embed.patch_size[0]) if embed is not None else 0


def feature_pyramid(backbone: nn.Module, images: Tensor) -> list[Tensor]:
    """The maps (N, D_i, h_i, w_i) of `backbone` from fine to coarse; one only for a vision transformer.

    For volumes (N, C, depth, S, S) they are (N, D_i, d_i, h_i, w_i). Raises TypeError for a backbone without maps.
    """
    if hasattr(backbone, "layer4"):
        rectify = backbone.relu if hasattr(backbone, "relu") else backbone.act  # torchvision's name and MONAI's
        maps, now = [], backbone.maxpool(rectify(backbone.bn1(backbone.conv1(images))))  # type: ignore[operator]
        for stage in _RESNET_STAGES:
            now = getattr(backbone, stage)(now)
            maps.append(now)
        return maps
    if hasattr(backbone, "patch_embed"):
        tokens = backbone.forward_features(images)[:, backbone.num_prefix_tokens :]  # type: ignore[operator]
        height, width = (side // patch_size(backbone) for side in images.shape[-2:])
        return [tokens.transpose(1, 2).unflatten(2, (height, width))]
    if hasattr(backbone, "forward_intermediates"):
        last, maps = backbone.forward_intermediates(images)  # type: ignore[operator]
        return [*maps[:-1], last]
    raise TypeError("This backbone has no feature maps.")
