"""VISReg: agreement with the mean of the large views, and features spread like a Gaussian."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from sslstudio.api import Batch, TaskContext
from sslstudio.extensions import host
from tests.fakes.volume_tasks import build_volume_task, train_on_volumes

FOLDER = Path(__file__).parents[1]
VALUES = {
    "regularisation": 0.6, "small_views": 2, "shape_weight": 1.0, "directions": 64, "projection_dim": 8,
    "hidden_dim": 16,
}  # fmt: skip


@pytest.fixture(scope="module")
def visreg() -> type:
    """The class, loaded as a worker loads it."""
    return host.load(host.inspect(FOLDER, "bundled"), "visreg")


def make(visreg: type, **changes: float) -> nn.Module:
    torch.manual_seed(0)
    backbone = nn.Sequential(nn.AdaptiveAvgPool2d(4), nn.Flatten(), nn.Linear(16, 16))
    task: nn.Module = visreg(TaskContext(backbone, 16, 1, 8, 6, {**VALUES, **changes}, 10))
    return task


def batch(rows: int = 32) -> Batch:
    generator = torch.Generator().manual_seed(1)
    views = tuple(torch.randn(rows, 1, 8, 8, generator=generator) for _ in range(2))
    small = tuple(torch.randn(rows, 1, 4, 4, generator=generator) for _ in range(2))
    return Batch(views, torch.arange(rows), torch.arange(rows), 0, small)


def test_the_loss_weighs_agreement_scale_shape_and_centre(visreg: type) -> None:
    task, made = make(visreg, shape_weight=0.0), batch()
    result = task.training_step(made)
    with torch.no_grad():
        parts = [torch.cat(made.views), torch.cat(made.small_views)]
        all_views = torch.cat([task.head(task.backbone(one)).unflatten(0, (2, 32)) for one in parts])
    agreement = (all_views - all_views[:2].mean(0)).square().mean()
    scale = (1 - all_views.std(dim=1, unbiased=False)).square().mean()
    centre = all_views.mean(dim=1).square().mean()
    assert float(result.loss.detach()) == pytest.approx(float(0.4 * agreement + 0.6 * (scale + centre)), abs=1e-4)
    assert result.scalars["disagreement"] == pytest.approx(float(agreement), abs=1e-4)


def test_features_of_one_value_cost_more_than_a_gaussian(visreg: type) -> None:
    task = make(visreg)
    task.head = nn.Identity()
    task.backbone = nn.Flatten()
    made = replace(batch(256), small_views=())
    made = replace(made, views=(made.views[0],) * 2)
    gaussian = float(task.training_step(made).loss.detach())
    made = replace(made, views=(torch.zeros(256, 1, 8, 8),) * 2)
    collapsed = float(task.training_step(made).loss.detach())
    assert gaussian < 0.05 and collapsed > 0.6


def test_small_views_can_be_left_out(visreg: type) -> None:
    task = make(visreg, small_views=0)
    assert task.views().small_views == 0
    task.training_step(replace(batch(), small_views=())).loss.backward()
    assert float(task.encoder()[2].weight.grad.abs().sum()) > 0
    assert task.chance_loss(6) is None


def test_it_learns_from_volumes_and_small_parts_of_them() -> None:
    task = build_volume_task(FOLDER, small_views=2)
    losses = train_on_volumes(task, 12)
    assert losses[-1] < 0.8 * losses[0]
