"""Inpainting: blocks of an image are covered, and a decoder on the backbone's maps paints them in.

Pathak et al., Context Encoders: Feature Learning by Inpainting, CVPR 2016, with many small blocks as in Xie et al.,
SimMIM, CVPR 2022, and without the adversary.
"""

from __future__ import annotations

from torch import nn

from sslstudio.api import (
    Batch,
    BlockPainter,
    PretextTask,
    Preview,
    StepResult,
    TaskContext,
    ViewPlan,
    settle_statistics,
)

__all__ = ["Inpainting"]


class Inpainting(PretextTask):
    """Backbone and painter; the squared error of hidden pixels, and a little of the visible ones."""

    def __init__(self, context: TaskContext) -> None:
        super().__init__(context)
        given = context.parameters
        self.backbone = context.backbone
        self.visible_weight = float(given["visible_weight"])
        self.painter = BlockPainter(
            context.backbone,
            context.in_channels,
            context.image_size,
            mask_ratio=float(given["mask_ratio"]),
            block_share=float(given["block_share"]),
            width=int(given["decoder_width"]),
            levels=int(given["levels"]),
            depth=context.depth,
        )

    def views(self) -> ViewPlan:
        """One view, cropped, flipped and turned alone: added noise could not be painted in."""
        return ViewPlan(views=1, recipe="geometric")

    def training_step(self, batch: Batch) -> StepResult:
        """Cover, paint, compare; then let normalisation remember whole images."""
        images = batch.views[0]
        hidden = self.painter.draw_mask(images)
        error, visible = self.painter.errors(self.painter(self.backbone, images, hidden), images, hidden)
        settle_statistics(self.backbone, images)
        spread = images.masked_select(hidden).var(unbiased=False).clamp(min=1e-6)
        explained = 1.0 - float(error.detach() / spread)
        return StepResult(error + self.visible_weight * visible, {"explained": explained})

    def preview(self, batch: Batch) -> tuple[Preview, ...]:
        """The images, covered, and painted in."""
        covered, painted = self.painter.pictures(self.backbone, batch.views[0])
        return Preview("Original", batch.views[0]), Preview("Covered", covered), Preview("Painted in", painted)

    def encoder(self) -> nn.Module:
        """The backbone; the painter is thrown away."""
        return self.backbone
