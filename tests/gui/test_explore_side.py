"""Beside the map: the shortcut check, and a second map with another network's view or a training's epochs."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from sslstudio.domain import epoch_files
from sslstudio.gui.pages.explore import second_map_texts, shortcut_texts
from sslstudio.gui.pages.explore.page import create
from sslstudio.gui.pages.explore.shortcut_panel import ColumnRow
from sslstudio.gui.pages.explore.side_panels import SECOND_MAP, SHORTCUTS
from sslstudio.gui.pages.explore.view import ExploreView
from sslstudio.gui.pages.page import Page
from sslstudio.session import Project, Session, shortcut_check
from sslstudio.session.shortcut_check import check
from sslstudio.session.shortcut_store import keep_report, kept_report
from tests.gui.image_project import Desk, add_embedding, build, desk, label_all
from tests.unit.session.test_shortcut_check import call, given, vectors

PICTURES = given()
Opened = tuple[Desk, Page, ExploreView]


def prepared(folder: Path) -> Project:
    """Of simclr-1 the map follows the scanner, of ImageNet the kinds; epochs 0, 1 and 3 of the training are kept."""
    project = build(folder / "p.sslproj", PICTURES, vectors=vectors(PICTURES, True))
    add_embedding(project, vectors(PICTURES, False), "imagenet", "embed-2", "map-2")
    project.catalogue.set_setting("explore_source", "simclr-1")
    ids = np.asarray(project.catalogue.image_ids(), dtype=np.int64)
    kept = project.run_dir("simclr-1") / "artifacts" / epoch_files.FOLDER
    kept.mkdir(parents=True)
    np.savez(kept / epoch_files.SAMPLE, ids=ids[:60], of=np.asarray(len(ids)))
    for epoch in (0, 1, 3):
        held = vectors(PICTURES, True)[:60] * epoch + np.random.default_rng(epoch).normal(size=(60, 12))
        np.save(epoch_files.file_of(kept, epoch), held.astype(np.float16))
    label_all(Session(project), PICTURES)
    return project


@contextmanager
def page_on(project: Project, qtbot: QtBot) -> Iterator[Opened]:
    """The page in front."""
    made = desk(project)
    page = create(made.services)
    view = page.widget
    assert isinstance(view, ExploreView)
    qtbot.addWidget(view)
    view.resize(1200, 800)
    view.show()
    page.activate()
    qtbot.waitUntil(lambda: view.map.scene is not None and view.gallery.grid.tiles.ids is not None, timeout=10000)
    qtbot.waitUntil(lambda: len(view.gallery.grid.tiles.ids) == len(PICTURES), timeout=10000)
    yield made, page, view
    page.close()
    made.close()


@pytest.fixture
def opened(qtbot: QtBot, themed: QApplication, tmp_path: Path) -> Iterator[Opened]:
    with page_on(prepared(tmp_path), qtbot) as made:
        yield made


def rows(view: ExploreView) -> list[ColumnRow]:
    return [row for row in view.side.shortcuts.findChildren(ColumnRow) if row.isVisible()]


def checked(opened: Opened, qtbot: QtBot) -> None:
    _, _, view = opened
    view.side.show_panel(SHORTCUTS)
    qtbot.waitUntil(view.side.shortcuts.check.button.isEnabled, timeout=10000)
    view.side.shortcuts.check.button.click()
    qtbot.waitUntil(lambda: bool(rows(view)), timeout=20000)


def test_the_check_says_what_the_groups_follow_and_shows_it_on_the_map(opened: Opened, qtbot: QtBot) -> None:
    made, _, view = opened
    checked(opened, qtbot)
    panel = view.side.shortcuts
    assert "images lie together by scanner" in panel.summary.text()
    assert panel.basis.text().startswith("Looked at 72 images from 24 patients")
    assert len(rows(view)) == 1 and panel.quiet.isVisible() and panel.left.isVisible()
    rows(view)[0].show_it.click()
    qtbot.waitUntil(
        lambda: view.map.scene is not None and view.map.scene.colouring.title == "By scanner", timeout=10000
    )
    assert view.map.bar.colour_by.currentText() == "Scanner"
    assert len(made.session.selection) == 72  # both groups follow it
    assert made.said[-1] == shortcut_texts.shown("Scanner", 72)


def test_what_was_found_is_marked_when_labels_or_map_are_others(opened: Opened, qtbot: QtBot) -> None:
    made, _, view = opened
    checked(opened, qtbot)
    panel = view.side.shortcuts
    assert panel.old.isHidden()
    made.session.clear_labels([1])
    qtbot.waitUntil(lambda: panel.old.text() == shortcut_texts.OLD_LABELS, timeout=10000)
    view.source_requested.emit("imagenet")
    qtbot.waitUntil(lambda: panel.old.text() == shortcut_texts.OLD_MAP, timeout=10000)
    made.session.clear()
    panel.show_requested.emit("scanner")
    assert made.session.selection == frozenset()  # its groups are not those of this map


def test_what_was_found_is_there_again_when_the_project_is_opened_anew(
    qtbot: QtBot, themed: QApplication, tmp_path: Path
) -> None:
    project = prepared(tmp_path)
    keep_report(project, check(project, "simclr-1", call))
    with page_on(project, qtbot) as (made, _, view):
        view.side.show_panel(SHORTCUTS)
        qtbot.waitUntil(lambda: len(rows(view)) == 1, timeout=10000)
        panel = view.side.shortcuts
        assert "images lie together by scanner" in panel.summary.text() and panel.old.isHidden()
        assert f"Checked on {datetime.datetime.now():%d %b %Y}" in panel.basis.text()
        rows(view)[0].show_it.click()
        assert len(made.session.selection) == 72
        view.source_requested.emit("imagenet")
        qtbot.waitUntil(lambda: panel.old.text() == shortcut_texts.OLD_MAP, timeout=10000)
        view.source_requested.emit("simclr-1")
        qtbot.waitUntil(panel.old.isHidden, timeout=10000)


def test_a_report_says_whether_it_still_holds(tmp_path: Path) -> None:
    with prepared(tmp_path) as project:
        assert kept_report(project, "map-1") is None
        kept = keep_report(project, check(project, "simclr-1", call))
        assert kept_report(project, "map-1") == (kept, True) and kept_report(project, "map-2") is None
        Session(project).clear_labels([1])
        assert kept_report(project, "map-1") == (kept, False)
        project.catalogue.set_setting("shortcut_check:map-1", {"report": "of another version"})
        assert kept_report(project, "map-1") is None


def test_a_check_can_be_stopped(opened: Opened, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    _, _, view = opened
    panel = view.side.shortcuts
    asked: list[bool] = []

    def read_column(*given: object) -> None:
        qtbot.waitUntil(lambda: True)
        asked.append(True)
        panel.stop_requested.emit()

    monkeypatch.setattr(shortcut_check, "read_column", read_column)
    view.side.show_panel(SHORTCUTS)
    qtbot.waitUntil(panel.check.button.isEnabled, timeout=10000)
    panel.check.button.click()
    qtbot.waitUntil(lambda: bool(asked) and panel.progress.isHidden(), timeout=10000)
    assert panel.summary.isHidden() and panel.check.isVisible()


def test_another_networks_map_is_laid_onto_this_one_and_shares_selection_and_colours(
    opened: Opened, qtbot: QtBot
) -> None:
    made, _, view = opened
    second = view.side.second
    view.side.show_panel(SECOND_MAP)
    qtbot.waitUntil(lambda: second.map.scene is not None and "by chance" in second.words.text(), timeout=20000)
    assert "72 images that both show" in second.words.text()
    assert second.choice.currentText().startswith("Everyday photographs") and second.slider.isHidden()
    assert second.map.scene is not None and view.map.scene is not None
    assert second.map.scene.colouring.title == "By group"
    ids = made.project.catalogue.image_ids()
    second.map.selection_requested.emit(np.array(ids[:5], dtype=np.int64), "replace")
    assert made.session.selection == frozenset(ids[:5])
    qtbot.waitUntil(lambda: len(view.gallery.grid.tiles.selected_rows()) == 5, timeout=10000)
    view.map.colouring_requested.emit("label")
    qtbot.waitUntil(lambda: second.map.scene.colouring.title == "By label", timeout=10000)


def test_both_maps_move_as_one_until_they_are_parted(opened: Opened, qtbot: QtBot) -> None:
    _, _, view = opened
    second = view.side.second
    view.side.show_panel(SECOND_MAP)
    qtbot.waitUntil(lambda: second.map.scene is not None and "by chance" in second.words.text(), timeout=20000)
    assert view.map.canvas is not None and second.map.canvas is not None
    first, other = view.map.canvas, second.map.canvas

    def apart() -> float:
        """How far the middles and the scales of both maps are from each other, in pixels and as a share."""
        away = (first.box.viewRect().center() - other.box.viewRect().center()).manhattanLength() / first.box.pixel()[0]
        return float(away + abs(first.box.pixel()[0] / other.box.pixel()[0] - 1))

    assert apart() < 0.01
    for leader, key in ((first, Qt.Key.Key_Plus), (other, Qt.Key.Key_Left), (first, Qt.Key.Key_Home)):
        before = first.box.viewRect()
        qtbot.keyClick(leader, key)
        assert first.box.viewRect() != before and apart() < 0.01
    second.link.click()
    qtbot.keyClick(first, Qt.Key.Key_Plus)
    assert apart() > 0.1
    second.link.click()
    assert apart() < 0.01


def test_the_epochs_of_a_training_are_shown_in_turn(opened: Opened, qtbot: QtBot) -> None:
    _, _, view = opened
    second = view.side.second
    view.side.show_panel(SECOND_MAP)
    qtbot.waitUntil(lambda: second.choice.findData("epochs:simclr-1") >= 0, timeout=10000)
    second.chosen.emit("epochs:simclr-1")
    qtbot.waitUntil(lambda: second.slider.isVisible(), timeout=20000)
    assert second.epoch.text() == "After epoch 3 of 3"
    assert second.words.text().startswith("Showing 60 of 72 images")
    assert second.map.scene is not None
    last = second.map.scene.xy.copy()
    second.slider.setValue(0)
    assert second.epoch.text() == "Before the first step"
    assert not np.allclose(second.map.scene.xy, last)
    assert "are those after epoch 3" in second.words.text()
    second.play.click()
    assert second.play.accessibleName() == second_map_texts.PAUSE
    qtbot.waitUntil(lambda: second.slider.value() == 2, timeout=20000)
    qtbot.waitUntil(lambda: second.play.accessibleName() == second_map_texts.PLAY, timeout=20000)
    assert np.allclose(second.map.scene.xy, last)


def test_the_panels_open_one_at_a_time_and_close(opened: Opened, qtbot: QtBot) -> None:
    made, _, view = opened
    assert view.side.current == ""
    for name in (SHORTCUTS, SECOND_MAP):
        view.side.show_panel(name)
        assert view.side.current == name
    view.side.second.close_requested.emit()
    assert view.side.current == ""
    action = made.services.actions.get("explore.shortcuts")
    action.callback()
    assert view.side.current == SHORTCUTS and action.checked is not None and action.checked()
    action.callback()
    assert view.side.current == ""
