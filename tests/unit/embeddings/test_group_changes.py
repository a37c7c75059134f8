"""Groups by density, split, merged and named; the names go where they fit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sslstudio.embeddings.density import density_groups
from sslstudio.embeddings.group_edits import carried, divided, merged, shortened
from sslstudio.embeddings.map_files import read_map, write_groups
from sslstudio.embeddings.regrouping import parted, regrouped
from sslstudio.errors import SSLStudioError
from tests.fakes.blobs import blobs

GROUPS = np.array([0, 0, 0, 0, 1, 1, 1, 2, 2, -1], np.int32)


def rings(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """A disc within a ring, which no straight line separates, and some points far from both."""
    random = np.random.default_rng(seed)
    turn = random.uniform(0, 2 * np.pi, 300)
    ring = np.stack([np.cos(turn), np.sin(turn)], axis=1) * 5 + random.normal(0, 0.1, (300, 2))
    disc = random.normal(0, 0.5, (200, 2))
    lost = np.array([[20.0, 0], [0, 30], [-25, -25]])
    return np.concatenate([ring, disc, lost]), np.repeat([0, 1, -1], [300, 200, 3])


def test_density_finds_groups_of_any_shape_and_leaves_the_lost_out(monkeypatch: pytest.MonkeyPatch) -> None:
    points, wanted = rings()
    found = density_groups(points)
    assert found.dtype == np.int32 and (found == wanted).mean() > 0.97
    np.testing.assert_array_equal(found[-3:], -1)
    monkeypatch.setattr("sslstudio.embeddings.density.SAMPLE", 400)
    assert (density_groups(points) == wanted).mean() > 0.9


def test_density_of_what_has_no_structure_is_one_group() -> None:
    np.testing.assert_array_equal(density_groups(np.zeros((40, 2))), np.zeros(40))
    np.testing.assert_array_equal(density_groups(np.zeros((3, 2))), np.zeros(3))
    assert len(density_groups(np.zeros((0, 2)))) == 0


def test_merged_groups_bear_the_names_that_were_given() -> None:
    groups, names = merged(GROUPS, [1, 0], {1: "Knee", 2: "Hand"})
    assert groups.tolist() == [0, 0, 0, 0, 0, 0, 0, 2, 2, -1]
    assert names == {0: "Knee", 2: "Hand"}
    assert merged(GROUPS, [1, 2], {1: "Knee", 2: "Hand"})[1] == {1: "Knee + Hand"}
    assert merged(GROUPS, [2], {2: "Hand"})[1] == {2: "Hand"}
    assert GROUPS.tolist().count(1) == 3


def test_the_largest_part_keeps_number_and_name() -> None:
    groups, names = divided(GROUPS, 0, np.array([1, 0, 0, 0]), {0: "Chest", 1: "Knee"})
    assert groups.tolist() == [3, 0, 0, 0, 1, 1, 1, 2, 2, -1]
    assert names == {0: "Chest", 1: "Knee", 3: "Chest, part 2"}
    assert divided(GROUPS, 1, np.array([0, 1, 2]), {})[0].tolist() == [0, 0, 0, 0, 1, 3, 4, 2, 2, -1]


def test_names_go_on_only_where_the_group_is_mostly_the_same() -> None:
    old = np.repeat([0, 1, 2], [10, 10, 10]).astype(np.int32)
    new = np.repeat([4, 5, 6, -1], [9, 4, 16, 1]).astype(np.int32)
    assert carried(old, {0: "A", 1: "B", 2: "C"}, new) == {4: "A", 6: "C"}
    assert carried(old, {0: "A"}, np.full(30, -1, np.int32)) == {}
    assert len(shortened("name " * 40)) <= 60


def test_groups_are_kept_beside_the_map(tmp_path: Path) -> None:
    vectors, y, _ = blobs(80, spread=0.3)
    ids = np.arange(80) * 2
    np.save(tmp_path / "e.ids.npy", ids[::-1])
    np.save(tmp_path / "e.npy", vectors[::-1])
    path = tmp_path / "map-1.npz"
    np.savez(path, ids=ids, xy=np.stack([y, y], axis=1).astype(np.float32), cluster=np.zeros(80, np.int32))
    files = (str(tmp_path / "e.npy"), str(tmp_path / "e.ids.npy"))
    found = regrouped(*files, str(path), "kmeans", 3)
    assert len(set(zip(found, y, strict=True))) == 3
    write_groups(path, found)
    np.testing.assert_array_equal(read_map(path)[2], found)
    write_groups(path, found[:5])  # of another map: not taken
    np.testing.assert_array_equal(read_map(path)[2], np.zeros(80))
    assert regrouped(*files, str(path), "density").max() >= 1
    parts = parted(*files, ids[y == 1], 2)
    assert set(parts) == {0, 1} and len(parts) == (y == 1).sum()
    for wrong, code in ((ids[:1], "one_image"), (np.array([1, 3]), "not_embedded")):
        with pytest.raises(SSLStudioError) as caught:
            parted(*files, wrong)
        assert caught.value.code == code
