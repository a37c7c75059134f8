"""Lets a part of the window follow the selection while it can be seen, and catch up when it is shown again."""

from __future__ import annotations

from collections.abc import Callable, Set
from typing import Protocol

from PySide6.QtCore import QEvent, QObject, Signal

from sslstudio.session.session import Session


class Seen(Protocol):
    """The part of a QWidget that is used here."""

    def isVisible(self) -> bool: ...
    def installEventFilter(self, watcher: QObject, /) -> None: ...
    def removeEventFilter(self, watcher: QObject, /) -> None: ...


class SelectionFollower(QObject):
    """Calls `show` in the window's thread. Of what nobody sees, hundreds of thousands of images would cost time for
    nothing."""

    _moved = Signal()

    def __init__(self, session: Session, part: Seen, show: Callable[[], None], parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._part, self._show = session, part, show
        self._behind = False
        self._moved.connect(self._follow)
        session.selection_changed.connect(self._changed)
        part.installEventFilter(self)

    def close(self) -> None:
        """Let go of the session."""
        self._session.selection_changed.disconnect(self._changed)
        self._part.removeEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Catch up when the part comes into view."""
        if event.type() == QEvent.Type.Show and self._behind:
            self._behind = False
            self._show()
        return False

    def _changed(self, _selection: Set[int]) -> None:
        self._moved.emit()

    def _follow(self) -> None:
        self._behind = not self._part.isVisible()
        if not self._behind:
            self._show()
