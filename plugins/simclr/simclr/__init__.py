"""SimCLR: two views of each image attract each other, all other images of the batch repel.

Chen et al., A Simple Framework for Contrastive Learning of Visual Representations, ICML 2020. Loss and head are
lightly's.
"""

from __future__ import annotations

import math

import torch
from lightly.loss.ntx_ent_loss import NTXentLoss
from lightly.models.modules.heads import SimCLRProjectionHead
from torch import nn

from sslstudio.api import Batch, PretextTask, StepResult, TaskContext, ViewPlan

__all__ = ["SimCLR"]


class SimCLR(PretextTask):
    """Backbone, projection head and NT-Xent loss over both views of a batch."""

    def __init__(self, context: TaskContext) -> None:
        super().__init__(context)
        self.backbone = context.backbone
        self.head = SimCLRProjectionHead(
            context.feature_dim,
            hidden_dim=int(context.parameters["hidden_dim"]),
            output_dim=int(context.parameters["projection_dim"]),
        )
        self.loss = NTXentLoss(temperature=float(context.parameters["temperature"]))

    def views(self) -> ViewPlan:
        """Two augmented views of one image."""
        return ViewPlan(views=2, sampling="image")

    def training_step(self, batch: Batch) -> StepResult:
        """NT-Xent in float32: similarities divided by a small temperature lose too much in bfloat16."""
        projections = self.head(self.backbone(torch.cat(batch.views)))
        first, second = projections.float().chunk(2)
        with torch.autocast(first.device.type, enabled=False):
            loss = self.loss(first, second)
            with torch.no_grad():
                alignment = nn.functional.cosine_similarity(first, second).mean()
        return StepResult(loss, {"alignment": float(alignment)})

    def encoder(self) -> nn.Module:
        """The backbone; the head is thrown away."""
        return self.backbone

    def chance_loss(self, batch_size: int) -> float | None:
        """All 2N - 1 candidates equally likely."""
        return math.log(2 * batch_size - 1)
