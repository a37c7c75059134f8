"""Distances from the middle of a group: against the same by hand, in parts, and for images in no group."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sslstudio.embeddings import centres


def test_the_distance_is_that_to_the_mean_direction_of_the_own_group(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(centres, "ROWS_A_READ", 7)
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(40, 6)).astype(np.float16)
    groups = rng.integers(-1, 3, 40).astype(np.int32)
    np.save(tmp_path / "v.npy", vectors)
    found = centres.distances(str(tmp_path / "v.npy"), groups)
    assert np.isnan(found[groups < 0]).all()
    unit = vectors.astype(np.float64) / np.linalg.norm(vectors.astype(np.float64), axis=1, keepdims=True)
    for group in range(3):
        members = unit[groups == group]
        middle = members.mean(axis=0)
        expected = 1 - members @ (middle / np.linalg.norm(middle))
        np.testing.assert_allclose(found[groups == group], expected, atol=1e-5)


def test_no_image_has_no_distance(tmp_path: Path) -> None:
    np.save(tmp_path / "v.npy", np.zeros((0, 4), dtype=np.float16))
    assert centres.distances(str(tmp_path / "v.npy"), np.zeros(0, dtype=np.int32)).tolist() == []
