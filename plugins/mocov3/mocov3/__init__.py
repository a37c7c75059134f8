"""MoCo v3: a student finds, for each view, what a slowly following teacher says of the other view of the same image.

Chen, Xie and He, An Empirical Study of Training Self-Supervised Vision Transformers, ICCV 2021, algorithm 1. Heads and
moving average are lightly's. The factor 2 * temperature of the published loss is left out: the optimiser is AdamW, to
which the scale of a loss means nothing, and so its level of chance is ln N.
"""

from __future__ import annotations

import copy
import math

import torch
from lightly.models.modules.heads import MoCoProjectionHead
from lightly.models.utils import deactivate_requires_grad, update_momentum
from torch import Tensor, nn

from sslstudio.api import Batch, PretextTask, StepResult, TaskContext, ViewPlan, teacher_momentum

__all__ = ["MoCoV3"]


class MoCoV3(PretextTask):
    """Student: backbone, projection and prediction; teacher: a copy of backbone and projection that follows slowly."""

    def __init__(self, context: TaskContext) -> None:
        super().__init__(context)
        hidden, size = int(context.parameters["hidden_dim"]), int(context.parameters["projection_dim"])
        self.backbone = context.backbone
        if context.family == "vit":  # section 4.2: random, frozen patches keep a transformer stable
            deactivate_requires_grad(self.backbone.patch_embed)
        self.projection = MoCoProjectionHead(context.feature_dim, hidden, size, num_layers=3, batch_norm=True)
        self.prediction = MoCoProjectionHead(size, hidden, size, num_layers=2, batch_norm=True)
        self.teacher = nn.Sequential(copy.deepcopy(self.backbone), copy.deepcopy(self.projection))
        deactivate_requires_grad(self.teacher)
        self.temperature = float(context.parameters["temperature"])

    def views(self) -> ViewPlan:
        """Two augmented views of one image."""
        return ViewPlan(views=2)

    def training_step(self, batch: Batch) -> StepResult:
        """Both directions in one pass each; `accuracy` is the share of views whose partner was found."""
        views = torch.cat(batch.views)
        queries = self.prediction(self.projection(self.backbone(views))).float().chunk(2)
        with torch.no_grad():
            keys = self.teacher(views).float().chunk(2)
        with torch.autocast(views.device.type, enabled=False):
            first, second = self._contrast(queries[0], keys[1]), self._contrast(queries[1], keys[0])
            wanted = torch.arange(len(first), device=first.device)
            loss = (nn.functional.cross_entropy(first, wanted) + nn.functional.cross_entropy(second, wanted)) / 2
        return StepResult(loss, {"accuracy": float((first.argmax(1) == wanted).float().mean())})

    def after_step(self, step: int) -> None:
        """The teacher follows backbone and projection."""
        momentum = teacher_momentum(step, self.context.total_steps, float(self.context.parameters["momentum"]))
        update_momentum(self.backbone, self.teacher[0], momentum)
        update_momentum(self.projection, self.teacher[1], momentum)

    def encoder(self) -> nn.Module:
        """The student's backbone, as published."""
        return self.backbone

    def chance_loss(self, batch_size: int) -> float | None:
        """All N candidates equally likely."""
        return math.log(batch_size)

    def _contrast(self, queries: Tensor, keys: Tensor) -> Tensor:
        """Similarities (N, N) of every query with every key, divided by the temperature."""
        normalize = nn.functional.normalize
        return normalize(queries, dim=1) @ normalize(keys, dim=1).T / self.temperature
