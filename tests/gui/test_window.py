"""The shell: steps, palette, help, themes, problems, layout, and pages that are broken."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from pytestqt.qtbot import QtBot

from sslstudio.gui import theme
from sslstudio.gui import window as window_module
from sslstudio.gui.notifications import Issue
from sslstudio.gui.widgets.controls import EmptyState
from sslstudio.session.project import Project
from sslstudio.settings import Settings
from tests.gui.conftest import MakeWindow


def action(window: window_module.MainWindow, title: str) -> QAction:
    return next(entry for entry in window.actions() if entry.text() == title)


def test_without_a_project_every_step_leads_home_and_says_why(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window()
    qtbot.keyClick(window, Qt.Key.Key_3, Qt.KeyboardModifier.ControlModifier)
    assert window.page_id == "home"
    window.chrome.rail.button("label").clicked.emit()
    assert window.page_id == "home"
    assert any("Open a project first" in text for text in window.chrome.toasts.texts())


def test_a_project_opens_with_its_counts_and_every_page(
    make_window: MakeWindow, qtbot: QtBot, small_project: Project
) -> None:
    window = make_window()
    window.attach(small_project)
    assert window.page_id == "data"
    assert window.windowTitle().startswith("small")
    qtbot.waitUntil(lambda: "48 images" in window.chrome.status.counts.text(), timeout=10000)
    assert "12 patients" in window.chrome.status.counts.text()
    assert window.workspace is not None
    qtbot.waitUntil(lambda: window.workspace is not None and len(window.workspace.made()) == 6, timeout=20000)
    for place, (page_id, title, _, _) in enumerate(window_module.PAGES, 1):
        action(window, f"Go to {title}").trigger()
        assert window.page_id == page_id
        page = window.workspace.page(page_id)
        assert not isinstance(page.widget, EmptyState), f"{page_id} is broken"
        assert action(window, f"Go to {title}").shortcut().toString() == f"Ctrl+{place}"
    action(window, "Close project").trigger()
    assert window.workspace is None and window.page_id == "home"
    Project.open(small_project.path).close()


def test_the_badges_follow_what_pages_read(make_window: MakeWindow, qtbot: QtBot, small_project: Project) -> None:
    window = make_window()
    window.attach(small_project)
    assert window.workspace is not None
    workspace = window.workspace
    qtbot.waitUntil(lambda: not workspace.background.busy, timeout=20000)
    qtbot.wait(600)
    told: list[int] = []
    with qtbot.waitSignal(workspace.badges_changed, timeout=5000):
        workspace.background.run(int, done=told.append)
    assert told == [0]


def test_a_broken_page_is_a_card_and_the_others_work(
    make_window: MakeWindow, small_project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tuple(
        (*entry[:3], "sslstudio.gui.pages.nowhere:create") if entry[0] == "explore" else entry
        for entry in window_module.PAGES
    )
    monkeypatch.setattr(window_module, "PAGES", broken)
    window = make_window()
    window.attach(small_project)
    window.show_page("explore")
    assert window.workspace is not None
    assert isinstance(window.workspace.page("explore").widget, EmptyState)
    window.show_page("data")
    assert not isinstance(window.workspace.page("data").widget, EmptyState)


def test_the_palette_goes_where_it_is_told(make_window: MakeWindow, qtbot: QtBot, small_project: Project) -> None:
    window = make_window()
    window.attach(small_project)
    window.commands.show_palette()
    palette = window.commands._palette
    assert palette is not None and palette.isVisible()
    qtbot.keyClicks(palette.line, "go to pretrain")
    qtbot.keyClick(palette.line, Qt.Key.Key_Return)
    assert window.page_id == "pretrain"
    window.commands.show_palette()
    qtbot.keyClicks(palette.line, "redo")
    assert palette.list.count() >= 1
    qtbot.keyClick(palette.line, Qt.Key.Key_Return)
    assert "There is nothing to redo." in window.chrome.toasts.texts()


def test_f1_lists_the_keys_of_the_page_in_front(make_window: MakeWindow, small_project: Project) -> None:
    window = make_window()
    window.attach(small_project)
    window.commands.show_help()
    shown = window.commands._help
    assert shown is not None and shown.isVisible()
    texts = [child.text() for child in shown.findChildren(type(shown._title).__mro__[1])]
    assert any(text == "Import" for text in texts)
    shown.close()


def test_theme_and_detail_are_remembered(make_window: MakeWindow, tmp_path: Path) -> None:
    window = make_window()
    action(window, "Theme: dark").trigger()
    assert theme.tokens().dark
    action(window, "Expert: show every parameter").trigger()
    stored = Settings.load(tmp_path / "settings.json")
    assert (stored.theme, stored.expert) == ("dark", True)
    action(window, "Theme: high contrast").trigger()
    assert window.preferences.theme == "contrast" and theme.tokens() is theme.HIGH_CONTRAST
    action(window, "Theme: light").trigger()
    assert window.preferences.theme == "light"


def test_a_problem_stays_until_it_is_dealt_with(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window()
    done: list[str] = []
    window.notify.add_issue(
        Issue("run:1", "Training stopped at epoch 7.", "Resume.", "error", "Resume", lambda: done.append("x"))
    )
    assert window.chrome.issues.isVisible() and window.chrome.status.issues.text() == "1 to look at"
    window.notify.add_issue(Issue("run:1", "Training stopped at epoch 8.", "", "error"))
    assert window.chrome.issues.count == 1
    window.chrome.issues.dismissed.emit("run:1")
    assert not window.chrome.issues.isVisible() and not window.chrome.status.issues.isVisible()


def test_a_project_open_elsewhere_can_be_read(make_window: MakeWindow, qtbot: QtBot, small_project: Project) -> None:
    window = make_window()
    window.opener.open(small_project.path)
    qtbot.waitUntil(lambda: bool(window.notify.issues()), timeout=10000)
    issue = window.notify.issues()[0]
    assert "already open" in issue.text and issue.action == "Open read-only" and issue.callback is not None
    issue.callback()
    qtbot.waitUntil(lambda: window.workspace is not None, timeout=10000)
    assert window.chrome.status.saved.text.text() == "Read-only"
    window.detach()
    small_project.close()


def test_the_layout_is_kept_with_the_project(make_window: MakeWindow, small_project: Project) -> None:
    path = small_project.path
    window = make_window()
    window.attach(small_project)
    action(window, "Inspector").trigger()
    window.detach()
    again = Project.open(path)
    window.attach(again)
    assert window.inspector_dock is not None and not window.inspector_dock.wanted
    action(window, "Reset the layout").trigger()
    assert window.inspector_dock.wanted


def test_selecting_an_image_shows_it_in_the_inspector(
    make_window: MakeWindow, qtbot: QtBot, small_project: Project
) -> None:
    window = make_window()
    window.attach(small_project)
    assert window.workspace is not None and window.inspector_dock is not None
    session, inspector = window.workspace.session, window.inspector_dock.inspector
    ids = small_project.catalogue.image_ids()
    session.select(ids[:5])
    qtbot.waitUntil(lambda: inspector.selection.text() == "5 images from 2 patients", timeout=20000)
    assert not inspector.image._image.isNull()
    before = inspector.image.window_values
    qtbot.mousePress(inspector.image, Qt.MouseButton.LeftButton, pos=inspector.image.rect().center())
    qtbot.mouseMove(inspector.image, inspector.image.rect().center() / 2)
    inspector.image.set_window(20, 100)
    assert inspector.image.window_values != before
    inspector.selection.click()
    assert session.selection == frozenset()


def test_every_control_has_a_name_for_screen_readers(
    make_window: MakeWindow, qtbot: QtBot, small_project: Project
) -> None:
    from PySide6.QtWidgets import QAbstractButton, QComboBox, QLineEdit

    window = make_window()
    window.attach(small_project)
    window.show_page("pretrain")
    qtbot.wait(200)
    nameless = [
        f"{type(child).__name__} in {type(child.parentWidget()).__name__}"
        for kind in (QAbstractButton, QComboBox, QLineEdit)
        for child in window.findChildren(kind)
        if child.isVisible()
        and child.focusPolicy() != Qt.FocusPolicy.NoFocus
        and not (child.accessibleName() or (isinstance(child, QAbstractButton) and child.text()) or child.toolTip())
        and type(child.parentWidget()).__name__ not in ("QSpinBox", "QDoubleSpinBox")
    ]
    assert nameless == []
