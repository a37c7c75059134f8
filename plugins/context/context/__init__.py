"""Relative place: of two parts of an image, a classifier on their features tells on which side the second lies.

Doersch et al., Unsupervised Visual Representation Learning by Context Prediction, ICCV 2015: eight places around the
middle, a gap and a jitter.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from sslstudio.api import (
    Batch,
    PretextTask,
    StepResult,
    TaskContext,
    ViewPlan,
    batch_statistics,
    cut_tiles,
    settle_statistics,
    tile_side,
)

__all__ = ["RelativePlace"]

_GRID, _PLACES = 3, 8
_MIDDLE = 4


class RelativePlace(PretextTask):
    """The backbone looks at each part alone; a small network sees both parts' features."""

    around: Tensor

    def __init__(self, context: TaskContext) -> None:
        super().__init__(context)
        self.backbone = context.backbone
        self.keep = float(context.parameters["keep"])
        self.side = tile_side(context.image_size, _GRID)
        places = [place for place in range(_GRID**2) if place != _MIDDLE]
        self.register_buffer("around", torch.tensor(places), persistent=False)
        hidden = int(context.parameters["hidden_dim"])
        self.classifier = nn.Sequential(
            nn.Linear(2 * context.feature_dim, hidden),
            nn.LayerNorm(hidden),
            nn.ReLU(),
            nn.Linear(hidden, _PLACES),
        )

    def views(self) -> ViewPlan:
        """One view with all of the preset."""
        return ViewPlan(views=1)

    def training_step(self, batch: Batch) -> StepResult:
        """Cross-entropy of the place, two places for each image; normalisation then remembers whole images."""
        images = batch.views[0]
        labels = torch.rand(len(images), _PLACES, device=images.device).argsort(dim=1)[:, :2]
        parts = self.parts(images, labels)
        guess = self.answer(parts)
        loss = nn.functional.cross_entropy(guess, labels.flatten())
        settle_statistics(self.backbone, images)
        return StepResult(loss, {"accuracy": float((guess.argmax(1) == labels.flatten()).float().mean())})

    def parts(self, images: Tensor, labels: Tensor) -> Tensor:
        """The middle and the parts at `labels` (N, L) of images (N, C, S, S): (N, 1 + L, C, side, side)."""
        tiles = cut_tiles(images, _GRID, self.keep, self.side)
        middle = torch.full_like(labels[:, :1], _MIDDLE)
        chosen = torch.cat((middle, self.around[labels]), dim=1)
        return tiles[torch.arange(len(images), device=images.device)[:, None], chosen]

    def answer(self, parts: Tensor) -> Tensor:
        """Logits (N * L, 8) float32 for the middles and their L other parts (N, 1 + L, C, side, side)."""
        with batch_statistics(self.backbone):
            features: Tensor = self.backbone(parts.flatten(0, 1))
        features = features.unflatten(0, parts.shape[:2])
        middle = features[:, :1].expand(-1, parts.shape[1] - 1, -1)
        logits: Tensor = self.classifier(torch.cat((middle, features[:, 1:]), dim=2).flatten(0, 1))
        return logits.float()

    def encoder(self) -> nn.Module:
        """The backbone; the classifier is thrown away."""
        return self.backbone

    def chance_loss(self, batch_size: int) -> float:
        """All eight places equally likely."""
        return math.log(_PLACES)
