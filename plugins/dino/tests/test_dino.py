"""DINO: cross entropy with a centred, sharpened teacher that follows without gradient and is what is kept."""

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
VALUES = {
    "answers": 12, "small_views": 2, "momentum": 0.99, "student_temperature": 0.1, "first_temperature": 0.04,
    "teacher_temperature": 0.07, "hidden_dim": 16,
}  # fmt: skip


@pytest.fixture(scope="module")
def dino() -> type:
    """The class, loaded as a worker loads it."""
    return host.load(host.inspect(FOLDER, "bundled"), "dino")


def make(dino: type, seed: int = 0, family: str = "vit") -> nn.Module:
    torch.manual_seed(seed)
    backbone = nn.Sequential(nn.AdaptiveAvgPool2d(4), nn.Flatten(), nn.Linear(16, 16))
    task: nn.Module = dino(TaskContext(backbone, 16, 1, 8, 6, VALUES, 1000, family=family))
    return task


def batch(rows: int = 6, step: int = 0) -> Batch:
    generator = torch.Generator().manual_seed(1)
    views = tuple(torch.randn(rows, 1, 8, 8, generator=generator) for _ in range(2))
    small = tuple(torch.randn(rows, 1, 4, 4, generator=generator) for _ in range(2))
    return Batch(views, torch.arange(rows), torch.arange(rows), step, small)


def test_the_loss_is_the_cross_entropy_over_all_pairs_of_different_views(dino: type) -> None:
    task, made = make(dino), batch(step=50)
    task.loss.center.normal_()
    centre = task.loss.center[0].clone()
    with torch.no_grad():
        large, small = torch.cat(made.views), torch.cat(made.small_views)
        wanted = ((task.teacher_head(task.teacher(large)) - centre) / 0.055).softmax(1).chunk(2)
        said = [
            part for one in (large, small) for part in (task.head(task.backbone(one)) / 0.1).log_softmax(1).chunk(2)
        ]
    pairs = [(t, s) for t in range(2) for s in range(4) if t != s]
    expected = sum(-(wanted[t] * said[s]).sum(1).mean() for t, s in pairs) / len(pairs)
    assert float(task.training_step(made).loss.detach()) == pytest.approx(float(expected), abs=1e-4)
    assert task.chance_loss(6) == pytest.approx(math.log(12))


def test_the_centre_moves_to_the_mean_answer_of_the_teacher(dino: type) -> None:
    task, made = make(dino), batch()
    with torch.no_grad():
        mean = task.teacher_head(task.teacher(torch.cat(made.views))).mean(0)
    task.training_step(made)
    assert torch.allclose(task.loss.center.flatten(), 0.1 * mean, atol=1e-6)


def test_the_teacher_gets_no_gradient_follows_and_is_what_is_kept(dino: type) -> None:
    task = make(dino)
    task.training_step(batch(step=500)).loss.backward()
    teacher = [*task.teacher.parameters(), *task.teacher_head.parameters()]
    assert all(one.grad is None and not one.requires_grad for one in teacher)
    assert float(task.backbone[2].weight.grad.abs().sum()) > 0
    before = task.encoder()[2].weight.clone()
    with torch.no_grad():
        task.backbone[2].weight.add_(1.0)
        task.after_step(0)
    moved = float((task.encoder()[2].weight - before).mean())
    assert moved == pytest.approx(1 - teacher_momentum(0, 1000, 0.99), rel=1e-3)


def test_teacher_and_student_begin_alike_and_the_last_layer_waits(dino: type) -> None:
    task = make(dino, family="cnn")
    same = zip(task.head.parameters(), task.teacher_head.parameters(), strict=True)
    assert all(torch.equal(one, other) for one, other in same)
    task.training_step(batch(step=19)).loss.backward()
    assert task.head.last_layer.weight_v.grad is None
    task.training_step(batch(step=20)).loss.backward()
    assert float(task.head.last_layer.weight_v.grad.abs().sum()) > 0


def test_a_resumed_task_has_the_same_teacher_and_centre(dino: type) -> None:
    task = make(dino)
    task.training_step(batch())
    with torch.no_grad():
        task.backbone[2].weight.add_(1.0)
        task.after_step(0)
    again = make(dino, seed=9)
    again.load_state_dict(task.state_dict())
    assert float(again.training_step(batch()).loss.detach()) == float(task.training_step(batch()).loss.detach())


def test_it_learns_from_volumes_and_small_parts_of_them() -> None:
    task = build_volume_task(FOLDER, answers=64, hidden_dim=64, small_views=2)
    before = task.encoder().coarse[0].weight.clone()
    losses = train_on_volumes(task, 12)
    assert losses[-1] < 0.5 * losses[0]
    assert not torch.equal(task.encoder().coarse[0].weight, before), "the teacher, which is kept, follows"
