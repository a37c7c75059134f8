"""Hybrid: the loss is NT-Xent plus the weighted error of hidden pixels, and both teach the backbone."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from lightly.loss.ntx_ent_loss import NTXentLoss

from tests.fakes.image_tasks import batch_for, build_task, fits_every_network, train
from tests.fakes.volume_tasks import build_volume_task, train_on_volumes, volume_batch

FOLDER = Path(__file__).parents[1]


def test_the_loss_is_the_weighted_sum() -> None:
    task = build_task(FOLDER, "convnext", rebuild_weight=3.0)
    batch = batch_for(task)
    result = task.training_step(batch)
    contrast, painting = result.scalars["contrast"], result.scalars["painting"]
    assert float(result.loss.detach()) == pytest.approx(contrast + 3.0 * painting, rel=1e-5)
    with torch.no_grad():
        first, second = task.head(task.backbone(torch.cat(batch.views))).chunk(2)
    assert contrast == pytest.approx(float(NTXentLoss(temperature=0.2)(first, second)), rel=1e-4)


def test_without_weight_painting_does_not_count() -> None:
    task = build_task(FOLDER, rebuild_weight=0.0)
    task.training_step(batch_for(task)).loss.backward()
    assert all(p.grad is None or not p.grad.any() for p in task.painter.parameters())


def test_both_parts_are_learned() -> None:
    task = build_task(FOLDER)
    batch = batch_for(task)
    before = task.training_step(batch).scalars
    train(task, batch, 15)
    after = task.training_step(batch).scalars
    assert after["contrast"] < before["contrast"] and after["painting"] < before["painting"]
    with torch.no_grad():
        assert [row.title for row in task.eval().preview(batch)] == ["Original", "Covered", "Painted in"]


def test_it_fits_every_network_in_colour() -> None:
    fits_every_network(FOLDER)


def test_it_learns_both_from_volumes() -> None:
    task = build_volume_task(FOLDER, decoder_width="32")
    losses = train_on_volumes(task, 12)
    assert losses[-1] < 0.7 * losses[0]
    with torch.no_grad():
        now = task.training_step(volume_batch(task)).scalars
    assert now["contrast"] < 0.5 and now["painting"] < 1.0
