"""Jigsaw: orders are far apart, the label can be recovered from the tiles, and tiles leave no statistics behind."""

from __future__ import annotations

import math
import sys
from itertools import combinations, permutations
from pathlib import Path

import pytest
import torch

from sslstudio.api import Batch
from tests.fakes.image_tasks import batch_for, blobs, build_task, fits_every_network, train

FOLDER = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def orders() -> object:
    task = build_task(FOLDER, grid="2x2")
    return sys.modules[f"{type(task).__module__}.orders"]


def least_distance(chosen: torch.Tensor) -> int:
    return min(int((one != other).sum()) for one, other in combinations(chosen, 2))


def test_all_orders_are_there_once(orders) -> None:
    assert {tuple(row) for row in orders.all_orders(4).tolist()} == set(permutations(range(4)))


def test_chosen_orders_differ_in_as_many_places_as_possible(orders) -> None:
    # Four tiles have four orders that differ everywhere (a Latin square), nine tiles nine.
    assert least_distance(orders.distinct_orders(4, 4)) == 4
    nine = orders.distinct_orders(9, 30)
    assert least_distance(nine[:9]) == 9 and least_distance(nine) >= 7
    assert torch.equal(nine, orders.distinct_orders(9, 30))
    assert nine[0].tolist() == list(range(9))
    assert len({tuple(row) for row in orders.distinct_orders(4, 24).tolist()}) == 24


@pytest.mark.parametrize("grid", ["2x2", "3x3"])
def test_the_label_can_be_recovered_from_the_tiles(grid: str) -> None:
    """Images whose brightness rises row by row and place by place: sorting the tiles gives the order."""
    task = build_task(FOLDER, grid=grid, permutations=20, side=48)
    count = task.grid
    ladder = torch.arange(count * count, dtype=torch.float32).view(1, 1, count, count)
    images = torch.nn.functional.interpolate(ladder, size=(48, 48)).repeat(6, 1, 1, 1)
    labels = torch.arange(6) * 3
    tiles = task.shuffled(images, labels)
    order = tiles.mean(dim=(2, 3, 4)).round().long()
    found = [(task.orders == row).all(dim=1).nonzero().item() for row in order]
    assert found == labels.tolist()


def test_the_preview_of_a_perfect_answer_is_the_image_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    task = build_task(FOLDER, keep=1.0, grid="2x2", side=64)
    batch = batch_for(task)
    right = torch.eye(len(task.orders))[torch.arange(6) % len(task.orders)] if len(task.orders) >= 6 else None
    assert right is not None
    monkeypatch.setattr(type(task), "answer", lambda _self, _tiles: right)
    shuffled, solved = (row.images for row in task.preview(batch))
    assert torch.allclose(solved, batch.views[0], atol=1e-5)
    assert not torch.allclose(shuffled, batch.views[0], atol=1e-2)


def test_it_learns_the_order_of_tiles_that_differ() -> None:
    task = build_task(FOLDER, grid="2x2", permutations=4, side=64)
    ladder = torch.tensor([[-1.5, -0.5], [0.5, 1.5]]).view(1, 1, 2, 2)
    images = torch.nn.functional.interpolate(ladder, size=(64, 64)) + 0.2 * blobs(12, 64)
    losses = train(task, Batch((images,), torch.arange(12), torch.arange(12), 0), 15)
    assert task.chance_loss(12) == math.log(4)
    assert sum(losses[-3:]) / 3 < 0.5 * math.log(4)


def test_it_fits_every_network_in_colour() -> None:
    fits_every_network(FOLDER)
