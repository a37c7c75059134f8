"""Rotation: each image is turned by a number of quarter turns, which a classifier on the features tells.

Gidaris et al., Unsupervised Representation Learning by Predicting Image Rotations, ICLR 2018. For volumes as in Taleb
et al., 3D Self-Supervised Methods for Medical Imaging, NeurIPS 2020, but with those turns alone under which a volume of
square slices falls onto itself: quarter turns within the slices, and half turns that put head and feet in each other's
place. Quarter turns about other axes would have to be resampled, and the blur along the axis would tell them.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from sslstudio.api import Batch, PretextTask, Preview, StepResult, TaskContext, ViewPlan

__all__ = ["Rotation"]

_TURNS, _VOLUME_TURNS = 4, 8


class Rotation(PretextTask):
    """A classifier of the four quarter turns, or the eight turns of a volume, on top of the backbone."""

    def __init__(self, context: TaskContext) -> None:
        super().__init__(context)
        self.backbone = context.backbone
        self.turns = _VOLUME_TURNS if context.depth else _TURNS
        hidden = int(context.parameters["hidden_dim"])
        self.classifier: nn.Module = nn.Linear(context.feature_dim, self.turns)
        if hidden:
            self.classifier = nn.Sequential(
                nn.Linear(context.feature_dim, hidden), nn.ReLU(), nn.Linear(hidden, self.turns)
            )

    def views(self) -> ViewPlan:
        """One view with all of the preset; where it turns images by any angle the manifest says not to."""
        return ViewPlan(views=1)

    def training_step(self, batch: Batch) -> StepResult:
        """Cross-entropy of the turns, of which a batch holds equally many."""
        images = batch.views[0]
        turns = torch.randperm(len(images), device=images.device) % self.turns
        guess = self.classifier(self.backbone(turned(images, turns))).float()
        loss = nn.functional.cross_entropy(guess, turns)
        return StepResult(loss, {"accuracy": float((guess.argmax(1) == turns).float().mean())})

    def preview(self, batch: Batch) -> tuple[Preview, ...]:
        """The images as they came, and turned back by what the network takes their turn for."""
        images = batch.views[0]
        turns = torch.arange(len(images), device=images.device) % self.turns
        shown = turned(images, turns)
        guess = self.classifier(self.backbone(shown)).argmax(1)
        return Preview("Turned", shown), Preview("Turned back", turned(shown, back(guess)))

    def encoder(self) -> nn.Module:
        """The backbone; the classifier is thrown away."""
        return self.backbone

    def chance_loss(self, batch_size: int) -> float:
        """All turns equally likely."""
        return math.log(self.turns)


def turned(images: Tensor, turns: Tensor) -> Tensor:
    """Images (N, C, S, S), each turned to the left by its number of quarter turns (N,); no pixel is resampled.

    For volumes (N, C, depth, S, S) turns of 4 to 7 are those of 0 to 3 with a half turn about the rows after them.
    """
    result = images.clone()
    for turn in range(1, _VOLUME_TURNS if images.ndim == 5 else _TURNS):
        chosen = (turns == turn).nonzero().flatten()
        quarter = torch.rot90(images[chosen], turn % _TURNS, (-2, -1))
        result[chosen] = quarter.flip((-3, -2)) if turn >= _TURNS else quarter
    return result


def back(turns: Tensor) -> Tensor:
    """The turns that undo these; what ends with a half turn undoes itself."""
    return torch.where(turns < _TURNS, (_TURNS - turns) % _TURNS, turns)
