"""Pointing at images in a grid by mouse and keyboard: apart from what a tile looks like.

The grid keeps no selection of its own; it asks for changes of the one selection and shows what it is told.
"""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QItemSelectionModel, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QWidget

from sslstudio.gui.item_models.tiles import TileModel
from sslstudio.gui.widgets.gallery_grid import EqualGrid, Index

_MOVES = {
    Qt.Key.Key_Left,
    Qt.Key.Key_Right,
    Qt.Key.Key_Up,
    Qt.Key.Key_Down,
    Qt.Key.Key_Home,
    Qt.Key.Key_End,
    Qt.Key.Key_PageUp,
    Qt.Key.Key_PageDown,
}


class SelectingGrid(EqualGrid):
    """Click replaces, Ctrl toggles, Shift extends, Alt subtracts; arrows walk and select."""

    selection_requested = Signal(object, str)
    """Image ids (int64 array) and one of replace, toggle, extend, subtract."""
    current_changed = Signal(int)
    """The image that has the keyboard."""
    opened = Signal(int)
    """An image was double-clicked, or Enter was pressed on it."""

    def __init__(self, tiles: TileModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.tiles = tiles
        tiles.setParent(self)
        self.setModel(tiles)
        self._anchor = 0
        self.space_selects = True

    def current_id(self) -> int | None:
        """The image that has the keyboard."""
        row = self.currentIndex().row()
        return int(self.tiles.ids[row]) if 0 <= row < len(self.tiles.ids) else None

    def set_current(self, image_id: int) -> None:
        """Make one image the current one and bring it into view."""
        row = self.tiles.row_of(image_id)
        if row is not None:
            self._go_to(row)
            self._anchor = row

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Ask for a selection by the modifiers held."""
        if event.button() != Qt.MouseButton.LeftButton:
            return
        index = self.indexAt(event.position().toPoint())
        modifiers = event.modifiers()
        if not index.isValid():
            if modifiers == Qt.KeyboardModifier.NoModifier:
                self.selection_requested.emit(np.zeros(0, dtype=np.int64), "replace")
            return
        row = index.row()
        if modifiers & Qt.KeyboardModifier.ShiftModifier:
            self._ask_range(row)
        elif modifiers & Qt.KeyboardModifier.ControlModifier:
            self._anchor = row
            self._ask(row, "toggle")
        elif modifiers & Qt.KeyboardModifier.AltModifier:
            self._ask(row, "subtract")
        else:
            self._anchor = row
            self._ask(row, "replace")
        self._go_to(row)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Nothing follows a drag."""
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Everything happened on the press."""
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Open the image."""
        index = self.indexAt(event.position().toPoint())
        if index.isValid():
            self.opened.emit(int(self.tiles.ids[index.row()]))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows walk and select, Shift extends, Ctrl only moves; Enter opens; Ctrl+A all; Escape none."""
        control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        key = event.key()
        if key in _MOVES:
            super().keyPressEvent(event)
            row = self.currentIndex().row()
            if row >= 0 and event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
                self._ask_range(row)
            elif row >= 0 and not control:
                self._anchor = row
                self._ask(row, "replace")
        elif key == Qt.Key.Key_A and control:
            self.selection_requested.emit(self.tiles.ids, "replace")
        elif key == Qt.Key.Key_Escape and len(self.tiles.selected_rows()):
            self.selection_requested.emit(np.zeros(0, dtype=np.int64), "replace")
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.current_id() is not None:
            self.opened.emit(self.current_id())
        elif key == Qt.Key.Key_Space and self.space_selects and self.currentIndex().isValid():
            self._ask(self.currentIndex().row(), "toggle")
        else:
            event.ignore()

    def keyboardSearch(self, search: str) -> None:
        """Letters and digits are commands here, never a search."""

    def focusInEvent(self, event: QFocusEvent) -> None:
        """The first image becomes the current one, so that arrows start somewhere."""
        super().focusInEvent(event)
        if not self.currentIndex().isValid() and len(self.tiles.ids):
            selected = self.tiles.selected_rows()
            self._go_to(int(selected[0]) if len(selected) else 0)

    def currentChanged(self, current: Index, previous: Index) -> None:
        """Tell which image has the keyboard."""
        super().currentChanged(current, previous)
        if current.isValid():
            self.current_changed.emit(int(self.tiles.ids[current.row()]))

    def _ask(self, row: int, mode: str) -> None:
        self.selection_requested.emit(self.tiles.ids[row : row + 1], mode)

    def _ask_range(self, row: int) -> None:
        first, last = sorted((min(self._anchor, len(self.tiles.ids) - 1), row))
        self.selection_requested.emit(self.tiles.ids[first : last + 1], "extend")

    def _go_to(self, row: int) -> None:
        index = self.tiles.index(row)
        self.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.NoUpdate)
        self.scrollTo(index)
