"""Headers in the gallery: what lies under them, folding, ticks, the keyboard; and where rows stand among them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from sslstudio.gui.item_models.sections import Sections
from sslstudio.gui.item_models.tiles import HEADER_ROLE, Tile
from sslstudio.gui.widgets.gallery import Gallery
from sslstudio.gui.widgets.gallery_layout import CellLayout

IDS = np.arange(60, dtype=np.int64) + 1
NOTHING = np.zeros(0, dtype=np.int64)
STARTS = np.array([0, 7, 8, 30, 60], dtype=np.int64)


def sections(kind: str = "patient", keys: tuple[int, ...] = (0, 1, 2, 3)) -> Sections:
    names = {0: "Patient a", 1: "Patient b", 2: "Patient c", 3: "Patient d", 4: "Patient e"}
    return Sections(kind, STARTS, np.array(keys), np.array([0, 0, 0, 2]), names)


@pytest.fixture
def gallery(qtbot: QtBot, themed: QApplication) -> Iterator[Gallery]:
    shown = Gallery(lambda image_id: Tile(image_id))
    qtbot.addWidget(shown)
    shown.resize(620, 460)
    shown.show()
    shown.grid.set_ids(IDS, NOTHING, sections())
    yield shown


def click(
    gallery: Gallery, qtbot: QtBot, section: int, *, tick: bool = False, modifiers: Qt.KeyboardModifier | None = None
) -> None:
    area = gallery.grid.visualRect(gallery.grid.tiles.index(len(IDS) + section))
    point = QPoint(area.right() - 15 if tick else area.left() + 60, area.center().y())
    none = Qt.KeyboardModifier.NoModifier
    qtbot.mouseClick(gallery.grid.viewport(), Qt.MouseButton.LeftButton, modifiers or none, point)


def test_a_header_says_what_lies_under_it_and_how_much_is_selected(gallery: Gallery) -> None:
    tiles = gallery.grid.tiles
    gallery.grid.set_selection(IDS[:8])
    told = [tiles.data(tiles.index(len(IDS) + n), HEADER_ROLE) for n in range(4)]
    assert [(header.name, header.about, header.ticked) for header in told] == [
        ("Patient a", "7 images", "all"),
        ("Patient b", "1 image", "all"),
        ("Patient c", "22 images", "none"),
        ("Patient d", "30 images from 2 patients", "none"),
    ]
    gallery.grid.set_selection(IDS[6:7])
    spoken = tiles.data(tiles.index(len(IDS)), Qt.ItemDataRole.AccessibleTextRole)
    assert spoken == "Patient a, 7 images, unfolded, some selected"


def test_a_click_on_a_header_folds_and_one_on_its_tick_selects_all_of_it(gallery: Gallery, qtbot: QtBot) -> None:
    grid = gallery.grid
    asked: list[tuple[list[int], str]] = []
    grid.selection_requested.connect(lambda ids, mode: asked.append((ids.tolist(), mode)))
    before = grid.verticalScrollBar().maximum()
    click(gallery, qtbot, 0)
    assert grid.tiles.collapsed.tolist() == [True, False, False, False]
    assert grid.verticalScrollBar().maximum() < before and asked == []
    assert grid.visualRect(grid.tiles.index(3)).isNull()
    click(gallery, qtbot, 1, tick=True)
    assert asked == [([8], "extend")]
    grid.set_selection(IDS[7:8])
    click(gallery, qtbot, 1, tick=True)
    assert asked[-1] == ([8], "subtract")
    click(gallery, qtbot, 0, modifiers=Qt.KeyboardModifier.ControlModifier)
    assert asked[-1] == (IDS[:7].tolist(), "toggle")
    grid.set_current(3)
    assert not grid.tiles.collapsed.any(), "what is to be seen is unfolded"
    assert grid.current_id() == 3


def test_the_keyboard_walks_over_headers_and_folds_there(gallery: Gallery, qtbot: QtBot) -> None:
    grid = gallery.grid
    asked: list[list[int]] = []
    grid.selection_requested.connect(lambda ids, mode: asked.append([mode, *ids.tolist()]))
    grid.setFocus()
    grid.set_current(7)
    header = len(IDS) + 1
    qtbot.keyClick(grid, Qt.Key.Key_Right)
    assert grid.currentIndex().row() == header and asked == [], "a header is not an image"
    qtbot.keyClick(grid, Qt.Key.Key_Left)
    assert grid.tiles.collapsed[1]
    qtbot.keyClick(grid, Qt.Key.Key_Down)
    assert grid.currentIndex().row() == header + 1
    qtbot.keyClick(grid, Qt.Key.Key_Up)
    qtbot.keyClick(grid, Qt.Key.Key_Right)
    assert not grid.tiles.collapsed[1]
    qtbot.keyClick(grid, Qt.Key.Key_Space)
    assert asked == [["extend", 8]]
    qtbot.keyClick(grid, Qt.Key.Key_Right)
    assert grid.current_id() == 8 and asked[-1] == ["replace", 8]
    qtbot.keyClick(grid, Qt.Key.Key_Home)
    assert grid.currentIndex().row() == len(IDS)
    qtbot.keyClick(grid, Qt.Key.Key_Left, Qt.KeyboardModifier.ControlModifier)
    assert grid.tiles.collapsed.all()
    qtbot.keyClick(grid, Qt.Key.Key_End)
    assert grid.currentIndex().row() == len(IDS) + 3
    qtbot.keyClick(grid, Qt.Key.Key_Return)
    qtbot.keyClick(grid, Qt.Key.Key_End)
    assert grid.current_id() == 60
    grid.space_selects = False
    qtbot.keyClick(grid, Qt.Key.Key_Home)
    asked.clear()
    qtbot.keyClick(grid, Qt.Key.Key_Space)
    assert asked == [], "where Space means something else it does here too"


def test_what_was_folded_stays_so_while_the_groups_are_of_the_same_kind(gallery: Gallery) -> None:
    grid = gallery.grid
    grid.fold(2, True)
    grid.set_ids(IDS, NOTHING, sections(keys=(0, 2, 3, 4)))
    assert grid.tiles.collapsed.tolist() == [False, True, False, False]
    grid.set_ids(IDS, NOTHING, sections("study"))
    assert not grid.tiles.collapsed.any()
    grid.set_ids(IDS, NOTHING)
    assert grid.tiles.headers == 0 and grid.tiles.rowCount() == 60


def test_the_walk_keys_are_the_gallerys_own_while_it_has_the_keyboard(gallery: Gallery) -> None:
    from PySide6.QtCore import QEvent
    from PySide6.QtGui import QKeyEvent

    def claims(key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> bool:
        event = QKeyEvent(QEvent.Type.ShortcutOverride, key, modifiers)
        event.ignore()
        return gallery.grid.event(event) and event.isAccepted()

    assert claims(Qt.Key.Key_Home)
    assert not claims(Qt.Key.Key_1)
    assert not claims(Qt.Key.Key_F)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_every_row_is_found_where_it_stands(data: st.DataObject) -> None:
    counts = data.draw(st.lists(st.integers(1, 9), min_size=1, max_size=6))
    columns, header = data.draw(st.integers(1, 4)), data.draw(st.sampled_from([0, 20]))
    if not header:
        counts = counts[:1]
    starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    folded = np.array([bool(header) and data.draw(st.booleans()) for _ in counts])
    layout = CellLayout(starts, columns, (30, 40), 130, header, folded)
    shown = []
    for row in range(layout.rows):
        box = layout.box(row)
        if box is not None:
            shown.append(row)
            assert layout.at(box.x, box.y) == row == layout.near(box.x, box.y)
            assert row in layout.between(box.y, box.y + 1)
    assert sorted(layout.between(0, layout.height)) == shown
    walked = [layout.end(last=False)]
    while (step := layout.step(walked[-1], 1)) != walked[-1]:
        walked.append(step)
    assert sorted(walked) == shown and walked[-1] == layout.end(last=True)
    back = [walked[-1]]
    while (step := layout.step(back[-1], -1)) != back[-1]:
        back.append(step)
    assert back == walked[::-1]
    row = walked[0]
    for _ in range(layout.rows):
        row = layout.down(row, 1)
    last = layout.box(row)
    assert last is not None and last.bottom == layout.height
