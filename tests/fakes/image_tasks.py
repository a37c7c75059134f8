"""Bundled pretext tasks built on timm's test networks, which are real but take milliseconds, for tests of plugins."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import timm
import torch

from sslstudio.api import Batch, ParameterValue, PretextTask, TaskContext
from sslstudio.backbones.features import patch_size
from sslstudio.extensions import host

FAMILIES = {"convnext": "test_convnext", "efficientnet": "test_efficientnet", "vit": "test_vit"}
"""Layer normalisation, batch normalisation, patches."""

torch.set_num_threads(1)  # tiny tensors: a second thread costs more than it does

_PATCH = 8
_MEAN, _STD = {1: (0.449,), 3: (0.485, 0.456, 0.406)}, {1: (0.226,), 3: (0.229, 0.224, 0.225)}


def build_task(
    folder: Path, network: str = "efficientnet", *, side: int = 32, channels: int = 1, **parameters: ParameterValue
) -> Any:
    """The task of the plugin in `folder`, as a worker builds it, with `parameters` over its defaults."""
    torch.manual_seed(0)
    info = host.inspect(folder, "bundled")
    assert info.manifest is not None, info.reason
    entry = info.manifest.pretext_tasks[0]
    sizes = {"img_size": side, "patch_size": _PATCH, "dynamic_img_size": True} if network == "vit" else {}
    backbone = timm.create_model(FAMILIES[network], in_chans=channels, num_classes=0, **sizes)
    context = TaskContext(
        backbone=backbone,
        feature_dim=backbone.num_features,
        in_channels=channels,
        image_size=side,
        batch_size=6,
        parameters=entry.values(parameters),
        total_steps=10,
        family="vit" if network == "vit" else "cnn",
        patch_size=patch_size(backbone),
        mean=_MEAN[channels],
        std=_STD[channels],
    )
    return host.load(info, entry.id)(context).train()


def blobs(rows: int, side: int = 32, channels: int = 1, seed: int = 0) -> torch.Tensor:
    """Smooth images (rows, channels, side, side) of zero mean and unit variance."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.randn(rows, channels, 3, 3, generator=generator)
    images = torch.nn.functional.interpolate(coarse, size=(side, side), mode="bicubic", align_corners=True)
    return (images - images.mean()) / images.std()


def batch_for(task: PretextTask, rows: int = 6, seed: int = 0) -> Batch:
    """A batch of smooth images for the task's plan."""
    side, channels = task.context.image_size, task.context.in_channels
    views = tuple(blobs(rows, side, channels, seed * 100 + view) for view in range(task.views().views))
    return Batch(views, torch.arange(rows), torch.arange(rows), 0)


def train(task: PretextTask, batch: Batch, steps: int, rate: float = 2e-3) -> list[float]:
    """Losses of `steps` steps on one batch."""
    optimiser = torch.optim.AdamW([p for p in task.parameters() if p.requires_grad], lr=rate)
    losses = []
    for step in range(steps):
        torch.manual_seed(step)
        loss = task.training_step(batch).loss
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    return losses


def fits_every_network(folder: Path, networks: tuple[str, ...] = tuple(FAMILIES), *, side: int = 48) -> None:
    """A step in bfloat16 with three rows and channels, and whole images through the encoder, on each network."""
    for network in networks:
        task = build_task(folder, network, side=side, channels=3)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = task.training_step(batch_for(task, rows=3)).loss
        loss.backward()
        assert torch.isfinite(loss) and loss.dtype == torch.float32, network
        gradients = [p.grad for p in task.encoder().parameters() if p.grad is not None]
        assert gradients and all(bool(torch.isfinite(one).all()) for one in gradients), network
        assert task.encoder() is task.context.backbone
        with torch.no_grad():
            features = task.encoder().eval()(blobs(2, side, 3))
        assert features.shape == (2, task.context.feature_dim), network
