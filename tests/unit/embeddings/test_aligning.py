"""Two embeddings beside each other: movements are undone, and only true changes of neighbours count."""

from __future__ import annotations

import numpy as np
import pytest

from sslstudio.embeddings import aligning


def test_common_images_are_found_whatever_their_order() -> None:
    first, second = np.array([5, 3, 9, 1]), np.array([9, 2, 3])
    one, other = aligning.common_rows(first, second)
    assert first[one].tolist() == second[other].tolist() == [3, 9]


@pytest.mark.parametrize("mirror", [1.0, -1.0])
def test_a_moved_map_is_laid_onto_the_other(mirror: float) -> None:
    random = np.random.default_rng(0)
    fixed = random.normal(size=(300, 2)) * (3.0, 1.0)
    turn = np.array([[np.cos(2.0), -np.sin(2.0)], [np.sin(2.0), np.cos(2.0)]])
    moved = (fixed * (1.0, mirror)) @ turn * 7.0 + (100.0, -40.0)
    placed, rest = aligning.laid_onto(fixed, moved)
    assert np.allclose(placed, fixed, atol=1e-3)
    assert rest == pytest.approx(0.0, abs=1e-6)


def test_unrelated_maps_leave_nearly_everything_over() -> None:
    random = np.random.default_rng(0)
    _, rest = aligning.laid_onto(random.normal(size=(2000, 2)), random.normal(size=(2000, 2)))
    assert rest > 0.98


def test_empty_and_flat_maps_are_no_error() -> None:
    assert aligning.laid_onto(np.empty((0, 2)), np.empty((0, 2)))[1] == 0.0
    assert aligning.laid_onto(np.ones((4, 2)), np.ones((4, 2)))[1] == 0.0
    assert aligning.laid_onto(np.eye(2), np.ones((2, 2)))[1] == 1.0


def test_a_turned_embedding_changes_no_neighbour_and_another_one_nearly_all() -> None:
    random = np.random.default_rng(0)
    vectors = random.normal(size=(500, 16))
    turned = vectors @ np.linalg.qr(random.normal(size=(16, 16)))[0]
    assert aligning.neighbours_changed(vectors, turned).mean < 0.01
    assert aligning.neighbours_changed(vectors, random.normal(size=(500, 8))).mean > 0.9


def test_changes_are_seen_where_they_are_and_many_images_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(0)
    vectors = np.concatenate([random.normal(size=(100, 8)) + 40, random.normal(size=(100, 8)) - 40])
    vectors[:100, 0] += 200
    other = vectors.copy()
    other[100:] = other[100:][random.permutation(100)]
    found = aligning.neighbours_changed(vectors, other)
    assert found.changed[:100].max() == 0.0
    assert found.changed[100:].mean() > 0.7
    monkeypatch.setattr(aligning, "SAMPLE", 50)
    assert len(aligning.neighbours_changed(vectors, other).rows) == 50


def test_embeddings_of_other_images_are_refused() -> None:
    with pytest.raises(ValueError, match="same images"):
        aligning.neighbours_changed(np.ones((3, 2)), np.ones((4, 2)))
    assert aligning.neighbours_changed(np.ones((1, 2)), np.ones((1, 2))).mean == 0.0
