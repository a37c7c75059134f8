"""VICReg: invariance, variance and covariance by their definitions."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from sslstudio.api import Batch, TaskContext
from sslstudio.extensions import host
from tests.fakes.volume_tasks import build_volume_task, train_on_volumes

FOLDER = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def vicreg() -> type:
    """The class, loaded as a worker loads it."""
    return host.load(host.inspect(FOLDER, "bundled"), "vicreg")


def make(vicreg: type, **weights: float) -> nn.Module:
    torch.manual_seed(0)
    backbone = nn.Sequential(nn.Flatten(), nn.Linear(64, 16))
    values = {"invariance": 25.0, "variance": 25.0, "covariance": 1.0, "projection_dim": 8, **weights}
    task: nn.Module = vicreg(TaskContext(backbone, 16, 1, 8, 6, values, 10))
    return task


def batch(rows: int = 12) -> Batch:
    generator = torch.Generator().manual_seed(1)
    views = tuple(torch.randn(rows, 1, 8, 8, generator=generator) for _ in range(2))
    return Batch(views, torch.arange(rows), torch.arange(rows), 0)


def test_the_loss_is_the_weighted_sum_of_its_three_terms(vicreg: type) -> None:
    task = make(vicreg)
    loss = float(task.training_step(batch()).loss.detach())
    with torch.no_grad():
        views = task.head(task.backbone(torch.cat(batch().views))).chunk(2)
    agreement = (views[0] - views[1]).square().mean()
    spread = sum((1 - (one.var(dim=0) + 1e-4).sqrt()).clamp(min=0).mean() for one in views) / 2
    covariances = [torch.cov(one.T) for one in views]
    alike = sum((one - one.diag().diag()).square().sum() / 8 for one in covariances)
    assert loss == pytest.approx(float(25 * agreement + 25 * spread + alike), rel=1e-3)


def test_features_that_do_not_vary_cost_the_whole_weight_of_variation(vicreg: type) -> None:
    task = make(vicreg, invariance=0.0, covariance=0.0)
    task.head = nn.Identity()
    task.backbone = nn.Flatten()
    views = (torch.ones(12, 1, 8, 8),) * 2
    result = task.training_step(Batch(views, torch.arange(12), torch.arange(12), 0))
    assert float(result.loss.detach()) == pytest.approx(25 * (1 - 1e-2), rel=1e-3)
    assert result.scalars["spread"] == 0.0


def test_gradients_reach_the_backbone_which_is_the_encoder(vicreg: type) -> None:
    task = make(vicreg)
    task.training_step(batch(5)).loss.backward()
    assert float(task.encoder()[1].weight.grad.abs().sum()) > 0
    assert task.chance_loss(6) is None


def test_it_learns_from_volumes() -> None:
    losses = train_on_volumes(build_volume_task(FOLDER, projection_dim=64), 12)
    assert losses[-1] < 0.8 * losses[0]
