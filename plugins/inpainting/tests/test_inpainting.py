"""Inpainting: hidden and visible parts count by their weights, and it learns to paint."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from tests.fakes.image_tasks import batch_for, build_task, fits_every_network, train
from tests.fakes.volume_tasks import build_volume_task, train_on_volumes, volume_batch

FOLDER = Path(__file__).parents[1]


def test_hidden_and_visible_errors_count_by_their_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    task = build_task(FOLDER, visible_weight=0.25)
    batch = batch_for(task)
    for wrong_where, expected in ((True, 4.0), (False, 1.0)):
        monkeypatch.setattr(
            type(task.painter),
            "forward",
            lambda _self, _net, images, hidden, at=wrong_where: images + 2.0 * (hidden == at),
        )
        assert float(task.training_step(batch).loss) == pytest.approx(expected, rel=1e-5)


def test_painting_gets_better_and_the_preview_shows_it() -> None:
    task = build_task(FOLDER)
    batch = batch_for(task)
    losses = train(task, batch, 20)
    assert sum(losses[-3:]) < 0.5 * sum(losses[:3])
    with torch.no_grad():
        original, covered, painted = (row.images for row in task.eval().preview(batch))
    visible = covered == original
    assert 0.3 < float(visible.float().mean()) < 0.7
    assert torch.equal(painted[visible], original[visible])
    assert float((painted - original)[~visible].square().mean()) < float(original[~visible].square().mean())


def test_normalisation_remembers_whole_images() -> None:
    """The same images leave the same statistics, however much of them was covered."""
    found = []
    for ratio in (0.1, 0.9):
        task = build_task(FOLDER, mask_ratio=ratio)
        task.training_step(batch_for(task))
        found.append({n: b for n, b in task.backbone.named_buffers() if "running" in n})
    assert found[0] and all(torch.equal(value, found[1][name]) for name, value in found[0].items())


def test_it_fits_every_network_in_colour() -> None:
    fits_every_network(FOLDER)


def test_blocks_of_volumes_are_painted_in() -> None:
    task = build_volume_task(FOLDER, decoder_width="32")
    losses = train_on_volumes(task, 14)
    assert sum(losses[-3:]) < 0.6 * sum(losses[:3])
    with torch.no_grad():
        original, covered, painted = (row.images for row in task.eval().preview(volume_batch(task)))
    hidden = covered != original
    assert 0.3 < float(hidden.float().mean()) < 0.7 and bool((hidden.any(dim=2) != hidden.all(dim=2)).any())
    assert float((painted - original)[hidden].square().mean()) < float(original[hidden].square().mean())
