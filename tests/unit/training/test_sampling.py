"""Sampling: every image in turn, bags without repeats, the same for the same seed and epoch."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sslstudio.api import ViewPlan
from sslstudio.errors import SSLStudioError
from sslstudio.training.sampling import Sampler, generator_for

CPU = torch.device("cpu")


@given(count=st.integers(2, 60), batch=st.integers(2, 70), seed=st.integers(0, 9), epoch=st.integers(0, 9))
def test_an_epoch_holds_each_image_at_most_once(count: int, batch: int, seed: int, epoch: int) -> None:
    sampler = Sampler([str(i) for i in range(count)], ViewPlan(views=2), batch, seed)
    rows = sampler.epoch(epoch)
    assert rows.shape == (sampler.steps_per_epoch, sampler.batch_size, 2)
    assert torch.equal(rows[..., 0], rows[..., 1])
    assert len(rows[..., 0].unique()) == rows[..., 0].numel() > count - batch
    assert torch.equal(rows, sampler.epoch(epoch))


def test_epochs_and_seeds_differ() -> None:
    first, other = (Sampler([str(i) for i in range(50)], ViewPlan(), 10, seed) for seed in (0, 1))
    assert not torch.equal(first.epoch(0), first.epoch(1))
    assert not torch.equal(first.epoch(0), other.epoch(0))


@given(sizes=st.lists(st.integers(1, 6), min_size=2, max_size=12), views=st.integers(1, 4), seed=st.integers(0, 9))
def test_bags_are_distinct_in_a_batch_and_views_differ_where_they_can(sizes: list[int], views: int, seed: int) -> None:
    subjects = [f"s{bag}" for bag, size in enumerate(sizes) for _ in range(size)]
    sampler = Sampler(subjects, ViewPlan(views=views, sampling="bag"), 4, seed)
    for rows in sampler.epoch(3):
        bags = sampler.subject_ids[rows]
        assert bool((bags == bags[:, :1]).all())
        assert len(bags[:, 0].unique()) == len(rows)
        for row in rows:
            assert len(row.unique()) == min(views, sizes[int(sampler.subject_ids[row[0]])])


@pytest.mark.parametrize(("subjects", "sampling"), [(["a"], "image"), (["a", "a", "a"], "bag"), ([], "image")])
def test_too_little_to_compare_is_refused(subjects: list[str], sampling: str) -> None:
    with pytest.raises(SSLStudioError, match="at least two images"):
        Sampler(subjects, ViewPlan(sampling=sampling), 8, 0)  # type: ignore[arg-type]


def test_generators_follow_from_their_numbers() -> None:
    draws = {
        tuple(torch.rand(2, generator=generator_for(CPU, *numbers)).tolist())
        for numbers in [(0, 1, 2), (0, 2, 1), (1, 0, 2), (0, 1), (0, 1, 3), (-1, 1, 2)]
    }
    assert len(draws) == 6
    again = torch.rand(2, generator=generator_for(CPU, 0, 1, 2))
    assert tuple(again.tolist()) in draws
