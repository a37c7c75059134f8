"""Is pretraining helping? Asked in the window: what is not embedded is embedded first, then the answer stands there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import cast

from pytestqt.qtbot import QtBot

from sslstudio.gui.pages.pretrain import help_texts
from sslstudio.gui.pages.pretrain.view import PretrainView
from sslstudio.session.project import Project
from sslstudio.session.session import Session
from tests.gui.conftest import MakeWindow
from tests.gui.image_project import build, label_all, pictures


def trained(path: Path, *, labels: bool) -> Project:
    given = pictures(12, 3)
    project = build(path, given)
    artifacts = project.run_dir("simclr-1") / "artifacts"
    artifacts.mkdir(parents=True)
    described = {"name": "resnet18", "image_size": 64, "in_channels": 1, "feature_dim": 8}
    (artifacts / "backbone.json").write_text(json.dumps(described))
    if labels:
        label_all(Session(project, "tester"), given)
    return project


def test_the_answer_rests_on_the_run_and_its_start(make_window: MakeWindow, qtbot: QtBot, tmp_path: Path) -> None:
    window = make_window()
    window.attach(trained(tmp_path / "p.sslproj", labels=True))
    assert window.workspace is not None
    window.show_page("pretrain")
    panel = cast(PretrainView, window.workspace.page("pretrain").widget).run.help
    qtbot.waitUntil(lambda: panel.ask.button.isEnabled(), timeout=20000)
    assert panel.words.text() == help_texts.ABOUT
    panel.fold.set_open(True)
    panel.ask.button.click()
    qtbot.waitUntil(lambda: "first." in panel.words.text(), timeout=20000)
    qtbot.waitUntil(lambda: panel.words.property("role") == "strong", timeout=90000)
    assert panel.words.text().startswith(("Yes. ", "No. ", "It cannot be told yet. "))
    assert "36 labelled images of 12 patients" in panel.words.text()
    names = [panel._rows.itemAtPosition(row, 0).widget().text() for row in range(2)]
    assert names == ["simclr-1", "its start, random weights"]
    assert "interval" in panel._rows.itemAtPosition(0, 2).widget().text()
    assert panel.ask.button.isEnabled()
    stages = [row.stage for row in window.workspace.project.catalogue.runs()]
    assert stages.count("embed") == 3, "the run and its start were embedded, as the old embedding is older than the run"


def test_without_labels_it_says_what_is_missing(make_window: MakeWindow, qtbot: QtBot, tmp_path: Path) -> None:
    window = make_window()
    window.attach(trained(tmp_path / "p.sslproj", labels=False))
    assert window.workspace is not None
    window.show_page("pretrain")
    panel = cast(PretrainView, window.workspace.page("pretrain").widget).run.help
    qtbot.waitUntil(lambda: panel.ask.button.isEnabled(), timeout=20000)
    panel.ask.button.click()
    qtbot.waitUntil(lambda: panel.words.property("role") == "warning", timeout=90000)
    assert "too few labels" in panel.words.text()
    stages = [row.stage for row in window.workspace.project.catalogue.runs()]
    assert stages.count("embed") == 1, "nothing is embedded in vain"
