"""The map by mouse and keyboard: tools, selection grammar, hover, legend, marks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QPixmap
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from sslstudio.gui.item_models import colouring
from sslstudio.gui.item_models.thumbnails import ThumbnailSource
from sslstudio.gui.widgets.map_selection import in_polygon
from sslstudio.gui.widgets.map_view import MapView

COUNT = 400
IDS = np.arange(COUNT, dtype=np.int64) * 7 + 3


class Shelf:
    """A store with no pictures in it."""

    def get(self, wanted: Iterable[tuple[int, str, int]]) -> dict[int, bytes]:
        return {}


@pytest.fixture
def view(qtbot: QtBot, themed: QApplication) -> Iterator[MapView]:
    rng = np.random.default_rng(0)
    shown = MapView()
    qtbot.addWidget(shown)
    shown.resize(760, 520)
    shown.show()
    clusters = rng.integers(0, 4, COUNT).astype(np.int32)
    shown.set_points(IDS, (rng.normal(size=(COUNT, 2)) * 3).astype(np.float32))
    shown.set_colouring(colouring.by_cluster(clusters))
    qtbot.waitExposed(shown)
    draw(shown)
    yield shown


def draw(view: MapView) -> None:
    """Paint now, so that what is under the pointer is known."""
    assert view.canvas is not None
    view.canvas.grab()


def pixel(view: MapView, row: int) -> QPoint:
    assert view.canvas is not None and view.scene is not None
    return view.canvas.box.to_pixels(view.scene.xy[row]).toPoint()


def drag(view: MapView, path: list[QPoint], modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    """Press, move along `path`, release; slowly enough for every move to count."""
    assert view.canvas is not None
    target = view.canvas.viewport()
    QTest.mousePress(target, Qt.MouseButton.LeftButton, modifiers, path[0])
    for place in path[1:]:
        QTest.qWait(15)
        QTest.mouseMove(target, place)
    QTest.qWait(15)
    QTest.mouseRelease(target, Qt.MouseButton.LeftButton, modifiers, path[-1])


def test_a_lasso_selects_exactly_the_points_inside_it(view: MapView, qtbot: QtBot) -> None:
    assert view.canvas is not None and view.scene is not None
    view.set_tool("lasso")
    turn = np.linspace(0, 2 * np.pi, 24)
    path = [QPoint(round(280 + 130 * np.cos(a)), round(230 + 90 * np.sin(a))) for a in turn]
    with qtbot.waitSignal(view.selection_requested, timeout=20000) as caught:
        drag(view, path)
    ids, mode = caught.args
    assert mode == "replace"
    corners = view.canvas.box.to_data([QPointF(place) for place in path])
    inside = in_polygon(view.scene.xy.astype(np.float64), corners)
    assert 10 < inside.sum() < COUNT
    assert set(ids.tolist()) == set(IDS[inside].tolist())


@pytest.mark.parametrize(
    ("modifiers", "mode"),
    [
        (Qt.KeyboardModifier.ControlModifier, "toggle"),
        (Qt.KeyboardModifier.ShiftModifier, "extend"),
        (Qt.KeyboardModifier.AltModifier, "subtract"),
    ],
)
def test_a_box_follows_the_modifiers(view: MapView, qtbot: QtBot, modifiers: Qt.KeyboardModifier, mode: str) -> None:
    view.set_tool("box")
    with qtbot.waitSignal(view.selection_requested, timeout=20000) as caught:
        drag(view, [QPoint(5, 5), QPoint(200, 200), QPoint(560, 440)], modifiers)
    assert caught.args[1] == mode
    assert len(caught.args[0]) > COUNT // 2


def test_a_click_selects_the_point_and_beside_all_points_nothing(view: MapView, qtbot: QtBot) -> None:
    assert view.canvas is not None and view.scene is not None
    row = int(view.scene.xy[:, 0].argmax())
    with qtbot.waitSignal(view.selection_requested, timeout=20000) as caught:
        QTest.mouseClick(view.canvas.viewport(), Qt.MouseButton.LeftButton, pos=pixel(view, row))
    assert caught.args[0].tolist() == [IDS[row]]
    with qtbot.waitSignal(view.selection_requested, timeout=20000) as caught:
        QTest.mouseClick(view.canvas.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(2, 2))
    assert caught.args[0].tolist() == []


def test_dragging_with_the_move_tool_moves_and_home_shows_all_again(view: MapView, qtbot: QtBot) -> None:
    assert view.canvas is not None
    before = view.canvas.box.viewRange()
    drag(view, [QPoint(200, 200), QPoint(240, 200), QPoint(300, 200)])
    moved = view.canvas.box.viewRange()
    assert moved[0][0] < before[0][0]
    qtbot.keyClick(view.canvas, Qt.Key.Key_Home)
    assert view.canvas.box.viewRange()[0] == pytest.approx(before[0])


def test_keys_zoom_and_pan(view: MapView, qtbot: QtBot) -> None:
    assert view.canvas is not None
    wide = np.diff(view.canvas.box.viewRange()[0])
    qtbot.keyClick(view.canvas, Qt.Key.Key_Plus)
    assert np.diff(view.canvas.box.viewRange()[0]) < wide
    left = view.canvas.box.viewRange()[0][0]
    qtbot.keyClick(view.canvas, Qt.Key.Key_Right)
    assert view.canvas.box.viewRange()[0][0] > left


def test_resting_on_a_point_shows_its_card(view: MapView, qtbot: QtBot) -> None:
    assert view.canvas is not None and view.scene is not None
    view.set_thumbnails(ThumbnailSource(Shelf()), lambda image_id: f"Image {image_id}")
    row = int(view.scene.xy[:, 0].argmin())
    place = pixel(view, row) + QPoint(6, 0)
    QTest.mouseMove(view.canvas.viewport(), place - QPoint(40, 0))
    QTest.qWait(20)
    QTest.mouseMove(view.canvas.viewport(), place)
    qtbot.waitUntil(lambda: view._card.isVisible(), timeout=20000)
    assert view._card.image_id == IDS[row]
    QTest.mouseMove(view.canvas.viewport(), QPoint(2, 2))
    qtbot.waitUntil(lambda: not view._card.isVisible(), timeout=20000)


def test_the_legend_hides_and_isolates_and_what_is_hidden_cannot_be_caught(view: MapView, qtbot: QtBot) -> None:
    assert view.scene is not None and view.canvas is not None
    rows = view.legend._rows
    assert [row.text() for row in rows] == ["Group 1", "Group 2", "Group 3", "Group 4"]
    qtbot.mouseClick(rows[0], Qt.MouseButton.LeftButton)
    hidden = int((view.scene.colouring.codes == 0).sum())
    assert view.scene.shown_count() == COUNT - hidden
    draw(view)
    assert f"of {COUNT}" in view._shown.text()
    view.set_tool("box")
    with qtbot.waitSignal(view.selection_requested, timeout=20000) as caught:
        drag(view, [QPoint(1, 1), QPoint(300, 300), QPoint(view.canvas.width() - 2, view.canvas.height() - 2)])
    assert len(caught.args[0]) == COUNT - hidden
    qtbot.keyClick(rows[2], Qt.Key.Key_Return)
    assert view.scene.shown_count() == int((view.scene.colouring.codes == 2).sum())
    qtbot.keyClick(rows[2], Qt.Key.Key_Return)
    assert view.scene.shown_count() == COUNT


def test_groups_are_numbered_on_the_map_as_in_the_legend(view: MapView) -> None:
    assert view.scene is not None
    marks = view.scene.marks()
    assert [mark.text for mark in marks] == ["1", "2", "3", "4"]
    for number, mark in enumerate(marks):
        members = view.scene.xy[view.scene.colouring.codes == number]
        assert (members == mark.place).all(axis=1).any()


def test_selected_points_are_marked_and_others_fade(view: MapView) -> None:
    assert view.scene is not None
    view.set_selection(IDS[:5])
    _, _, opacity = view.scene.look(np.arange(COUNT, dtype=np.int32))
    assert (opacity[:5] == 255).all()
    assert (opacity[5:] < 255).all()
    view.set_selection(np.array([999_999], dtype=np.int64))
    assert not view.scene.selected.any()


def test_thumbnails_replace_points_when_few_are_in_view(view: MapView, monkeypatch: pytest.MonkeyPatch) -> None:
    assert view.canvas is not None and view.scene is not None
    asked: list[int] = []

    class Pictures(ThumbnailSource):
        def pixmap(self, image_id: int) -> QPixmap | None:
            asked.append(image_id)
            return None

    source = Pictures(Shelf())
    view.set_thumbnails(source, str)
    draw(view)
    assert not asked
    x, y = (float(value) for value in view.scene.xy[0])
    view.canvas.box.setRange(xRange=(x - 0.3, x + 0.3), yRange=(y - 0.3, y + 0.3))
    draw(view)
    assert int(IDS[0]) in asked


def test_an_empty_map_says_why(qtbot: QtBot, themed: QApplication) -> None:
    shown = MapView()
    qtbot.addWidget(shown)
    shown.set_empty("No map yet", "Make one.", "Make it")
    assert shown.empty.title.text() == "No map yet"
    assert not shown.bar.isEnabled()
    with qtbot.waitSignal(shown.empty.action_requested):
        shown.empty.button.click()
