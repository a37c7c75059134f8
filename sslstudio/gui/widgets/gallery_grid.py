"""An item view of equal cells whose layout is arithmetic: no cost at all for the number of rows.

Qt's own list lays out every row again after each resize and reset (80 ms at 100,000 rows, measured here), which the
window may not spend. Cells are equal, so that the place of a row is a division.
"""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QRegion, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QStyle, QStyleOptionViewItem, QWidget

Index = QModelIndex | QPersistentModelIndex


class EqualGrid(QAbstractItemView):
    """Rows of a list model in equal cells, left to right, then down; scrolls by pixels."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cell = QSize(120, 140)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)

    @property
    def cell(self) -> QSize:
        """Size of a cell in pixels."""
        return self._cell

    def set_cell(self, size: QSize) -> None:
        """Change the size of the cells, keeping the middle of what is in view."""
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
        """Where a row stands, in the viewport's pixels."""
        if not index.isValid():
            return QRect()
        line, column = divmod(index.row(), self.columns())
        top = line * self._cell.height() - self.verticalOffset()
        return QRect(QPoint(column * self._cell.width(), top), self._cell)

    def indexAt(self, point: QPoint) -> QModelIndex:
        """The row at a point of the viewport; invalid beside all cells."""
        column = point.x() // self._cell.width()
        row = (point.y() + self.verticalOffset()) // self._cell.height() * self.columns() + column
        inside = point.x() >= 0 and column < self.columns() and 0 <= row < self._rows()
        return self.model().index(row, 0) if inside else QModelIndex()

    def scrollTo(
        self, index: Index, hint: QAbstractItemView.ScrollHint = QAbstractItemView.ScrollHint.EnsureVisible
    ) -> None:
        """Bring a row into view with as little movement as the hint allows."""
        area = self.visualRect(index)
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
        rows = self._rows()
        if not rows:
            return QModelIndex()
        columns = self.columns()
        page = max(1, self.viewport().height() // self._cell.height()) * columns
        kind = QAbstractItemView.CursorAction
        steps = {
            kind.MoveLeft: -1,
            kind.MovePrevious: -1,
            kind.MoveRight: 1,
            kind.MoveNext: 1,
            kind.MoveUp: -columns,
            kind.MoveDown: columns,
            kind.MovePageUp: -page,
            kind.MovePageDown: page,
            kind.MoveHome: -rows,
            kind.MoveEnd: rows,
        }
        current = self.currentIndex().row()
        target = max(0, current) + steps.get(action, 0)
        if action in (kind.MoveUp, kind.MovePageUp) and target < 0:
            target = current % columns if action == kind.MovePageUp else current
        if action == kind.MoveDown and target >= rows:
            target = rows - 1 if current // columns < (rows - 1) // columns else current
        return self.model().index(min(max(target, 0), rows - 1), 0)

    def horizontalOffset(self) -> int:
        """Never scrolled sideways."""
        return 0

    def verticalOffset(self) -> int:
        """Pixels scrolled down."""
        return self.verticalScrollBar().value()

    def isIndexHidden(self, index: Index) -> bool:
        """No row is hidden."""
        return False

    def setSelection(self, rect: QRect, command: object) -> None:
        """Qt's own selection is not used."""

    def visualRegionForSelection(self, selection: object) -> QRegion:
        """Qt's own selection is not used."""
        return QRegion()

    def updateGeometries(self) -> None:
        """Set the scroll range."""
        super().updateGeometries()
        lines = -(-self._rows() // self.columns())
        bar = self.verticalScrollBar()
        bar.setRange(0, max(0, lines * self._cell.height() - self.viewport().height()))
        bar.setPageStep(self.viewport().height())
        bar.setSingleStep(max(8, self._cell.height() // 3))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the first visible row in view while the number of columns changes."""
        before = self.visible_rows()
        super().resizeEvent(event)
        self.updateGeometries()
        if len(before) and event.oldSize().width() != event.size().width() and self.verticalOffset() > 0:
            line = before[0] // self.columns()
            self.verticalScrollBar().setValue(line * self._cell.height())

    def visible_rows(self) -> range:
        """Rows that are at least partly in view."""
        columns = self.columns()
        first = self.verticalOffset() // self._cell.height()
        last = (self.verticalOffset() + self.viewport().height()) // self._cell.height()
        return range(min(first * columns, self._rows()), min((last + 1) * columns, self._rows()))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the rows in view."""
        painter = QPainter(self.viewport())
        option = QStyleOptionViewItem()
        self.initViewItemOption(option)
        current = self.currentIndex().row()
        delegate = self.itemDelegate()
        plain = option.state & ~QStyle.StateFlag.State_HasFocus
        for row in self.visible_rows():
            index = self.model().index(row, 0)
            area = self.visualRect(index)
            if not area.intersects(event.rect()):
                continue
            option.rect = area
            focused = row == current and self.hasFocus()
            option.state = plain | QStyle.StateFlag.State_HasFocus if focused else plain
            delegate.paint(painter, option, index)
        painter.end()

    def _rows(self) -> int:
        model = self.model()
        return model.rowCount() if model is not None else 0
