"""Hidden blocks of an image or a volume painted in from the rest: the part that inpainting and hybrid methods share."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from sslstudio.backbones.features import feature_pyramid
from sslstudio.pretext.blocks import block_mask
from sslstudio.pretext.decoder import ImageDecoder
from sslstudio.pretext.statistics import batch_statistics


class BlockPainter(nn.Module):
    """Hides blocks of images and, with a decoder on the backbone's maps, paints them in.

    `mask_ratio` is the hidden share, `block_share` the side of a block as a share of the image's. Hidden pixels are
    seen as the mean of the visible ones, and the decoder says how the image differs from it: else most of the first
    epochs would go into learning how dark the images are. The backbone is no part of this module; it is given.
    With `depth` images are volumes (N, C, depth, S, S), and blocks are as deep a share of them as they are wide.
    """

    def __init__(
        self,
        backbone: nn.Module,
        in_channels: int,
        image_size: int,
        *,
        mask_ratio: float,
        block_share: float,
        width: int = 64,
        levels: int = 0,
        depth: int = 0,
    ) -> None:
        super().__init__()
        self.depth = depth
        self.mask_ratio = mask_ratio
        self.block = max(2, round(block_share * image_size))
        self.decoder = ImageDecoder(
            backbone, in_channels, image_size, in_channels, width=width, levels=levels, depth=depth
        )

    def draw_mask(self, images: Tensor) -> Tensor:
        """What is hidden of `images`: (N, 1, S, S) bool, or (N, 1, depth, S, S)."""
        return block_mask(len(images), images.shape[-1], self.mask_ratio, self.block, images.device, depth=self.depth)

    def cover(self, images: Tensor, hidden: Tensor) -> Tensor:
        """The images (N, C, S, S) with the mean of their visible pixels where they are hidden."""
        return torch.where(hidden, _visible_mean(images, hidden), images)

    def forward(self, backbone: nn.Module, images: Tensor, hidden: Tensor) -> Tensor:
        """Whole images (N, C, S, S) float32 from what is not hidden."""
        with batch_statistics(backbone):
            maps = feature_pyramid(backbone, self.cover(images, hidden))
        difference: Tensor = self.decoder(maps)
        return _visible_mean(images, hidden).float() + difference.float()

    @staticmethod
    def errors(painted: Tensor, images: Tensor, hidden: Tensor) -> tuple[Tensor, Tensor]:
        """Mean squared error of the hidden pixels, and of the visible ones."""
        squares = (painted - images.float()).square().mean(dim=1, keepdim=True)
        share = hidden.float()
        return (squares * share).sum() / share.sum(), (squares * (1.0 - share)).sum() / (1.0 - share).sum()

    def pictures(self, backbone: nn.Module, images: Tensor) -> tuple[Tensor, Tensor]:
        """Covered images, and images whose hidden blocks are painted in."""
        hidden = self.draw_mask(images)
        return self.cover(images, hidden), torch.where(hidden, self(backbone, images, hidden), images.float())


def _visible_mean(images: Tensor, hidden: Tensor) -> Tensor:
    """The mean (N, C, 1, 1), or (N, C, 1, 1, 1), of the pixels that are not hidden."""
    visible, within = (~hidden).to(images.dtype), tuple(range(2, images.ndim))
    return (images * visible).sum(dim=within, keepdim=True) / visible.sum(dim=within, keepdim=True)
