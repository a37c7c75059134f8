"""SwAV: swapped prediction of balanced groups, prototypes on the unit sphere, small views of another size."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from lightly.loss.swav_loss import sinkhorn
from torch import nn

from sslstudio.api import Batch, TaskContext
from sslstudio.extensions import host
from tests.fakes.volume_tasks import build_volume_task, train_on_volumes

FOLDER = Path(__file__).parents[1]
VALUES = {
    "prototypes": 5, "small_views": 2, "temperature": 0.1, "epsilon": 0.05, "projection_dim": 8, "hidden_dim": 16,
}  # fmt: skip


@pytest.fixture(scope="module")
def swav() -> type:
    """The class, loaded as a worker loads it."""
    return host.load(host.inspect(FOLDER, "bundled"), "swav")


def make(swav: type, total_steps: int = 10, **changes: float) -> nn.Module:
    torch.manual_seed(0)
    backbone = nn.Sequential(nn.AdaptiveAvgPool2d(4), nn.Flatten(), nn.Linear(16, 16))
    task: nn.Module = swav(TaskContext(backbone, 16, 1, 8, 6, {**VALUES, **changes}, total_steps))
    return task


def batch(rows: int = 6, small: int = 2, step: int = 0) -> Batch:
    generator = torch.Generator().manual_seed(1)
    views = tuple(torch.randn(rows, 1, 8, 8, generator=generator) for _ in range(2))
    parts = tuple(torch.randn(rows, 1, 4, 4, generator=generator) for _ in range(small))
    return Batch(views, torch.arange(rows), torch.arange(rows), step, parts)


def test_each_view_tells_the_balanced_group_of_the_other_large_one(swav: type) -> None:
    task, made = make(swav), batch()
    loss = task.training_step(made).loss
    assert loss.ndim == 0
    with torch.no_grad():
        views = [torch.cat(made.views), torch.cat(made.small_views)]
        features = [nn.functional.normalize(task.head(task.backbone(one)), dim=1) for one in views]
        scores = [part for one in features for part in (one @ task.prototypes.heads[0].weight.T).chunk(2)]
    terms = []
    for wanted in (0, 1):
        codes = sinkhorn(scores[wanted])
        assert torch.allclose(codes.sum(1), torch.ones(6)) and torch.allclose(
            codes.sum(0), torch.full((5,), 1.2), atol=0.5
        )
        terms += [-(codes * (scores[n] / 0.1).log_softmax(1)).sum(1).mean() for n in range(4) if n != wanted]
    assert float(loss.detach()) == pytest.approx(float(sum(terms) / 6), abs=1e-3)
    assert task.chance_loss(6) == pytest.approx(math.log(5))


def test_prototypes_stay_on_the_unit_sphere_and_have_no_offset(swav: type) -> None:
    task = make(swav)
    with torch.no_grad():
        task.prototypes.heads[0].weight.mul_(3.0)
        task.after_step(0)
    assert torch.allclose(task.prototypes.heads[0].weight.norm(dim=1), torch.ones(5))
    assert [name for name, _ in task.prototypes.named_parameters()] == ["heads.0.weight"]


def test_prototypes_wait_for_the_features_at_first(swav: type) -> None:
    task = make(swav, total_steps=100)
    task.training_step(batch(step=0)).loss.backward()
    assert task.prototypes.heads[0].weight.grad is None and task.encoder()[2].weight.grad is not None
    task.training_step(batch(step=2)).loss.backward()
    assert float(task.prototypes.heads[0].weight.grad.abs().sum()) > 0


def test_small_views_can_be_left_out(swav: type) -> None:
    task = make(swav, small_views=0)
    assert (task.views().views, task.views().small_views) == (2, 0)
    with_none = replace(batch(), small_views=())
    assert bool(torch.isfinite(task.training_step(with_none).loss.detach()))


def test_it_learns_from_volumes_and_small_parts_of_them() -> None:
    task = build_volume_task(FOLDER, small_views=2)
    losses = train_on_volumes(task, 12)
    assert losses[-1] < 0.8 * task.chance_loss(8)
