"""The Export page: exports by a job, shows proof and checksums, copies, and predicts in a process of its own."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot

from sslstudio.catalogue import ModelRow
from sslstudio.domain.specs import ExportSpec
from sslstudio.errors import SSLStudioError
from sslstudio.gui.pages.export import packages, texts
from sslstudio.gui.pages.export.command_process import CommandProcess
from sslstudio.gui.pages.export.page import create
from sslstudio.gui.pages.export.sharing import Sharing
from sslstudio.gui.pages.export.view import ExportView
from sslstudio.gui.pages.page import Page
from tests.gui.image_project import Desk, add_run, build, desk, pictures

GIVEN = pictures(patients=3, each=2)


@pytest.fixture
def made(qapp: QApplication, tmp_path: Path) -> Iterator[Desk]:
    opened = desk(build(tmp_path / "p.sslproj", GIVEN))
    yield opened
    opened.close()


@pytest.fixture
def page(made: Desk, qtbot: QtBot, themed: QApplication) -> Iterator[Page]:
    shown = create(made.services)
    qtbot.addWidget(shown.widget)
    shown.widget.resize(1000, 800)
    shown.widget.show()
    shown.activate()
    yield shown
    shown.close()


def view_of(page: Page) -> ExportView:
    assert isinstance(page.widget, ExportView)
    return page.widget


def add_model(made: Desk) -> None:
    made.project.catalogue.add_model(ModelRow("linear-1", "embed-1", "2026-01-01T00:00:00", ("ring", "bar")))
    (made.project.models_dir / "linear-1").mkdir()


def add_package(made: Desk) -> Path:
    folder = made.project.exports_dir / "linear-1-package"
    folder.mkdir()
    (folder / "model.onnx").write_bytes(b"graph")
    (folder / "labels.json").write_text("{}", encoding="utf-8")
    sums = [
        f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}" for name in ("labels.json", "model.onnx")
    ]
    (folder / "SHA256SUMS").write_text("\n".join(sums) + "\n", encoding="utf-8")
    result = {"files": {}, "largest_difference": 4e-7, "images_compared": 6}
    add_run(made.project, "export-1", "export", ExportSpec(model="linear-1", embedding="embed-1"), result)
    return folder


def test_without_a_classifier_the_button_says_so(page: Page, qtbot: QtBot) -> None:
    view = view_of(page)
    qtbot.waitUntil(lambda: view.export.reason == texts.NO_MODEL, timeout=10000)
    assert view._none.isVisible()
    assert not view._package_part.isVisible()
    assert not view.prediction.isVisible()


def test_a_classifier_is_exported_by_a_job(made: Desk, page: Page, qtbot: QtBot) -> None:
    add_model(made)
    page.refresh()
    view = view_of(page)
    qtbot.waitUntil(lambda: view.model.count() == 1 and view.export.reason == "", timeout=10000)
    view.export.button.click()
    ((run_id, then),) = made.jobs.launched
    assert made.project.catalogue.run(run_id).stage == "export"
    assert then == ()


def test_proof_and_checksums_of_a_package_are_shown_and_copied(made: Desk, page: Page, qtbot: QtBot) -> None:
    add_model(made)
    folder = add_package(made)
    page.refresh()
    view = view_of(page)
    qtbot.waitUntil(lambda: len(view.files.scores.rows) == 3, timeout=10000)
    assert view._proof.text() == (
        "Same answers as in this project on 6 images; largest difference of a probability 0.0000004."
    )
    assert page.badge() == "1 package"
    digest = hashlib.sha256(b"graph").hexdigest()
    onnx = next(row for row in view.files.scores.rows if row.cells[0] == "model.onnx")
    assert onnx.tip == digest
    view.sums.click()
    assert f"{digest}  model.onnx" in QGuiApplication.clipboard().text()
    assert folder.is_dir()


def test_a_copy_is_whole_or_not_at_all(made: Desk, tmp_path: Path) -> None:
    add_model(made)
    folder = add_package(made)
    (package,) = packages.read(made.project)
    target = tmp_path / "stick"
    target.mkdir()
    copied = packages.copy_to(package, target)
    assert sorted(entry.name for entry in copied.iterdir()) == sorted(entry.name for entry in folder.iterdir())
    with pytest.raises(SSLStudioError) as caught:
        packages.copy_to(package, target)
    assert caught.value.code == "copy_exists"
    with pytest.raises(SSLStudioError) as caught:
        packages.copy_to(package, copied / "model.onnx")
    assert caught.value.code == "copy_failed"


def test_the_command_for_a_terminal_quotes_what_needs_it(tmp_path: Path) -> None:
    arguments = packages.predict_arguments(Path("a b"), [Path("c")], Path("d.csv"))
    assert arguments == ["predict", "a b", "c", "-o", "d.csv"]
    assert packages.command_line(arguments) in (
        "sslstudio predict 'a b' c -o d.csv",
        'sslstudio predict "a b" c -o d.csv',
    )


def test_predicting_needs_a_folder_and_copies_as_a_command(made: Desk, page: Page, qtbot: QtBot) -> None:
    add_model(made)
    add_package(made)
    page.refresh()
    view = view_of(page)
    qtbot.waitUntil(view.prediction.isVisible, timeout=10000)
    panel = view.prediction
    assert panel.predict.reason == texts.NO_SOURCE
    panel.source.setText("/new images")
    assert panel.predict.reason == ""
    panel.command.click()
    words = QGuiApplication.clipboard().text()
    assert words.startswith("sslstudio predict ")
    assert "/new images" in words and "--promise" not in words and "--sr" not in words


def test_what_goes_to_the_archive_and_when_it_abstains_is_in_the_command(made: Desk, page: Page, qtbot: QtBot) -> None:
    add_model(made)
    add_package(made)
    page.refresh()
    panel = view_of(page).prediction
    qtbot.waitUntil(panel.isVisible, timeout=10000)
    panel.source.setText("/new")
    assert not panel.back.isEnabled() and panel.back.toolTip() == texts.NOTHING_BACK
    panel.reports.setChecked(True)
    panel.promise.set_value("95")
    panel.ending.set_value(".json")
    assert panel.predict.reason == texts.NO_BACK and panel.back.isEnabled()
    panel.back.setText("/archive")
    assert panel.predict.reason == ""
    begun = made.project.exports_dir / ".predictions-linear-1-2026-01-01-000000.json.journal"
    begun.write_text("half")
    panel.command.click()
    words = QGuiApplication.clipboard().text().split()
    assert words[2:6] == ["--promise", "95", "--sr", str(Path("/archive/reports"))]
    assert words[-1].endswith("predictions-linear-1-2026-01-01-000000.json"), "what was interrupted is gone on with"
    assert "--capture" not in words


def test_what_a_prediction_did_in_words() -> None:
    counts = {"predicted": 9, "skipped": 1, "abstained": 2, "unlike": 1, "reports": 3, "captures": 0, "not_dicom": 1}
    words = texts.predicted(counts, "p.parquet")
    for said in (
        "p-studies.parquet",
        "abstains for 2 images",
        "1 image is unlike",
        "3 reports",
        "1 study cannot go back",
    ):
        assert said in words
    assert "export it again" in texts.predicted({"predicted": 1}, "p.csv")


@pytest.mark.slow
def test_a_prediction_that_fails_says_why_in_a_sentence(qtbot: QtBot, tmp_path: Path) -> None:
    process = CommandProcess()
    missing = packages.predict_arguments(tmp_path / "no package", [tmp_path], tmp_path / "out.csv")
    with qtbot.waitSignal(process.failed, timeout=60000) as caught:
        process.start(missing)
        assert process.running
    assert not process.running
    assert caught.args[0].endswith(".")
    assert "Traceback" not in caught.args[0]


def test_the_network_and_the_bundle_are_exported_in_their_form(made: Desk, page: Page, qtbot: QtBot) -> None:
    add_model(made)
    page.refresh()
    view = view_of(page)
    qtbot.waitUntil(lambda: view.model.count() == 1 and view.export.reason == "", timeout=10000)
    view.about.form._group.button(1).click()
    assert view.export.button.text() == texts.form("backbone").action
    view.export.button.click()
    ((run_id, _),) = made.jobs.launched
    assert json.loads(made.project.catalogue.run(run_id).spec_json)["format"] == "backbone"


def test_a_network_shows_its_proof_and_place_and_does_not_predict(made: Desk, page: Page, qtbot: QtBot) -> None:
    add_model(made)
    add_package(made)
    folder = made.project.exports_dir / "linear-1-backbone"
    folder.mkdir()
    (folder / "timm.safetensors").write_bytes(b"weights")
    folder.with_name("linear-1-backbone.zip").write_bytes(b"zip")
    spec = ExportSpec(model="linear-1", embedding="embed-1", format="backbone")
    add_run(made.project, "export-2", "export", spec, {"largest_difference": 9e-7, "images_compared": 6})
    page.refresh()
    view = view_of(page)
    qtbot.waitUntil(lambda: view.package.count() == 2, timeout=10000)
    assert view._proof.text().endswith("largest difference of a feature 0.0000009.")
    assert view._place.text() == f"Written to {folder}, and as .zip beside it."
    assert not view.prediction.isVisible()
    view.package_requested.emit("linear-1-package")
    assert view.prediction.isVisible()


def test_embeddings_are_written_to_the_file_asked_for(
    made: Desk, page: Page, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_model(made)
    ids = np.array([item.image_id for item in made.project.catalogue.items()])
    np.save(made.project.embeddings_dir / "embed-1.npy", np.ones((len(ids), 4), np.float16))
    np.save(made.project.embeddings_dir / "embed-1.ids.npy", ids)
    page.refresh()
    view = view_of(page)
    qtbot.waitUntil(lambda: view.model.count() == 1 and view.export.reason == "", timeout=10000)
    view.about.form._group.button(3).click()
    asked = (str(tmp_path / "numbers"), texts.EMBEDDINGS_FILTERS.split(";;")[0])
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: asked)
    view.export.button.click()
    qtbot.waitUntil(lambda: view._written.text() != "", timeout=10000)
    assert view._written.text() == texts.embeddings_written(len(ids), 4, str(tmp_path / "numbers.parquet"))
    assert (tmp_path / "numbers.parquet").is_file()
    assert view.export.reason == "" and not view.progress.isVisible()
    qtbot.waitUntil(lambda: view.passing_on._checked.text().startswith("Nothing found in 1 file"), timeout=60000)


def test_embeddings_written_while_a_report_is_made_are_searched_after_it(
    page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[str] = []
    monkeypatch.setattr(CommandProcess, "start", lambda _, words: started.append(words[0]))
    monkeypatch.setattr(CommandProcess, "running", property(lambda _: started == ["report"]))
    sharing = view_of(page).findChild(Sharing)
    assert isinstance(sharing, Sharing)
    (tmp_path / "numbers.npy").write_bytes(b"numbers")
    view_of(page).passing_on.report_requested.emit(str(tmp_path / "report.pdf"))
    sharing.look_at([tmp_path / "numbers.npy"])
    assert started == ["report"]
    monkeypatch.setattr(CommandProcess, "running", property(lambda _: False))
    sharing._process.failed.emit("It was stopped.")
    assert started == ["report", "share-check"]


def test_what_is_passed_on_is_checked_and_a_finding_asks(qtbot: QtBot) -> None:
    view = ExportView()
    qtbot.addWidget(view)
    view.show()
    part = view.passing_on
    part.set_checked("1 thing found", "danger", [("a.txt", "name of a patient", "UTF-8", "M••••")])
    assert part.findings.isVisibleTo(part)
    assert not part.anyway.isVisibleTo(part)
    part.set_question(True)
    with qtbot.waitSignal(part.anyway_requested):
        part.anyway.click()
    with qtbot.waitSignal(part.refused):
        part.keep.click()
    part.set_busy(True)
    assert not part.report.isEnabled()
    assert part.report.toolTip()


@pytest.mark.parametrize("key", list(texts.COPY_WORDS))
def test_words_of_the_report_are_copied(page: Page, monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.setattr(CommandProcess, "start", lambda *_: None)
    sharing = view_of(page).findChild(Sharing)
    assert isinstance(sharing, Sharing)
    view_of(page).passing_on.words[key].click()
    sharing._process.ended.emit(
        {"methods": "words of methods", "bibtex": "words of bibtex", "commands": "words of commands"}
    )
    assert QGuiApplication.clipboard().text() == f"words of {key}\n"


def test_the_classifier_that_was_chosen_stays_until_there_is_a_newer_one(qtbot: QtBot) -> None:
    view = ExportView()
    qtbot.addWidget(view)
    view.set_models([("linear-2", "linear-2: embed-1"), ("linear-1", "linear-1: embed-1")])
    assert view.model.currentData() == "linear-2"
    view.model.setCurrentIndex(1)
    view.set_models([("linear-2", "linear-2: simclr-1"), ("linear-1", "linear-1: simclr-1")])
    assert view.model.currentText() == "linear-1: simclr-1"
    view.set_models([("linear-3", "linear-3"), ("linear-2", "linear-2"), ("linear-1", "linear-1")])
    assert view.model.currentData() == "linear-3"
