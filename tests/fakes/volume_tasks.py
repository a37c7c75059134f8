"""Bundled pretext tasks built on a network for volumes that takes milliseconds, for tests of plugins."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from sslstudio.api import Batch, ParameterValue, PretextTask, TaskContext
from sslstudio.augment.batch import small_side
from sslstudio.extensions import host
from tests.fakes.volumes import TinyVolumeNet

DEPTH, SIDE = 8, 16

torch.set_num_threads(1)  # tiny tensors: a second thread costs more than it does


def build_volume_task(folder: Path, **parameters: ParameterValue) -> Any:
    """The task of the plugin in `folder`, as a worker builds it for volumes, with `parameters` over its defaults."""
    torch.manual_seed(0)
    info = host.inspect(folder, "bundled")
    assert info.manifest is not None, info.reason
    entry = info.manifest.pretext_tasks[0]
    assert 3 in entry.requires.dimensions
    context = TaskContext(
        backbone=TinyVolumeNet(padding=1),
        feature_dim=512,
        in_channels=1,
        image_size=SIDE,
        batch_size=8,
        parameters=entry.values(parameters),
        total_steps=40,
        mean=(0.449,),
        std=(0.226,),
        depth=DEPTH,
    )
    return host.load(info, entry.id)(context).train()


def volume_blobs(rows: int, seed: int = 0, depth: int = DEPTH, side: int = SIDE) -> torch.Tensor:
    """Smooth volumes (rows, 1, depth, side, side) of zero mean and unit variance."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.randn(rows, 1, 3, 3, 3, generator=generator)
    volumes = torch.nn.functional.interpolate(coarse, size=(depth, side, side), mode="trilinear", align_corners=True)
    return (volumes - volumes.mean()) / volumes.std()


def volume_batch(task: PretextTask, rows: int = 8, step: int = 0) -> Batch:
    """Views of the same few volumes with noise of their own, as the task's plan asks; small ones show a part."""
    plan, whole = task.views(), volume_blobs(rows)
    generator = torch.Generator().manual_seed(1000 + step)
    depth, side = min(DEPTH, small_side(DEPTH, plan.small_share)), small_side(SIDE, plan.small_share)

    def noisy(volumes: torch.Tensor) -> torch.Tensor:
        return volumes + 0.2 * torch.randn(volumes.shape, generator=generator)

    views = tuple(noisy(whole) for _ in range(plan.views))
    small = tuple(noisy(whole[:, :, :depth, :side, :side]) for _ in range(plan.small_views))
    return Batch(views, torch.arange(rows), torch.arange(rows), step, small)


def train_on_volumes(task: PretextTask, steps: int, rate: float = 2e-3) -> list[float]:
    """Losses of `steps` steps on noisy views of the same few volumes; the encoder then maps them to features."""
    optimiser = torch.optim.AdamW(task.parameters(), lr=rate)
    losses = []
    for step in range(steps):
        torch.manual_seed(step)
        loss = task.training_step(volume_batch(task, step=step)).loss
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        with torch.no_grad():
            task.after_step(step)
        losses.append(float(loss.detach()))
    with torch.no_grad():
        features = task.encoder().eval()(volume_blobs(2))
    task.train()
    assert features.shape == (2, 512) and bool(torch.isfinite(features).all())
    return losses
