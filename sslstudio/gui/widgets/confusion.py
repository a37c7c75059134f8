"""The confusion matrix: rows are the true classes, columns what the classifier said; a cell asks for its images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from sslstudio.domain.words import percent
from sslstudio.gui import theme

Index = QModelIndex | QPersistentModelIndex
_CELL = QSize(84, 44)
_SHARE_ROLE = int(Qt.ItemDataRole.UserRole) + 1


class ConfusionModel(QAbstractTableModel):
    """Counts (K, K) of images: `counts[true, predicted]`."""

    def __init__(self) -> None:
        super().__init__()
        self.names: tuple[str, ...] = ()
        self.counts: npt.NDArray[np.int64] = np.zeros((0, 0), dtype=np.int64)

    def set_counts(self, names: Sequence[str], counts: npt.NDArray[np.int64]) -> None:
        """Show this matrix."""
        self.beginResetModel()
        self.names, self.counts = tuple(names), np.asarray(counts, dtype=np.int64)
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        """How many true classes."""
        return 0 if parent is not None and parent.isValid() else len(self.names)

    def columnCount(self, parent: Index | None = None) -> int:
        """How many predicted classes."""
        return len(self.names)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Names of the classes."""
        if role == Qt.ItemDataRole.DisplayRole:
            return self.names[section]
        if role == Qt.ItemDataRole.ToolTipRole:
            what = "What the classifier said" if orientation == Qt.Orientation.Horizontal else "The label"
            return f"{what}: {self.names[section]}"
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Count, share of the row, and the cell in words."""
        row, column = index.row(), index.column()
        number = int(self.counts[row, column])
        total = int(self.counts[row].sum())
        share = number / total if total else 0.0
        if role == Qt.ItemDataRole.DisplayRole:
            return f"{number:,}"
        if role == _SHARE_ROLE:
            return share
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int(Qt.AlignmentFlag.AlignCenter)
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            right = "right" if row == column else "wrong"
            return (
                f"{number:,} of {total:,} images labelled {self.names[row]} were called {self.names[column]}"
                f" ({percent(share)}, {right}). Click to see them."
            )
        return None


class _CellDelegate(QStyledItemDelegate):
    """Shade by share of the row, count in the middle, share below; right answers have a frame, not only a colour."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        tokens = theme.tokens()
        area = QRectF(option.rect).adjusted(1, 1, -1, -1)
        share = float(index.data(_SHARE_ROLE) or 0.0)
        right = index.row() == index.column()
        shade = QColor(tokens.accent if right else tokens.warning)
        shade.setAlphaF(0.06 + 0.5 * share if share else 0.0)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(area, shade)
        if right:
            painter.setPen(QPen(QColor(tokens.accent), 1))
            painter.drawRect(area.adjusted(0.5, 0.5, -0.5, -0.5))
        if option.state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(QPen(QColor(tokens.focus), 2))
            painter.drawRect(area.adjusted(1, 1, -1, -1))
        painter.setPen(QColor(tokens.text if index.data() != "0" else tokens.muted))
        painter.setFont(theme.font(tokens.body, bold=right))
        painter.drawText(area.adjusted(0, 4, 0, -18), Qt.AlignmentFlag.AlignCenter, str(index.data()))
        painter.setFont(theme.font(tokens.small))
        painter.drawText(area.adjusted(0, 20, 0, -4), Qt.AlignmentFlag.AlignCenter, percent(share))
        painter.restore()


class ConfusionMatrix(QTableView):
    """Click a cell, or Enter on it: ``cell_requested(true, predicted)`` with the positions of the classes."""

    cell_requested = Signal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.matrix = ConfusionModel()
        self.matrix.setParent(self)
        self.setModel(self.matrix)
        self.setItemDelegate(_CellDelegate(self))
        self.setAccessibleName("Confusion matrix: rows are labels, columns what the classifier said")
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setShowGrid(False)
        self.setFrameShape(QTableView.Shape.NoFrame)
        self.setTabKeyNavigation(False)
        self.setCornerButtonEnabled(False)
        for header, size in ((self.horizontalHeader(), _CELL.width()), (self.verticalHeader(), _CELL.height())):
            header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
            header.setDefaultSectionSize(size)
            header.setHighlightSections(False)
        self.verticalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.clicked.connect(lambda index: self.cell_requested.emit(index.row(), index.column()))

    def set_counts(self, names: Sequence[str], counts: npt.NDArray[np.int64]) -> None:
        """Show a matrix; the widget takes the size it needs, up to eight classes without scrolling."""
        self.matrix.set_counts(names, counts)
        metrics = self.fontMetrics()
        widest = max((metrics.horizontalAdvance(name) for name in names), default=0)
        side = min(180, widest + 28)
        self.verticalHeader().setFixedWidth(side)
        cell = min(140, max(_CELL.width(), min(widest, 120) + 20))
        self.horizontalHeader().setDefaultSectionSize(cell)
        shown = min(len(names), 8)
        top = max(self.horizontalHeader().sizeHint().height(), 28)
        room = 14 if len(names) > shown else 2
        self.setFixedSize(side + shown * cell + room, top + shown * _CELL.height() + room)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter asks for the images of the cell."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self.cell_requested.emit(self.currentIndex().row(), self.currentIndex().column())
        else:
            super().keyPressEvent(event)

    def keyboardSearch(self, search: str) -> None:
        """Letters are commands of the page, never a search."""
