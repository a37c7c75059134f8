"""Forecasting: it takes the right slices, is measured against a copy, and learns to beat it."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from sslstudio.api import Batch
from tests.fakes.image_tasks import blobs, build_task, fits_every_network, train

FOLDER = Path(__file__).parents[1]


def series(rows: int = 6, side: int = 32) -> Batch:
    """Three successive images of bodies that swell: the middle is not the mean of its neighbours."""
    one, change = blobs(rows, side), 0.3 * blobs(rows, side, seed=1)
    views = (one, one + 0.2 * change + 0.15, one + change)
    return Batch(views, torch.arange(rows), torch.arange(rows), 0)


@pytest.mark.parametrize(("mode", "target"), [("between", 1), ("forward", 2)])
def test_the_right_slice_is_predicted_from_the_others(mode: str, target: int) -> None:
    task = build_task(FOLDER, "convnext", mode=mode).eval()
    plan = task.views()
    assert (plan.views, plan.sampling, plan.shared) == (3, "neighbours", True)
    batch = series()
    given = [view for index, view in enumerate(batch.views) if index != target]
    first, second, truth = task.roles(batch.views)
    assert torch.equal(truth, batch.views[target])
    assert torch.equal(first, given[0]) and torch.equal(second, given[1])
    with torch.no_grad():
        one, other = task.preview(batch)[3].images, task.predict(second, first)
    assert not torch.allclose(one, other, atol=1e-4), "the order of the given slices must matter"


@pytest.mark.parametrize("mode", ["between", "forward"])
def test_a_copy_has_a_loss_of_one(mode: str) -> None:
    task = build_task(FOLDER, mode=mode)
    with torch.no_grad():
        for parameter in task.decoder.pixels.parameters():
            parameter.zero_()
    assert float(task.training_step(series()).loss.detach()) == pytest.approx(1.0) == task.chance_loss(6)
    first, second, truth = task.roles(series().views)
    expected = ((first + second) / 2 if mode == "between" else second) - truth
    assert task.training_step(series()).scalars["change"] == pytest.approx(float(expected.square().mean()), rel=1e-5)


def test_a_series_that_does_not_change_does_no_harm() -> None:
    task = build_task(FOLDER)
    still = Batch((blobs(4),) * 3, torch.arange(4), torch.arange(4), 0)
    assert torch.isfinite(task.training_step(still).loss)


def test_it_learns_to_beat_the_copy() -> None:
    task = build_task(FOLDER)
    losses = train(task, series(), 20)
    assert sum(losses[-3:]) / 3 < 0.6
    with torch.no_grad():
        titles = [row.title for row in task.preview(series())]
    assert titles == ["Before", "After", "Truth", "Predicted"]


def test_it_fits_every_network_in_colour() -> None:
    fits_every_network(FOLDER)
