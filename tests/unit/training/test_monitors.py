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
    assert 28 < monitors.rank_me(features()) <= 32
    flat = features()
    flat[:, 3:] = 0
    assert monitors.rank_me(flat) == pytest.approx(3.0, abs=0.1)
    assert monitors.rank_me(torch.zeros(20, 8)) >= 1.0


def test_view_retrieval_finds_the_same_image() -> None:
    first = features(50)
    assert monitors.view_retrieval(first, first + 0.01) == 1.0
    assert monitors.view_retrieval(first, first.roll(1, 0)) == 0.0


@pytest.mark.parametrize(("images", "expected"), [(100, 100), (800, 256), (4000, 1000), (100_000, 2048)])
def test_the_sample_is_fixed_and_bounded(images: int, expected: int) -> None:
    rows = [monitors.sample_rows(images, torch.Generator().manual_seed(1)) for _ in range(2)]
    assert torch.equal(*rows)
    assert len(rows[0].unique()) == expected
