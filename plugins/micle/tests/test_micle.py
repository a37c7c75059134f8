"""MICLe: NT-Xent over pairs from bags; the share of true pairs is told."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from torch import nn

from sslstudio.api import Batch, TaskContext
from sslstudio.domain.items import Item
from sslstudio.extensions import host
from sslstudio.training.sampling import Sampler

FOLDER = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def micle() -> type:
    """The class, loaded as a worker loads it."""
    return host.load(host.inspect(FOLDER, "bundled"), "micle")


def make(micle: type) -> nn.Module:
    torch.manual_seed(0)
    backbone = nn.Sequential(nn.Flatten(), nn.Linear(64, 16))
    task: nn.Module = micle(
        TaskContext(backbone, 16, 1, 8, 6, {"temperature": 0.2, "projection_dim": 8, "hidden_dim": 16}, 10)
    )
    return task


def batch(sources: torch.Tensor | None = None, rows: int = 6) -> Batch:
    generator = torch.Generator().manual_seed(1)
    views = tuple(torch.randn(rows, 1, 8, 8, generator=generator) for _ in range(2))
    return Batch(views, torch.arange(rows), torch.arange(rows), 0, sources=sources)


def test_the_loss_is_nt_xent_by_its_definition(micle: type) -> None:
    task = make(micle)
    views = batch()
    loss = float(task.training_step(views).loss.detach())
    with torch.no_grad():
        z = nn.functional.normalize(task.head(task.backbone(torch.cat(views.views))), dim=1)
    similarity = (z @ z.T / 0.2).fill_diagonal_(-math.inf)
    other = torch.cat((torch.arange(6, 12), torch.arange(6)))
    assert loss == pytest.approx(float(nn.functional.cross_entropy(similarity, other)), abs=1e-4)
    assert task.chance_loss(6) == pytest.approx(math.log(11))


def test_the_share_of_true_pairs_is_told(micle: type) -> None:
    sources = torch.tensor([[1, 2], [3, 3], [4, 5], [6, 6], [7, 7], [8, 9]])
    assert make(micle).training_step(batch(sources)).scalars["pairs"] == pytest.approx(0.5)
    assert "pairs" not in make(micle).training_step(batch()).scalars


def test_its_pairs_are_different_images_of_one_patient_where_there_are_two(micle: type) -> None:
    sizes = {"a": 4, "b": 1, "c": 2}
    items = [
        Item(
            image_id=number, subject=subject, study=subject, series=subject, modality="XC", scanner="", shard="x.bin",
            offset=0, height=8, width=8, channels=1, dtype="uint8", windows=((0.0, 255.0),),
        )
        for number, subject in enumerate(name for name, size in sizes.items() for _ in range(size))
    ]  # fmt: skip
    rows = Sampler(items, make(micle).views(), 8, seed=0).epoch(0)
    assert rows.shape[1:] == (3, 2)
    for first, second in rows.reshape(-1, 2).tolist():
        assert items[first].subject == items[second].subject
        assert (first == second) == (sizes[items[first].subject] == 1)


def test_gradients_reach_the_backbone_which_is_the_encoder(micle: type) -> None:
    task = make(micle)
    task.training_step(batch(rows=5)).loss.backward()
    assert float(task.encoder()[1].weight.grad.abs().sum()) > 0
    assert task.encoder() is task.backbone
