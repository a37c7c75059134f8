"""VISReg: views of one image agree, and all features together are spread like a Gaussian, so that none can collapse.

Wu et al., VISReg, 2026 (arXiv 2606.02572), on the views and the head of LeJEPA (Balestriero and LeCun, 2025). Loss and
head are lightly's. No teacher, no comparison with other images, no schedule.
"""

from __future__ import annotations

import torch
from lightly.loss.visreg_loss import VISRegLoss
from lightly.models.modules.heads import LeJEPAProjectionHead
from torch import Tensor, nn

from sslstudio.api import Batch, PretextTask, StepResult, TaskContext, ViewPlan

__all__ = ["VISReg"]


class VISReg(PretextTask):
    """Backbone, projection head and the loss of agreement, scale, shape and centre."""

    def __init__(self, context: TaskContext) -> None:
        super().__init__(context)
        parameters = context.parameters
        self.backbone = context.backbone
        self.head = LeJEPAProjectionHead(
            context.feature_dim, int(parameters["hidden_dim"]), int(parameters["projection_dim"])
        )
        self.loss = VISRegLoss(
            lambda_param=float(parameters["regularisation"]),
            num_slices=int(parameters["directions"]),
            lambda_shape=float(parameters["shape_weight"]),
        )

    def views(self) -> ViewPlan:
        """Two large views, whose mean all views are drawn to, and small ones."""
        return ViewPlan(views=2, small_views=int(self.context.parameters["small_views"]))

    def training_step(self, batch: Batch) -> StepResult:
        """The loss in float32, and its parts: how far views disagree, and how far the features are from a Gaussian."""
        large = self._projections(batch.views)
        small = self._projections(batch.small_views) if batch.small_views else large[:0]
        with torch.autocast(large.device.type, enabled=False):
            parts = self.loss.forward_components(local_proj=small, global_proj=large)
        names = {"disagreement": parts.pred, "scale": parts.scale, "shape": parts.shape}
        return StepResult(parts.total, {name: float(part.detach()) for name, part in names.items()})

    def encoder(self) -> nn.Module:
        """The backbone; the head is thrown away."""
        return self.backbone

    def _projections(self, views: tuple[Tensor, ...]) -> Tensor:
        """Projections (V, N, P) in float32 of V views of one size."""
        projections: Tensor = self.head(self.backbone(torch.cat(views)))
        return torch.stack(projections.float().chunk(len(views)))
