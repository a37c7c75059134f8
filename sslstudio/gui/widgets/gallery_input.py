"""Pointing at images in a grid by mouse and keyboard: apart from what a tile looks like.

The grid keeps no selection of its own; it asks for changes of the one selection and shows what it is told.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QItemSelectionModel, QPoint, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QWidget

from sslstudio.gui.item_models.tiles import TileModel
from sslstudio.gui.widgets.gallery_grid import EqualGrid, Index
from sslstudio.gui.widgets.gallery_header import TICK_WIDTH
from sslstudio.gui.widgets.pointing import MOVES, PointingAtRows, mode_of
from sslstudio.session.selection import Mode


class SelectingGrid(PointingAtRows, EqualGrid):
    """Click replaces, Ctrl toggles, Shift extends, Alt subtracts; arrows walk and select. A click on a header folds
    what lies under it, one on its tick selects all of that."""

    selection_requested = Signal(object, str)
    """Image ids (int64 array) and one of replace, toggle, extend, subtract."""
    current_changed = Signal(int)
    """The image that has the keyboard."""
    opened = Signal(int)
    """An image was double-clicked, or Enter was pressed on it."""
    folded = Signal()
    """Something was folded or unfolded."""

    def __init__(self, tiles: TileModel, parent: QWidget | None = None) -> None:
        super().__init__(tiles, parent)
        self._anchor = 0
        self.space_selects = True

    @property
    def shown_ids(self) -> npt.NDArray[np.int64]:
        """The images (N,) in the order of their rows."""
        return self.tiles.ids

    def set_current(self, image_id: int) -> None:
        """Make one image the current one and bring it into view, unfolding what hides it."""
        row = self.tiles.row_of(image_id)
        if row is not None:
            self._go_to(row)
            self._anchor = row

    def fold(self, section: int, collapsed: bool) -> None:
        """Fold what lies under a header away, or show it again."""
        if self.tiles.collapsed[section] != collapsed:
            self.tiles.collapsed[section] = collapsed
            self._folded()

    def fold_all(self, collapsed: bool) -> None:
        """Fold everything, or nothing; what is at the top stays there."""
        first = next(iter(self.visible_rows()), None)
        self.tiles.collapsed[:] = collapsed
        self._folded()
        if first is not None:
            self.verticalScrollBar().setValue(self._top_of(first))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Ask for a selection by the modifiers held."""
        if event.button() != Qt.MouseButton.LeftButton:
            return
        point = event.position().toPoint()
        index, mode = self.indexAt(point), mode_of(event.modifiers())
        if not index.isValid():
            if mode == "replace":
                self.selection_requested.emit(np.zeros(0, dtype=np.int64), mode)
            return
        row = index.row()
        section = self.tiles.section_of(row)
        if section is not None:
            self._press_header(section, point, mode)
            return
        self._point_at(row, mode)
        self._go_to(row)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Open the image; on a header the second click counts like the first."""
        index = self.indexAt(event.position().toPoint())
        if index.isValid() and self.tiles.section_of(index.row()) is not None:
            self.mousePressEvent(event)
        elif index.isValid():
            self.opened.emit(int(self.tiles.ids[index.row()]))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows walk and select, Shift extends, Ctrl only moves; Enter opens; Ctrl+A all; Escape none."""
        control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        key = event.key()
        section = self.tiles.section_of(self.currentIndex().row())
        if section is not None and self._header_key(section, key, control):
            return
        if key in MOVES:
            super().keyPressEvent(event)
            row = self.currentIndex().row()
            if row < 0 or self.tiles.section_of(row) is not None:
                return
            if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
                self._ask_range(row)
            elif not control:
                self._anchor = row
                self.selection_requested.emit(self.tiles.ids[row : row + 1], "replace")
        elif key == Qt.Key.Key_A and control:
            self.selection_requested.emit(self.tiles.ids, "replace")
        elif key == Qt.Key.Key_Escape and len(self.tiles.selected_rows()):
            self.selection_requested.emit(np.zeros(0, dtype=np.int64), "replace")
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.current_id() is not None:
            self.opened.emit(self.current_id())
        elif key == Qt.Key.Key_Space and self.space_selects and self.current_id() is not None:
            self.selection_requested.emit(np.array([self.current_id()], dtype=np.int64), "toggle")
        else:
            event.ignore()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """The first image becomes the current one, so that arrows start somewhere."""
        super().focusInEvent(event)
        if not self.currentIndex().isValid() and len(self.tiles.ids):
            selected = self.tiles.selected_rows()
            shown = next((row for row in self.visible_rows() if row < len(self.tiles.ids)), None)
            if len(selected):
                self._go_to(int(selected[0]))
            elif shown is not None:
                self._go_to(shown)

    def currentChanged(self, current: Index, previous: Index) -> None:
        """Tell which image has the keyboard."""
        super().currentChanged(current, previous)
        if current.isValid() and current.row() < len(self.tiles.ids):
            self.current_changed.emit(int(self.tiles.ids[current.row()]))

    def _press_header(self, section: int, point: QPoint, mode: Mode) -> None:
        row = len(self.tiles.ids) + section
        on_tick = point.x() >= self.viewport().width() - TICK_WIDTH
        self.selectionModel().setCurrentIndex(self.tiles.index(row), QItemSelectionModel.SelectionFlag.NoUpdate)
        if on_tick:
            self._tick(section)
        elif mode == "replace":
            self.fold(section, not self.tiles.collapsed[section])
        else:
            self.selection_requested.emit(self.tiles.members(section), mode)

    def _header_key(self, section: int, key: int, control: bool) -> bool:
        """What a key does on a header; True when it did something."""
        folded = bool(self.tiles.collapsed[section])
        if key == Qt.Key.Key_Left and (not folded or control):
            self.fold_all(True) if control else self.fold(section, True)
        elif key == Qt.Key.Key_Right and (folded or control):
            self.fold_all(False) if control else self.fold(section, False)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.fold(section, not folded)
        elif key == Qt.Key.Key_Space and (self.space_selects or control):
            self._tick(section)
        else:
            return False
        return True

    def _tick(self, section: int) -> None:
        """All of a section joins the selection, or leaves it when it was in it."""
        mode: Mode = "subtract" if self.tiles.ticked(section) == "all" else "extend"
        self.selection_requested.emit(self.tiles.members(section), mode)

    def _folded(self) -> None:
        self.updateGeometries()
        current = self.currentIndex().row()
        if 0 <= current < len(self.tiles.ids) and self._layout.box(current) is None:
            header = self.tiles.index(len(self.tiles.ids) + self._layout.section(current))
            self.selectionModel().setCurrentIndex(header, QItemSelectionModel.SelectionFlag.NoUpdate)
        self.viewport().update()
        self.folded.emit()

    def _go_to(self, row: int) -> None:
        if self._layout.box(row) is None:
            self.fold(self._layout.section(row), False)
        index = self.tiles.index(row)
        self.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.NoUpdate)
        self.scrollTo(index)
