"""The Data page in the real window, with real imports by real jobs."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest
from PySide6.QtCore import QItemSelectionModel, Qt
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from sslstudio.catalogue.rows import Counts
from sslstudio.gui.pages.data import browse_texts, identity_texts, preview, texts
from sslstudio.gui.pages.data.ledger_model import PAGE, LedgerModel
from sslstudio.gui.pages.data.view import DataView
from sslstudio.gui.window import MainWindow
from sslstudio.session.project import Project
from sslstudio.session.subjects import Identity
from tests.gui.conftest import MakeWindow


def data_view(window: MainWindow) -> DataView:
    assert window.workspace is not None
    return cast(DataView, window.workspace.page("data").widget)


def test_dropped_folders_become_images_a_ledger_and_a_tree(
    make_window: MakeWindow, qtbot: QtBot, tmp_path: Path, image_folder: Path
) -> None:
    window = make_window()
    window.attach(Project.create(tmp_path / "new"))
    view, panel = data_view(window), data_view(window).panel
    assert panel.start.reason == texts.NOTHING_CHOSEN
    panel.zone.dropped.emit([image_folder])
    form = panel.identity
    qtbot.waitUntil(lambda: "13 files: 5 patients" in form.preview.text(), timeout=15000)
    form.way.setCurrentIndex(form.way.findData("folder"))
    qtbot.waitUntil(
        lambda: "patient-0" in form.matches.text() and "1 file does not fit" in form.doubts.text(), timeout=15000
    )
    qtbot.mouseClick(panel.start.button, Qt.MouseButton.LeftButton)
    assert panel.start.reason == texts.RUNNING
    qtbot.waitUntil(lambda: view.images.tree_model.rowCount() == 4, timeout=60000)
    qtbot.waitUntil(lambda: view.counts.text() == "12 images, 4 patients, 3 each", timeout=10000)
    assert not panel.progress.isVisible()
    qtbot.waitUntil(lambda: view.ledger.model.rowCount() == 14, timeout=20000)
    assert window.workspace is not None and window.workspace.page("data").badge() == "12 images"

    view.show_ledger()
    chip = next(child for child in view.findChildren(QPushButton) if child.text().startswith("Empty file"))
    chip.click()
    qtbot.waitUntil(lambda: view.ledger.model.rowCount() == 1, timeout=20000)
    index = view.ledger.model.index(0, 0)
    qtbot.waitUntil(lambda: view.ledger.model.data(index) == "empty.png", timeout=20000)
    assert view.ledger.model.data(view.ledger.model.index(0, 2)) == "The file is empty (0 bytes)."


def test_checking_only_fills_the_ledger_and_imports_nothing(
    make_window: MakeWindow, qtbot: QtBot, tmp_path: Path, image_folder: Path
) -> None:
    window = make_window()
    window.attach(Project.create(tmp_path / "new"))
    view = data_view(window)
    view.panel.zone.dropped.emit([image_folder])
    view.panel.check.click()
    qtbot.waitUntil(lambda: view.ledger.model.rowCount() == 14, timeout=60000)
    qtbot.waitUntil(lambda: view.sections.current_section() == "ledger", timeout=15000)
    assert view.counts.text() == "" and view.panel.start.reason == ""
    assert not view.ledger.lists.isHidden() and view.ledger.lists.value() == "trial"
    qtbot.waitUntil(lambda: "14 files: 12 images would be imported" in view.panel.found.text(), timeout=15000)


def test_patients_are_left_out_with_a_reason_and_taken_back(
    make_window: MakeWindow, qtbot: QtBot, small_project: Project
) -> None:
    window = make_window()
    window.attach(small_project)
    view = data_view(window)
    qtbot.waitUntil(lambda: view.images.tree_model.rowCount() == 12, timeout=20000)
    assert view.images.selected.text() == browse_texts.NOTHING_SELECTED
    flags = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
    for row in (0, 1):
        view.images.tree.selectionModel().select(view.images.tree_model.index(row, 0), flags)
    qtbot.waitUntil(lambda: view.images.selected.text() == "8 images from 2 patients selected", timeout=20000)
    assert window.workspace is not None
    session = window.workspace.session
    qtbot.waitUntil(lambda: len(session.selection) == 8, timeout=20000)
    view.images.exclude_requested.emit("Poor quality")
    qtbot.waitUntil(lambda: small_project.catalogue.counts().excluded == 8, timeout=20000)
    assert small_project.catalogue.image(min(session.selection)).excluded == "Poor quality"
    qtbot.waitUntil(
        lambda: "8 images left out of training: Poor quality." in window.chrome.toasts.texts(), timeout=20000
    )
    qtbot.waitUntil(lambda: "8 left out" in view.counts.text(), timeout=20000)
    undo = next(toast for toast in window.chrome.toasts._toasts if toast.button.text() == "Undo")
    undo.button.click()
    qtbot.waitUntil(lambda: small_project.catalogue.counts().excluded == 0, timeout=20000)


def test_the_ledger_asks_for_pages_as_they_come_into_view() -> None:
    model = LedgerModel()
    asked: list[tuple[int, list[int]]] = []
    model.page_requested.connect(lambda page, numbers: asked.append((page, list(numbers))))
    model.set_numbers(range(1, 1_000_001))
    assert model.data(model.index(0, 0)) == "..."
    model.data(model.index(5, 0))
    model.data(model.index(999_999, 0))
    last = 999_999 // PAGE
    assert asked == [(0, list(range(1, PAGE + 1))), (last, list(range(last * PAGE + 1, 1_000_001)))]


def test_ways_of_telling_patients_apart_are_compared_on_the_users_own_paths(image_folder: Path) -> None:
    folder = Identity(identity_texts.PATTERN_OF["folder"])
    seen = preview.of_sources([image_folder], folder, b"k" * 32)
    assert (seen.grouping.files, seen.grouping.subjects, seen.grouping.unmatched) == (13, 5, 1)
    assert seen.paths[0] == ("patient-0/0.png", (0, 9)) and seen.paths[-1] == ("notes.txt", None)
    ways = {way: grouping.subjects for way, grouping, _ in seen.ways}
    assert ways["word"] == 5 and ways["name"] == 5 and "study" not in ways
    assert seen.suggestion.pattern == identity_texts.PATTERN_OF["word"]
    assert "4 patients" in seen.suggestion.reason or "5 patients" in seen.suggestion.reason


@pytest.mark.parametrize(
    ("counts", "most", "part"),
    [
        (Counts(100, 10, 0, 0, 10, 10), 10, ""),
        (Counts(100, 10, 0, 0, 10, 10), 60, "60 %"),
        (Counts(100, 1, 0, 0, 1, 1), 100, "one patient"),
    ],
)
def test_a_doubtful_grouping_is_pointed_out(counts: Counts, most: int, part: str) -> None:
    said = texts.grouping_warning(counts, most)
    assert part in said and bool(part) == bool(said)
