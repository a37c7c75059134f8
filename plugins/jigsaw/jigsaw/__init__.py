"""Jigsaw: tiles of an image are shuffled, and a classifier on their features tells the order.

Noroozi and Favaro, Unsupervised Learning of Visual Representations by Solving Jigsaw Puzzles, ECCV 2016: gaps between
tiles, one backbone for all of them, and orders that differ in as many places as possible.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from sslstudio.api import (
    Batch,
    PretextTask,
    Preview,
    StepResult,
    TaskContext,
    ViewPlan,
    batch_statistics,
    cut_tiles,
    settle_statistics,
    tile_side,
)

from .orders import distinct_orders

__all__ = ["Jigsaw"]

_TILE_WIDTH, _HIDDEN = 128, 512


class Jigsaw(PretextTask):
    """The backbone looks at each tile alone; a small network sees all tiles' features side by side."""

    orders: Tensor

    def __init__(self, context: TaskContext) -> None:
        super().__init__(context)
        self.backbone = context.backbone
        self.grid = int(str(context.parameters["grid"])[0])
        self.keep = float(context.parameters["keep"])
        self.side = tile_side(context.image_size, self.grid)
        tiles = self.grid**2
        count = min(int(context.parameters["permutations"]), math.factorial(tiles))
        self.register_buffer("orders", distinct_orders(tiles, count).clone(), persistent=False)
        self.tile_head = nn.Sequential(nn.Linear(context.feature_dim, _TILE_WIDTH), nn.ReLU())
        self.classifier = nn.Sequential(nn.Linear(tiles * _TILE_WIDTH, _HIDDEN), nn.ReLU(), nn.Linear(_HIDDEN, count))

    def views(self) -> ViewPlan:
        """One view with all of the preset."""
        return ViewPlan(views=1)

    def training_step(self, batch: Batch) -> StepResult:
        """Cross-entropy of the order; normalisation then remembers whole images, not tiles."""
        images = batch.views[0]
        labels = torch.randint(len(self.orders), (len(images),), device=images.device)
        guess = self.answer(self.shuffled(images, labels))
        loss = nn.functional.cross_entropy(guess, labels)
        settle_statistics(self.backbone, images)
        return StepResult(loss, {"accuracy": float((guess.argmax(1) == labels).float().mean())})

    def shuffled(self, images: Tensor, labels: Tensor) -> Tensor:
        """Tiles (N, T, C, side, side) of images (N, C, S, S), in the orders of `labels` (N,)."""
        tiles = cut_tiles(images, self.grid, self.keep, self.side)
        return tiles[torch.arange(len(images), device=images.device)[:, None], self.orders[labels]]

    def answer(self, tiles: Tensor) -> Tensor:
        """Logits (N, orders) float32 for shuffled tiles (N, T, C, side, side)."""
        with batch_statistics(self.backbone):
            features = self.backbone(tiles.flatten(0, 1))
        logits: Tensor = self.classifier(self.tile_head(features).unflatten(0, tiles.shape[:2]).flatten(1))
        return logits.float()

    def preview(self, batch: Batch) -> tuple[Preview, ...]:
        """The shuffled tiles, and the tiles in the order that the network takes for right."""
        images = batch.views[0]
        tiles = self.shuffled(images, torch.arange(len(images), device=images.device) % len(self.orders))
        back = self.orders[self.answer(tiles).argmax(1)].argsort(dim=1)
        solved = tiles[torch.arange(len(images), device=images.device)[:, None], back]
        return Preview("Shuffled", self._laid_out(tiles)), Preview("Put together", self._laid_out(solved))

    def encoder(self) -> nn.Module:
        """The backbone; both small networks are thrown away."""
        return self.backbone

    def chance_loss(self, batch_size: int) -> float:
        """All orders equally likely."""
        return math.log(len(self.orders))

    def _laid_out(self, tiles: Tensor) -> Tensor:
        """Tiles (N, T, C, side, side) as one picture (N, C, S, S)."""
        square = tiles.unflatten(1, (self.grid, self.grid)).permute(0, 3, 1, 4, 2, 5).flatten(4, 5).flatten(2, 3)
        size = self.context.image_size
        return nn.functional.interpolate(square.float(), size=(size, size), mode="bilinear", align_corners=False)
