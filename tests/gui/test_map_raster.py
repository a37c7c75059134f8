"""The raster: every point in its pixel, the selected above all, found again under the pointer, coloured by look-up."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from sslstudio.gui.widgets import map_raster
from sslstudio.gui.widgets.map_index import PointIndex
from sslstudio.gui.widgets.map_raster import Points, View, compose, rasterise
from sslstudio.gui.widgets.map_selection import enclosed, in_lasso, in_polygon

VIEW = View(0.0, 100.0, 0.0, 50.0, 200, 100)


def points(xy: list[tuple[float, float]], selected: tuple[int, ...] = (), shapes: tuple[int, ...] = ()) -> Points:
    places = np.array(xy, dtype=np.float32).reshape(-1, 2)
    marked = np.zeros(len(places), dtype=bool)
    marked[list(selected)] = True
    kinds = np.zeros(len(places), dtype=np.uint8)
    kinds[: len(shapes)] = shapes
    return Points(places, kinds, marked, np.arange(len(places), dtype=np.int32))


def test_a_point_stands_at_its_place_with_y_upwards() -> None:
    raster = rasterise(points([(25.0, 40.0)]), VIEW)
    lines, columns = np.nonzero(raster.rows == 0)
    assert (columns.mean(), lines.mean()) == pytest.approx((50, 20), abs=1)
    assert raster.rows.shape == (100, 200)
    assert raster.visible_rows.tolist() == [0]


def test_points_outside_are_not_visible_but_reach_in_at_the_edge() -> None:
    raster = rasterise(points([(-1.0, 25.0), (500.0, 500.0), (50.0, 25.0)]), VIEW)
    assert raster.visible_rows.tolist() == [2]
    assert (raster.rows[:, 0] == 0).any()
    assert not (raster.rows == 1).any()


@given(seed=st.integers(0, 10_000), scale=st.sampled_from([1.0, 2.0]), count=st.sampled_from([5, 500, 5000]))
def test_points_anywhere_around_the_edges_are_cut_at_the_edge(seed: int, scale: float, count: int) -> None:
    rng = np.random.default_rng(seed)
    places = np.array([50.0, 25.0]) + rng.uniform(-1.3, 1.3, (count, 2)) * np.array([50.0, 25.0])
    drawn = Points(
        places.astype(np.float32),
        rng.integers(0, 7, count).astype(np.uint8),
        rng.random(count) < 0.3,
        rng.permutation(count).astype(np.int32),
    )
    raster = rasterise(drawn, VIEW, scale)
    shown = np.unique(raster.rows[raster.rows >= 0])
    outside = (places < [-3, -3]).any(axis=1) | (places > [103, 53]).any(axis=1)
    far = (places < [-12, -12]).any(axis=1) | (places > [112, 62]).any(axis=1)
    assert not far[shown].any()
    assert set(raster.visible_rows.tolist()).isdisjoint(np.flatnonzero(outside).tolist())


def test_later_points_cover_earlier_ones_and_selected_ones_cover_all() -> None:
    same = [(50.0, 25.0), (50.0, 25.0), (50.0, 25.0)]
    assert rasterise(points(same), VIEW).rows[50, 100] == 2
    assert rasterise(points(same, selected=(0,)), VIEW).rows[50, 100] == 0


@pytest.mark.parametrize("shape", range(len(map_raster.SHAPES)))
def test_every_shape_has_a_filled_middle_and_differs_from_the_disc(shape: int) -> None:
    raster = rasterise(points([(50.0, 25.0)], shapes=(shape,)), VIEW, scale=2.0)
    assert raster.rows[50, 100] == 0
    assert raster.coverage[50, 100] == 255
    disc = rasterise(points([(50.0, 25.0)]), VIEW, scale=2.0)
    assert shape == 0 or not np.array_equal(raster.coverage, disc.coverage)


def test_while_moving_many_points_are_smaller_but_none_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(map_raster, "_SIMPLE_FROM", 10)
    places = [(float(x), float(y)) for x in range(5, 100, 10) for y in range(5, 50, 10)]
    rest, moving = (rasterise(points(places, shapes=(1, 2, 3)), VIEW, moving=way) for way in (False, True))
    assert set(moving.rows[moving.rows >= 0].tolist()) == set(range(len(places)))
    assert moving.visible_rows.tolist() == rest.visible_rows.tolist()
    assert (moving.rows >= 0).sum() < (rest.rows >= 0).sum()


def test_no_points_give_an_empty_picture() -> None:
    raster = rasterise(points([]), VIEW)
    assert (raster.rows == -1).all()
    empty = np.zeros((0, 3), dtype=np.uint8)
    assert not compose(raster, empty, empty, np.zeros(0, dtype=np.uint8)).any()


def test_colours_come_from_the_table_and_are_premultiplied() -> None:
    raster = rasterise(points([(25.0, 25.0), (75.0, 25.0)]), VIEW)
    fill = np.array([[200, 100, 50], [10, 20, 30]], dtype=np.uint8)
    picture = compose(raster, fill, fill, np.array([255, 128], dtype=np.uint8))
    assert picture[50, 50] == (255 << 24) | (200 << 16) | (100 << 8) | 50
    half = int(picture[50, 150])
    assert half >> 24 == 128
    assert (half >> 16) & 255 <= 128
    assert picture[0, 0] == 0


@given(seed=st.integers(0, 10_000), corners=st.integers(3, 40))
def test_a_lasso_takes_exactly_the_points_inside(seed: int, corners: int) -> None:
    rng = np.random.default_rng(seed)
    places = rng.normal(size=(300, 2))
    lasso = rng.normal(size=(corners, 2))
    assert np.array_equal(in_lasso(places, lasso), _even_odd(places, lasso))


def test_a_long_lasso_over_many_points_takes_the_fast_way_with_the_same_answer() -> None:
    rng = np.random.default_rng(3)
    places = rng.normal(size=(40_000, 2))
    turn = np.linspace(0, 2 * np.pi, 400)
    reach = 1 + 0.5 * np.sin(7 * turn)
    lasso = np.stack([reach * np.cos(turn), reach * np.sin(turn)], axis=1)
    assert np.array_equal(in_lasso(places, lasso), in_polygon(places, lasso))


@given(box=arrays.arrays(np.float32, (2, 2), elements=st.floats(-2, 2, width=32)))
def test_a_box_holds_its_edges_whichever_corner_came_first(box: np.ndarray) -> None:
    places = np.vstack([box, box.mean(axis=0), [[9.0, 9.0]]]).astype(np.float32)
    corners = box.astype(np.float64)
    assert set(enclosed(PointIndex(places), "box", corners).tolist()) == {0, 1, 2}
    assert set(enclosed(PointIndex(places), "box", corners[::-1]).tolist()) == {0, 1, 2}


def test_a_line_is_no_lasso() -> None:
    assert not in_lasso(np.zeros((3, 2)), np.array([[0.0, 0.0], [1.0, 1.0]])).any()


def _even_odd(places: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """The textbook test, one point and one edge at a time."""
    inside = []
    for x, y in places:
        odd = False
        for (x1, y1), (x2, y2) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
            if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
                odd = not odd
        inside.append(odd)
    return np.array(inside)
