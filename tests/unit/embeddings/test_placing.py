"""New images on a map: among their neighbours, never between two groups, and in their group."""

from __future__ import annotations

import numpy as np
import pytest

from sslstudio.embeddings import placing, projection
from sslstudio.embeddings.reduction import principal_components
from tests.fakes.blobs import blobs


def test_an_image_lands_among_its_like_and_gets_their_group() -> None:
    vectors, y, _ = blobs(300, classes=4)
    corners = np.array([[0, 0], [10, 0], [0, 10], [10, 10]], np.float32)
    xy = corners[y] + np.random.default_rng(0).normal(0, 0.5, (300, 2)).astype(np.float32)
    rows, distances = placing.near(vectors[:250], vectors[250:])
    assert (np.diff(distances, axis=1) >= 0).all()
    placed = placing.placed(xy[:250], rows, distances)
    assert (np.abs(placed - corners[y[250:]]) < 2).all()
    np.testing.assert_array_equal(placing.voted(y[:250], rows, distances), y[250:])


def test_between_two_groups_there_is_nothing() -> None:
    known = np.array([[1.0, 0], [1.1, 0], [1.2, 0], [-1, 0], [-1.1, 0]], np.float32)
    xy = np.array([[0, 0], [0.1, 0], [0, 0.1], [50, 0], [50, 0.1]], np.float32)
    placed = placing.place(known, xy, np.array([[0.05, 0], [-0.3, 0], [1.0, 0]], np.float32), k=5)
    assert placed[0, 0] < 1 and placed[1, 0] > 49
    assert placed[2] == pytest.approx([0, 0], abs=0.1)


def test_the_likely_places_give_the_same_neighbours(monkeypatch: pytest.MonkeyPatch) -> None:
    components = principal_components(blobs(900, classes=5)[0])
    true, apart = placing.near(components[:600], components[600:])
    monkeypatch.setattr(placing, "EXACT_PRODUCTS", 0)
    found, distance = placing.near(components[:600], components[600:])
    assert (true[:, :, None] == found[:, None]).any(axis=2).mean() > 0.95
    np.testing.assert_allclose(distance[:, 0], apart[:, 0], rtol=1e-3)


def test_of_very_many_a_sample_is_arranged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projection, "WHOLE_UP_TO", 300)
    monkeypatch.setattr(projection, "SAMPLE", 200)
    vectors, y, _ = blobs(600, spread=0.7)
    components = principal_components(vectors)
    heard: list[int] = []
    xy = projection.project_components(components, "localmap", 0, shown=lambda rows, _: heard.append(len(rows)))
    assert set(heard) == {200}
    centres = np.array([xy[y == kind].mean(axis=0) for kind in range(3)])
    assert (((xy[:, None] - centres) ** 2).sum(axis=2).argmin(axis=1) == y).mean() > 0.97


def test_who_stops_keeps_the_layout_so_far() -> None:
    components = principal_components(blobs(120)[0])
    last: list[np.ndarray] = []

    def stop(fraction: float) -> None:
        if fraction > 0.3:
            raise projection.Stopped

    xy = projection.project_components(components, "localmap", 0, stop, lambda _, layout: last.append(layout))
    np.testing.assert_array_equal(xy, last[-1])
    assert len(last) == 14 and not np.array_equal(xy, projection.project_components(components, "pca"))
