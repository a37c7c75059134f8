"""VICReg: views of one image agree, every feature varies over the images, and no two features say the same.

Bardes, Ponce and LeCun, VICReg, ICLR 2022. Loss and head are lightly's.
"""

from __future__ import annotations

import torch
from lightly.loss.vicreg_loss import VICRegLoss
from lightly.models.modules.heads import VICRegProjectionHead
from torch import nn

from sslstudio.api import Batch, PretextTask, StepResult, TaskContext, ViewPlan

__all__ = ["VICReg"]


class VICReg(PretextTask):
    """Backbone, expanding head and the loss of invariance, variance and covariance."""

    def __init__(self, context: TaskContext) -> None:
        super().__init__(context)
        parameters = context.parameters
        size = int(parameters["projection_dim"])
        self.backbone = context.backbone
        self.head = VICRegProjectionHead(context.feature_dim, hidden_dim=size, output_dim=size)
        self.loss = VICRegLoss(
            lambda_param=float(parameters["invariance"]),
            mu_param=float(parameters["variance"]),
            nu_param=float(parameters["covariance"]),
        )

    def views(self) -> ViewPlan:
        """Two augmented views of one image."""
        return ViewPlan(views=2)

    def training_step(self, batch: Batch) -> StepResult:
        """The loss in float32; `spread` is the features' mean standard deviation, which is held at 1 or more."""
        projections = self.head(self.backbone(torch.cat(batch.views))).float()
        first, second = projections.chunk(2)
        with torch.autocast(first.device.type, enabled=False):
            loss = self.loss(first, second)
        return StepResult(loss, {"spread": float(first.detach().std(dim=0).mean())})

    def encoder(self) -> nn.Module:
        """The backbone; the head is thrown away."""
        return self.backbone
