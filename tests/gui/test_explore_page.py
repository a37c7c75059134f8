"""The Explore page on a small project: one selection in map, gallery and groups; what is missing can be made."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from sslstudio.gui.actions.registry import ActionRegistry
from sslstudio.gui.item_models.project_images import ProjectImages, Suggestions
from sslstudio.gui.pages.explore import texts
from sslstudio.gui.pages.explore.page import create
from sslstudio.gui.pages.explore.view import ExploreView
from sslstudio.gui.pages.page import Page
from tests.gui.image_project import Desk, add_embedding, build, desk, label_all, pictures

GIVEN = pictures()


@pytest.fixture
def opened(qtbot: QtBot, themed: QApplication, tmp_path: Path) -> Iterator[tuple[Desk, Page]]:
    made = desk(build(tmp_path / "p.sslproj", GIVEN))
    yield from _show(made, qtbot)


@pytest.fixture
def bare(qtbot: QtBot, themed: QApplication, tmp_path: Path) -> Iterator[tuple[Desk, Page]]:
    made = desk(build(tmp_path / "p.sslproj", GIVEN, with_map=False))
    yield from _show(made, qtbot)


def _show(made: Desk, qtbot: QtBot) -> Iterator[tuple[Desk, Page]]:
    page = create(made.services)
    qtbot.addWidget(page.widget)
    page.widget.resize(1000, 720)
    page.widget.show()
    page.activate()
    qtbot.waitUntil(lambda: len(view_of(page).gallery.grid.tiles.ids) == len(GIVEN), timeout=10000)
    qtbot.waitUntil(lambda: view_of(page).source.count() > 0, timeout=10000)
    yield made, page
    page.close()
    made.close()


def view_of(page: Page) -> ExploreView:
    assert isinstance(page.widget, ExploreView)
    return page.widget


def ids_of(made: Desk) -> list[int]:
    return made.project.catalogue.image_ids()


def test_map_gallery_and_groups_show_the_project(opened: tuple[Desk, Page], qtbot: QtBot) -> None:
    made, page = opened
    view = view_of(page)
    qtbot.waitUntil(lambda: view.map.scene is not None, timeout=10000)
    assert view.map.scene is not None
    assert view.map.scene.ids.tolist() == ids_of(made)
    rows = view.groups.groups.rows
    assert sum(row.images for row in rows) == len(GIVEN)
    assert sum(row.patients for row in rows) == 12
    assert page.badge() == "3 groups"


def test_a_lasso_on_the_map_selects_in_the_gallery_and_back(opened: tuple[Desk, Page], qtbot: QtBot) -> None:
    made, page = opened
    view, ids = view_of(page), ids_of(made)
    qtbot.waitUntil(lambda: view.map.scene is not None, timeout=10000)
    assert view.map.scene is not None
    view.map.selection_requested.emit(np.array(ids[:8], dtype=np.int64), "replace")
    assert made.session.selection == frozenset(ids[:8])
    assert view.gallery.grid.tiles.selected_rows().tolist() == list(range(8))
    assert view.chip.text() == "8 images from 2 patients"
    view.gallery.grid.selection_requested.emit(np.array(ids[20:21], dtype=np.int64), "replace")
    assert np.flatnonzero(view.map.scene.selected).tolist() == [20]
    view.chip.click()
    assert made.session.selection == frozenset()
    assert not view.chip.isVisible()


def test_the_filter_selected_follows_the_selection(opened: tuple[Desk, Page]) -> None:
    made, page = opened
    view, ids = view_of(page), ids_of(made)
    view.gallery.filter_requested.emit("selected")
    assert len(view.gallery.grid.tiles.ids) == 0
    made.session.select(ids[3:6])
    assert view.gallery.grid.tiles.ids.tolist() == ids[3:6]
    made.session.clear()
    assert len(view.gallery.grid.tiles.ids) == 0


def test_a_group_can_be_selected_and_named(opened: tuple[Desk, Page], qtbot: QtBot) -> None:
    made, page = opened
    view = view_of(page)
    qtbot.waitUntil(lambda: len(view.groups.groups.rows) == 3, timeout=10000)
    members = view.groups.groups.rows[1].images
    view.groups.setCurrentIndex(view.groups.groups.index(1, 0))
    qtbot.keyClick(view.groups, Qt.Key.Key_Return)
    assert len(made.session.selection) == members
    view.groups.groups.setData(view.groups.groups.index(1, 0), "Bright bars")
    assert view.groups.groups.rows[1].name == "Bright bars"
    assert made.session.selection
    qtbot.waitUntil(lambda: made.project.catalogue.setting("group_names:map-1") == {"1": "Bright bars"}, timeout=10000)
    assert [category.name for category in view.map.scene.colouring.categories][1] == "Bright bars"


def test_the_map_takes_every_colouring(opened: tuple[Desk, Page], qtbot: QtBot) -> None:
    made, page = opened
    view = view_of(page)
    qtbot.waitUntil(lambda: view.map.scene is not None, timeout=10000)
    assert view.map.scene is not None
    label_all(made.session, GIVEN, every=2)
    images = ProjectImages.of(made.services)
    shares = np.tile(np.array([[0.75, 0.15, 0.1]], dtype=np.float32), (len(GIVEN), 1))
    images.set_suggestions(Suggestions(images.table.ids, shares, tuple(images.classes())))
    seen = {}
    for kind, _ in texts.COLOURINGS:
        view.map.colouring_requested.emit(kind)
        seen[kind] = [(c.name, c.count) for c in view.map.scene.colouring.categories]
        assert sum(number for _, number in seen[kind]) == len(GIVEN)
    assert seen["label"] == [("ring", 8), ("bar", 8), ("spots", 8), ("No label", 24)]
    assert seen["prediction"][0] == ("ring", 48)
    assert ("0.70 to 0.85", 48) in seen["confidence"]


def test_every_column_of_the_data_can_colour_the_map(opened: tuple[Desk, Page], qtbot: QtBot) -> None:
    _made, page = opened
    view = view_of(page)
    qtbot.waitUntil(lambda: view.map.scene is not None, timeout=10000)
    qtbot.waitUntil(lambda: view.map.bar.colour_by.findText("Scanner") > 0, timeout=10000)
    box = view.map.bar.colour_by
    offered = [box.itemText(place) for place in range(box.count())]
    assert offered[:5] == ["Group", "Label", "Suggestion", "Certainty", texts.COLUMNS]
    heading = box.model().index(4, 0)
    assert not heading.flags() & Qt.ItemFlag.ItemIsSelectable
    view.map.colouring_requested.emit(box.itemData(box.findText("Scanner")))
    qtbot.waitUntil(lambda: view.map.scene.colouring.title == "By scanner", timeout=10000)
    assert [(c.name, c.count) for c in view.map.scene.colouring.categories] == [
        ("Maker A 1.5T", 24),
        ("Maker B 3T", 24),
    ]
    assert view.map._describe(int(view.map.scene.ids[0])).endswith("Scanner: Maker B 3T")
    view.map.colouring_requested.emit(box.itemData(box.findText("Patient")))
    qtbot.waitUntil(lambda: view.map.scene.colouring.title == "By patient", timeout=10000)
    assert len(view.map.scene.colouring.categories) == 12


def test_many_points_are_coloured_in_a_thread(
    opened: tuple[Desk, Page], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    _made, page = opened
    view = view_of(page)
    qtbot.waitUntil(lambda: view.map.scene is not None, timeout=10000)
    monkeypatch.setattr("sslstudio.gui.pages.explore.map_painter.AT_ONCE", 10)
    view.map.colouring_requested.emit("confidence")
    view.map.colouring_requested.emit("label")
    assert view.map.scene.colouring.title == "By group"
    qtbot.waitUntil(lambda: view.map.scene.colouring.title == "By label", timeout=10000)


@pytest.mark.parametrize("ending", ["png", "svg"])
def test_the_map_is_saved_as_a_picture_and_what_it_names_is_said(
    opened: tuple[Desk, Page], qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    made, page = opened
    view = view_of(page)
    qtbot.waitUntil(lambda: view.map.scene is not None, timeout=10000)
    box = view.map.bar.colour_by
    qtbot.waitUntil(lambda: box.findText("Patient") > 0, timeout=10000)
    view.map.colouring_requested.emit(box.itemData(box.findText("Patient")))
    qtbot.waitUntil(lambda: view.map.scene.colouring.title == "By patient", timeout=10000)
    target = tmp_path / f"map.{ending}"
    target.write_text("an older one", encoding="utf-8")
    monkeypatch.setattr(view, "ask_picture_file", lambda _name: target)
    view.map.bar.export.click()
    qtbot.waitUntil(lambda: bool(made.said), timeout=10000)
    assert made.said[-1] == texts.SAVED_PATIENTS.replace("{name}", target.name)
    assert target.read_bytes()[:4] == (b"\x89PNG" if ending == "png" else b"<?xm")
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".new"] == []


def test_a_picture_that_cannot_be_saved_leaves_the_old_one_and_is_told(
    opened: tuple[Desk, Page], qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, page = opened
    view = view_of(page)
    qtbot.waitUntil(lambda: view.map.scene is not None, timeout=10000)
    problems: list[str] = []
    made.notify.message.connect(lambda message: problems.append(message.text))
    monkeypatch.setattr(view, "ask_picture_file", lambda _name: tmp_path / "gone" / "map.png")
    made.services.actions.trigger("explore.save_map")
    qtbot.waitUntil(lambda: bool(problems), timeout=10000)
    assert "could not be saved" in problems[0]


def test_the_map_leaves_for_a_window_of_its_own_and_the_project_remembers(
    opened: tuple[Desk, Page], qtbot: QtBot
) -> None:
    made, page = opened
    view = view_of(page)
    qtbot.waitUntil(lambda: view.map.scene is not None, timeout=10000)
    view.map.bar.undock.click()
    window = view.map.window()
    assert window is not view.window()
    assert window.windowTitle() == texts.MAP_WINDOW
    assert view.map_place.note.isVisible()
    assert not view.map.bar.undock.isVisible()
    assert made.session.place.map_window
    mark = QAction("a key of the page", view)
    view.window().addAction(mark)
    QApplication.sendEvent(window, QEvent(QEvent.Type.WindowActivate))
    assert mark in window.actions(), "the keys of the page hold in the window too"
    again = create(replace(made.services, actions=ActionRegistry()))
    qtbot.addWidget(again.widget)
    assert view_of(again).map_place.floats, "it stands where it was when the project is opened again"
    qtbot.waitUntil(lambda: view_of(again).map.scene is not None, timeout=10000)
    again.close()
    assert made.session.place.map_window, "closing the project does not forget the window"
    window.close()
    assert view.map.window() is view.window()
    assert not view.map_place.note.isVisible()
    assert made.session.place.map_window == ""


def test_tools_of_the_map_have_keys_that_are_listed(opened: tuple[Desk, Page], qtbot: QtBot) -> None:
    made, page = opened
    view = view_of(page)
    qtbot.waitUntil(lambda: view.map.scene is not None, timeout=10000)
    keys = {action.keys: action.id for action in made.services.actions.for_page("explore") if action.keys}
    for key, tool in (("L", "lasso"), ("B", "box"), ("M", "pan")):
        assert made.services.actions.trigger(keys[key]) == ""
        assert view.map.canvas.box.tool == tool
    view.map.canvas.box.scaleBy((0.5, 0.5))
    assert made.services.actions.trigger(keys["V"]) == ""
    area = view.map.shown_area()
    inside = set(view.map.scene.ids[view.map.scene.index.rows(area)].tolist())
    assert 0 < len(inside) < len(GIVEN)
    assert made.session.selection == inside
    made.services.actions.trigger("explore.contours")
    assert view.map.bar.contours.isChecked()
    assert view.map.canvas.box.points.contours_shown


def test_similar_images_are_found_in_the_compute_process_and_selected(opened: tuple[Desk, Page], qtbot: QtBot) -> None:
    made, page = opened
    view, ids = view_of(page), ids_of(made)
    assert not view.similar.isEnabled()
    made.session.select(ids[:1])
    assert view.similar.isEnabled()
    view.similar.click()
    qtbot.waitUntil(lambda: len(made.session.selection) > 1, timeout=20000)
    assert made.compute.calls == ["sslstudio.embeddings.similar:similar"]
    kinds = [GIVEN[ids.index(image_id)].kind for image_id in made.session.selection]
    assert ids[0] not in made.session.selection
    assert kinds.count(0) >= 15
    assert view.gallery.filters.currentText() == f"similar to image {ids[0]}"
    assert view.gallery.grid.tiles.ids[0] == ids[0]


def test_without_embeddings_the_map_is_made_in_one_go(bare: tuple[Desk, Page], qtbot: QtBot) -> None:
    made, page = bare
    view = view_of(page)
    assert view.map.empty.title.text() == texts.NO_MAP_TITLE
    assert view.make.isEnabled()
    view.make.click()
    (run_id, then) = made.jobs.launched[0]
    assert made.project.catalogue.run(run_id).stage == "embed"
    assert then == ("map_embeddings",)


def test_a_new_map_appears_when_its_run_is_adopted(bare: tuple[Desk, Page], qtbot: QtBot) -> None:
    made, page = bare
    view = view_of(page)
    rng = np.random.default_rng(0)
    add_embedding(made.project, rng.normal(size=(len(GIVEN), 12)))
    made.session.run_was_changed("map-1")
    qtbot.waitUntil(lambda: view.map.scene is not None, timeout=10000)
    assert "simclr-1" in view.source.currentText()
    assert not view.make.isVisible()


def test_an_image_is_seen_large_without_leaving_the_page(opened: tuple[Desk, Page], qtbot: QtBot) -> None:
    made, page = opened
    view, ids = view_of(page), ids_of(made)
    view.gallery.grid.setFocus()
    view.gallery.grid.set_current(ids[5])
    qtbot.keyClick(view.gallery.grid, Qt.Key.Key_Return)
    large = view.large
    assert large.isVisible() and large.geometry() == view.rect()
    qtbot.waitUntil(lambda: large.image._stored is not None, timeout=10000)
    assert made.session.selection == frozenset({ids[5]})
    assert "6 of 48" in large.image.accessibleName()
    window = large.image.window_values
    qtbot.keyClick(large.image, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert large.image.window_values != window, "Shift and arrows change the window"
    qtbot.keyClick(large.image, Qt.Key.Key_Right)
    qtbot.keyClick(large.image, Qt.Key.Key_Down)
    qtbot.keyClick(large.image, Qt.Key.Key_Left)
    assert made.session.selection == frozenset({ids[6]})
    qtbot.keyClick(large.image, Qt.Key.Key_End)
    assert made.session.selection == frozenset({ids[-1]})
    qtbot.keyClick(large.image, Qt.Key.Key_1)
    qtbot.keyClick(large.image, Qt.Key.Key_Escape)
    assert not large.isVisible()
    assert view.gallery.grid.current_id() == ids[-1]
    assert made.went_to == []
    view.gallery.opened.emit(ids[2])
    large.label_requested.emit()
    assert not large.isVisible() and made.went_to == ["label"]
    assert made.session.selection == frozenset({ids[2]})
