"""Good files among truncated, empty, renamed and hostile ones, imported in the real window by a real job."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import nibabel
import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from sslstudio.domain.runs import RunState
from sslstudio.gui.window import MainWindow
from sslstudio.importers.synthetic import write_studies
from sslstudio.session.project import Project
from tests.fakes.image_files import write_bad_files, write_png
from tests.gui.conftest import MakeWindow
from tests.gui.test_data_page import data_view

PICTURES = os.environ.get("SSLSTUDIO_TEST_PICTURES", "")
"""A folder for pictures of the window, when somebody wants to look."""


def test_every_good_file_comes_in_and_every_bad_one_is_listed_with_its_reason(
    make_window: MakeWindow, qtbot: QtBot, tmp_path: Path, shared_data: Path
) -> None:
    folder, hostile = tmp_path / "folder", tmp_path / "hostile"
    reasons = write_bad_files(folder)
    for number in range(6):
        write_png(folder / f"good-{number}.png", seed=number)
    shutil.copyfile(folder / "good-0.png", folder / "good-0-again.dcm")
    renamed = write_png(folder / "renamed.jpg", seed=50)
    write_studies(folder / "studies", patients=2, seed=3)
    studies = sorted((folder / "studies").rglob("*.dcm"))
    whole = studies[0].read_bytes()
    (folder / "cut.dcm").write_bytes(whole[: len(whole) // 2])
    reasons["cut.dcm"] = "truncated"
    shutil.copytree(shared_data / "hostile", hostile)

    window = make_window()
    window.attach(Project.create(tmp_path / "new"))
    assert window.workspace is not None
    view, panel = data_view(window), data_view(window).panel
    panel.zone.dropped.emit([folder, hostile])
    qtbot.waitUntil(lambda: panel.start.reason == "", timeout=10000)
    qtbot.mouseClick(panel.start.button, Qt.MouseButton.LeftButton)
    catalogue = window.workspace.project.catalogue
    qtbot.waitUntil(lambda: any(run.state.final and run.adopted for run in catalogue.runs()), timeout=120000)
    imports = [run.state for run in catalogue.runs() if run.stage == "import_images"]
    assert imports == [RunState.SUCCEEDED], "the look through the images may run behind it by now"

    entries = {Path(entry.folder, entry.file): entry for entry in catalogue.ledger()}
    good = [*(folder / f"good-{n}.png" for n in range(6)), renamed, *studies]
    for path in good:
        same = path.name == "good-0.png" and entries[path].code == "duplicate"
        assert entries[path].status == "imported" or same, path.name
    twice = {entries[folder / "good-0.png"].code, entries[folder / "good-0-again.dcm"].code}
    assert twice == {"imported", "duplicate"}, "content counts, not the name"
    for name, code in reasons.items():
        entry = entries[folder / name]
        assert (entry.status, entry.code) == ("skipped", code), name
    hostile_entries = [entries[path] for path in sorted(hostile.iterdir())]
    assert len(hostile_entries) == 10, "no hostile file without a result"
    for entry in entries.values():
        assert entry.status == "imported" or (entry.reason and entry.hint), entry.file

    qtbot.waitUntil(lambda: view.ledger.model.rowCount() == len(entries), timeout=10000)
    view.show_ledger()
    listed = view.ledger.model
    qtbot.waitUntil(lambda: listed.data(listed.index(0, 0)) not in (None, "..."), timeout=10000)
    assert {listed.data(listed.index(row, 0)) for row in range(listed.rowCount())} == {p.name for p in entries}
    keep_picture(window, qtbot)
    assert_alive(window)


@pytest.mark.skipif(sys.platform == "win32", reason="pipes in folders exist on POSIX only")
def test_a_file_that_hangs_leaves_the_window_alive_and_the_import_can_be_stopped(
    make_window: MakeWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    """The voxels of a volume are a pipe that nobody writes to: the decoder that opens it waits for ever."""
    folder = tmp_path / "folder"
    for number in range(3):
        write_png(folder / f"{number}.png", seed=number)
    nibabel.save(nibabel.Nifti1Pair(np.zeros((4, 4, 3), np.int16), np.eye(4)), folder / "pair.img")
    (folder / "pair.img").unlink()
    os.mkfifo(folder / "pair.img")
    window = make_window()
    window.attach(Project.create(tmp_path / "new"))
    assert window.workspace is not None
    panel, catalogue = data_view(window).panel, window.workspace.project.catalogue
    panel.zone.dropped.emit([folder])
    qtbot.waitUntil(lambda: panel.start.reason == "", timeout=10000)
    qtbot.mouseClick(panel.start.button, Qt.MouseButton.LeftButton)
    artifacts = window.workspace.project.path / "runs" / "import-1" / "artifacts"
    qtbot.waitUntil(lambda: any(artifacts.glob("ledger.jsonl")), timeout=60000)
    for page in ("explore", "label", "data"):
        window.show_page(page)
        QApplication.processEvents()
    panel.stop_requested.emit()
    qtbot.waitUntil(lambda: any(run.state.final for run in catalogue.runs()), timeout=20000)
    assert [run.state for run in catalogue.runs()] == [RunState.CANCELLED]
    assert {entry.code for entry in catalogue.ledger()} <= {"imported", "not_a_file"}


def keep_picture(window: MainWindow, qtbot: QtBot) -> None:
    if PICTURES:
        qtbot.wait(1500)
        window.grab().save(str(Path(PICTURES, "bad-files.png")))


def assert_alive(window: MainWindow) -> None:
    """The window answers: every step can still be gone to."""
    for page in ("explore", "label", "data"):
        window.show_page(page)
        QApplication.processEvents()
        assert window.page_id == page
    assert not [issue for issue in window.notify.issues() if issue.severity == "error"]
