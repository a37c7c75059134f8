"""DINO: a student who sees parts of an image, large and small, must answer as a slowly following teacher sees it whole.

Caron et al., Emerging Properties in Self-Supervised Vision Transformers, ICCV 2021. Loss with centring and sharpening,
head and moving average are lightly's.
"""

from __future__ import annotations

import copy
import math
import warnings

import torch
from lightly.loss.dino_loss import DINOLoss
from lightly.models.modules.heads import DINOProjectionHead
from lightly.models.utils import deactivate_requires_grad, update_momentum
from torch import Tensor, nn

from sslstudio.api import Batch, PretextTask, StepResult, TaskContext, ViewPlan, teacher_momentum

__all__ = ["DINO"]

_WARM_UP = 0.1
"""Share of the run in which the teacher's temperature rises; published: 30 of 300 epochs."""
_FROZEN = 0.02
"""Share of the run in which the last layer stays as it is; published: the first epoch."""


class DINO(PretextTask):
    """Student and teacher, each backbone and head; the teacher's answers are centred and sharpened."""

    def __init__(self, context: TaskContext) -> None:
        super().__init__(context)
        self.backbone = context.backbone
        self.head, self.teacher_head = self._head(), self._head()
        self.teacher = copy.deepcopy(self.backbone)
        self.teacher_head.load_state_dict(self.head.state_dict())
        deactivate_requires_grad(self.teacher)
        deactivate_requires_grad(self.teacher_head)
        self.loss = DINOLoss(
            output_dim=int(context.parameters["answers"]),
            student_temp=float(context.parameters["student_temperature"]),
        )

    def views(self) -> ViewPlan:
        """Two large views for both, small ones for the student alone."""
        return ViewPlan(views=2, small_views=int(self.context.parameters["small_views"]))

    def training_step(self, batch: Batch) -> StepResult:
        """Cross entropy in float32; `certainty` is the teacher's mean largest probability."""
        large = torch.cat(batch.views)
        with torch.no_grad():
            wanted = self.teacher_head(self.teacher(large)).float()
        self.head.last_layer.weight_v.requires_grad_(batch.step >= round(_FROZEN * self.context.total_steps))
        said = list(self.head(self.backbone(large)).float().chunk(len(batch.views)))
        if batch.small_views:
            small = self.head(self.backbone(torch.cat(batch.small_views))).float()
            said += small.chunk(len(batch.small_views))
        temperature = self._temperature(batch.step)
        with torch.autocast(large.device.type, enabled=False):
            certainty = self._certainty(wanted, temperature)
            loss = self.loss(list(wanted.chunk(len(batch.views))), said, teacher_temp=temperature)
        return StepResult(loss, {"certainty": certainty})

    def after_step(self, step: int) -> None:
        """The teacher follows backbone and head."""
        momentum = teacher_momentum(step, self.context.total_steps, float(self.context.parameters["momentum"]))
        update_momentum(self.backbone, self.teacher, momentum)
        update_momentum(self.head, self.teacher_head, momentum)

    def encoder(self) -> nn.Module:
        """The teacher's backbone: all through training it is the better of the two (section 5.2 and figure 6)."""
        return self.teacher

    def chance_loss(self, batch_size: int) -> float | None:
        """All answers equally likely."""
        return math.log(int(self.context.parameters["answers"]))

    def _head(self) -> DINOProjectionHead:
        """A head with normalised last layer; batch normalisation in it suits convolutional networks alone."""
        parameters = self.context.parameters
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # lightly's weight_norm is torch's older one
            return DINOProjectionHead(
                self.context.feature_dim,
                hidden_dim=int(parameters["hidden_dim"]),
                output_dim=int(parameters["answers"]),
                batch_norm=self.context.family == "cnn",
            )

    def _temperature(self, step: int) -> float:
        """The teacher's temperature, rising to its final value while the answers are still nearly alike."""
        first, last = (float(self.context.parameters[name]) for name in ("first_temperature", "teacher_temperature"))
        return first + (last - first) * min(1.0, step / max(1.0, _WARM_UP * self.context.total_steps))

    def _certainty(self, wanted: Tensor, temperature: float) -> float:
        """Mean largest probability of the teacher's answers (N, K): 1 / K is none, 1 is full."""
        with torch.no_grad():
            centred = (wanted - self.loss.center[0]) / temperature
            return float(centred.softmax(1).amax(1).mean())
