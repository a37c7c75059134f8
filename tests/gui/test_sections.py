"""Sections of a page: chosen by mouse and keys, known by id, with counts, and remembered with the project."""

from __future__ import annotations

from typing import cast

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from sslstudio.gui.pages.data.view import DataView
from sslstudio.gui.widgets.sections import Sections
from sslstudio.session.project import Project
from tests.gui.conftest import MakeWindow


def test_sections_are_walked_by_keys_and_carry_counts(qtbot: QtBot, themed: QApplication) -> None:
    sections = Sections("Sections")
    qtbot.addWidget(sections)
    waiting = {"review": 0}
    sections.add_section("images", "Images", "image", QLabel("one"))
    sections.add_section("review", "Review", "eye", QLabel("two"), lambda: f"{waiting['review']}" * bool(waiting))
    sections.show()
    assert sections.section_ids() == ["images", "review"] and sections.current_section() == "images"
    with pytest.raises(ValueError, match="review"):
        sections.add_section("review", "Again", "", QLabel())
    came: list[str] = []
    sections.section_changed.connect(came.append)
    sections.tabBar().setFocus()
    qtbot.keyClick(sections.tabBar(), Qt.Key.Key_Right)
    assert came == ["review"] and sections.widget(1).accessibleName() == "Review"
    waiting["review"] = 12
    sections.refresh_badges()
    assert sections.tabText(1) == "Review  12"
    sections.set_section_visible("images", False)
    assert not sections.show_section("images") and not sections.show_section("nowhere")
    assert sections.current_section() == "review"


def test_the_section_in_front_is_kept_with_the_project(
    make_window: MakeWindow, qtbot: QtBot, small_project: Project
) -> None:
    path = small_project.path
    window = make_window()
    window.attach(small_project)
    assert window.workspace is not None
    view = cast(DataView, window.workspace.page("data").widget)
    qtbot.waitUntil(lambda: view.sections.isVisibleTo(view), timeout=10000)
    assert view.sections.current_section() == "images"
    bar = view.sections.tabBar()
    qtbot.mouseClick(bar, Qt.MouseButton.LeftButton, pos=bar.tabRect(1).center())
    assert view.sections.current_section() == "ledger"
    qtbot.waitUntil(lambda: small_project.catalogue.setting("data_section") == "ledger", timeout=20000)
    window.close()

    again = make_window()
    again.attach(Project.open(path))
    assert again.workspace is not None
    view = cast(DataView, again.workspace.page("data").widget)
    qtbot.waitUntil(lambda: view.sections.current_section() == "ledger", timeout=10000)
