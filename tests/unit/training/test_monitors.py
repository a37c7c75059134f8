"""Monitors: known features give known numbers."""

from __future__ import annotations

import pytest
import torch

from sslstudio.training import monitors


def features(count: int = 400, size: int = 32) -> torch.Tensor:
    return torch.randn(count, size, generator=torch.Generator().manual_seed(0))


def test_collapse_is_one_for_spread_features_and_zero_for_equal_ones() -> None:
    assert monitors.collapse(features()) == pytest.approx(1.0, abs=0.05)
    assert monitors.collapse(torch.ones(50, 32)) == pytest.approx(0.0, abs=1e-6)
    assert monitors.collapse(torch.zeros(50, 32)) == 0.0


def test_rank_me_counts_directions() -> None:
    assert 28 < monitors.rank_me(monitors.spectrum(features())) <= 32
    flat = features()
    flat[:, 3:] = 0
    assert monitors.rank_me(monitors.spectrum(flat)) == pytest.approx(3.0, abs=0.1)
    assert monitors.rank_me(monitors.spectrum(torch.zeros(20, 8))) >= 1.0


def test_the_spectrum_is_that_of_the_singular_values_and_bounded_for_wide_features() -> None:
    matrix = features(100, 40)
    assert torch.allclose(monitors.spectrum(matrix).float(), torch.linalg.svdvals(matrix), rtol=1e-4)
    assert len(monitors.spectrum(features(700, 600))) == 512


@pytest.mark.parametrize("alpha", [0.5, 1.0, 2.0])
def test_alpha_req_is_the_slope_of_the_variances(alpha: float) -> None:
    ranks = torch.arange(1, 201, dtype=torch.float64)
    assert monitors.alpha_req(ranks.pow(-alpha / 2)) == pytest.approx(alpha, abs=1e-6)
    assert monitors.alpha_req(torch.zeros(50)) == 0.0


def test_view_retrieval_finds_the_same_image() -> None:
    first = features(50)
    assert monitors.view_retrieval(first, first + 0.01) == 1.0
    assert monitors.view_retrieval(first, first.roll(1, 0)) == 0.0


@pytest.mark.parametrize(("images", "expected"), [(100, 100), (800, 256), (4000, 666), (100_000, 2048)])
def test_the_sample_is_fixed_and_bounded(images: int, expected: int) -> None:
    rows = [monitors.sample_rows(images, torch.Generator().manual_seed(1)) for _ in range(2)]
    assert torch.equal(*rows)
    assert len(rows[0].unique()) == expected


HEALTHY = [(0.203, 6.086), (0.121, 5.751), (0.222, 5.264), (0.290, 4.970), (0.323, 4.798), (0.340, 4.499)]


def test_a_healthy_run_raises_no_alarm() -> None:
    """The first epochs of SimCLR on real MR slices: low at first, and rising."""
    watch = monitors.CollapseWatch(30)
    assert not any(watch.alarm(epoch, measure, loss, 6.236) for epoch, (measure, loss) in enumerate(HEALTHY))


@pytest.mark.parametrize("chance", [6.236, None])
def test_a_dead_network_is_told_once_within_two_epochs(chance: float | None) -> None:
    watch = monitors.CollapseWatch(30)
    assert [watch.alarm(epoch, 0.01, 6.236, chance) for epoch in range(4)] == [False, True, False, False]


def test_a_low_measure_at_chance_level_is_told_within_two_epochs() -> None:
    watch = monitors.CollapseWatch(30)
    assert [watch.alarm(epoch, 0.22, 6.2, 6.236) for epoch in range(2)] == [False, True]


def test_a_low_measure_that_no_longer_rises_is_told_after_the_first_fifth() -> None:
    watch = monitors.CollapseWatch(30)
    told = [watch.alarm(epoch, 0.2, 4.0, 6.236) for epoch in range(12)]
    assert told.index(True) in (6, 7)
