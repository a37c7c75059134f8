"""SimCLR: the loss is NT-Xent's, agreement lowers it, and gradients reach the backbone."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from torch import nn

from sslstudio.api import Batch, TaskContext
from sslstudio.extensions import host

FOLDER = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def simclr() -> type:
    """The class, loaded as a worker loads it."""
    info = host.inspect(FOLDER, "bundled")
    return host.load(info, "simclr")


def make(simclr: type, **parameters: float) -> nn.Module:
    torch.manual_seed(0)
    backbone = nn.Sequential(nn.Flatten(), nn.Linear(64, 16))
    values = {"temperature": 0.2, "projection_dim": 8, "hidden_dim": 16, **parameters}
    task: nn.Module = simclr(TaskContext(backbone, 16, 1, 8, 6, values, 10))
    return task


def batch(rows: int = 6) -> Batch:
    generator = torch.Generator().manual_seed(1)
    views = tuple(torch.randn(rows, 1, 8, 8, generator=generator) for _ in range(2))
    return Batch(views, torch.arange(rows), torch.arange(rows), 0)


def test_the_loss_is_nt_xent_by_its_definition(simclr: type) -> None:
    task = make(simclr)
    views = batch()
    loss = float(task.training_step(views).loss.detach())
    with torch.no_grad():
        z = nn.functional.normalize(task.head(task.backbone(torch.cat(views.views))), dim=1)
    similarity = (z @ z.T / 0.2).fill_diagonal_(-math.inf)
    other = torch.cat((torch.arange(6, 12), torch.arange(6)))
    assert loss == pytest.approx(float(nn.functional.cross_entropy(similarity, other)), abs=1e-4)


def test_equal_views_have_a_lower_loss_and_full_alignment(simclr: type) -> None:
    task = make(simclr)
    different = batch()
    same = Batch((different.views[0],) * 2, different.image_ids, different.subject_ids, 0)
    result = task.training_step(same)
    assert float(result.loss.detach()) < float(task.training_step(different).loss.detach())
    assert result.scalars["alignment"] == pytest.approx(1.0, abs=1e-5)


def test_gradients_reach_the_backbone_which_is_the_encoder(simclr: type) -> None:
    task = make(simclr)
    task.training_step(batch(5)).loss.backward()
    assert float(task.encoder()[1].weight.grad.abs().sum()) > 0
    assert task.encoder() is task.backbone


def test_chance_is_all_candidates_alike(simclr: type) -> None:
    assert make(simclr).chance_loss(256) == pytest.approx(math.log(511))


def test_bfloat16_changes_the_loss_little(simclr: type) -> None:
    task = make(simclr)
    exact = float(task.training_step(batch()).loss.detach())
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rounded = float(task.training_step(batch()).loss.detach())
    assert rounded == pytest.approx(exact, abs=0.05)
