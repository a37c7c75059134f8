"""What follows the selection does so while it can be seen, and catches up when it is shown."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from sslstudio.gui.item_models.selection_follower import SelectionFollower
from sslstudio.session import Session
from tests.gui.image_project import build, pictures


def test_a_hidden_part_catches_up_once(qtbot: QtBot, themed: QApplication, tmp_path: Path) -> None:
    with build(tmp_path / "p.sslproj", pictures()) as project:
        session, told = Session(project), list[int]()
        page = QWidget()
        part = QWidget(page)
        qtbot.addWidget(page)
        follower = SelectionFollower(session, part, lambda: told.append(len(session.selection)), page)
        session.select([1])
        assert told == []
        page.show()
        assert told == [1]
        session.select([1, 2])
        assert told == [1, 2]
        page.hide()
        session.select([3])
        session.select([1, 2, 3])
        page.show()
        assert told == [1, 2, 3]
        page.hide()
        page.show()
        assert told == [1, 2, 3]
        follower.close()
        session.select([])
        assert told == [1, 2, 3]
