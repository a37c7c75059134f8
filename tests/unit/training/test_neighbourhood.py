"""Neighbourhoods: what stays stays, and groups that lie together are seen against exact chance."""

from __future__ import annotations

import pytest
import torch

from sslstudio.training import neighbourhood
from sslstudio.training.neighbourhood import Purity


def blobs(groups: torch.Tensor, apart: float, seed: int = 0) -> torch.Tensor:
    """Features (N, 16) whose groups lie `apart`."""
    generator = torch.Generator().manual_seed(seed)
    centres = torch.randn(int(groups.max()) + 1, 16, generator=generator)
    return centres[groups] * apart + torch.randn(len(groups), 16, generator=generator)


def test_kept_neighbours_are_counted() -> None:
    features = torch.randn(200, 16, generator=torch.Generator().manual_seed(0))
    near = neighbourhood.nearest(neighbourhood.similarity(features))
    assert near.shape == (200, 10)
    assert not bool((near == torch.arange(200)[:, None]).any())
    assert neighbourhood.kept(near, near.flip(1)) == 1.0
    other = neighbourhood.nearest(neighbourhood.similarity(features.roll(1, 0)))
    assert neighbourhood.kept(near, other) < 0.2


def test_few_images_have_few_neighbours() -> None:
    assert neighbourhood.nearest(neighbourhood.similarity(torch.randn(4, 3))).shape == (4, 3)


def test_codes_number_names_and_leave_the_unknown_out() -> None:
    assert neighbourhood.codes(["b", "", "a", "b"]).tolist() == [0, -1, 1, 0]


def test_purity_tells_groups_that_lie_together_from_chance() -> None:
    groups = torch.arange(300) % 3
    far = neighbourhood.purity(neighbourhood.similarity(blobs(groups, 5.0)), groups)
    none = neighbourhood.purity(neighbourhood.similarity(blobs(groups, 0.0)), groups)
    assert far is not None
    assert none is not None
    assert far.share > 0.95
    assert far.chance == none.chance == pytest.approx(99 / 299)
    assert none.share == pytest.approx(none.chance, abs=0.05)
    assert far.excess > 0.9 > 0.1 > abs(none.excess)


def test_a_scanner_is_not_blamed_for_images_of_one_patient() -> None:
    """Patients lie together and each has one scanner: with patients held apart nothing is left."""
    patients = torch.arange(400) // 10
    scanners = patients % 2
    cosines = neighbourhood.similarity(blobs(patients, 3.0))
    naive = neighbourhood.purity(cosines, scanners)
    apart = neighbourhood.purity(cosines, scanners, patients)
    assert naive is not None
    assert apart is not None
    assert naive.excess > 0.8
    assert apart.excess < 0.3


def test_a_scanner_is_not_blamed_for_its_modality() -> None:
    modality = torch.arange(200) % 2
    scanners = modality * 2 + (torch.arange(200) // 2) % 2  # two scanners of each modality, at random
    cosines = neighbourhood.similarity(blobs(modality, 5.0))
    naive = neighbourhood.purity(cosines, scanners)
    alike = neighbourhood.purity(cosines, scanners, alike=modality)
    assert naive is not None
    assert alike is not None
    assert naive.excess > 0.2 > 0.1 > alike.excess


def test_a_small_group_is_pure_when_all_of_it_is_near() -> None:
    groups = torch.arange(100) // 2
    found = neighbourhood.purity(neighbourhood.similarity(blobs(groups, 20.0)), groups)
    assert found is not None
    assert found.share > 0.95


def test_the_unknown_are_no_group() -> None:
    groups = torch.tensor([-1, -1, 0, 1])
    assert neighbourhood.purity(neighbourhood.similarity(torch.randn(4, 3)), groups) is None
    assert Purity(1.0, 1.0).excess == 0.0
