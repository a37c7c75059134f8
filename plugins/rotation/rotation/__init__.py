"""Rotation: each image is turned by a number of quarter turns, which a classifier on the features tells.

Gidaris et al., Unsupervised Representation Learning by Predicting Image Rotations, ICLR 2018.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from sslstudio.api import Batch, PretextTask, Preview, StepResult, TaskContext, ViewPlan

__all__ = ["Rotation"]

_TURNS = 4


class Rotation(PretextTask):
    """A classifier of the four quarter turns on top of the backbone."""

    def __init__(self, context: TaskContext) -> None:
        super().__init__(context)
        self.backbone = context.backbone
        hidden = int(context.parameters["hidden_dim"])
        self.classifier: nn.Module = nn.Linear(context.feature_dim, _TURNS)
        if hidden:
            self.classifier = nn.Sequential(
                nn.Linear(context.feature_dim, hidden), nn.ReLU(), nn.Linear(hidden, _TURNS)
            )

    def views(self) -> ViewPlan:
        """One view with all of the preset; where it turns images by any angle the manifest says not to."""
        return ViewPlan(views=1)

    def training_step(self, batch: Batch) -> StepResult:
        """Cross-entropy of the turns, of which a batch holds equally many."""
        images = batch.views[0]
        turns = torch.randperm(len(images), device=images.device) % _TURNS
        guess = self.classifier(self.backbone(turned(images, turns))).float()
        loss = nn.functional.cross_entropy(guess, turns)
        return StepResult(loss, {"accuracy": float((guess.argmax(1) == turns).float().mean())})

    def preview(self, batch: Batch) -> tuple[Preview, ...]:
        """The images as they came, and turned back by what the network takes their turn for."""
        images = batch.views[0]
        turns = torch.arange(len(images), device=images.device) % _TURNS
        shown = turned(images, turns)
        guess = self.classifier(self.backbone(shown)).argmax(1)
        return Preview("Turned", shown), Preview("Turned back", turned(shown, (_TURNS - guess) % _TURNS))

    def encoder(self) -> nn.Module:
        """The backbone; the classifier is thrown away."""
        return self.backbone

    def chance_loss(self, batch_size: int) -> float:
        """All turns equally likely."""
        return math.log(_TURNS)


def turned(images: Tensor, turns: Tensor) -> Tensor:
    """Images (N, C, S, S), each turned to the left by its number of quarter turns (N,); no pixel is resampled."""
    result = images.clone()
    for turn in range(1, _TURNS):
        chosen = (turns == turn).nonzero().flatten()
        result[chosen] = torch.rot90(images[chosen], turn, (2, 3))
    return result
