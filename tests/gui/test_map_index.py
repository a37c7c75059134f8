"""The index finds what a look at every point would find; density counts every image; contours enclose their share."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sslstudio.gui.widgets.map_contours import SHARES, contours
from sslstudio.gui.widgets.map_density import COARSEST, Field, Paint, field_over, fitting, picture, pyramid
from sslstudio.gui.widgets.map_index import PointIndex, Rectangle
from sslstudio.gui.widgets.map_selection import in_polygon

COLOURS = np.array([[200.0, 0.0, 0.0], [0.0, 0.0, 200.0], [120.0, 120.0, 120.0]])


def cloud(seed: int, count: int, spread: float) -> np.ndarray:
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(3, 2)) * spread
    return (centres[rng.integers(0, 3, count)] + rng.normal(size=(count, 2))).astype(np.float32)


def inside(places: np.ndarray, area: Rectangle) -> np.ndarray:
    x, y = places[:, 0], places[:, 1]
    return (x >= area.left) & (x <= area.right) & (y >= area.bottom) & (y <= area.top)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 1000),
    count=st.sampled_from([0, 1, 3, 400, 9000]),
    spread=st.sampled_from([0.0, 4.0, 300.0]),
    corners=st.tuples(*[st.floats(-1.3, 1.3)] * 4),
    hide=st.booleans(),
)
def test_an_index_finds_and_counts_what_a_look_at_all_points_finds(
    seed: int, count: int, spread: float, corners: tuple[float, float, float, float], hide: bool
) -> None:
    places = cloud(seed, count, spread)
    index = PointIndex(places)
    shown = np.random.default_rng(seed).random(count) < 0.5 if hide else np.ones(count, dtype=bool)
    index.set_shown(shown if hide else None)
    reach = 1.0 + 2 * spread
    left, right = sorted(value * reach for value in corners[:2])
    bottom, top = sorted(value * reach for value in corners[2:])
    area = Rectangle(left, right, bottom, top)
    wanted = np.flatnonzero(inside(places, area) & shown)
    assert np.sort(index.rows(area)).tolist() == wanted.tolist()
    assert index.count(area) == len(wanted)
    whole = Rectangle(-1e6, 1e6, -1e6, 1e6)
    assert index.count(whole) == shown.sum()


@given(seed=st.integers(0, 1000), x=st.floats(-8, 8), y=st.floats(-8, 8))
def test_the_nearest_point_within_reach_is_found(seed: int, x: float, y: float) -> None:
    places = cloud(seed, 500, 4.0)
    away = np.hypot((places[:, 0] - x) / 0.4, (places[:, 1] - y) / 0.3)
    found = PointIndex(places).nearest(x, y, 0.4, 0.3)
    if away.min() <= 0.999:
        assert found is not None and away[found] == pytest.approx(away.min())
    elif away.min() > 1.001:
        assert found is None


def test_what_is_hidden_is_not_found() -> None:
    places = np.array([[0.0, 0.0], [0.1, 0.0]], dtype=np.float32)
    index = PointIndex(places)
    index.set_shown(np.array([False, True]))
    assert index.nearest(0.0, 0.0, 1.0, 1.0) == 1
    assert index.nearest(50.0, 0.0, 1.0, 1.0) is None


def test_a_square_has_the_mean_colour_of_its_images_and_more_images_are_stronger() -> None:
    places = np.array([[0.5, 0.5]] * 4 + [[2.5, 0.5]], dtype=np.float32)
    codes = np.array([0, 0, 1, 1, 1], dtype=np.int32)
    image = picture(places, codes, Paint(COLOURS), Field(0.0, 1.0, 1.0, 3, 1)).image
    mixed, empty, alone = (int(value) for value in image[0])
    assert mixed >> 24 == 255
    assert ((mixed >> 16) & 255, (mixed >> 8) & 255, mixed & 255) == (100, 0, 100)
    assert empty == 0
    assert 0 < alone >> 24 < 255


def test_on_a_scale_a_square_has_the_colour_of_the_mean_step_whoever_was_drawn_last() -> None:
    table = np.array([[10.0 * step] * 3 for step in range(5)] + [[250.0, 0.0, 0.0]])
    places = np.array([[0.5, 0.5]] * 3 + [[1.5, 0.5]], dtype=np.float32)
    codes = np.array([0, 4, 5, 5], dtype=np.int32)
    for order in ([0, 1, 2, 3], [3, 2, 1, 0]):
        image = picture(places[order], codes[order], Paint(table, 5, 1.0), Field(0.0, 1.0, 1.0, 2, 1)).image
        assert int(image[0, 0]) & 0xFFFFFF == 0x141414, "the one of unknown value does not count"
        assert (int(image[0, 1]) >> 16) & 255 == 250, "of only unknown ones it is their colour"


def test_every_picture_of_a_pyramid_holds_every_image() -> None:
    places = cloud(1, 20_000, 6.0)
    index = PointIndex(places)
    field = field_over(index.low, index.size, 1024)
    pictures = pyramid(places, np.zeros(len(places), dtype=np.int32), Paint(COLOURS), field)
    assert [max(one.field.width, one.field.height) for one in pictures] == [1024, 512, 256, COARSEST]
    for one in pictures:
        squares = one.field.squares(places)
        drawn = one.image.ravel() > 0
        assert drawn[squares].all()
        assert drawn.sum() == len(np.unique(squares))
    assert fitting(pictures, 1 / pictures[1].field.side) is pictures[1]
    assert fitting(pictures, 1e-9) is pictures[-1]
    assert fitting(pictures, 1e9) is pictures[0]


def test_contours_enclose_about_the_share_they_say() -> None:
    rng = np.random.default_rng(0)
    places = rng.normal(size=(20_000, 2)).astype(np.float32)
    index = PointIndex(places)
    lines = contours(places, index.low, index.size)
    assert [line.share for line in lines] == list(SHARES)
    for line in lines[:3]:
        ends = line.segments.reshape(-1, 2)
        assert len(ends) > 20
        rounded = {tuple(end) for end in np.round(ends, 6)}
        assert len(rounded) == len(ends) // 2, "each end is shared by two pieces: the line is closed"
        radius = np.median(np.hypot(*ends.T))
        assert (np.hypot(*places.T) < radius).mean() == pytest.approx(line.share, abs=0.05)


def test_contours_of_nothing_are_none_and_of_one_point_stand_around_it() -> None:
    assert contours(np.zeros((0, 2), dtype=np.float32), np.zeros(2), np.ones(2)) == ()
    place = np.array([[5.0, 5.0]], dtype=np.float32)
    index = PointIndex(place)
    (line, *_rest) = contours(place, index.low, index.size)
    around = line.segments[:, 0]
    turn = np.arctan2(*(around - around.mean(axis=0)).T)
    assert in_polygon(place.astype(np.float64), around[np.argsort(turn)]).all()
