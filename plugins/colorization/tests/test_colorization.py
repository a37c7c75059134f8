"""Colorization: what is seen has no colour, what is to be told has no brightness, and both make the image again."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from sslstudio.api import Batch
from tests.fakes.image_tasks import blobs, build_task, fits_every_network, train

FOLDER = Path(__file__).parents[1]


def painted(rows: int, side: int = 32) -> torch.Tensor:
    """Normalised colour images whose bright parts are red and whose dark parts are blue."""
    task = build_task(FOLDER, channels=3)
    light = blobs(rows, side).sigmoid()
    pixels = torch.cat((light, torch.full_like(light, 0.4), 1.0 - light), dim=1)
    return (pixels - task.mean) / task.std


def test_the_target_has_no_luminance() -> None:
    task = build_task(FOLDER, channels=3)
    images = painted(3)
    brighter = images + 0.2 / task.std
    assert torch.allclose(task.colours(brighter), task.colours(images), atol=1e-4)
    assert torch.allclose(task.luminance(brighter), task.luminance(images) + 0.2, atol=1e-5)


def test_what_is_seen_has_no_colour_and_the_same_luminance() -> None:
    task = build_task(FOLDER, channels=3)
    images = painted(3)
    grey = task.grey(images)
    assert float(task.colours(grey).abs().max()) < 1e-4 < 0.1 < float(task.colours(images).abs().max())
    assert torch.allclose(task.luminance(grey), task.luminance(images), atol=1e-5)


def test_luminance_and_colours_make_the_image_again() -> None:
    task = build_task(FOLDER, channels=3)
    images = painted(3)
    assert torch.allclose(task.coloured(task.grey(images), task.colours(images)), images, atol=1e-4)


def test_colours_are_learned_from_grey() -> None:
    task = build_task(FOLDER, channels=3, colour_share=0.0)
    batch = Batch((painted(6),), torch.arange(6), torch.arange(6), 0)
    losses = train(task, batch, 25)
    assert losses[-1] < 0.4 * losses[0]
    assert task.training_step(batch).scalars["explained"] > 0.4
    with torch.no_grad():
        original, grey, coloured = (row.images for row in task.eval().preview(batch))
    assert torch.equal(original, batch.views[0])
    error = (task.colours(coloured) - task.colours(original)).square().mean()
    assert float(error) < 0.6 * float(task.colours(original).square().mean())
    assert torch.allclose(task.luminance(coloured), task.luminance(grey), atol=1e-4)


def test_grey_images_are_refused() -> None:
    with pytest.raises(ValueError, match="three channels"):
        build_task(FOLDER, channels=1)


def test_it_fits_every_network() -> None:
    fits_every_network(FOLDER)
