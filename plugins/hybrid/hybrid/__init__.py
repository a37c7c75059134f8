"""Hybrid: NT-Xent over two views, plus the painting-in of hidden blocks of the first, on one backbone.

Chen et al., A Simple Framework for Contrastive Learning of Visual Representations, ICML 2020, and Pathak et al.,
Context Encoders, CVPR 2016, joined as in Zhou et al., Preservational Learning Improves Self-supervised Medical Image
Models by Reconstructing Diverse Contexts, ICCV 2021. Loss and head of the contrast are lightly's.
"""

from __future__ import annotations

import torch
from lightly.loss.ntx_ent_loss import NTXentLoss
from lightly.models.modules.heads import SimCLRProjectionHead
from torch import Tensor, nn

from sslstudio.api import (
    Batch,
    BlockPainter,
    PretextTask,
    Preview,
    StepResult,
    TaskContext,
    ViewPlan,
)

__all__ = ["Hybrid"]


class Hybrid(PretextTask):
    """Backbone, projection head and painter; the contrast sees whole views, the painter what is left of the first."""

    def __init__(self, context: TaskContext) -> None:
        super().__init__(context)
        given = context.parameters
        self.backbone = context.backbone
        self.weight = float(given["rebuild_weight"])
        self.head = SimCLRProjectionHead(
            context.feature_dim, hidden_dim=int(given["hidden_dim"]), output_dim=int(given["projection_dim"])
        )
        self.contrast = NTXentLoss(temperature=float(given["temperature"]))
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
        """Two augmented views of one image."""
        return ViewPlan(views=2)

    def training_step(self, batch: Batch) -> StepResult:
        """Contrast plus weight times the squared error of the hidden pixels."""
        projections = self.head(self.backbone(torch.cat(batch.views)))
        first, second = projections.float().chunk(2)
        with torch.autocast(first.device.type, enabled=False):
            contrast: Tensor = self.contrast(first, second)
        images = batch.views[0]
        hidden = self.painter.draw_mask(images)
        error, _ = self.painter.errors(self.painter(self.backbone, images, hidden), images, hidden)
        loss = contrast + self.weight * error
        return StepResult(loss, {"contrast": float(contrast.detach()), "painting": float(error.detach())})

    def preview(self, batch: Batch) -> tuple[Preview, ...]:
        """The images, covered, and painted in."""
        covered, painted = self.painter.pictures(self.backbone, batch.views[0])
        return Preview("Original", batch.views[0]), Preview("Covered", covered), Preview("Painted in", painted)

    def encoder(self) -> nn.Module:
        """The backbone; head and painter are thrown away."""
        return self.backbone
