"""Relative place: the parts lie where the label says, beside the middle, and it learns the places."""

from __future__ import annotations

import math
from pathlib import Path

import torch

from sslstudio.api import Batch
from tests.fakes.image_tasks import blobs, build_task, fits_every_network, train

FOLDER = Path(__file__).parents[1]


def test_parts_lie_where_the_label_says() -> None:
    """Pixels that hold their own coordinates tell where each part was cut."""
    task = build_task(FOLDER, channels=3, side=48, keep=0.75)
    down, across = torch.meshgrid(torch.arange(48.0), torch.arange(48.0), indexing="ij")
    images = torch.stack((down, across, down)).expand(4, 3, 48, 48)
    labels = torch.tensor([[0, 1], [2, 3], [4, 5], [6, 7]])
    parts = task.parts(images, labels)
    assert parts.shape == (4, 3, 3, 32, 32)
    place = (parts[:, :, :2].mean(dim=(3, 4)) // 16).long()
    assert (place[:, 0] == 1).all()
    steps = [(-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1)]
    found = (place[:, 1:] - place[:, :1]).flatten(0, 1).tolist()
    assert [tuple(step) for step in found] == steps


def test_no_edge_goes_on_from_one_part_to_the_next() -> None:
    """With a gap of a quarter of the cell no two parts touch in all draws."""
    task = build_task(FOLDER, channels=3, side=48, keep=0.5)
    across = torch.arange(48.0).expand(3, 48, 48).expand(64, 3, 48, 48)
    parts = task.parts(across, torch.full((64, 1), 4))
    gap = parts[:, 1].amin(dim=(1, 2, 3)) - parts[:, 0].amax(dim=(1, 2, 3))
    assert float(gap.min()) >= 1.0 and float(gap.max()) > 8.0


def test_it_learns_the_places_of_parts_that_differ() -> None:
    task = build_task(FOLDER, side=48)
    ladder = torch.linspace(-2, 2, 9).view(1, 1, 3, 3)
    images = torch.nn.functional.interpolate(ladder, size=(48, 48)) + 0.1 * blobs(12, 48)
    losses = train(task, Batch((images,), torch.arange(12), torch.arange(12), 0), 15)
    assert task.chance_loss(12) == math.log(8)
    assert sum(losses[-3:]) / 3 < 0.6 * math.log(8)


def test_it_fits_every_network_in_colour() -> None:
    fits_every_network(FOLDER)
