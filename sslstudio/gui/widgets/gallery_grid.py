"""An item view of equal cells under headers, whose layout is arithmetic: no cost at all for the number of rows.

Qt's own list lays out every row again after each resize and reset (80 ms at 100,000 rows, measured here), which the
window may not spend. Cells are equal, so that the place of a row is a division.
"""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QRegion, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QStyle, QStyleOptionViewItem, QWidget

from sslstudio.gui.item_models.tiles import TileModel
from sslstudio.gui.widgets.gallery_header import HEADER_HEIGHT
from sslstudio.gui.widgets.gallery_layout import CellLayout

Index = QModelIndex | QPersistentModelIndex


class EqualGrid(QAbstractItemView):
    """Rows of a tile model in equal cells, left to right, then down, under their headers; scrolls by pixels."""

    def __init__(self, tiles: TileModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.tiles = tiles
        tiles.setParent(self)
        self._cell = QSize(120, 140)
        self._layout = self._lay_out()
        self.setModel(tiles)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        tiles.modelReset.connect(self.updateGeometries)

    @property
    def cell(self) -> QSize:
        """Size of a cell in pixels."""
        return self._cell

    def set_cell(self, size: QSize) -> None:
        """Change the size of the cells, keeping the middle of what is in view."""
        if size == self._cell:
            return
        middle = self.indexAt(QPoint(self._cell.width() // 2, self.viewport().height() // 2))
        self._cell = size
        self.updateGeometries()
        if middle.isValid():
            self.scrollTo(middle, QAbstractItemView.ScrollHint.PositionAtCenter)
        self.viewport().update()

    def columns(self) -> int:
        """Cells in one line."""
        return max(1, self.viewport().width() // self._cell.width())

    def visualRect(self, index: Index) -> QRect:
        """Where a row stands, in the viewport's pixels; nowhere when it is folded away."""
        box = self._layout.box(index.row()) if index.isValid() else None
        if box is None:
            return QRect()
        return QRect(box.x, box.y - self.verticalOffset(), box.width, box.height)

    def indexAt(self, point: QPoint) -> QModelIndex:
        """The row at a point of the viewport; invalid beside all cells."""
        row = self._layout.at(point.x(), point.y() + self.verticalOffset())
        return self.tiles.index(row, 0) if row is not None else QModelIndex()

    def scrollTo(
        self, index: Index, hint: QAbstractItemView.ScrollHint = QAbstractItemView.ScrollHint.EnsureVisible
    ) -> None:
        """Bring a row into view with as little movement as the hint allows."""
        area = self.visualRect(index)
        if area.isNull():
            return
        height = self.viewport().height()
        offset = self.verticalOffset()
        if hint == QAbstractItemView.ScrollHint.PositionAtCenter:
            offset += area.center().y() - height // 2
        elif hint == QAbstractItemView.ScrollHint.PositionAtTop or area.top() < 0:
            offset += area.top()
        elif area.bottom() > height:
            offset += min(area.top(), area.bottom() - height + 1)
        self.verticalScrollBar().setValue(offset)

    def moveCursor(self, action: QAbstractItemView.CursorAction, modifiers: Qt.KeyboardModifier) -> QModelIndex:
        """Where the keyboard goes from the current row."""
        layout, kind = self._layout, QAbstractItemView.CursorAction
        if not layout.rows:
            return QModelIndex()
        row = self.currentIndex().row()
        page = max(self._cell.height(), self.viewport().height() - self._cell.height())
        if action in (kind.MoveHome, kind.MoveEnd) or row < 0:
            row = layout.end(last=action == kind.MoveEnd)
        elif action in (kind.MovePageUp, kind.MovePageDown):
            row = layout.page(row, page if action == kind.MovePageDown else -page)
        elif action in (kind.MoveUp, kind.MoveDown):
            row = layout.down(row, 1 if action == kind.MoveDown else -1)
        else:
            row = layout.step(row, 1 if action in (kind.MoveRight, kind.MoveNext) else -1)
        return self.tiles.index(row, 0)

    def horizontalOffset(self) -> int:
        """Never scrolled sideways."""
        return 0

    def verticalOffset(self) -> int:
        """Pixels scrolled down."""
        return self.verticalScrollBar().value()

    def isIndexHidden(self, index: Index) -> bool:
        """True for what is folded away."""
        return self._layout.box(index.row()) is None

    def setSelection(self, rect: QRect, command: object) -> None:
        """Qt's own selection is not used."""

    def visualRegionForSelection(self, selection: object) -> QRegion:
        """Qt's own selection is not used."""
        return QRegion()

    def updateGeometries(self) -> None:
        """Lay out again and set the scroll range."""
        super().updateGeometries()
        self._layout = self._lay_out()
        bar = self.verticalScrollBar()
        bar.setRange(0, max(0, self._layout.height - self.viewport().height()))
        bar.setPageStep(self.viewport().height())
        bar.setSingleStep(max(8, self._cell.height() // 3))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the first visible row in view while the number of columns changes."""
        before = self.visible_rows()
        super().resizeEvent(event)
        self.updateGeometries()
        if before and event.oldSize().width() != event.size().width() and self.verticalOffset() > 0:
            self.verticalScrollBar().setValue(self._top_of(before[0]))

    def visible_rows(self) -> list[int]:
        """Rows that are at least partly in view, headers among them."""
        top = self.verticalOffset()
        return self._layout.between(top, top + self.viewport().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the rows in view."""
        painter = QPainter(self.viewport())
        option = QStyleOptionViewItem()
        self.initViewItemOption(option)
        current = self.currentIndex().row()
        delegate = self.itemDelegate()
        plain = option.state & ~QStyle.StateFlag.State_HasFocus
        for row in self.visible_rows():
            index = self.tiles.index(row, 0)
            area = self.visualRect(index)
            if not area.intersects(event.rect()):
                continue
            option.rect = area
            focused = row == current and self.hasFocus()
            option.state = plain | QStyle.StateFlag.State_HasFocus if focused else plain
            delegate.paint(painter, option, index)
        painter.end()

    def _top_of(self, row: int) -> int:
        """Where a row begins, in pixels from the first; where its header does when it is folded away."""
        box = self._layout.box(row)
        if box is None:
            box = self._layout.box(len(self.tiles.ids) + self._layout.section(row))
        return box.y if box is not None else 0

    def _lay_out(self) -> CellLayout:
        sections, cell = self.tiles.sections, (self._cell.width(), self._cell.height())
        width = self.viewport().width()
        if sections is None:
            return CellLayout(np.array([0, len(self.tiles.ids)], dtype=np.int64), self.columns(), cell, width)
        return CellLayout(sections.starts, self.columns(), cell, width, HEADER_HEIGHT, self.tiles.collapsed)
