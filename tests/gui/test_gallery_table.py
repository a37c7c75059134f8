"""The table of images: the gallery's grammar and selection, its columns, what is copied of it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from sslstudio.gui.item_models.gallery_columns import COLUMN, PICTURE, TableColumn
from sslstudio.gui.item_models.image_rows import as_text
from sslstudio.gui.widgets.gallery_table import MOST_METADATA, ImageTableView

IDS = np.arange(80, dtype=np.int64) * 2 + 10
NOTHING = np.zeros(0, dtype=np.int64)
COLUMNS = [
    TableColumn(PICTURE, "Picture", lambda _: ""),
    TableColumn("id", "Image", str, "id", True),
    TableColumn("label", "Label", lambda image_id: "glioma\tgrade\n2" if image_id == 12 else "", "label"),
    TableColumn("excluded", "Left out of training", lambda _: ""),
]


@pytest.fixture
def table(qtbot: QtBot, themed: QApplication) -> Iterator[ImageTableView]:
    shown = ImageTableView()
    qtbot.addWidget(shown)
    shown.resize(600, 400)
    shown.set_columns(COLUMNS, (PICTURE, "id", "label"), {"label": 222})
    shown.show()
    shown.set_ids(IDS, NOTHING)
    yield shown


def place(table: ImageTableView, row: int) -> QPoint:
    return table.visualRect(table.rows.index(row, 1)).center()


def test_clicks_ask_by_the_modifiers_held(table: ImageTableView, qtbot: QtBot) -> None:
    held = Qt.KeyboardModifier
    for modifiers, mode, rows in (
        (held.NoModifier, "replace", [4]),
        (held.ControlModifier, "toggle", [4]),
        (held.AltModifier, "subtract", [4]),
        (held.ShiftModifier, "extend", [2, 3, 4]),
    ):
        qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place(table, 2))
        with qtbot.waitSignal(table.selection_requested) as caught:
            qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, modifiers, place(table, 4))
        assert caught.args[0].tolist() == IDS[rows].tolist()
        assert caught.args[1] == mode


def test_the_keyboard_walks_selects_and_opens(table: ImageTableView, qtbot: QtBot) -> None:
    asked: list[tuple[list[int], str]] = []
    table.selection_requested.connect(lambda ids, mode: asked.append((ids.tolist(), mode)))
    table.setFocus()
    table.set_current(int(IDS[3]))
    qtbot.keyClick(table, Qt.Key.Key_Down)
    qtbot.keyClick(table, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    qtbot.keyClick(table, Qt.Key.Key_Space)
    assert asked == [([IDS[4]], "replace"), ([IDS[4], IDS[5]], "extend"), ([IDS[5]], "toggle")]
    qtbot.keyClick(table, Qt.Key.Key_End)
    assert table.current_id() == IDS[-1] and table.rowAt(table.viewport().height() - 4) == 79
    with qtbot.waitSignal(table.opened) as caught:
        qtbot.keyClick(table, Qt.Key.Key_Return)
    assert caught.args == [int(IDS[-1])]
    qtbot.keyClick(table, Qt.Key.Key_Home)
    qtbot.keyClick(table, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert asked[-1] == (IDS.tolist(), "replace")
    table.set_selection(IDS[:1])
    qtbot.keyClick(table, Qt.Key.Key_Escape)
    assert asked[-1] == ([], "replace")
    before = len(asked)
    table.space_selects = False
    qtbot.keyClick(table, Qt.Key.Key_Space)
    qtbot.keyClick(table, Qt.Key.Key_1)
    assert len(asked) == before


def test_titles_sort_and_columns_are_chosen_moved_and_kept(table: ImageTableView, qtbot: QtBot) -> None:
    sorted_by: list[str] = []
    chosen: list[tuple[str, ...]] = []
    table.sort_requested.connect(sorted_by.append)
    table.columns_requested.connect(chosen.append)
    header = table.horizontalHeader()
    for section in range(3):
        header.sectionClicked.emit(section)
    assert sorted_by == ["id", "label"], "a picture is no order"
    table.set_sorted("label", True)
    assert (header.sortIndicatorSection(), header.sortIndicatorOrder()) == (2, Qt.SortOrder.DescendingOrder)
    assert table.columnWidth(2) >= 222
    table.menu.aboutToShow.emit()
    entries = {action.text(): action for action in table.menu.actions()}
    assert [text for text, action in entries.items() if action.isChecked()] == ["Picture", "Image", "Label"]
    entries["Left out of training"].trigger()
    entries["Image"].trigger()
    header.moveSection(2, 0)
    qtbot.waitUntil(lambda: len(chosen) == 3)
    assert chosen == [(PICTURE, "id", "label", "excluded"), (PICTURE, "label"), ("label", PICTURE, "id")]
    table.set_current(int(IDS[9]))
    table.set_columns(COLUMNS, chosen[-1], {})
    assert [column.key for column in table.rows.columns] == ["label", PICTURE, "id"]
    assert header.visualIndex(0) == 0 and table.current_id() == IDS[9]
    table.set_columns(COLUMNS, ("no such column",), {})
    assert [column.key for column in table.rows.columns] == [PICTURE]


def test_the_chooser_says_why_a_column_cannot_be_chosen(table: ImageTableView) -> None:
    many = [TableColumn(f"{COLUMN}{n}", f"Column {n}", str) for n in range(MOST_METADATA + 1)]
    table.set_columns(many, [column.key for column in many[:-1]], {})
    table.menu.aboutToShow.emit()
    last = table.menu.actions()[-1]
    assert not last.isEnabled() and str(MOST_METADATA) in last.toolTip()
    table.set_columns(many, [many[0].key], {})
    table.menu.aboutToShow.emit()
    assert not table.menu.actions()[0].isEnabled()


def test_rows_become_text_without_breaks_inside_a_cell() -> None:
    assert as_text(COLUMNS[:3], np.array([10, 12])) == "Image\tLabel\n10\t\n12\tglioma grade 2\n"


def test_what_is_selected_is_told_and_one_image_comes_into_view(table: ImageTableView) -> None:
    table.set_selection(IDS[[0, 5]])
    assert table.rows.selected_ids().tolist() == IDS[[0, 5]].tolist()
    assert table.rows.data(table.rows.index(5, 1), Qt.ItemDataRole.AccessibleTextRole) == "Image: 20, selected"
    assert table.rows.data(table.rows.index(1, 0), Qt.ItemDataRole.AccessibleTextRole) == "Picture: Image 12"
    table.set_selection(IDS[[70]])
    assert table.current_id() == IDS[70]
    assert table.viewport().rect().contains(place(table, 70))
    table.set_ids(IDS[60:], IDS[[70]])
    assert table.current_id() == IDS[70] and table.rows.selected_rows().tolist() == [10]
