"""MoCo v3: the loss by its definition, a teacher without gradient that follows, and a resume that knows it."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from torch import nn

from sslstudio.api import Batch, TaskContext, teacher_momentum
from sslstudio.extensions import host
from tests.fakes.volume_tasks import build_volume_task, train_on_volumes

FOLDER = Path(__file__).parents[1]
VALUES = {"temperature": 0.2, "momentum": 0.99, "projection_dim": 8, "hidden_dim": 16}


@pytest.fixture(scope="module")
def mocov3() -> type:
    """The class, loaded as a worker loads it."""
    return host.load(host.inspect(FOLDER, "bundled"), "mocov3")


def make(mocov3: type, seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    backbone = nn.Sequential(nn.Flatten(), nn.Linear(64, 16))
    task: nn.Module = mocov3(TaskContext(backbone, 16, 1, 8, 6, VALUES, 1000))
    return task


def batch(rows: int = 6) -> Batch:
    generator = torch.Generator().manual_seed(1)
    views = tuple(torch.randn(rows, 1, 8, 8, generator=generator) for _ in range(2))
    return Batch(views, torch.arange(rows), torch.arange(rows), 0)


def test_the_loss_is_the_mean_of_both_directions_of_the_contrast(mocov3: type) -> None:
    task, views = make(mocov3), torch.cat(batch().views)
    loss = float(task.training_step(batch()).loss.detach())
    with torch.no_grad():
        queries = nn.functional.normalize(task.prediction(task.projection(task.backbone(views))), dim=1).chunk(2)
        keys = nn.functional.normalize(task.teacher(views), dim=1).chunk(2)
    wanted = torch.arange(6)
    both = [nn.functional.cross_entropy(queries[n] @ keys[1 - n].T / 0.2, wanted) for n in (0, 1)]
    assert loss == pytest.approx(float(sum(both) / 2), abs=1e-4)
    assert task.chance_loss(6) == pytest.approx(math.log(6))


def test_the_teacher_gets_no_gradient_and_follows_after_a_step(mocov3: type) -> None:
    task = make(mocov3)
    task.training_step(batch()).loss.backward()
    assert all(one.grad is None and not one.requires_grad for one in task.teacher.parameters())
    before = task.teacher[0][1].weight.clone()
    with torch.no_grad():
        task.backbone[1].weight.add_(1.0)
        task.after_step(300)
    moved = (task.teacher[0][1].weight - before).mean()
    assert float(moved) == pytest.approx(1 - teacher_momentum(300, 1000, 0.99), rel=1e-3)


def test_a_resumed_task_has_the_same_teacher(mocov3: type) -> None:
    task = make(mocov3)
    with torch.no_grad():
        task.backbone[1].weight.add_(1.0)
        task.after_step(0)
    again = make(mocov3, seed=9)
    again.load_state_dict(task.state_dict())
    assert float(again.training_step(batch()).loss.detach()) == float(task.training_step(batch()).loss.detach())


def test_the_patches_of_a_transformer_stay_as_they_are(mocov3: type) -> None:
    backbone = nn.Sequential(nn.Flatten(), nn.Linear(64, 16))
    backbone.patch_embed = nn.Linear(2, 2)
    task = mocov3(TaskContext(backbone, 16, 1, 8, 6, VALUES, 1000, family="vit", patch_size=8))
    assert not any(one.requires_grad for one in task.backbone.patch_embed.parameters())
    assert task.backbone[1].weight.requires_grad


def test_it_learns_to_tell_volumes_apart() -> None:
    task = build_volume_task(FOLDER, projection_dim=32, hidden_dim=64)
    losses = train_on_volumes(task, 12)
    assert losses[-1] < 0.3 * task.chance_loss(8)
