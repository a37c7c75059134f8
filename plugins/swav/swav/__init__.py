"""SwAV: images are sorted into groups, and each view must tell the group that another view of its image went to.

Caron et al., Unsupervised Learning of Visual Features by Contrasting Cluster Assignments, NeurIPS 2020. Loss with
Sinkhorn assignment, head and prototypes are lightly's.
"""

from __future__ import annotations

import math

import torch
from lightly.loss.swav_loss import SwaVLoss
from lightly.models.modules.heads import SwaVProjectionHead, SwaVPrototypes
from torch import Tensor, nn

from sslstudio.api import Batch, PretextTask, StepResult, TaskContext, ViewPlan

__all__ = ["SwAV"]

_FROZEN = 0.02
"""Share of the run in which the prototypes stay as they are, so that the features come to them (appendix A)."""


class SwAV(PretextTask):
    """Backbone, projection head and prototypes on the unit sphere."""

    def __init__(self, context: TaskContext) -> None:
        super().__init__(context)
        size = int(context.parameters["projection_dim"])
        self.backbone = context.backbone
        self.head = SwaVProjectionHead(context.feature_dim, int(context.parameters["hidden_dim"]), size)
        self.prototypes = SwaVPrototypes(
            size,
            int(context.parameters["prototypes"]),
            n_steps_frozen_prototypes=round(_FROZEN * context.total_steps),
        )
        for layer in self.prototypes.heads:
            layer.register_parameter("bias", None)  # as published: similarities alone
        self.prototypes.normalize()
        self.loss = SwaVLoss(
            temperature=float(context.parameters["temperature"]),
            sinkhorn_epsilon=float(context.parameters["epsilon"]),
        )

    def views(self) -> ViewPlan:
        """Two large views, whose groups are sought, and small ones that must tell them too."""
        return ViewPlan(views=2, small_views=int(self.context.parameters["small_views"]))

    def training_step(self, batch: Batch) -> StepResult:
        """Swapped prediction in float32; `groups` is the share of the prototypes that the batch's images chose."""
        large = self._similarities(batch.views, batch.step)
        small = self._similarities(batch.small_views, batch.step) if batch.small_views else []
        with torch.autocast(large[0].device.type, enabled=False):
            loss = self.loss(large, small).squeeze()
        chosen = large[0].detach().argmax(1)
        return StepResult(loss, {"groups": len(chosen.unique()) / large[0].shape[1]})

    def after_step(self, step: int) -> None:
        """Prototypes stay on the unit sphere."""
        self.prototypes.normalize()

    def encoder(self) -> nn.Module:
        """The backbone; head and prototypes are thrown away."""
        return self.backbone

    def chance_loss(self, batch_size: int) -> float | None:
        """All prototypes equally likely."""
        return math.log(int(self.context.parameters["prototypes"]))

    def _similarities(self, views: tuple[Tensor, ...], step: int) -> list[Tensor]:
        """Cosine similarities (N, K) with the K prototypes for each of the views, which have one size."""
        features = self.head(self.backbone(torch.cat(views))).float()
        with torch.autocast(features.device.type, enabled=False):
            similarities: Tensor = self.prototypes(nn.functional.normalize(features, dim=1), step)
        return list(similarities.chunk(len(views)))
