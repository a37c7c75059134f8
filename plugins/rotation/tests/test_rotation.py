"""Rotation: turns are exact and can be read off, a batch holds equally many of each, and it learns them."""

from __future__ import annotations

import math
import sys
from pathlib import Path

import pytest
import torch

from sslstudio.api import Batch
from sslstudio.augment.presets import PRESETS
from sslstudio.extensions.manifest import read_manifest
from tests.fakes.image_tasks import blobs, build_task, fits_every_network, train
from tests.fakes.volume_tasks import build_volume_task, train_on_volumes, volume_batch, volume_blobs

FOLDER = Path(__file__).parents[1]


def test_the_turn_can_be_read_off_the_image() -> None:
    task = build_task(FOLDER)
    turned = sys.modules[type(task).__module__].turned
    images, turns = blobs(8), torch.arange(8) % 4
    shown = turned(images, turns)
    for image, result, turn in zip(images, shown, turns.tolist(), strict=True):
        matches = [torch.equal(torch.rot90(image, quarter, (1, 2)), result) for quarter in range(4)]
        assert matches.index(True) == turn and sum(matches) == 1
    assert torch.equal(turned(shown, (4 - turns) % 4), images)


def test_it_learns_which_way_is_up() -> None:
    """Bright below, as a table under a patient: any image tells its turn."""
    task = build_task(FOLDER)
    images = 0.3 * blobs(16) + torch.linspace(-1, 1, 32)[:, None]
    batch = Batch((images,), torch.arange(16), torch.arange(16), 0)
    losses = train(task, batch, 25)
    assert losses[0] == pytest.approx(task.chance_loss(16), abs=0.4) and task.chance_loss(16) == math.log(4)
    assert sum(losses[-3:]) / 3 < 0.5
    with torch.no_grad():
        shown, back = (row.images for row in task.preview(batch))
    assert not torch.equal(shown, images)
    assert float((back == images).flatten(1).all(dim=1).float().mean()) > 0.6


def test_presets_that_turn_images_by_any_angle_are_left_out() -> None:
    """A preset that spoils the lesson (any angle, or upside down) must be in the manifest's `not_for`."""
    requires = read_manifest(FOLDER).pretext_tasks[0].requires
    spoiling = {name for name, one in PRESETS.items() if one.rotation > 45 or one.vertical_flip > 0}
    assert spoiling <= set(requires.not_for) and requires.because


def test_a_hidden_layer_is_as_wide_as_asked() -> None:
    assert build_task(FOLDER, hidden_dim=24).classifier[0].out_features == 24


def test_it_fits_every_network_in_colour() -> None:
    fits_every_network(FOLDER)


def test_the_eight_turns_of_a_volume_are_all_there_are_and_can_be_undone() -> None:
    task = build_volume_task(FOLDER)
    module = sys.modules[type(task).__module__]
    volumes, turns = volume_blobs(1).expand(8, -1, -1, -1, -1), torch.arange(8)
    shown = module.turned(volumes, turns)
    assert len({tuple(one.flatten().tolist()) for one in shown}) == 8
    assert torch.equal(module.turned(shown, module.back(turns)), volumes)
    again = module.turned(shown, torch.full((8,), 5))
    assert all(any(torch.equal(one, other) for other in shown) for one in again), "two turns make one of the eight"
    mirrored = volumes[0].flip(-1)
    assert not any(torch.equal(mirrored, one) for one in shown), "a mirror image is no turn"


def test_it_learns_how_volumes_were_turned() -> None:
    task = build_volume_task(FOLDER)
    assert task.chance_loss(8) == math.log(8)
    losses = train_on_volumes(task, 40)
    assert sum(losses[-3:]) / 3 < 0.6 * math.log(8)
    shown, back = (row.images for row in task.eval().preview(volume_batch(task)))
    assert shown.shape == back.shape == (8, 1, 8, 16, 16)
