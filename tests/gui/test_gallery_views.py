"""Saved views, looks, metadata columns and the table on the Explore and Label pages of a small project."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from sslstudio.gui.item_models import gallery_link
from sslstudio.gui.item_models.gallery_columns import COLUMN, GalleryColumns
from sslstudio.gui.item_models.gallery_look import SETTING, GalleryLook, Look, parse
from sslstudio.gui.item_models.project_images import ProjectImages, Suggestions
from sslstudio.gui.item_models.view_link import ViewLink
from sslstudio.gui.item_models.view_list import ViewList
from sslstudio.gui.pages.explore import page as explore
from sslstudio.gui.pages.label import page as label
from sslstudio.gui.pages.page import Page
from sslstudio.gui.widgets.view_dialogs import SaveViewDialog
from sslstudio.session import saved_views
from tests.gui.image_project import Desk, build, desk, label_all, pictures

GIVEN = pictures()


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Desk]:
    opened = desk(build(tmp_path / "p.sslproj", GIVEN))
    yield opened
    opened.close()


@pytest.fixture
def show(made: Desk, qtbot: QtBot, themed: QApplication) -> Iterator[Callable[[Any], Any]]:
    pages: list[Page] = []

    def shown(module: Any) -> Any:
        page = module.create(made.services)
        pages.append(page)
        qtbot.addWidget(page.widget)
        page.widget.resize(1000, 720)
        page.widget.show()
        page.activate()
        qtbot.waitUntil(lambda: len(page.widget.gallery.ids) == len(GIVEN), timeout=10000)
        qtbot.waitUntil(lambda: GalleryColumns.of(made.services).loaded, timeout=10000)
        return page.widget

    yield shown
    for page in pages:
        page.close()


def suggest(made: Desk) -> None:
    images = ProjectImages.of(made.services)
    shares = np.random.default_rng(0).dirichlet([2, 1, 1], len(GIVEN)).astype(np.float32)
    images.set_suggestions(Suggestions(images.table.ids, shares, tuple(images.classes())))


def choose(view: Any, box: str, text: str) -> None:
    chosen = getattr(view.gallery.bar, box)
    chosen.setCurrentIndex(chosen.findText(text))
    chosen.activated.emit(chosen.currentIndex())


def test_a_view_brings_everything_back(made: Desk, show: Callable[[Any], Any], qtbot: QtBot) -> None:
    label_all(made.session, GIVEN, every=2)
    view, ids = show(explore), made.project.catalogue.image_ids()
    suggest(made)
    bar = view.gallery.bar
    choose(view, "filters", "label: bar")
    choose(view, "sorts", "certainty")
    bar.direction.click()
    choose(view, "groupings", "patient")
    view.gallery.grid.set_side(90)
    view.map.bar.colour_by.setCurrentIndex(view.map.bar.colour_by.findData("label"))
    made.session.select(ids[:3])
    before = view.gallery.ids.tolist()
    bar.views.menu().aboutToShow.emit()
    next(action for action in bar.views.menu().actions() if action.text() == "Save this view ...").trigger()
    dialog = view.findChild(SaveViewDialog)
    assert not dialog.save.isEnabled() and "3 images" in dialog.with_selection.text()
    dialog.name.setText("  Bars,  doubtful ")
    dialog.with_selection.setChecked(True)
    dialog.save.click()
    assert [kept.name for kept in ViewList.of(made.services).views] == ["Bars, doubtful"]

    choose(view, "filters", "all images")
    choose(view, "groupings", "nothing")
    choose(view, "sorts", "import order")
    bar.modes.chosen.emit("table")
    view.gallery.grid.set_side(200)
    view.map.bar.colour_by.setCurrentIndex(0)
    made.session.clear()
    assert view.gallery.ids.tolist() == ids
    bar.views.menu().aboutToShow.emit()
    next(action for action in bar.views.menu().actions() if action.text() == "Bars, doubtful").trigger()
    assert view.gallery.ids.tolist() == before and view.gallery.front is view.gallery.grid
    assert bar.filters.currentText() == "label: bar" and bar.groupings.currentText() == "patient"
    assert "most certain first" in bar.direction.toolTip()
    assert view.gallery.grid.side == 90 and view.map.bar.colour_by.currentData() == "label"
    assert made.session.selection == frozenset(ids[:3])
    qtbot.waitUntil(lambda: len(saved_views.load(made.project)) == 1, timeout=10000)
    assert saved_views.load(made.project)[0].images == tuple(ids[:3])
    choose(view, "filters", "images of Bars, doubtful")
    assert sorted(view.gallery.ids.tolist()) == ids[:3]


def test_what_a_view_misses_is_told_in_sentences(made: Desk, show: Callable[[Any], Any], qtbot: QtBot) -> None:
    view = show(explore)
    ids = made.project.catalogue.image_ids()
    stale = saved_views.SavedView(
        name="Old",
        show="class:99",
        show_name="label: Effusion",
        sort=COLUMN + "columns.kernel",
        sort_name="Kernel",
        colour_by="column:gone",
        colour_name="coil",
        images=(ids[0], 9999),
    )
    ViewList.of(made.services).put(stale)
    other = saved_views.SavedView(name="Elsewhere", show="group:1", show_name="Bright bars", map_id="map-9")
    ViewList.of(made.services).put(other)
    view.gallery.bar.views.menu().aboutToShow.emit()
    for action in view.gallery.bar.views.menu().actions()[:2]:
        action.trigger()
    said = "\n".join(made.said)
    assert "label: Effusion, which is gone" in said
    assert "sorts by Kernel, which no image has any more" in said
    assert "cannot be coloured by coil" in said
    assert "1 of its 2 images is not in this project" in said
    assert "Bright bars of another map" in said
    assert view.gallery.ids.tolist() == ids and view.gallery.bar.sorts.currentData() == "id"


def test_views_are_renamed_and_deleted_and_a_deletion_is_undone(made: Desk, show: Callable[[Any], Any]) -> None:
    view = show(label)
    views = ViewList.of(made.services)
    for name in ("One", "Two"):
        views.put(saved_views.SavedView(name=name))
    dialog = view.findChild(ViewLink).manage()
    dialog.names.item(0).setText("two")
    assert "already a view called two" in made.said[-1]
    assert [dialog.names.item(row).text() for row in range(2)] == ["One", "Two"]
    dialog.names.item(0).setText("First")
    assert [kept.name for kept in views.views] == ["First", "Two"]
    undo: list[Any] = []
    made.notify.message.connect(lambda message: undo.append(message.callback))
    dialog.names.setCurrentRow(1)
    dialog.delete.click()
    assert [kept.name for kept in views.views] == ["First"]
    undo[-1]()
    assert [kept.name for kept in views.views] == ["First", "Two"]
    dialog.accept()


def test_tiles_and_columns_look_alike_on_all_pages_and_stay_so(
    made: Desk, show: Callable[[Any], Any], qtbot: QtBot
) -> None:
    first, second = show(explore), show(label)
    parts = {action.text(): action for action in first.gallery.bar.tiles.menu().actions()}
    parts["Patient"].trigger()
    first.gallery.grid.set_side(77)
    first.gallery.table.columns_requested.emit(("picture", "patient"))
    assert second.gallery.grid._delegate.shows == frozenset({"label", "prediction"})
    assert second.gallery.grid.side == second.gallery.bar.side.value() == 77
    assert [column.key for column in second.gallery.table.rows.columns] == ["picture", "patient"]
    qtbot.waitUntil(lambda: made.project.catalogue.setting(SETTING) is not None, timeout=10000)
    stored = parse(made.project.catalogue.setting(SETTING))
    assert (stored.tiles, stored.side, stored.columns) == (("label", "prediction"), 77, ("picture", "patient"))
    assert GalleryLook.of(made.services).value.side == 77
    assert parse({"tiles": 3, "side": "x", "columns": [], "widths": {"id": "wide"}}) == Look()


def test_a_column_of_the_files_sorts_and_stands_in_the_table(
    made: Desk, show: Callable[[Any], Any], qtbot: QtBot
) -> None:
    view, ids = show(explore), made.project.catalogue.image_ids()
    sorts = [view.gallery.bar.sorts.itemText(row) for row in range(view.gallery.bar.sorts.count())]
    assert "Scanner" in sorts and sorts.count("patient") == 1 and "Patient" not in sorts
    choose(view, "sorts", "Scanner")
    makers = [GIVEN[ids.index(image_id)].scanner for image_id in ids]
    expected = [image_id for _, image_id in sorted(zip(makers, ids, strict=True))]
    qtbot.waitUntil(lambda: view.gallery.ids.tolist() == expected, timeout=10000)
    view.gallery.mode_requested.emit("table")
    view.gallery.table.columns_requested.emit(("id", COLUMN + "scanner"))
    view.gallery.table.sort_requested.emit(COLUMN + "scanner")
    assert makers[ids.index(int(view.gallery.ids[0]))] == max(makers), "a second click on the title turns it round"
    assert view.gallery.table.horizontalHeader().sortIndicatorSection() == 1
    made.session.select(ids[:2])
    view.gallery.table.copy_requested.emit()
    qtbot.waitUntil(lambda: "Copied 2 rows" in (made.said or [""])[-1], timeout=10000)
    rows = QGuiApplication.clipboard().text().splitlines()
    assert rows[0] == "Image\tScanner"
    assert sorted(rows[1:]) == sorted(f"{image_id}\t{makers[place]}" for place, image_id in enumerate(ids[:2]))


def test_very_many_images_are_arranged_in_a_thread_and_only_the_newest_wish_is_shown(
    made: Desk, show: Callable[[Any], Any], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    view, ids = show(explore), made.project.catalogue.image_ids()
    monkeypatch.setattr(gallery_link, "AT_ONCE", 10)
    view.gallery.direction_requested.emit(True)
    view.gallery.direction_requested.emit(False)
    view.gallery.direction_requested.emit(True)
    assert view.gallery.ids.tolist() == ids, "the window does not wait for it"
    qtbot.waitUntil(lambda: view.gallery.ids.tolist() == ids[::-1], timeout=10000)
    assert view.gallery.bar._count.text() == "48 images"


def test_keys_label_the_rows_of_the_table_and_space_accepts(
    made: Desk, show: Callable[[Any], Any], qtbot: QtBot
) -> None:
    view, ids = show(label), made.project.catalogue.image_ids()
    made.session.add_class("ring")
    view.gallery.mode_requested.emit("table")
    view.gallery.set_current(ids[0])
    qtbot.keyClick(view.gallery.table, Qt.Key.Key_Down)
    accepted: list[int] = []
    view.accept_requested.connect(lambda: accepted.append(1))
    qtbot.keyClick(view.gallery.table, Qt.Key.Key_Space)
    assert accepted == [1] and made.session.selection == frozenset({ids[1]})
    next(action for action in made.services.actions.all() if action.id == "label.key.1").callback()
    assert made.session.labels()[ids[1]].class_id == 1
    cell = view.gallery.table.rows.index(1, 2)
    assert cell.data() == "ring"
    qtbot.keyClick(view.gallery.table, Qt.Key.Key_Return)
    assert view.modes.value() == "case"


def test_the_oddest_images_of_a_group_come_first(made: Desk, show: Callable[[Any], Any], qtbot: QtBot) -> None:
    view = show(explore)
    qtbot.waitUntil(lambda: view.gallery.bar.sorts.findData("centre") >= 0, timeout=10000)
    view.gallery.sort_requested.emit("centre")
    view.gallery.direction_requested.emit(True)
    columns = GalleryColumns.of(made.services)
    qtbot.waitUntil(lambda: columns.values("centre") is not None, timeout=10000)
    values = columns.values("centre")
    assert values is not None
    order = ProjectImages.of(made.services).table.ids[np.argsort(-values.order(), kind="stable")]
    qtbot.waitUntil(lambda: view.gallery.ids.tolist() == order.tolist(), timeout=10000)
    assert "oddest first" in view.gallery.bar.direction.toolTip()
