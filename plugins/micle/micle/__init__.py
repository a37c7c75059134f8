"""MICLe: two different images of one patient attract each other, the images of all other patients repel.

Azizi et al., Big Self-Supervised Models Advance Medical Image Classification, ICCV 2021, section 3.2: bags are drawn,
one pair from each, both images augmented; a bag with one image gives two views of it. Loss and head are lightly's.
"""

from __future__ import annotations

import math

import torch
from lightly.loss.ntx_ent_loss import NTXentLoss
from lightly.models.modules.heads import SimCLRProjectionHead
from torch import nn

from sslstudio.api import Batch, PretextTask, StepResult, TaskContext, ViewPlan

__all__ = ["MICLe"]


class MICLe(PretextTask):
    """Backbone, projection head and NT-Xent loss over one pair from each bag of a batch."""

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
        """One augmented view of each of two images of a bag; a bag occurs once in a batch, so none is its own rival."""
        return ViewPlan(views=2, sampling="bag")

    def training_step(self, batch: Batch) -> StepResult:
        """NT-Xent in float32; `pairs` is the share of the batch in which the two images are different ones."""
        projections = self.head(self.backbone(torch.cat(batch.views)))
        first, second = projections.float().chunk(2)
        with torch.autocast(first.device.type, enabled=False):
            loss = self.loss(first, second)
            with torch.no_grad():
                scalars = {"alignment": float(nn.functional.cosine_similarity(first, second).mean())}
        if batch.sources is not None:
            scalars["pairs"] = float((batch.sources[:, 0] != batch.sources[:, 1]).float().mean())
        return StepResult(loss, scalars)

    def encoder(self) -> nn.Module:
        """The backbone; the head is thrown away."""
        return self.backbone

    def chance_loss(self, batch_size: int) -> float | None:
        """All 2N - 1 candidates equally likely."""
        return math.log(2 * batch_size - 1)
