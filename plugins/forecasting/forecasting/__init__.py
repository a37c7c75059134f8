"""Forecasting: from two slices or frames of a series, a third is predicted, the one between them or the one after.

Prediction of frames as in Srivastava et al., Unsupervised Learning of Video Representations using LSTMs, ICML 2015, for
slices of volumes too. The backbone sees each slice alone, as it will later; only the decoder combines them.
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
    feature_pyramid,
)

__all__ = ["Forecasting"]

_LEAST_CHANGE = 1e-3
"""Mean squared change below which a batch counts as unchanging, in units of the images' variance."""


class Forecasting(PretextTask):
    """Backbone on both given slices and a decoder that says how the third differs from a copy of them.

    The copy is the mean of both neighbours, or the last frame; its error is the measure: a loss of 1 is no better than
    copying. So the network is not rewarded for what the given slices show anyway.
    """

    def __init__(self, context: TaskContext) -> None:
        super().__init__(context)
        self.backbone = context.backbone
        self.between = context.parameters["mode"] == "between"
        self.decoder = ImageDecoder(
            context.backbone,
            context.in_channels,
            context.image_size,
            context.in_channels,
            width=int(context.parameters["decoder_width"]),
            levels=int(context.parameters["levels"]),
            sources=2,
        )

    def views(self) -> ViewPlan:
        """Three successive images, cropped, turned and changed alike."""
        return ViewPlan(views=3, sampling="neighbours", shared=True)

    def training_step(self, batch: Batch) -> StepResult:
        """Squared error of the prediction, as a share of that of a copy."""
        first, second, truth = self.roles(batch.views)
        error = (self.predict(first, second) - truth).square().mean()
        change = (self.copy(first, second) - truth).square().mean().clamp(min=_LEAST_CHANGE)
        loss = error / change
        return StepResult(loss, {"gain_over_copy": 1.0 - float(loss.detach()), "change": float(change)})

    def roles(self, views: tuple[Tensor, ...]) -> tuple[Tensor, Tensor, Tensor]:
        """The two given images and the one to predict, in float32, of three successive ones."""
        one, two, three = (view.float() for view in views)
        return (one, three, two) if self.between else (one, two, three)

    def copy(self, first: Tensor, second: Tensor) -> Tensor:
        """The best guess without learning: the mean of both neighbours, or the last frame."""
        return (first + second) / 2 if self.between else second

    def predict(self, first: Tensor, second: Tensor) -> Tensor:
        """The third image (N, C, S, S) float32 from two given ones."""
        difference: Tensor = self.decoder(feature_pyramid(self.backbone, torch.cat((first, second))))
        return self.copy(first, second) + difference.float()

    def preview(self, batch: Batch) -> tuple[Preview, ...]:
        """What is given, what is true, what is predicted."""
        first, second, truth = self.roles(batch.views)
        names = ("Before", "After") if self.between else ("Two before", "One before")
        return (
            Preview(names[0], first),
            Preview(names[1], second),
            Preview("Truth", truth),
            Preview("Predicted", self.predict(first, second)),
        )

    def encoder(self) -> nn.Module:
        """The backbone; the decoder is thrown away."""
        return self.backbone

    def chance_loss(self, batch_size: int) -> float:
        """That of copying."""
        return 1.0
