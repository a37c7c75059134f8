"""BYOL: a student predicts what a slowly following teacher says of another view of the image; nothing is pushed apart.

Grill et al., Bootstrap Your Own Latent, NeurIPS 2020. Heads, similarity and moving average are lightly's.
"""

from __future__ import annotations

import copy

import torch
from lightly.loss.negative_cosine_similarity import NegativeCosineSimilarity
from lightly.models.modules.heads import BYOLPredictionHead, BYOLProjectionHead
from lightly.models.utils import deactivate_requires_grad, update_momentum
from torch import nn

from sslstudio.api import Batch, PretextTask, StepResult, TaskContext, ViewPlan, teacher_momentum

__all__ = ["BYOL"]


class BYOL(PretextTask):
    """Student: backbone, projection and prediction; teacher: a copy of backbone and projection that follows slowly."""

    def __init__(self, context: TaskContext) -> None:
        super().__init__(context)
        hidden, size = int(context.parameters["hidden_dim"]), int(context.parameters["projection_dim"])
        self.backbone = context.backbone
        self.projection = BYOLProjectionHead(context.feature_dim, hidden, size)
        self.prediction = BYOLPredictionHead(size, hidden, size)
        self.teacher = nn.Sequential(copy.deepcopy(self.backbone), copy.deepcopy(self.projection))
        deactivate_requires_grad(self.teacher)
        self.similarity = NegativeCosineSimilarity()

    def views(self) -> ViewPlan:
        """Two augmented views of one image."""
        return ViewPlan(views=2)

    def training_step(self, batch: Batch) -> StepResult:
        """Mean squared distance of normalised prediction and target, both directions: 0 is equal, 2 is unrelated."""
        views = torch.cat(batch.views)
        predictions = self.prediction(self.projection(self.backbone(views))).float().chunk(2)
        with torch.no_grad():
            targets = self.teacher(views).float().chunk(2)
        with torch.autocast(views.device.type, enabled=False):
            loss = 2 + self.similarity(predictions[0], targets[1]) + self.similarity(predictions[1], targets[0])
        return StepResult(loss)

    def after_step(self, step: int) -> None:
        """The teacher follows backbone and projection."""
        momentum = teacher_momentum(step, self.context.total_steps, float(self.context.parameters["momentum"]))
        update_momentum(self.backbone, self.teacher[0], momentum)
        update_momentum(self.projection, self.teacher[1], momentum)

    def encoder(self) -> nn.Module:
        """The student's backbone, as published."""
        return self.backbone
