"""A small square plot of one share against another: a curve, dashed lines, points with intervals, one mark."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from sslstudio.gui import theme

_SIDE = 220
_LEFT, _BOTTOM, _TOP, _RIGHT = 58, 40, 8, 12
_TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)


Lines = Sequence[Sequence[tuple[float, float]]]


class Point(NamedTuple):
    """A point with a vertical interval; `weight` from 0 to 1 is its size."""

    x: float
    y: float
    low: float
    high: float
    weight: float


DIAGONAL: Lines = (((0.0, 0.0), (1.0, 1.0)),)


class SharePlot(QWidget):
    """Shows what it is told. Both axes go from 0 to 1 unless `set_range` says otherwise of the upright one."""

    def __init__(self, x_title: str, y_title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._x_title, self._y_title = x_title, y_title
        self._range = (0.0, 1.0)
        self._dashed: Lines = DIAGONAL
        self._hollow: list[Point] = []
        self._curve: list[tuple[float, float]] = []
        self._points: list[Point] = []
        self._mark: tuple[float, float] | None = None
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        theme.on_change(self, self.update)

    def sizeHint(self) -> QSize:
        """A square with room for its numbers and titles."""
        return QSize(_LEFT + _SIDE + _RIGHT, _TOP + _SIDE + _BOTTOM)

    def set_curve(self, curve: Sequence[tuple[float, float]], mark: tuple[float, float] | None = None) -> None:
        """A line through (x, y) pairs, and the place on it that is chosen."""
        self._curve, self._mark = list(curve), mark
        self.update()

    def set_points(self, points: Sequence[Point], hollow: Sequence[Point] = ()) -> None:
        """Points with their intervals; `hollow` ones stand behind them, without intervals."""
        self._points, self._hollow = list(points), list(hollow)
        self.update()

    def set_dashed(self, lines: Lines) -> None:
        """What to compare with; at first the diagonal."""
        self._dashed = lines
        self.update()

    def set_range(self, low: float, high: float) -> None:
        """Where the upright axis begins and ends."""
        self._range = (low, high)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Frame, numbers, diagonal, then what is shown."""
        tokens = theme.tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.font(tokens.small))
        area = QRectF(_LEFT, _TOP, _SIDE, _SIDE)
        self._draw_frame(painter, area)
        painter.setClipRect(area.adjusted(-8, -8, 8, 8))
        painter.setPen(QPen(QColor(tokens.muted), 1, Qt.PenStyle.DashLine))
        for line in self._dashed:
            painter.drawPolyline(QPolygonF([self._at(area, x, y) for x, y in line]))
        accent = QColor(tokens.accent)
        if self._curve:
            painter.setPen(QPen(accent, 2))
            painter.drawPolyline(QPolygonF([self._at(area, x, y) for x, y in self._curve]))
        self._draw_points(painter, area, accent)
        if self._mark is not None:
            painter.setPen(QPen(QColor(tokens.text), 2))
            painter.setBrush(QColor(tokens.panel))
            painter.drawEllipse(self._at(area, *self._mark), 5, 5)

    def _draw_frame(self, painter: QPainter, area: QRectF) -> None:
        tokens = theme.tokens()
        low, high = self._range
        for tick in _TICKS:
            value = low + tick * (high - low)
            place = self._at(area, tick, value)
            painter.setPen(QPen(QColor(tokens.line), 1))
            painter.drawLine(QPointF(area.left(), place.y()), QPointF(area.right(), place.y()))
            painter.drawLine(QPointF(place.x(), area.top()), QPointF(place.x(), area.bottom()))
            painter.setPen(QColor(tokens.muted))
            left = QRectF(0, place.y() - 8, _LEFT - 6, 16)
            painter.drawText(left, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, f"{round(value, 4):g}")
            if tick in (0.0, 0.5, 1.0):
                below = QRectF(place.x() - 20, area.bottom() + 3, 40, 14)
                painter.drawText(below, Qt.AlignmentFlag.AlignCenter, f"{tick:g}")
        painter.setPen(QColor(tokens.text))
        painter.drawText(
            QRectF(area.left(), area.bottom() + 19, area.width(), 18), Qt.AlignmentFlag.AlignCenter, self._x_title
        )
        painter.save()
        painter.translate(10, area.center().y())
        painter.rotate(-90)
        painter.drawText(QRectF(-_SIDE / 2, -9, _SIDE, 18), Qt.AlignmentFlag.AlignCenter, self._y_title)
        painter.restore()

    def _draw_points(self, painter: QPainter, area: QRectF, colour: QColor) -> None:
        painter.setPen(QPen(QColor(theme.tokens().muted), 1.5))
        for point in self._hollow:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(self._at(area, point.x, point.y), _radius(point), _radius(point))
        for point in self._points:
            painter.setPen(QPen(colour, 1.5))
            painter.drawLine(self._at(area, point.x, point.low), self._at(area, point.x, point.high))
            painter.setBrush(colour)
            painter.drawEllipse(self._at(area, point.x, point.y), _radius(point), _radius(point))

    def _at(self, area: QRectF, x: float, y: float) -> QPointF:
        low, high = self._range
        return QPointF(area.left() + x * area.width(), area.bottom() - (y - low) / (high - low) * area.height())


def _radius(point: Point) -> float:
    return 2.5 + 4 * float(point.weight**0.5)
