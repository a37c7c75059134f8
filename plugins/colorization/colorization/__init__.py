"""Colorization: the backbone sees an image's luminance, and a decoder on its maps predicts the chrominance.

Zhang et al., Colorful Image Colorization, ECCV 2016; Larsson et al., Colorization as a Proxy Task for Visual
Understanding, CVPR 2017. Colours are those of ITU-R BT.601 (YCbCr): linear in the pixels and free of their brightness.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from sslstudio.api import (
    Batch,
    ImageDecoder,
    PretextTask,
    Preview,
    StepResult,
    TaskContext,
    ViewPlan,
    batch_statistics,
    feature_pyramid,
    settle_statistics,
)

__all__ = ["Colorization"]

_RED, _GREEN, _BLUE = 0.299, 0.587, 0.114
_CB, _CR = 0.5 / (1.0 - _BLUE), 0.5 / (1.0 - _RED)
_UNIT = 0.1
"""Chrominance that counts as 1: about its standard deviation in colour photographs."""


class Colorization(PretextTask):
    """Backbone, decoder of two channels, and a robust error of the colours."""

    mean: Tensor
    std: Tensor

    def __init__(self, context: TaskContext) -> None:
        super().__init__(context)
        if context.in_channels != 3:
            raise ValueError("colorization needs three channels")
        self.backbone = context.backbone
        self.colour_share = float(context.parameters["colour_share"])
        self.register_buffer("mean", torch.tensor(context.mean).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(context.std).view(1, 3, 1, 1), persistent=False)
        self.decoder = ImageDecoder(
            context.backbone,
            3,
            context.image_size,
            2,
            width=int(context.parameters["decoder_width"]),
            levels=int(context.parameters["levels"]),
        )

    def views(self) -> ViewPlan:
        """One view, cropped, flipped and turned alone: its true colours are the lesson."""
        return ViewPlan(views=1, recipe="geometric")

    def training_step(self, batch: Batch) -> StepResult:
        """Robust error of the colours; normalisation then remembers the images in colour."""
        images = batch.views[0].float()
        target = self.colours(images)
        shown = torch.rand(len(images), 1, 1, 1, device=images.device) < self.colour_share
        guess = self.guess(torch.where(shown, images, self.grey(images)))
        loss = nn.functional.smooth_l1_loss(guess, target)
        settle_statistics(self.backbone, images)
        return StepResult(loss, {"explained": self._explained(guess.detach(), target, ~shown.flatten())})

    def luminance(self, images: Tensor) -> Tensor:
        """Y (N, 1, S, S), 0 to 1, of normalised images."""
        red, green, blue = (images * self.std + self.mean).split(1, dim=1)
        luminance: Tensor = _RED * red + _GREEN * green + _BLUE * blue
        return luminance

    def grey(self, images: Tensor) -> Tensor:
        """The images without colour, normalised as before: all three channels hold the luminance."""
        return (self.luminance(images).expand(-1, 3, -1, -1) - self.mean) / self.std

    def colours(self, images: Tensor) -> Tensor:
        """Cb and Cr (N, 2, S, S) of normalised images, 0 where they are grey."""
        pixels = images * self.std + self.mean
        luminance = self.luminance(images)
        return torch.cat((_CB * (pixels[:, 2:] - luminance), _CR * (pixels[:, :1] - luminance)), dim=1) / _UNIT

    def coloured(self, images: Tensor, colours: Tensor) -> Tensor:
        """The images' luminance in other colours (N, 2, S, S), normalised."""
        luminance = self.luminance(images)
        blue, red = (
            luminance + _UNIT * one / scale for one, scale in zip(colours.split(1, 1), (_CB, _CR), strict=True)
        )
        green = (luminance - _RED * red - _BLUE * blue) / _GREEN
        return (torch.cat((red, green, blue), dim=1) - self.mean) / self.std

    def guess(self, seen: Tensor) -> Tensor:
        """Colours (N, 2, S, S) float32 for what is seen."""
        with batch_statistics(self.backbone):
            maps = feature_pyramid(self.backbone, seen)
        colours: Tensor = self.decoder(maps)
        return colours.float()

    def preview(self, batch: Batch) -> tuple[Preview, ...]:
        """In colour, in grey, coloured."""
        images = batch.views[0].float()
        grey = self.grey(images)
        return (
            Preview("Original", images),
            Preview("What it sees", grey),
            Preview("Coloured", self.coloured(images, self.guess(grey))),
        )

    def encoder(self) -> nn.Module:
        """The backbone; the decoder is thrown away."""
        return self.backbone

    @staticmethod
    def _explained(guess: Tensor, target: Tensor, grey: Tensor) -> float:
        """Share of the colours' variance that is predicted in images shown in grey; 0 when there are none."""
        if not bool(grey.any()):
            return 0.0
        error = (guess - target)[grey].square().mean()
        spread = (target[grey] - target[grey].mean(dim=(0, 2, 3), keepdim=True)).square().mean()
        return 1.0 - float(error / spread.clamp(min=1e-6))
