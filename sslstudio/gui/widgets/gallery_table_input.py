"""Pointing at images in a table by mouse and keyboard, with the grammar of the gallery; apart from what it shows.

The table keeps no selection of its own; it asks for changes of the one selection and shows what it is told.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QItemSelectionModel, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QKeySequence, QMouseEvent
from PySide6.QtWidgets import QAbstractItemView, QTableView, QWidget

from sslstudio.gui.item_models.image_rows import ImageRows, Index
from sslstudio.gui.widgets.pointing import MOVES, PointingAtRows, mode_of

NO_UPDATE = QItemSelectionModel.SelectionFlag.NoUpdate


class SelectingTable(PointingAtRows, QTableView):
    """Click replaces, Ctrl toggles, Shift extends, Alt subtracts; arrows walk and select, Enter opens."""

    selection_requested = Signal(object, str)
    """Image ids (int64 array) and one of replace, toggle, extend, subtract."""
    current_changed = Signal(int)
    """The image that has the keyboard."""
    opened = Signal(int)
    """An image was double-clicked, or Enter was pressed on it."""
    copy_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows = ImageRows(self)
        self.setModel(self.rows)
        self._anchor = 0
        self.space_selects = True

    @property
    def shown_ids(self) -> npt.NDArray[np.int64]:
        """The images (N,) in the order of their rows."""
        return self.rows.ids

    def set_current(self, image_id: int) -> None:
        """Make one image the current one and bring it into view."""
        row = self.rows.row_of(image_id)
        if row is not None:
            self._go_to(row)
            self._anchor = row

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Ask for a selection by the modifiers held."""
        if event.button() != Qt.MouseButton.LeftButton:
            return
        index, mode = self.indexAt(event.position().toPoint()), mode_of(event.modifiers())
        if not index.isValid():
            if mode == "replace":
                self.selection_requested.emit(np.zeros(0, dtype=np.int64), mode)
            return
        row = index.row()
        self._point_at(row, mode)
        self._go_to(row, index.column())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Open the image."""
        index = self.indexAt(event.position().toPoint())
        if index.isValid():
            self.opened.emit(int(self.rows.ids[index.row()]))

    def moveCursor(self, action: QAbstractItemView.CursorAction, modifiers: Qt.KeyboardModifier) -> Index:  # type: ignore[override]
        """Home and End go to the first and last image, not to the first and last column."""
        kind = QAbstractItemView.CursorAction
        if action in (kind.MoveHome, kind.MoveEnd) and len(self.rows.ids):
            last = len(self.rows.ids) - 1 if action == kind.MoveEnd else 0
            return self.rows.index(last, max(0, self.currentIndex().column()))
        return super().moveCursor(action, modifiers)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows walk and select, Shift extends, Ctrl only moves; Enter opens; Ctrl+A all; Ctrl+C copies."""
        control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        key, before = event.key(), self.currentIndex().row()
        nothing = np.zeros(0, dtype=np.int64)
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_requested.emit()
        elif key in MOVES:
            super().keyPressEvent(event)
            row = self.currentIndex().row()
            if row >= 0 and event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
                self._ask_range(row)
            elif row >= 0 and row != before and not control:
                self._anchor = row
                self.selection_requested.emit(self.rows.ids[row : row + 1], "replace")
        elif key == Qt.Key.Key_A and control:
            self.selection_requested.emit(self.rows.ids, "replace")
        elif key == Qt.Key.Key_Escape and len(self.rows.selected_rows()):
            self.selection_requested.emit(nothing, "replace")
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and before >= 0:
            self.opened.emit(int(self.rows.ids[before]))
        elif key == Qt.Key.Key_Space and self.space_selects and before >= 0:
            self.selection_requested.emit(self.rows.ids[before : before + 1], "toggle")
        else:
            event.ignore()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """The first selected image becomes the current one, so that arrows start somewhere."""
        super().focusInEvent(event)
        if not self.currentIndex().isValid() and len(self.rows.ids):
            selected = self.rows.selected_rows()
            self._go_to(int(selected[0]) if len(selected) else max(0, self.rowAt(0)))
        self.viewport().update()

    def currentChanged(self, current: Index, previous: Index) -> None:
        """Tell which image has the keyboard."""
        super().currentChanged(current, previous)
        if current.isValid():
            self.current_changed.emit(int(self.rows.ids[current.row()]))
            self.viewport().update()

    def _go_to(self, row: int, column: int | None = None) -> None:
        index = self.rows.index(row, max(0, self.currentIndex().column()) if column is None else column)
        self.selectionModel().setCurrentIndex(index, NO_UPDATE)
        self.scrollTo(index)
