"""BYOL: the loss by its definition, a teacher without gradient that follows, and a resume that knows it."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from sslstudio.api import Batch, TaskContext, teacher_momentum
from sslstudio.extensions import host
from tests.fakes.volume_tasks import build_volume_task, train_on_volumes

FOLDER = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def byol() -> type:
    """The class, loaded as a worker loads it."""
    return host.load(host.inspect(FOLDER, "bundled"), "byol")


def make(byol: type, seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    backbone = nn.Sequential(nn.Flatten(), nn.Linear(64, 16))
    values = {"momentum": 0.99, "projection_dim": 8, "hidden_dim": 16}
    task: nn.Module = byol(TaskContext(backbone, 16, 1, 8, 6, values, 1000))
    return task


def batch(rows: int = 6) -> Batch:
    generator = torch.Generator().manual_seed(1)
    views = tuple(torch.randn(rows, 1, 8, 8, generator=generator) for _ in range(2))
    return Batch(views, torch.arange(rows), torch.arange(rows), 0)


def test_the_loss_is_the_squared_distance_of_normalised_prediction_and_target(byol: type) -> None:
    task, views = make(byol), torch.cat(batch().views)
    loss = float(task.training_step(batch()).loss.detach())
    with torch.no_grad():
        said = nn.functional.normalize(task.prediction(task.projection(task.backbone(views))), dim=1).chunk(2)
        wanted = nn.functional.normalize(task.teacher(views), dim=1).chunk(2)
    both = [(said[n] - wanted[1 - n]).square().sum(1).mean() for n in (0, 1)]
    assert loss == pytest.approx(float(sum(both) / 2), abs=1e-4)


def test_the_teacher_gets_no_gradient_and_follows_after_a_step(byol: type) -> None:
    task = make(byol)
    task.training_step(batch()).loss.backward()
    assert float(task.encoder()[1].weight.grad.abs().sum()) > 0
    assert all(one.grad is None and not one.requires_grad for one in task.teacher.parameters())
    before = task.teacher[0][1].weight.clone()
    with torch.no_grad():
        task.backbone[1].weight.add_(1.0)
        task.after_step(0)
    assert float((task.teacher[0][1].weight - before).mean()) == pytest.approx(
        1 - teacher_momentum(0, 1000, 0.99), rel=1e-3
    )


def test_a_resumed_task_has_the_same_teacher(byol: type) -> None:
    task = make(byol)
    with torch.no_grad():
        task.backbone[1].weight.add_(1.0)
        task.after_step(0)
    again = make(byol, seed=9)
    again.load_state_dict(task.state_dict())
    assert float(again.training_step(batch()).loss.detach()) == float(task.training_step(batch()).loss.detach())
    assert task.chance_loss(6) is None, "a collapsed network has the lowest loss of all"


def test_it_learns_from_volumes() -> None:
    """The student comes to say what the teacher says: both see whole volumes."""
    task = build_volume_task(FOLDER, projection_dim=32, hidden_dim=64)
    losses = train_on_volumes(task, 12)
    assert losses[-1] < 0.5 * losses[0]
    assert all(one.grad is None for one in task.teacher.parameters())
