"""How often each value occurs in an image or a series, with the display window drawn on it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from sslstudio.gui import theme
from sslstudio.gui.widgets.image_meaning import PLAIN, Meaning

BINS = 256
_FOOT = 18
_NEAR = 6.0


@dataclass(frozen=True)
class Counts:
    """How many values fall into each of equal bins (B,) from stored value `low` to `high`, both included."""

    bins: npt.NDArray[np.int64]
    low: float
    high: float


def count_values(images: Iterable[npt.NDArray[Any]], bins: int = BINS) -> Counts | None:
    """Count the stored values (uint8 or uint16) of images, all channels together; None without images."""
    total = np.zeros(0, dtype=np.int64)
    for image in images:
        counts = np.bincount(image.reshape(-1))
        if len(counts) > len(total):
            total = np.concatenate([total, np.zeros(len(counts) - len(total), dtype=np.int64)])
        total[: len(counts)] += counts
    present = np.flatnonzero(total)
    if not len(present):
        return None
    low, high = int(present[0]), int(present[-1])
    values = total[low : high + 1]
    if len(values) > bins:
        edges = np.linspace(0, len(values), bins + 1).astype(np.int64)[:-1]
        values = np.add.reduceat(values, edges)
    return Counts(values, float(low), float(high))


class Histogram(QWidget):
    """Bars, the window as a ramp from black to white, and its ends, which can be dragged: ``window_requested``."""

    window_requested = Signal(float, float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Histogram")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(90)
        self.setMouseTracking(True)
        self._counts: Counts | None = None
        self._window = (0.0, 255.0)
        self._meaning = PLAIN
        self._logarithmic = False
        self._held: int | None = None
        theme.on_change(self, self.update)

    def sizeHint(self) -> QSize:
        """Wide and low."""
        return QSize(280, 140)

    def set_counts(self, counts: Counts | None, meaning: Meaning = PLAIN) -> None:
        """What is counted, and what its values mean."""
        self._counts, self._meaning = counts, meaning
        self._describe()
        self.update()

    def set_window(self, low: float, high: float) -> None:
        """The display window in stored values."""
        self._window = (low, high)
        self._describe()
        self.update()

    def set_logarithmic(self, logarithmic: bool) -> None:
        """Show rare values too."""
        self._logarithmic = logarithmic
        self.update()

    def heights(self) -> npt.NDArray[np.float64]:
        """Heights of the bars, from 0 to 1."""
        if self._counts is None:
            return np.zeros(0)
        values = self._counts.bins.astype(np.float64)
        if self._logarithmic:
            values = np.log1p(values)
        most = values.max()
        if not self._logarithmic and len(values) > 8:
            most = max(1.0, float(np.sort(values)[-3]))  # one flat background must not press all the rest down
        return np.minimum(values / most, 1.0) if most > 0 else values

    def x_of(self, stored: float) -> float:
        """Where a stored value stands, in pixels from the left."""
        low, high = self._span()
        return (stored - low) / (high - low) * self.width()

    def _stored(self, x: float) -> float:
        low, high = self._span()
        return low + x / max(1, self.width()) * (high - low)

    def _span(self) -> tuple[float, float]:
        low, high = (self._counts.low, self._counts.high) if self._counts is not None else self._window
        return (low, high + 1.0) if high >= low else (low, low + 1.0)

    def _describe(self) -> None:
        if self._counts is None:
            self.setAccessibleDescription("No image")
            return
        low, high = self._meaning.number(self._counts.low), self._meaning.number(self._counts.high)
        self.setAccessibleDescription(f"Values {low} to {high}. Window {self._meaning.window(*self._window)}.")

    def paintEvent(self, event: QPaintEvent) -> None:
        """Bars, window, numbers at both ends."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours = theme.tokens()
        room = QRectF(0, 2, self.width(), self.height() - _FOOT - 2)
        heights = self.heights()
        if len(heights):
            self._draw_bars(painter, room, heights, QColor(colours.muted))
            self._draw_window(painter, room, QColor(colours.accent))
        painter.setPen(QColor(colours.line))
        painter.drawLine(room.bottomLeft(), room.bottomRight())
        self._draw_numbers(painter, room)
        painter.end()

    @staticmethod
    def _draw_bars(painter: QPainter, room: QRectF, heights: npt.NDArray[np.float64], colour: QColor) -> None:
        step = room.width() / len(heights)
        outline = [QPointF(room.left(), room.bottom())]
        for place, height in enumerate(heights.tolist()):
            top = room.bottom() - height * room.height()
            outline += [QPointF(room.left() + place * step, top), QPointF(room.left() + (place + 1) * step, top)]
        outline.append(QPointF(room.right(), room.bottom()))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawPolygon(QPolygonF(outline))

    def _draw_window(self, painter: QPainter, room: QRectF, colour: QColor) -> None:
        low, high = (self.x_of(value) for value in self._window)
        shade = QColor(colour)
        shade.setAlpha(40)
        painter.fillRect(QRectF(low, room.top(), high - low, room.height()).intersected(room), shade)
        painter.setPen(QPen(colour, 2))
        painter.setClipRect(room)
        painter.drawPolyline(
            [
                QPointF(room.left(), room.bottom() - 1),
                QPointF(low, room.bottom() - 1),
                QPointF(high, room.top() + 1),
                QPointF(room.right(), room.top() + 1),
            ]
        )
        painter.setPen(QPen(colour, 1, Qt.PenStyle.DashLine))
        for x in (low, high):
            painter.drawLine(QPointF(x, room.top()), QPointF(x, room.bottom()))
        painter.setClipping(False)

    def _draw_numbers(self, painter: QPainter, room: QRectF) -> None:
        colours = theme.tokens()
        painter.setFont(theme.font(colours.small))
        painter.setPen(QColor(colours.muted))
        foot = QRectF(0, room.bottom() + 2, self.width(), _FOOT - 2)
        if self._counts is None:
            painter.drawText(foot, Qt.AlignmentFlag.AlignLeft, "No image")
            return
        left, right = self._meaning.number(self._counts.low), self._meaning.number(self._counts.high)
        middle = self._meaning.window(*self._window)
        painter.drawText(foot, Qt.AlignmentFlag.AlignLeft, left)
        painter.drawText(foot, Qt.AlignmentFlag.AlignRight, right)
        metrics = QFontMetrics(painter.font())
        if sum(metrics.horizontalAdvance(text) for text in (left, middle, right)) + 24 < self.width():
            painter.setPen(QColor(colours.accent))
            painter.drawText(foot, Qt.AlignmentFlag.AlignHCenter, middle)

    # -- the user --------------------------------------------------------------------------------------------

    def _end_at(self, x: float) -> int | None:
        near = [(abs(self.x_of(value) - x), end) for end, value in enumerate(self._window)]
        distance, end = min(near)
        return end if self._counts is not None and distance <= _NEAR else None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take hold of an end of the window."""
        self._held = self._end_at(event.position().x())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag it."""
        x = event.position().x()
        if self._held is None:
            near = self._end_at(x) is not None
            self.setCursor(Qt.CursorShape.SplitHCursor if near else Qt.CursorShape.ArrowCursor)
            return
        low, high = self._window
        value = self._stored(x)
        window = (min(value, high - 1e-6), high) if self._held == 0 else (low, max(value, low + 1e-6))
        self.window_requested.emit(*window)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go."""
        self._held = None
