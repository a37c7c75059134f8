"""A small honest pretext task and its surroundings, for tests of the loop that need no plugin and little time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import nn

from sslstudio.api import Batch, PretextTask, StepResult, TaskContext, ViewPlan
from sslstudio.domain.items import Item
from sslstudio.importers.pixel_cache import PixelCacheWriter


class TinyBackbone(nn.Module):
    """Two convolutions and batch normalisation: (N, 1, S, S) to (N, 8)."""

    def __init__(self, channels: int = 1) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, 8, 3, stride=2, bias=False)
        self.norm = nn.BatchNorm2d(8)
        self.second = nn.Conv2d(8, 8, 3, stride=2)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Features (N, 8)."""
        return self.second(torch.relu(self.norm(self.first(images)))).mean(dim=(2, 3))


class AgreementTask(PretextTask):
    """Two views shall agree and the batch shall differ, with dropout so that the global random state matters.

    `spoil` may change or refuse a step's loss: it gets the batch and the loss.
    """

    spoil: Callable[[Batch, torch.Tensor], torch.Tensor] | None = None

    def __init__(self, context: TaskContext, plan: ViewPlan | None = None) -> None:
        super().__init__(context)
        self.backbone = context.backbone
        self.head = nn.Sequential(nn.Dropout(0.1), nn.Linear(context.feature_dim, 8))
        self.plan = plan or ViewPlan()

    def views(self) -> ViewPlan:
        """The plan given."""
        return self.plan

    def training_step(self, batch: Batch) -> StepResult:
        """Cross entropy of finding the other view."""
        first, second = (nn.functional.normalize(self.head(self.backbone(view)), dim=1) for view in batch.views)
        logits = (first @ second.T).float() / 0.2
        loss = nn.functional.cross_entropy(logits, torch.arange(len(logits)))
        if self.spoil is not None:
            loss = self.spoil(batch, loss)
        return StepResult(loss, {"spread": float(first.detach().std())})

    def encoder(self) -> nn.Module:
        """The backbone."""
        return self.backbone

    def chance_loss(self, batch_size: int) -> float | None:
        """All candidates alike."""
        return float(np.log(batch_size))


def write_images(root: Path, count: int = 24, channels: int = 1, subjects: int = 8) -> list[Item]:
    """Random blobs in a pixel cache below `root`; items of changing size, `subjects` of them in turn."""
    random = np.random.default_rng(0)
    items = []
    with PixelCacheWriter(root / "pixels" / "shard.bin") as writer:
        for number in range(count):
            height, width = int(random.integers(20, 40)), int(random.integers(20, 40))
            y, x = np.mgrid[:height, :width]
            centre = random.uniform(0.2, 0.8, 2) * (height, width)
            blob = np.exp(-((y - centre[0]) ** 2 + (x - centre[1]) ** 2) / random.uniform(20, 120))
            pixels = (blob * 200 + random.uniform(0, 40, blob.shape)).astype(np.uint8)
            location = writer.append(np.repeat(pixels[:, :, None], channels, axis=2))
            texts = dict.fromkeys(("study", "series", "scanner"), "x")
            facts = {"image_id": 100 + number, "subject": f"s{number % subjects}", "modality": "MR"}
            items.append(Item.model_validate({**texts, **facts, "low": 0.0, "high": 255.0, **location.model_dump()}))
    return items
