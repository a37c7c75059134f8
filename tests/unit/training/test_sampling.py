"""Sampling: every image in turn, bags without repeats, the same for the same seed and epoch."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sslstudio.api import ViewPlan
from sslstudio.domain.items import Item
from sslstudio.domain.specs import Pairing
from sslstudio.errors import SSLStudioError
from sslstudio.training.sampling import Sampler, generator_for

CPU = torch.device("cpu")


def image(number: int, subject: str, **facts: object) -> Item:
    """An image of a subject in one series of its own, unless `facts` say otherwise."""
    known = {
        "image_id": number,
        "subject": subject,
        "study": f"{subject}-t",
        "series": f"{subject}-s",
        "modality": "MR",
    }
    place = {"scanner": "", "shard": "s", "offset": 0, "height": 8, "width": 8, "channels": 1, "dtype": "uint8"}
    return Item.model_validate({**known, **place, "windows": ((0.0, 255.0),), **facts})


def images(subjects: list[str]) -> list[Item]:
    return [image(number, subject) for number, subject in enumerate(subjects)]


@given(count=st.integers(2, 60), batch=st.integers(2, 70), seed=st.integers(0, 9), epoch=st.integers(0, 9))
def test_an_epoch_holds_each_image_at_most_once(count: int, batch: int, seed: int, epoch: int) -> None:
    sampler = Sampler(images([str(i) for i in range(count)]), ViewPlan(views=2), batch, seed)
    rows = sampler.epoch(epoch)
    assert rows.shape == (sampler.steps_per_epoch, sampler.batch_size, 2)
    assert torch.equal(rows[..., 0], rows[..., 1])
    assert len(rows[..., 0].unique()) == rows[..., 0].numel() > count - batch
    assert torch.equal(rows, sampler.epoch(epoch))


def test_epochs_and_seeds_differ() -> None:
    first, other = (Sampler(images([str(i) for i in range(50)]), ViewPlan(), 10, seed) for seed in (0, 1))
    assert not torch.equal(first.epoch(0), first.epoch(1))
    assert not torch.equal(first.epoch(0), other.epoch(0))


@given(sizes=st.lists(st.integers(1, 6), min_size=2, max_size=12), views=st.integers(1, 4), seed=st.integers(0, 9))
def test_bags_are_distinct_in_a_batch_and_views_differ_where_they_can(sizes: list[int], views: int, seed: int) -> None:
    subjects = [f"s{bag}" for bag, size in enumerate(sizes) for _ in range(size)]
    sampler = Sampler(images(subjects), ViewPlan(views=views, sampling="bag"), 4, seed)
    for rows in sampler.epoch(3):
        bags = sampler.subject_ids[rows]
        assert bool((bags == bags[:, :1]).all())
        assert len(bags[:, 0].unique()) == len(rows)
        for row in rows:
            assert len(row.unique()) == min(views, sizes[int(sampler.subject_ids[row[0]])])


@pytest.mark.parametrize(
    ("subjects", "sampling"), [(["a"], "image"), (["a", "a", "a"], "bag"), ([], "image"), (["a", "b"], "neighbours")]
)
def test_too_little_to_compare_is_refused(subjects: list[str], sampling: str) -> None:
    with pytest.raises(SSLStudioError, match=r"at least two"):
        Sampler(images(subjects), ViewPlan(sampling=sampling), 8, 0)


def test_generators_follow_from_their_numbers() -> None:
    draws = {
        tuple(torch.rand(2, generator=generator_for(CPU, *numbers)).tolist())
        for numbers in [(0, 1, 2), (0, 2, 1), (1, 0, 2), (0, 1), (0, 1, 3), (-1, 1, 2)]
    }
    assert len(draws) == 6
    again = torch.rand(2, generator=generator_for(CPU, 0, 1, 2))
    assert tuple(again.tolist()) in draws


def test_pairs_of_a_bag_keep_the_slice_gap_and_the_days_or_fall_back_to_one_image() -> None:
    near = [image(n, "a", place=n, day=0) for n in range(4)]
    late = [image(10 + n, "b", series=f"b{n}", place=0, day=400 * n) for n in range(2)]
    items = near + late
    sampler = Sampler(items, ViewPlan(sampling="bag"), 2, 0, Pairing(slice_gap=3, most_days=30))
    seen = {tuple(sorted(row.tolist())) for epoch in range(60) for rows in sampler.epoch(epoch) for row in rows}
    assert {pair for pair in seen if pair[0] != pair[1]} == {(0, 3)}
    assert {(4, 4), (5, 5)} <= seen


def test_bags_are_the_subjects_unless_the_run_says_otherwise() -> None:
    items = [image(n, "a", bag=f"a/{n % 2}") for n in range(6)] + [image(6, "b")]
    rows = torch.cat(
        [batch for epoch in range(9) for batch in Sampler(items, ViewPlan(sampling="bag"), 3, 1).epoch(epoch)]
    )
    assert all(first == second == 6 or (first % 2 == second % 2 and first < 6) for first, second in rows.tolist())


def test_neighbours_follow_each_other_in_one_series_without_a_gap() -> None:
    places = {"a": [0, 1, 2, 3, 5, 6], "b": [1, 0], "c": [7, 8, 9, 10]}
    items = [image(0, "x")]
    for series, where in places.items():
        items += [image(len(items) + n, series, series=series, place=place) for n, place in enumerate(where)]
    rows = Sampler(items, ViewPlan(views=3, sampling="neighbours"), 4, 0).epoch(0)
    runs = {tuple((items[row].series, items[row].place) for row in run) for run in rows[0].tolist()}
    expected = {("a", 0), ("a", 1), ("c", 7), ("c", 8)}
    assert runs == {tuple((series, first + step) for step in range(3)) for series, first in expected}
