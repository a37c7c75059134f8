"""From a backbone's maps back to an image or a volume: what tasks that rebuild, clean or forecast put on top of it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from sslstudio.backbones.features import feature_pyramid

_GROUPS = 8


def map_sizes(backbone: nn.Module, in_channels: int, sides: Sequence[int]) -> list[torch.Size]:
    """(D_i, h_i, w_i) of every map of `feature_pyramid` for images of these `sides`, fine to coarse.

    For volumes, of three sides, they are (D_i, d_i, h_i, w_i). Changes nothing in `backbone`.
    """
    training = [module for module in backbone.modules() if module.training]
    backbone.eval()
    weight = next(backbone.parameters())
    with torch.no_grad():
        images = torch.zeros(1, in_channels, *sides, device=weight.device, dtype=weight.dtype)
        found = [one.shape[1:] for one in feature_pyramid(backbone, images)]
    for module in training:
        module.training = True
    return found


class ImageDecoder(nn.Module):
    """Maps of a backbone to an image (N, out_channels, S, S), in the manner of a U-Net or feature pyramid network.

    Each map is brought to `width` channels and added to the enlarged coarser one; the last step predicts the pixels
    under each place of the finest map at once. `levels` uses the coarsest maps alone (0: all): the fewer, the more
    must pass through the features that are kept. With `sources` > 1 the maps of several images make one image;
    with `condition` numbers for each image, such as a noise level, scale and move every level. A new decoder
    answers about zero, the mean of normalised images. With `depth` it makes volumes (N, out_channels, depth, S, S) from
    the maps of a backbone that sees them.
    """

    def __init__(
        self,
        backbone: nn.Module,
        in_channels: int,
        image_size: int,
        out_channels: int,
        *,
        width: int = 64,
        levels: int = 0,
        sources: int = 1,
        condition: int = 0,
        depth: int = 0,
    ) -> None:
        super().__init__()
        self.sides = (depth, image_size, image_size) if depth else (image_size, image_size)
        convolution = nn.Conv3d if depth else nn.Conv2d
        self.levels = levels
        self.sources = sources
        maps = map_sizes(backbone, in_channels, self.sides)[-levels:]
        self.lateral = nn.ModuleList(convolution(sources * channels, width, 1) for channels, *_ in maps)
        self.mix = nn.ModuleList(
            nn.Sequential(convolution(width, width, 3, padding=1), nn.GroupNorm(math.gcd(_GROUPS, width), width))
            for _ in maps
        )
        self.condition = nn.ModuleList(nn.Linear(condition, 2 * width) for _ in maps if condition)
        self.scales = [math.ceil(whole / part) for whole, part in zip(self.sides, maps[0][1:], strict=True)]
        self.pixels = convolution(width, out_channels * math.prod(self.scales), 1)
        nn.init.trunc_normal_(self.pixels.weight, std=0.01)

    def forward(self, maps: Sequence[Tensor], condition: Tensor | None = None) -> Tensor:
        """The image (N, out_channels, S, S) of `maps`, fine to coarse, as `feature_pyramid` gives them.

        With several sources each map is (sources * N, D_i, h_i, w_i), one source after the other; `condition` is
        (N, numbers). Maps of volumes have one axis more, and so has the result.
        """
        chosen = [self._side_by_side(one) for one in maps[-self.levels :]]
        now: Tensor | None = None
        for index in reversed(range(len(chosen))):
            here = self.lateral[index](chosen[index])
            if now is not None:
                here = here + self._resized(now, here.shape[2:])
            here = self.mix[index](here)
            if condition is not None:
                moved = self.condition[index](condition)
                gain, offset = moved.view(*moved.shape, *[1] * len(self.sides)).chunk(2, dim=1)
                here = here * (1.0 + gain) + offset
            now = functional.gelu(here)
        assert now is not None
        image = spread_out(self.pixels(now), self.scales)
        return image if image.shape[2:] == self.sides else self._resized(image, self.sides)

    def _resized(self, images: Tensor, sides: Sequence[int]) -> Tensor:
        mode = "trilinear" if len(self.sides) == 3 else "bilinear"
        return functional.interpolate(images, size=tuple(sides), mode=mode, align_corners=False)

    def _side_by_side(self, one: Tensor) -> Tensor:
        return torch.cat(one.chunk(self.sources), dim=1) if self.sources > 1 else one


def spread_out(maps: Tensor, scales: Sequence[int]) -> Tensor:
    """Channels of `maps` (N, C * prod(scales), sides...) as pixels (N, C, sides times scales...), in two axes or three.

    In two axes of one scale this is torch's `pixel_shuffle`, which knows no third.
    """
    sides, axes = maps.shape[2:], len(scales)
    parts = maps.reshape(len(maps), -1, *scales, *sides)
    turns = [axis for own in range(axes) for axis in (2 + axes + own, 2 + own)]
    return parts.permute(0, 1, *turns).reshape(
        len(maps), -1, *[side * scale for side, scale in zip(sides, scales, strict=True)]
    )
