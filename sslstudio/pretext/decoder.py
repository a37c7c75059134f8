"""From a backbone's maps back to an image: what tasks that rebuild, clean, colour or forecast put on top of it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from sslstudio.backbones.features import feature_pyramid

_GROUPS = 8


def map_widths(backbone: nn.Module, in_channels: int, image_size: int) -> list[tuple[int, int]]:
    """Channels D_i and side h_i of every map of `feature_pyramid`, fine to coarse; changes nothing in `backbone`."""
    training = [module for module in backbone.modules() if module.training]
    backbone.eval()
    weight = next(backbone.parameters())
    with torch.no_grad():
        images = torch.zeros(1, in_channels, image_size, image_size, device=weight.device, dtype=weight.dtype)
        found = [(one.shape[1], one.shape[-1]) for one in feature_pyramid(backbone, images)]
    for module in training:
        module.training = True
    return found


class ImageDecoder(nn.Module):
    """Maps of a backbone to an image (N, out_channels, S, S), in the manner of a U-Net or feature pyramid network.

    Each map is brought to `width` channels and added to the enlarged coarser one; the last step predicts the pixels
    under each place of the finest map at once. `levels` uses the coarsest maps alone (0: all): the fewer, the more
    must pass through the features that are kept. With `sources` > 1 the maps of several images make one image;
    with `condition` numbers for each image, such as a noise level, scale and move every level. A new decoder
    answers about zero, the mean of normalised images.
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
    ) -> None:
        super().__init__()
        self.image_size = image_size
        self.levels = levels
        self.sources = sources
        maps = map_widths(backbone, in_channels, image_size)[-levels:]
        self.lateral = nn.ModuleList(nn.Conv2d(sources * channels, width, 1) for channels, _ in maps)
        self.mix = nn.ModuleList(
            nn.Sequential(nn.Conv2d(width, width, 3, padding=1), nn.GroupNorm(math.gcd(_GROUPS, width), width))
            for _ in maps
        )
        self.condition = nn.ModuleList(nn.Linear(condition, 2 * width) for _ in maps if condition)
        self.scale = math.ceil(image_size / maps[0][1])
        self.pixels = nn.Conv2d(width, out_channels * self.scale**2, 1)
        nn.init.trunc_normal_(self.pixels.weight, std=0.01)

    def forward(self, maps: Sequence[Tensor], condition: Tensor | None = None) -> Tensor:
        """The image (N, out_channels, S, S) of `maps`, fine to coarse, as `feature_pyramid` gives them.

        With several sources each map is (sources * N, D_i, h_i, w_i), one source after the other; `condition` is
        (N, numbers).
        """
        chosen = [self._side_by_side(one) for one in maps[-self.levels :]]
        now: Tensor | None = None
        for index in reversed(range(len(chosen))):
            here = self.lateral[index](chosen[index])
            if now is not None:
                here = here + functional.interpolate(now, size=here.shape[-2:], mode="bilinear", align_corners=False)
            here = self.mix[index](here)
            if condition is not None:
                gain, offset = self.condition[index](condition)[:, :, None, None].chunk(2, dim=1)
                here = here * (1.0 + gain) + offset
            now = functional.gelu(here)
        assert now is not None
        image = functional.pixel_shuffle(self.pixels(now), self.scale)
        size = (self.image_size, self.image_size)
        if image.shape[-2:] != size:
            image = functional.interpolate(image, size=size, mode="bilinear", align_corners=False)
        return image

    def _side_by_side(self, one: Tensor) -> Tensor:
        return torch.cat(one.chunk(self.sources), dim=1) if self.sources > 1 else one
