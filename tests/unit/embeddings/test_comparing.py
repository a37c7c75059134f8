"""Two embeddings beside each other: alignment undoes what a map may do freely, neighbours are counted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from sslstudio.embeddings.comparing import compare


def write(folder: Path, name: str, ids: NDArray[np.int64], vectors: NDArray[np.float64]) -> tuple[str, str, str]:
    files = (folder / f"{name}.npy", folder / f"{name}.ids.npy", folder / f"{name}.npz")
    np.save(files[0], vectors.astype(np.float16))
    np.save(files[1], ids)
    np.savez(files[2], ids=ids[::-1], xy=vectors[::-1, :2].astype(np.float32), cluster=np.arange(len(ids))[::-1] % 3)
    return str(files[0]), str(files[1]), str(files[2])


def test_a_map_that_was_turned_mirrored_moved_and_scaled_lies_on_the_other(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    xy = rng.normal(size=(50, 2))
    turn = np.array([[np.cos(1.1), -np.sin(1.1)], [np.sin(1.1), np.cos(1.1)]]) @ np.diag([1.0, -1.0])
    first = write(tmp_path, "a", np.arange(50), xy)
    found = compare(first, write(tmp_path, "b", np.arange(50), 7.0 * xy @ turn + 3.0))
    assert np.allclose(found.second, found.first, atol=1e-4)
    assert np.allclose(found.first, xy, atol=1e-5)


def test_the_same_embedding_keeps_all_neighbours_and_an_unrelated_one_few(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    ids = np.arange(100, 300)
    first = write(tmp_path, "a", ids, rng.normal(size=(200, 16)))
    other = write(tmp_path, "b", ids, rng.normal(size=(200, 16)))
    same = compare(first, first)
    assert same.images == 200 and (same.kept == 1).all() and np.allclose(same.first, same.second, atol=1e-5)
    assert np.array_equal(same.groups, np.arange(200) % 3), "rows of maps stand in another order"
    unrelated = compare(first, other)
    assert unrelated.by_chance == pytest.approx(10 / 199)
    assert abs(float(unrelated.kept.mean()) - unrelated.by_chance) < 0.03


def test_only_images_that_both_hold_are_compared(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    first = write(tmp_path, "a", np.arange(0, 30), rng.normal(size=(30, 8)))
    other = write(tmp_path, "b", np.arange(20, 60), rng.normal(size=(40, 8)))
    found = compare(first, other)
    assert found.ids.tolist() == list(range(20, 30)) and found.kept.shape == (10,)
    apart = compare(first, write(tmp_path, "c", np.arange(90, 95), rng.normal(size=(5, 8))))
    assert apart.images == 0 and not len(apart.ids)
