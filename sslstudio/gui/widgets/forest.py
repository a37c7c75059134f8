"""A column of a score table as a forest plot: a dot and its interval on one scale, with a line at no difference."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QHeaderView, QStyledItemDelegate, QStyleOptionViewItem, QTableView

from sslstudio.gui import theme

Bar = tuple[float, float, float]
_WIDTH = 180


class ForestColumn(QStyledItemDelegate):
    """Paints column `column` of `table`; a bar is (low, value, high) of a difference."""

    def __init__(self, table: QTableView, column: int) -> None:
        super().__init__(table)
        self._bars: list[Bar | None] = []
        self._reach = 1.0
        table.setItemDelegateForColumn(column, self)
        table.horizontalHeader().setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
        table.setColumnWidth(column, _WIDTH)

    def set_bars(self, bars: Sequence[Bar | None]) -> None:
        """One a row; None where there is none."""
        self._bars = list(bars)
        self._reach = max((abs(end) for bar in bars if bar for end in (bar[0], bar[2])), default=1.0) or 1.0

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """The background of the row, then the bar."""
        super().paint(painter, option, index)
        bar = self._bars[index.row()] if index.row() < len(self._bars) else None
        tokens = theme.tokens()
        area = QRectF(option.rect).adjusted(8, 0, -8, 0)
        middle = area.center()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(tokens.muted), 1, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(middle.x(), area.top()), QPointF(middle.x(), area.bottom()))
        if bar is not None:
            low, value, high = (middle.x() + end / self._reach * area.width() / 2 for end in bar)
            colour = QColor(tokens.warning if bar[2] < 0 else tokens.accent)
            painter.setPen(QPen(colour, 2))
            painter.drawLine(QPointF(low, middle.y()), QPointF(high, middle.y()))
            painter.setBrush(colour)
            painter.drawEllipse(QPointF(value, middle.y()), 3.5, 3.5)
        painter.restore()
