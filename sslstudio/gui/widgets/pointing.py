"""Pointing at images by mouse and keyboard: the one grammar of maps, galleries, tables and lists of groups."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent

from sslstudio.session.selection import Mode

MOVES = {
    Qt.Key.Key_Left,
    Qt.Key.Key_Right,
    Qt.Key.Key_Up,
    Qt.Key.Key_Down,
    Qt.Key.Key_Home,
    Qt.Key.Key_End,
    Qt.Key.Key_PageUp,
    Qt.Key.Key_PageDown,
}
_PLAIN = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier


def mode_of(modifiers: Qt.KeyboardModifier) -> Mode:
    """What pointing does to the selection: Shift extends, Ctrl toggles, Alt subtracts, else it replaces."""
    if modifiers & Qt.KeyboardModifier.ShiftModifier:
        return "extend"
    if modifiers & Qt.KeyboardModifier.ControlModifier:
        return "toggle"
    return "subtract" if modifiers & Qt.KeyboardModifier.AltModifier else "replace"


class PointingAtRows:
    """What tiles and tables share, mixed into an item view that has the signal `selection_requested`.

    `shown_ids` are the images in the order of their rows; `_anchor` is the row from which Shift extends.
    """

    _anchor: int
    selection_requested: Any

    @property
    def shown_ids(self) -> npt.NDArray[np.int64]:
        """The images (N,) in the order of their rows."""
        raise NotImplementedError

    def current_id(self) -> int | None:
        """The image that has the keyboard."""
        row = self.currentIndex().row()  # type: ignore[attr-defined]
        return int(self.shown_ids[row]) if 0 <= row < len(self.shown_ids) else None

    def event(self, event: QEvent) -> bool:
        """Keys that walk are the view's while it has the keyboard, whatever the page uses them for."""
        walks = isinstance(event, QKeyEvent) and event.key() in MOVES and event.modifiers() in _PLAIN
        if walks and event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        return bool(super().event(event))  # type: ignore[misc]

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Nothing follows a drag."""
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Everything happened on the press."""
        event.accept()

    def keyboardSearch(self, search: str) -> None:
        """Letters and digits are commands here, never a search."""

    def _point_at(self, row: int, mode: Mode) -> None:
        """Ask for the selection that a click on a row means."""
        if mode == "extend":
            self._ask_range(row)
            return
        if mode != "subtract":
            self._anchor = row
        self.selection_requested.emit(self.shown_ids[row : row + 1], mode)

    def _ask_range(self, row: int) -> None:
        first, last = sorted((min(self._anchor, len(self.shown_ids) - 1), row))
        self.selection_requested.emit(self.shown_ids[first : last + 1], "extend")
