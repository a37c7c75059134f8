"""The image view by mouse, wheel and keys, and its arithmetic."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from sslstudio.gui.widgets.image_geometry import Geometry, scale_bar, stretches
from sslstudio.gui.widgets.image_meaning import Meaning
from sslstudio.gui.widgets.image_view import ImageView
from sslstudio.importers.windowing import to_uint8

CT = Meaning(slope=1.0, intercept=-1024.0, unit="HU", row_spacing=0.5, column_spacing=0.5)


@pytest.fixture
def view(qtbot: QtBot, themed: QApplication) -> ImageView:
    made = ImageView()
    qtbot.addWidget(made)
    made.resize(400, 400)
    made.show()
    return made


def ramp(side: int = 100) -> np.ndarray:
    return np.arange(side * side, dtype=np.uint16).reshape(side, side, 1) % 4096


def wheel(view: ImageView, notches: int, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    place = QPointF(200, 200)
    event = QWheelEvent(
        place,
        QPointF(view.mapToGlobal(place.toPoint())),
        QPoint(),
        QPoint(0, 120 * notches),
        Qt.MouseButton.NoButton,
        modifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(view, event)


def grey(view: ImageView, x: int, y: int) -> int:
    return view.grab().toImage().pixelColor(x, y).red()


def test_a_drag_changes_width_and_centre_and_a_double_click_resets(view: ImageView, qtbot: QtBot) -> None:
    view.set_image(ramp(), 1000, 1400, meaning=CT)
    seen: list[tuple[float, float]] = []
    view.window_changed.connect(lambda low, high: seen.append((low, high)))
    qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=QPoint(100, 100))
    qtbot.mouseMove(view, QPoint(150, 100))
    qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, pos=QPoint(150, 100))
    low, high = view.window_values
    assert high - low == pytest.approx(500) and (low + high) / 2 == pytest.approx(1200)
    assert seen[-1] == view.window_values
    qtbot.mousePress(view, Qt.MouseButton.RightButton, pos=QPoint(100, 100))
    qtbot.mouseMove(view, QPoint(100, 80))
    qtbot.mouseRelease(view, Qt.MouseButton.RightButton, pos=QPoint(100, 80))
    low, high = view.window_values
    assert high - low == pytest.approx(500) and (low + high) / 2 == pytest.approx(1150), "up is brighter"
    assert view.meaning.window(low, high) == "W 500  C 126 HU"
    qtbot.mouseDClick(view, Qt.MouseButton.LeftButton, pos=QPoint(100, 100))
    assert view.window_values == (1000, 1400)


def test_what_is_painted_is_what_the_model_sees(view: ImageView, qtbot: QtBot) -> None:
    stored = ramp(4)[:4, :4] * 200
    view.set_image(stored, 500, 2500)
    expected = to_uint8(stored, 500, 2500)
    for row in range(4):
        for column in range(4):
            assert grey(view, column * 100 + 50, row * 100 + 50) == expected[row, column, 0]
    view.set_inverted(True)
    assert grey(view, 250, 250) == 255 - expected[2, 2, 0]
    view.reset()
    assert grey(view, 250, 250) == expected[2, 2, 0]


def test_the_value_under_the_pointer_is_in_the_unit_of_the_image(view: ImageView, qtbot: QtBot) -> None:
    view.set_image(ramp(4), 0, 16, meaning=CT)
    qtbot.mouseMove(view, QPoint(250, 150))
    assert view.pointed_text() == "x 2  y 1   -1,018 HU"
    view.set_image(np.full((4, 4, 3), (1, 2, 3), dtype=np.uint8))
    assert view.pointed_text() == "x 2  y 1   R 1 G 2 B 3"
    view.set_pointer(None)
    assert view.pointed_text() == ""


def test_wheel_zooms_or_steps(view: ImageView, qtbot: QtBot) -> None:
    view.set_image(ramp())
    asked: list[int] = []
    view.step_requested.connect(asked.append)
    wheel(view, 1)
    zoom = view.geometry_now.zoom
    assert zoom > 1 and asked == []
    view.wheel_steps = True
    wheel(view, -2)
    wheel(view, 1)
    assert asked == [2, -1] and view.geometry_now.zoom == zoom
    wheel(view, 3, Qt.KeyboardModifier.ControlModifier)
    assert view.geometry_now.zoom > zoom
    view.fit()
    assert view.geometry_now.zoom == 1
    view.one_to_one()
    assert view.geometry_now.rectangle()[2] * view.devicePixelRatioF() == pytest.approx(100)


def test_panning_by_middle_button_and_by_space(view: ImageView, qtbot: QtBot) -> None:
    view.set_image(ramp(), 5, 50)
    view.zoom_by(4)
    view.space_pans = True
    for button, space in ((Qt.MouseButton.MiddleButton, False), (Qt.MouseButton.LeftButton, True)):
        before = view.geometry_now.rectangle()
        if space:
            qtbot.keyPress(view, Qt.Key.Key_Space)
        qtbot.mousePress(view, button, pos=QPoint(100, 100))
        qtbot.mouseMove(view, QPoint(130, 90))
        qtbot.mouseRelease(view, button, pos=QPoint(130, 90))
        if space:
            qtbot.keyRelease(view, Qt.Key.Key_Space)
        after = view.geometry_now.rectangle()
        assert (after[0] - before[0], after[1] - before[1]) == pytest.approx((30, -10))
    assert view.window_values == (5, 50), "panning leaves the window alone"


def test_keys_zoom_and_window(view: ImageView, qtbot: QtBot) -> None:
    view.set_image(ramp(), 1000, 1400)
    qtbot.keyClick(view, Qt.Key.Key_Plus)
    assert view.geometry_now.zoom == pytest.approx(1.25)
    qtbot.keyClick(view, Qt.Key.Key_Minus)
    assert view.geometry_now.zoom == pytest.approx(1)
    qtbot.keyClick(view, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert view.window_values[1] - view.window_values[0] == pytest.approx(420)


def test_the_next_slice_keeps_what_the_user_changed(view: ImageView) -> None:
    view.set_image(ramp(), 0, 100)
    view.zoom_by(2)
    view.set_image(ramp(), 10, 200, keep=True)
    assert view.window_values == (10, 200) and view.geometry_now.zoom == 2, "its own window: none was chosen"
    view.set_window(50, 60)
    view.set_image(ramp(), 0, 100, keep=True)
    assert view.window_values == (50, 60) and view.start_values == (0, 100)
    view.set_image(ramp(50), 0, 100, keep=True)
    assert view.window_values == (50, 60) and view.geometry_now.zoom == 1, "another shape is shown whole"
    view.set_image(ramp(), 0, 100)
    assert view.window_values == (0, 100)


def test_pixels_that_are_not_square_are_shown_as_wide_as_they_are(view: ImageView) -> None:
    view.set_image(ramp(), meaning=Meaning(row_spacing=2.0, column_spacing=1.0))
    _, _, width, height = view.geometry_now.rectangle()
    assert height == pytest.approx(2 * width) and height == pytest.approx(400)
    view.one_to_one()
    assert view.geometry_now.rectangle()[2:] == pytest.approx(
        (100 / view.devicePixelRatioF(), 200 / view.devicePixelRatioF())
    )


def test_a_large_image_is_drawn_coarsely_while_it_is_dragged(view: ImageView, qtbot: QtBot) -> None:
    view.set_image(np.full((2048, 2048, 1), 700, dtype=np.uint16), 0, 1400)
    qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=QPoint(100, 100))
    qtbot.mouseMove(view, QPoint(120, 100))
    assert view._image.width() <= 2 * view.width(), "no more pixels than the screen shows"
    assert grey(view, 200, 200) == to_uint8(view._stored[:1, :1], *view.window_values)[0, 0, 0]
    qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, pos=QPoint(120, 100))
    assert view._image.width() == 2048


places = st.floats(-50, 450)


@given(st.integers(1, 3000), st.integers(1, 3000), st.floats(1, 5), st.floats(1, 5), st.floats(1.01, 8), places, places)
def test_the_image_under_the_pointer_stays_there_while_zooming(width, height, across, down, factor, x, y) -> None:
    geometry = Geometry(width, height, 400, 300, across, down)
    larger = geometry.zoomed(factor, x, y)
    left, top, wide, high = geometry.rectangle()
    left2, top2, wide2, high2 = larger.rectangle()
    assert wide2 / wide == pytest.approx(high2 / high)
    if left <= x <= left + wide and top <= y <= top + high:
        assert (x - left2) / wide2 == pytest.approx((x - left) / wide, abs=1e-6)
        assert (y - top2) / high2 == pytest.approx((y - top) / high, abs=1e-6)
    assert larger.whole() == geometry


@given(st.integers(1, 500), st.integers(1, 500), st.floats(0.05, 20), st.floats(-400, 400), st.floats(-400, 400))
def test_every_point_inside_has_its_pixel_and_no_point_beside(width, height, factor, dx, dy) -> None:
    geometry = Geometry(width, height, 400, 300).zoomed(factor).moved(dx, dy)
    left, top, wide, high = geometry.rectangle()
    assert geometry.pixel_at(left - 1, top + high / 2) is None
    place = geometry.pixel_at(left + wide * 0.999, top + high * 0.001)
    assert place == (width - 1 if width < 1000 else place[0], 0)


@given(st.floats(1e-3, 10), st.floats(30, 400))
def test_the_scale_bar_is_as_long_as_it_says(mm: float, room: float) -> None:
    bar = scale_bar(mm, room)
    assert bar is not None
    length, words = bar
    figure, unit = words.split()
    millimetres = float(figure) * {"cm": 10, "mm": 1, "µm": 0.001}[unit]
    assert length * mm == pytest.approx(millimetres, rel=1e-5) and length <= room + 1e-9
    assert length > room / 2.6, "the longest round one that fits"


def test_stretches_make_the_finer_side_one() -> None:
    assert stretches(2.0, 0.5) == (1.0, 4.0) and stretches(0.5, 1.0) == (2.0, 1.0)
    assert stretches(None, 1.0) == (1.0, 1.0) and stretches(0.0, 1.0) == (1.0, 1.0)
    assert not math.isinf(Geometry(10, 10, 1, 1).scale)
