"""Importing as the user steers it, in the real window: patients changed afterwards, files that changed, going on."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from sslstudio.domain.runs import RunState
from sslstudio.domain.specs import ImportSpec
from sslstudio.gui.jobs_bridge import RunStatus
from sslstudio.gui.pages.data import import_runs, ledger_texts
from sslstudio.gui.pages.data.changes import ChangesController
from sslstudio.gui.pages.data.identity_view import IdentityForm
from sslstudio.gui.pages.data.importing import STAGE
from sslstudio.gui.pages.data.patients import PATIENTS, PatientsPane
from sslstudio.gui.pages.data.preview import Seen
from sslstudio.gui.pages.data.view import DataView
from sslstudio.gui.texts import plain_ending
from sslstudio.gui.window import MainWindow
from sslstudio.importers.identity import IdentityRules, pseudonym
from sslstudio.importers.subjects import FileFacts, group, suggest
from sslstudio.session import workflow
from sslstudio.session.project import Project
from tests.fakes.image_files import write_png
from tests.fakes.project_runs import end_cancelled, write_ledger
from tests.gui.conftest import MakeWindow
from tests.unit.session.imports import carry_out

WAIT = 60_000
KEY = b"k" * 32


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    """Twelve pictures of three patients in one folder."""
    for number in range(12):
        write_png(tmp_path / "scans" / "all" / f"sub-0{number // 4}_{number}.png", seed=number)
    return tmp_path / "scans"


@pytest.fixture
def imported(tmp_path: Path, scans: Path) -> Project:
    project = Project.create(tmp_path / "p")
    carry_out(project, [scans], ImportSpec())
    return project


def view_of(window: MainWindow) -> DataView:
    assert window.workspace is not None
    return cast(DataView, window.workspace.page("data").widget)


def button(view: DataView, text: str) -> QPushButton:
    return next(one for one in view.ledger.foot.findChildren(QPushButton) if one.text() == text)


def words_of(widget: QWidget) -> str:
    return " ".join(one.text() for one in widget.findChildren(QLabel) if not one.isHidden() and one.isVisibleTo(widget))


def test_patients_are_told_apart_anew_and_taken_back(make_window: MakeWindow, qtbot: QtBot, imported: Project) -> None:
    window = make_window()
    window.attach(imported)
    view = view_of(window)
    qtbot.waitUntil(lambda: view.counts.text().startswith("12 images, 1 patient"), timeout=WAIT)
    view.sections.show_section(PATIENTS)
    pane = cast(PatientsPane, view.sections.currentWidget())
    form = pane.identity
    qtbot.waitUntil(lambda: "names that begin with sub-" in form.suggestion.text(), timeout=WAIT)
    assert form.ways.rowCount() == 8
    form.use.click()
    qtbot.waitUntil(lambda: "1 patients become 3" in pane.effect.text() and not pane.apply.reason, timeout=WAIT)
    assert "<b" in form.matches.text()
    pane.apply.button.click()
    qtbot.waitUntil(lambda: imported.catalogue.counts().subjects == 3, timeout=WAIT)
    qtbot.waitUntil(lambda: pane.undo.isEnabled(), timeout=WAIT)
    pane.undo.click()
    qtbot.waitUntil(lambda: imported.catalogue.counts().subjects == 1, timeout=WAIT)


def test_a_shared_placeholder_is_ignored_for_its_own_files_alone(qtbot: QtBot, themed: QApplication) -> None:
    who = [pseudonym(KEY, "subject", name) for name in ("ANONYMOUS", "P1", "P2")]
    files = [FileFacts(f"{n}.dcm", who[n % 3], f"study-{n}", 1, f"{n}", True) for n in range(12)]
    seen = group(files, IdentityRules(KEY))
    form = IdentityForm()
    qtbot.addWidget(form)
    form.set_seen(Seen(seen, "", (), (), (), suggest(files, KEY), seen.placeholders, headers=True))
    assert not form.suggestion_row.isHidden() and "count as blank" in form.suggestion.text()
    form.use.click()
    assert form.ignore.isChecked() and form.identity().placeholders == (who[0],)
    ignoring = group(files, form.identity().rules(KEY))
    assert ignoring.subjects == 4 + 2, "four studies of nobody, and two people who keep theirs"
    form.set_seen(Seen(ignoring, "", (), (), (), suggest(files, KEY), ignoring.placeholders, headers=True))
    assert form.suggestion_row.isHidden()


def test_a_changed_file_is_shown_and_kept_as_it_was(
    make_window: MakeWindow, qtbot: QtBot, imported: Project, scans: Path
) -> None:
    write_png(scans / "all" / "sub-00_0.png", seed=99)
    carry_out(imported, [scans], ImportSpec())
    window = make_window()
    window.attach(imported)
    view = view_of(window)
    qtbot.waitUntil(lambda: view.ledger.model.rowCount() == 12, timeout=WAIT)
    strip = view.ledger.warnings  # of an import that ended before the window was opened
    qtbot.waitUntil(lambda: "changed since the import" in words_of(strip), timeout=WAIT)
    next(one for one in strip.findChildren(QPushButton) if one.text() == "Show them").click()
    qtbot.waitUntil(lambda: view.ledger.model.rowCount() == 1, timeout=WAIT)
    assert imported.catalogue.counts().excluded == 1
    button(view, ledger_texts.ACTIONS[ledger_texts.KEEP][0]).click()
    qtbot.waitUntil(lambda: imported.catalogue.counts().excluded == 0, timeout=WAIT)
    qtbot.waitUntil(lambda: "changed since the import" not in words_of(strip), timeout=WAIT)


def test_changes_are_shown_before_anything_is_done(
    make_window: MakeWindow, qtbot: QtBot, imported: Project, scans: Path
) -> None:
    write_png(scans / "all" / "sub-00_0.png", seed=99)
    write_png(scans / "all" / "sub-03_12.png", seed=12)
    (scans / "all" / "sub-00_1.png").rename(scans / "all" / "moved.png")
    window = make_window()
    window.attach(imported)
    view = view_of(window)
    strip = view.ledger.found
    qtbot.waitUntil(lambda: view.ledger.model.rowCount() == 12, timeout=WAIT)
    assert strip.isHidden()
    view.ledger.changes.click()
    qtbot.waitUntil(lambda: "1 new, 1 changed and left out, 1 found again elsewhere" in strip.text.text(), timeout=WAIT)
    counts = imported.catalogue.counts()
    assert (counts.images, counts.excluded) == (12, 0) and "Nothing was changed yet" in strip.text.text()
    qtbot.waitUntil(lambda: view.ledger.lists.value() == "trial", timeout=WAIT)
    assert not strip.carry_out.isHidden()
    strip.leave.click()
    assert strip.isHidden()
    view.ledger.changes.click()
    qtbot.waitUntil(lambda: not strip.isHidden(), timeout=WAIT)
    strip.carry_out.click()
    assert strip.isHidden()
    qtbot.waitUntil(lambda: imported.catalogue.counts().excluded == 1, timeout=WAIT)
    qtbot.waitUntil(lambda: imported.catalogue.counts().images == 13 and view.ledger.changes.isEnabled(), timeout=WAIT)
    unchanged = RunStatus("x", STAGE, "Trial import", RunState.SUCCEEDED, result={"unchanged": 1400})
    cast(ChangesController, view.findChild(ChangesController)).ended(unchanged)
    assert strip.text.text() == "Nothing is new, changed, moved or gone: 1,400 files as before."
    assert strip.carry_out.isHidden() and not strip.leave.isHidden()


def test_search_order_and_the_image_of_a_row(make_window: MakeWindow, qtbot: QtBot, imported: Project) -> None:
    window = make_window()
    window.attach(imported)
    view = view_of(window)
    pane, model = view.ledger, view.ledger.model
    qtbot.waitUntil(lambda: model.rowCount() == 12, timeout=WAIT)
    pane.search.setText("sub-01")
    qtbot.waitUntil(lambda: model.rowCount() == 4, timeout=WAIT)
    pane.sort_requested.emit(0, True)
    qtbot.waitUntil(lambda: model.data(model.index(0, 0)) == "sub-01_7.png", timeout=WAIT)
    pane.table.selectRow(0)
    qtbot.waitUntil(lambda: "sub-01_7.png" in pane.title.text(), timeout=WAIT)
    button(view, ledger_texts.ACTIONS[ledger_texts.SHOW][0]).click()
    assert window.workspace is not None
    qtbot.waitUntil(lambda: len(window.workspace.session.selection) == 1, timeout=WAIT)


def test_a_stopped_import_goes_on_or_is_left_at_that(
    make_window: MakeWindow, qtbot: QtBot, tmp_path: Path, scans: Path
) -> None:
    project = Project.create(tmp_path / "q")
    for _ in range(2):
        run_id = workflow.prepare_import(project, [scans], ImportSpec())
        write_ledger(project, run_id, [])
        end_cancelled(project, run_id)
        workflow.adopt(project, run_id)
    window = make_window()
    window.attach(project)
    view = view_of(window)
    qtbot.waitUntil(lambda: "Import 2 stopped" in view.panel.unfinished_text.text(), timeout=WAIT)
    view.panel.discard.click()
    qtbot.waitUntil(lambda: "Import 1 stopped" in view.panel.unfinished_text.text(), timeout=WAIT)
    assert not (project.run_dir("import-2") / "private").exists()
    view.panel.resume.click()
    qtbot.waitUntil(lambda: project.catalogue.counts().images == 12, timeout=WAIT)
    qtbot.waitUntil(lambda: project.catalogue.run("import-1").state is RunState.SUCCEEDED, timeout=WAIT)
    qtbot.waitUntil(lambda: view.panel.unfinished.isHidden(), timeout=WAIT)


def test_the_rate_is_that_of_the_last_seconds() -> None:
    rate = import_runs.Rate(seconds=8)
    for second in range(60):
        found = rate.update(float(second), 100.0 * second if second < 30 else 3000.0 + 10 * (second - 30))
    assert found == pytest.approx(10, rel=0.3)
    assert import_runs.Rate().update(1.0, 5.0) == 0.0


def test_the_end_of_an_import_in_words() -> None:
    assert plain_ending("import_images", {"images": 1386, "copies": 3}) == (
        "1,386 images imported. 3 more are in the project already, from another file."
    )
    assert plain_ending("import_images", {"images": 1, "copies": 1, "skipped": 1}) == (
        "1 image imported. 1 more is in the project already, from another file. "
        "1 file was skipped; the import list says why."
    )
