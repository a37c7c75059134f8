"""Which groups are alike: nearest joined first, every group once, a sample that stands for all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sslstudio.embeddings.group_tree import OF_EACH, Joint, joined, sampled, tree_of_groups
from sslstudio.errors import SSLStudioError


def leaves(joints: tuple[Joint, ...]) -> list[int]:
    return [number for one in joints for number in (leaves(one.parts) if one.parts else one.numbers)]


def test_the_nearest_groups_are_joined_first() -> None:
    groups = np.repeat(np.array([0, 1, 2, 3], np.int32), 10)
    middles = np.array([[0.0, 0], [10, 0], [11, 0], [0, 3]])
    vectors = (middles[groups] + np.random.default_rng(0).normal(size=(40, 2)) * 0.1).astype(np.float32)
    found = joined(vectors, groups)
    assert {frozenset(one.numbers) for one in found} == {frozenset({0, 3}), frozenset({1, 2})}


@given(st.lists(st.integers(-1, 7), max_size=40), st.integers(0, 100))
def test_every_group_stands_in_the_tree_once(numbers: list[int], seed: int) -> None:
    groups = np.array(numbers, dtype=np.int32)
    rows = sampled(groups)
    found = joined(np.random.default_rng(seed).normal(size=(len(rows), 3)).astype(np.float32), groups[rows])
    assert sorted(leaves(found)) == np.unique(groups[groups >= 0]).tolist() and len(found) <= 2
    stack = list(found)
    while stack:
        one = stack.pop()
        assert not one.parts or sorted(one.numbers) == sorted(leaves(one.parts))
        stack.extend(one.parts)


def test_a_sample_holds_some_of_each_group() -> None:
    groups = np.concatenate([np.zeros(5000, np.int32), np.full(3, 1, np.int32), np.full(9, -1, np.int32)])
    rows = sampled(groups)
    assert np.bincount(groups[rows]).tolist() == [OF_EACH, 3] and len(np.unique(rows)) == len(rows)
    assert rows[0] == 0 and rows[OF_EACH - 1] == 4999


def test_a_tree_is_read_from_the_files_of_a_map(tmp_path: Path) -> None:
    ids = np.array([5, 3, 9, 7, 1, 8])
    vectors = np.array([[0, 0], [0, 1], [9, 9], [9, 8], [0, 4], [0, 5]], np.float32)
    np.save(tmp_path / "v.npy", vectors)
    np.save(tmp_path / "i.npy", ids)
    order = np.argsort(ids)
    groups = np.array([0, 0, 1, 1, 2, 2], np.int32)[order]
    np.savez(tmp_path / "m.npz", ids=ids[order], xy=np.zeros((6, 2), np.float32), cluster=groups)
    files = [str(tmp_path / name) for name in ("v.npy", "i.npy", "m.npz")]
    found = tree_of_groups(files[0], files[1], files[2], groups)
    assert {frozenset(one.numbers) for one in found} == {frozenset({0, 2}), frozenset({1})}
    np.save(tmp_path / "i.npy", ids + 100)
    with pytest.raises(SSLStudioError, match="no embedding"):
        tree_of_groups(files[0], files[1], files[2], groups)
