"""The Home page: recent projects with a fake view, and the demo made and imported by real processes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from PySide6.QtCore import QObject, Signal
from pytestqt.qtbot import QtBot

from sslstudio.gui import opening
from sslstudio.gui.background import Background
from sslstudio.gui.pages.home.controller import HomeController, HomeServices
from sslstudio.gui.pages.home.view import RecentProject
from sslstudio.gui.preferences import Preferences
from sslstudio.session.project import Project
from sslstudio.settings import Settings
from tests.gui.conftest import MakeWindow


class FakeView(QObject):
    """A Home view that only remembers."""

    new_requested = Signal()
    browse_requested = Signal()
    demo_requested = Signal()
    open_requested = Signal(str)
    forget_requested = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.shown: list[RecentProject] = []

    def set_recent(self, projects: Sequence[RecentProject]) -> None:
        self.shown = list(projects)


def test_recent_projects_are_looked_for_and_can_be_forgotten(qtbot: QtBot, tmp_path: Path) -> None:
    Project.create(tmp_path / "there").close()
    settings = Settings().with_recent(tmp_path / "gone.sslproj").with_recent(tmp_path / "there.sslproj")
    preferences, background, view = Preferences(settings, tmp_path / "settings.json"), Background(), FakeView()
    wishes: list[object] = []
    services = HomeServices(
        preferences,
        background,
        lambda: wishes.append("new"),
        lambda: wishes.append("browse"),
        lambda: wishes.append("demo"),
        wishes.append,
    )
    controller = HomeController(services, view)
    controller.refresh()
    assert [project.name for project in view.shown] == ["there", "gone"]
    qtbot.waitUntil(lambda: [project.missing for project in view.shown] == [False, True])
    assert view.shown[0].changed
    view.forget_requested.emit(view.shown[1].path)
    assert [project.name for project in view.shown] == ["there"]
    for signal in (view.new_requested, view.browse_requested, view.demo_requested):
        signal.emit()
    view.open_requested.emit(view.shown[0].path)
    assert wishes == ["new", "browse", "demo", tmp_path / "there.sslproj"]
    background.close()


def test_the_demo_is_made_and_imported_in_the_window(
    make_window: MakeWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(opening, "DEMO_PATIENTS", 4)
    window = make_window()
    window.opener.demo(tmp_path / "demo")
    qtbot.waitUntil(lambda: window.workspace is not None, timeout=60000)
    assert window.workspace is not None
    project = window.workspace.project
    qtbot.waitUntil(lambda: project.catalogue.counts().subjects == 4, timeout=60000)
    assert window.page_id == "data" and project.name == "Demo"
    qtbot.waitUntil(lambda: any("imported" in text for text in window.chrome.toasts.texts()), timeout=20000)
    window.detach()
    window.opener.demo(tmp_path / "demo")
    qtbot.waitUntil(lambda: window.workspace is not None, timeout=20000)


def test_a_folder_that_is_no_project_is_told(make_window: MakeWindow, qtbot: QtBot, tmp_path: Path) -> None:
    window = make_window()
    window.opener.open(tmp_path)
    qtbot.waitUntil(lambda: bool(window.notify.issues()), timeout=10000)
    assert "not an SSL Studio project" in window.notify.issues()[0].text
    assert window.workspace is None
