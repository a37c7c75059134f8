"""The Review section: what waits, deciding by mouse and keys with undo, and the look that starts by itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from sslstudio.domain.findings import TEXT_SUSPECTED, Box, Finding, Look
from sslstudio.domain.runs import RunState
from sslstudio.gui.pages.data import review_texts as texts
from sslstudio.gui.pages.data.review import AUTO, ReviewController
from sslstudio.gui.pages.data.review_pictures import ReviewPictures
from sslstudio.gui.pages.data.review_view import ReviewPane
from sslstudio.gui.pages.data.view import DataView
from sslstudio.importers.pixel_cache import PixelCache
from sslstudio.session.project import Project
from tests.gui.conftest import MakeWindow
from tests.gui.image_project import Desk, desk


def found(project: Project) -> None:
    """Text on two images, and two groups of three copies, one of them across patients."""
    ids = project.catalogue.image_ids()
    box = Box(left=0.1, top=0.1, width=0.6, height=0.1)
    looks = [
        Look(
            image_id=key,
            hashes=f"{key:032x}",
            findings=(Finding(image_id=key, kind="text", score=0.9, why="A line stands.", boxes=(box,)),)
            if key in ids[:2]
            else (),
        )
        for key in ids
    ]
    copies = [
        Finding(image_id=ids[n], kind="duplicate", score=score, why="Why.", group=group, representative=n % 9 == 3)
        for score, group, places in ((0.99, "d4", (3, 4, 8)), (0.98, "d13", (12, 13, 14)))
        for n in places
    ]
    project.catalogue.adopt_looks("triage-1", looks)
    project.catalogue.adopt_compared("triage-1", copies, ids)


@pytest.fixture
def at(small_project: Project, qtbot: QtBot) -> Iterator[tuple[Desk, ReviewPane, ReviewController]]:
    found(small_project)
    made = desk(small_project)
    pictures = ReviewPictures(made.background, small_project.catalogue.image, PixelCache(small_project.pixels_dir))
    page = QWidget()
    qtbot.addWidget(page)
    column = QVBoxLayout(page)
    elsewhere = QLineEdit()
    elsewhere.setObjectName("elsewhere")
    column.addWidget(elsewhere)
    pane = ReviewPane(pictures)
    column.addWidget(pane)
    page.resize(920, 760)
    controller = ReviewController(made.services, pane)
    page.show()
    qtbot.waitUntil(lambda: pane.model.rowCount() == 2)
    yield made, pane, controller
    made.close()


def excluded(made: Desk) -> dict[int, str]:
    return made.project.catalogue.excluded()


def chips(pane: ReviewPane) -> list[str]:
    return [
        one.text() for one in pane.findChildren(QPushButton) if one.property("kind") == "chip" and one.isVisibleTo(pane)
    ]


def test_kinds_are_counted_and_text_stands_first(at: tuple[Desk, ReviewPane, ReviewController]) -> None:
    _, pane, controller = at
    assert chips(pane) == ["Burned-in text  2", "Same picture  2 groups"]
    assert (controller.badge(), pane.left.text()) == ("8", "8 left to review")
    assert texts.RELEASE in pane.keep.text() and not pane.differ.isVisibleTo(pane)
    entry, place = pane.current()
    assert entry is not None and place == 0 and entry.caption(entry.rows[0]) == "48 × 48, waits for you"


def test_what_the_user_selected_stays_until_they_come_to_review(
    at: tuple[Desk, ReviewPane, ReviewController], qtbot: QtBot
) -> None:
    made, pane, controller = at
    ids = made.project.catalogue.image_ids()
    page = pane.window()
    page.activateWindow()
    page.findChild(QLineEdit, "elsewhere").setFocus()
    made.session.select(ids[20:24])
    box = Box(left=0.1, top=0.1, width=0.6, height=0.1)
    more = Finding(image_id=ids[30], kind="text", score=0.99, why="A line stands.", boxes=(box,))
    made.project.catalogue.adopt_looks("triage-2", [Look(image_id=ids[30], hashes=f"{9:032x}", findings=(more,))])
    controller.refresh()
    qtbot.waitUntil(lambda: pane.model.rowCount() == 3)
    assert made.session.selection == frozenset(ids[20:24])
    pane.rows.setFocus()
    first = pane.current()[0]
    assert first is not None
    qtbot.waitUntil(lambda: made.session.selection == {first.rows[0].image_id})
    qtbot.keyClick(pane.rows, Qt.Key.Key_Down)
    second = pane.current()[0]
    assert second is not None and second != first
    assert made.session.selection == {second.rows[0].image_id}


def test_keys_decide_and_a_toast_takes_it_back(at: tuple[Desk, ReviewPane, ReviewController], qtbot: QtBot) -> None:
    made, pane, _ = at
    ids = made.project.catalogue.image_ids()
    assert excluded(made) == {ids[0]: TEXT_SUSPECTED, ids[1]: TEXT_SUSPECTED}
    undo = []
    made.notify.message.connect(lambda message: undo.append(message.callback))
    qtbot.keyClick(pane.rows, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: pane.model.rowCount() == 1)
    assert excluded(made) == {ids[1]: TEXT_SUSPECTED} and made.said == ["1 image kept."]
    qtbot.keyClick(pane.rows, Qt.Key.Key_X)
    qtbot.waitUntil(lambda: chips(pane) == ["Same picture  2 groups"])
    assert excluded(made) == {ids[1]: "Burned-in text"}
    for take_back in reversed(undo[:2]):
        take_back()
        qtbot.waitUntil(lambda: not made.background.busy)
    qtbot.waitUntil(lambda: "Burned-in text  2" in chips(pane))
    assert excluded(made) == {ids[0]: TEXT_SUSPECTED, ids[1]: TEXT_SUSPECTED}


def test_copies_are_decided_group_by_group(at: tuple[Desk, ReviewPane, ReviewController], qtbot: QtBot) -> None:
    made, pane, _ = at
    ids = made.project.catalogue.image_ids()
    pane.kind_requested.emit("duplicate")
    qtbot.waitUntil(lambda: pane.differ.isVisibleTo(pane))
    entry, _place = pane.current()
    assert entry is not None and entry.across_patients and entry.title == "3 images of 3 patients"
    qtbot.keyClick(pane.rows, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: pane.model.rowCount() == 1)
    waiting = {ids[0]: TEXT_SUSPECTED, ids[1]: TEXT_SUSPECTED}
    assert excluded(made) == {**waiting, **dict.fromkeys((ids[4], ids[8]), "Duplicate of another image")}
    assert made.said == ["2 images left out. 1 image kept."]
    states = {row.image_id: row.state for row in made.project.catalogue.findings("duplicate", state=None)}
    assert states[ids[3]] == "confirmed"
    qtbot.keyClick(pane.rows, Qt.Key.Key_D)
    qtbot.waitUntil(lambda: chips(pane) == ["Burned-in text  2"])
    states = {row.image_id: row.state for row in made.project.catalogue.findings("duplicate", state=None)}
    assert [states[ids[n]] for n in (12, 13, 14)] == ["dismissed"] * 3


@pytest.mark.parametrize(("action", "left"), [("keep", 0), ("keep_one", 4), ("leave_out", 6)])
def test_all_of_a_kind_at_once(
    at: tuple[Desk, ReviewPane, ReviewController], qtbot: QtBot, action: str, left: int
) -> None:
    made, pane, _ = at
    pane.kind_requested.emit("duplicate")
    qtbot.waitUntil(lambda: pane.differ.isVisibleTo(pane))
    pane.all_decided.emit(action)
    qtbot.waitUntil(lambda: chips(pane) == ["Burned-in text  2"])
    assert sum(reason.startswith("Duplicate") for reason in excluded(made).values()) == left


def test_pictures_are_drawn_with_their_region(at: tuple[Desk, ReviewPane, ReviewController], qtbot: QtBot) -> None:
    made, pane, _ = at

    def orange() -> int:
        image = pane.rows.viewport().grab().toImage()
        return sum(image.pixelColor(x, 90).name() == "#e69f00" for x in range(240))

    qtbot.waitUntil(lambda: not made.background.busy)
    qtbot.waitUntil(lambda: orange() > 0)


def test_read_only_projects_say_so(small_project: Project, qtbot: QtBot) -> None:
    found(small_project)
    small_project.close()
    made = desk(Project.open(small_project.path, read_only=True))
    cache = PixelCache(made.project.pixels_dir)
    pane = ReviewPane(ReviewPictures(made.background, made.project.catalogue.image, cache))
    qtbot.addWidget(pane)
    controller = ReviewController(made.services, pane)
    qtbot.waitUntil(lambda: pane.model.rowCount() == 2)
    assert not pane.first.isEnabled() and pane.keep.toolTip() == texts.READ_ONLY
    controller.decide("keep")
    controller.decide_all("keep")
    controller.look()
    assert made.jobs.launched == [] and len(excluded(made)) == 2
    made.close()


def test_a_project_nobody_looked_through_offers_to(small_project: Project, qtbot: QtBot) -> None:
    made = desk(small_project)
    cache = PixelCache(made.project.pixels_dir)
    pane = ReviewPane(ReviewPictures(made.background, made.project.catalogue.image, cache))
    qtbot.addWidget(pane)
    pane.show()
    made.services.jobs.launch = lambda prepare, then=(), failed=None: made.jobs.launched.append((prepare(), then))
    ReviewController(made.services, pane)
    qtbot.waitUntil(lambda: pane.line.text() == "48 images have not been looked through yet.")
    assert pane.empty.button.isVisible()
    pane.empty.button.click()
    assert [run for run, _ in made.jobs.launched] == ["triage-1"]
    pane.auto.click()
    qtbot.waitUntil(lambda: made.project.catalogue.setting(AUTO) is False)
    made.close()


def test_new_images_are_looked_through_after_an_import(
    make_window: MakeWindow, qtbot: QtBot, tmp_path: Path, image_folder: Path
) -> None:
    window = make_window()
    window.attach(Project.create(tmp_path / "new"))
    assert window.workspace is not None
    view = cast(DataView, window.workspace.page("data").widget)
    view.panel.zone.dropped.emit([image_folder])
    qtbot.waitUntil(lambda: view.panel.start.reason == "", timeout=20000)
    qtbot.mouseClick(view.panel.start.button, Qt.MouseButton.LeftButton)
    catalogue = window.workspace.project.catalogue
    qtbot.waitUntil(lambda: "left out of training (1 until you have looked" in view.counts.text(), timeout=150000)
    assert catalogue.images_not_looked_at() == 0
    assert [row.state for row in catalogue.runs() if row.stage == "triage"] == [RunState.SUCCEEDED]
    pane = view.findChild(ReviewPane)
    assert pane is not None
    qtbot.waitUntil(lambda: pane.model.rowCount() == 1, timeout=20000)
    assert any(view.sections.tabText(n) == "Review  3" for n in range(view.sections.count()))
