"""The gallery: one selection that is not its own, keyboard walk, sizes, and nothing that grows with the rows."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from sslstudio.gui.item_models.tiles import Tile
from sslstudio.gui.widgets.gallery import LARGEST, Gallery

IDS = np.arange(200, dtype=np.int64) * 3 + 1
NOTHING = np.zeros(0, dtype=np.int64)


def tile(image_id: int) -> Tile:
    return Tile(image_id, "glioma" if image_id % 2 else "", "#0072B2", "1", prediction="none", confidence=0.7)


@pytest.fixture
def gallery(qtbot: QtBot, themed: QApplication) -> Iterator[Gallery]:
    shown = Gallery(tile)
    qtbot.addWidget(shown)
    shown.resize(700, 420)
    shown.show()
    shown.grid.set_ids(IDS, NOTHING)
    yield shown


def place(gallery: Gallery, row: int) -> QPoint:
    return gallery.grid.visualRect(gallery.grid.tiles.index(row)).center()


@pytest.mark.parametrize(
    ("modifiers", "mode", "rows"),
    [
        (Qt.KeyboardModifier.NoModifier, "replace", [4]),
        (Qt.KeyboardModifier.ControlModifier, "toggle", [4]),
        (Qt.KeyboardModifier.AltModifier, "subtract", [4]),
        (Qt.KeyboardModifier.ShiftModifier, "extend", [2, 3, 4]),
    ],
)
def test_clicks_ask_by_the_modifiers_held(
    gallery: Gallery, qtbot: QtBot, modifiers: Qt.KeyboardModifier, mode: str, rows: list[int]
) -> None:
    qtbot.mouseClick(gallery.grid.viewport(), Qt.MouseButton.LeftButton, pos=place(gallery, 2))
    with qtbot.waitSignal(gallery.grid.selection_requested) as caught:
        qtbot.mouseClick(gallery.grid.viewport(), Qt.MouseButton.LeftButton, modifiers, place(gallery, 4))
    assert caught.args[0].tolist() == IDS[rows].tolist()
    assert caught.args[1] == mode


def test_what_is_in_view_stays_in_its_place_when_images_come(gallery: Gallery, qtbot: QtBot) -> None:
    grid = gallery.grid
    qtbot.mouseClick(grid.viewport(), Qt.MouseButton.LeftButton, pos=place(gallery, 2))
    grid.verticalScrollBar().setValue(grid.verticalScrollBar().maximum() // 2)
    first = grid.visible_rows()[0]
    seen, top = int(IDS[first]), grid.visualRect(grid.tiles.index(first)).top()
    with qtbot.assertNotEmitted(grid.current_changed):
        grid.set_ids(np.concatenate([np.arange(50) * 3, IDS]), NOTHING)
    assert grid.visualRect(grid.tiles.index(grid.tiles.row_of(seen))).top() == top
    assert grid.current_id() == IDS[2] and not grid.visualRect(grid.currentIndex()).intersects(grid.viewport().rect())
    grid.set_ids(np.arange(90) * 3, NOTHING)
    assert grid.verticalOffset() == 0 and grid.current_id() is None, "other images begin at the top"


def test_a_click_beside_the_tiles_asks_for_nothing(gallery: Gallery, qtbot: QtBot) -> None:
    gallery.grid.set_ids(IDS[:2], NOTHING)
    with qtbot.waitSignal(gallery.grid.selection_requested) as caught:
        qtbot.mouseClick(gallery.grid.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(500, 300))
    assert caught.args[0].tolist() == []


def test_arrows_walk_and_select_and_shift_extends(gallery: Gallery, qtbot: QtBot) -> None:
    grid = gallery.grid
    grid.setFocus()
    grid.set_current(int(IDS[0]))
    asked: list[tuple[list[int], str]] = []
    grid.selection_requested.connect(lambda ids, mode: asked.append((ids.tolist(), mode)))
    qtbot.keyClick(grid, Qt.Key.Key_Right)
    qtbot.keyClick(grid, Qt.Key.Key_Down)
    down = 1 + grid.columns()
    qtbot.keyClick(grid, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert asked == [
        ([IDS[1]], "replace"),
        ([IDS[down]], "replace"),
        ([IDS[down], IDS[down + 1]], "extend"),
    ]
    qtbot.keyClick(grid, Qt.Key.Key_End)
    assert grid.current_id() == IDS[-1]
    assert grid.visible_rows()[-1] == len(IDS) - 1
    qtbot.keyClick(grid, Qt.Key.Key_Home)
    assert grid.current_id() == IDS[0]
    qtbot.keyClick(grid, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert asked[-1] == (IDS.tolist(), "replace")


def test_enter_and_double_click_open(gallery: Gallery, qtbot: QtBot) -> None:
    gallery.grid.set_current(int(IDS[3]))
    with qtbot.waitSignal(gallery.grid.opened) as caught:
        qtbot.keyClick(gallery.grid, Qt.Key.Key_Return)
    assert caught.args == [int(IDS[3])]
    with qtbot.waitSignal(gallery.grid.opened) as caught:
        qtbot.mouseDClick(gallery.grid.viewport(), Qt.MouseButton.LeftButton, pos=place(gallery, 1))
    assert caught.args == [int(IDS[1])]


def test_what_is_selected_elsewhere_is_shown_and_one_image_comes_into_view(gallery: Gallery) -> None:
    gallery.grid.set_selection(IDS[[0, 5]])
    assert gallery.grid.tiles.selected_rows().tolist() == [0, 5]
    gallery.grid.set_selection(IDS[[190]])
    assert 190 in gallery.grid.visible_rows()
    assert gallery.grid.current_id() == IDS[190]
    spoken = gallery.grid.tiles.data(gallery.grid.tiles.index(190), Qt.ItemDataRole.AccessibleTextRole)
    assert spoken.endswith("selected")


def test_new_rows_keep_the_current_image(gallery: Gallery) -> None:
    gallery.grid.set_current(int(IDS[50]))
    gallery.grid.set_ids(IDS[40:120], NOTHING)
    assert gallery.grid.current_id() == IDS[50]
    gallery.grid.set_ids(IDS[100:], NOTHING)
    assert gallery.grid.current_id() is None


def test_control_and_wheel_change_the_size_within_bounds(gallery: Gallery, qtbot: QtBot) -> None:
    grid = gallery.grid

    def turn(delta: int) -> None:
        event = QWheelEvent(
            QPointF(50, 50), QPointF(50, 50), QPoint(0, 0), QPoint(0, delta), Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.ControlModifier, Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        grid.wheelEvent(event)

    before = grid.side
    turn(120)
    assert grid.side > before
    for _ in range(20):
        turn(120)
    assert grid.side == LARGEST
    assert gallery.bar.side.value() == LARGEST


def test_a_hundred_thousand_images_cost_no_more_than_a_few(gallery: Gallery, qapp: QApplication) -> None:
    many = np.arange(100_000, dtype=np.int64)
    gallery.grid.set_ids(many, NOTHING)
    qapp.processEvents()
    slowest = 0.0
    for action in (
        lambda: gallery.grid.verticalScrollBar().setValue(gallery.grid.verticalScrollBar().maximum() // 2),
        lambda: gallery.resize(760, 430),
        lambda: gallery.grid.set_side(90),
        lambda: gallery.grid.set_selection(many[::2]),
    ):
        started = time.process_time()
        action()
        qapp.processEvents()
        slowest = max(slowest, time.process_time() - started)
    assert slowest < 0.15


def test_letters_are_left_to_the_page_and_space_too_where_it_means_something_else(
    gallery: Gallery, qtbot: QtBot
) -> None:
    asked: list[str] = []
    gallery.grid.selection_requested.connect(lambda _ids, mode: asked.append(mode))
    gallery.grid.set_current(int(IDS[3]))
    qtbot.keyClick(gallery.grid, Qt.Key.Key_G)
    assert gallery.grid.current_id() == IDS[3]
    qtbot.keyClick(gallery.grid, Qt.Key.Key_Space)
    assert asked == ["toggle"]
    gallery.grid.space_selects = False
    qtbot.keyClick(gallery.grid, Qt.Key.Key_Space)
    assert asked == ["toggle"]


def test_an_empty_gallery_says_why(gallery: Gallery) -> None:
    gallery.set_nothing("No image fits.")
    gallery.grid.set_ids(NOTHING, NOTHING)
    assert gallery._nothing.isVisible()
    gallery.grid.set_ids(IDS, NOTHING)
    assert not gallery._nothing.isVisible()
