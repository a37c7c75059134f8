"""How often each value occurs in an image, with the windows drawn over it; a window is moved and widened by dragging.

Values are in the unit of the image (HU for CT). Heights are logarithmic: air must not flatten everything else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from sslstudio.gui import theme

BINS = 256
CHANNELS = ("#e0503f", "#4aa35a", "#4d86e0")
"""Red, green and blue as they read on light and dark ground."""
_GRIP = 7.0
_FOOT = 18


@dataclass(frozen=True)
class Histogram:
    """`counts` (BINS,) of the values from `low` to `high`, in `unit`."""

    counts: npt.NDArray[np.int64]
    low: float
    high: float
    unit: str = ""


def measure(stored: npt.NDArray[np.uint8 | np.uint16], slope: float, intercept: float, unit: str) -> Histogram:
    """The histogram of stored values in the unit of the image, from its smallest to its largest value."""
    least, most = int(stored.min()), int(stored.max())
    counts, _ = np.histogram(stored, BINS, (least, max(most, least + 1)))
    ends = sorted(value * slope + intercept for value in (least, max(most, least + 1)))
    return Histogram(counts[::-1] if slope < 0 else counts, ends[0], ends[1], unit)


class WindowHistogram(QWidget):
    """Bars and windows. ``dragged(channel, low, high)`` fires while the ends of a window are moved, in units."""

    dragged = Signal(int, float, float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Values of the image and the windows")
        self.setAccessibleDescription(
            "Drag a window to move it, its ends to make it wider; the fields below do the same"
        )
        self.setToolTip("Drag a window to move it; drag its ends to make it wider or narrower.")
        self.setMinimumHeight(120)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)
        self._histogram: Histogram | None = None
        self._windows: tuple[tuple[float, float], ...] = ()
        self._movable = False
        self._press: tuple[int, str, float, tuple[float, float]] | None = None
        self._held: tuple[float, float] | None = None

    def sizeHint(self) -> QSize:
        """Low and wide."""
        return QSize(320, 130)

    def set_histogram(self, histogram: Histogram | None) -> None:
        """The values of the image in view, or none."""
        self._histogram = histogram
        self.update()

    def set_windows(self, windows: Sequence[tuple[float, float]], *, movable: bool) -> None:
        """The windows in units, one a channel."""
        self._windows, self._movable = tuple(windows), movable
        self.update()

    def span(self) -> tuple[float, float]:
        """The values at the left and right end: those of the image, and the windows where they reach beyond."""
        if self._held is not None:
            return self._held
        ends = [(self._histogram.low, self._histogram.high)] if self._histogram is not None else []
        ends += self._windows
        if not ends:
            return 0.0, 1.0
        low, high = min(low for low, _ in ends), max(high for _, high in ends)
        room = (high - low or 1.0) * 0.03
        return low - room, high + room

    def x_of(self, value: float) -> float:
        """Where a value stands."""
        low, high = self.span()
        return (value - low) / (high - low) * self.width()

    def value_at(self, x: float) -> float:
        """The value that stands there."""
        low, high = self.span()
        return low + x / max(1, self.width()) * (high - low)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Bars, windows, and the two ends of the axis in figures."""
        tokens, painter = theme.tokens(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground = QRectF(0, 0, self.width(), self.height() - _FOOT)
        painter.fillRect(ground, QColor(tokens.raised))
        if self._histogram is not None:
            self._paint_bars(painter, self._histogram, ground)
        for place, window in enumerate(self._windows):
            self._paint_window(painter, ground, window, self.colour_of(place, len(self._windows)))
        painter.setPen(QColor(tokens.muted))
        painter.setFont(theme.font(tokens.small))
        foot = QRectF(2, ground.bottom(), self.width() - 4, _FOOT)
        low, high = self.span()
        unit = f" {self._histogram.unit}" if self._histogram is not None and self._histogram.unit else ""
        painter.drawText(foot, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, f"{low:.0f}{unit}")
        painter.drawText(foot, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, f"{high:.0f}{unit}")
        painter.end()

    @staticmethod
    def colour_of(place: int, channels: int) -> QColor:
        """The colour of one of so many windows: the accent, or that of its channel."""
        return QColor(theme.tokens().accent if channels < 3 else CHANNELS[place])

    def _paint_bars(self, painter: QPainter, histogram: Histogram, ground: QRectF) -> None:
        heights = np.log1p(histogram.counts)
        top = float(heights.max()) or 1.0
        edges = np.linspace(histogram.low, histogram.high, len(heights) + 1)
        line = QPolygonF([QPointF(self.x_of(float(edges[0])), ground.bottom())])
        for place, height in enumerate(heights):
            y = ground.bottom() - float(height) / top * (ground.height() - 8)
            line.append(QPointF(self.x_of(float(edges[place])), y))
            line.append(QPointF(self.x_of(float(edges[place + 1])), y))
        line.append(QPointF(self.x_of(float(edges[-1])), ground.bottom()))
        colour = QColor(theme.tokens().muted)
        colour.setAlpha(150)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawPolygon(line)

    def _paint_window(self, painter: QPainter, ground: QRectF, window: tuple[float, float], colour: QColor) -> None:
        left, right = self.x_of(window[0]), self.x_of(window[1])
        fill = QColor(colour)
        fill.setAlpha(40)
        painter.fillRect(QRectF(left, ground.top(), right - left, ground.height()), fill)
        painter.setPen(QPen(colour, 2))
        painter.drawLine(QPointF(left, ground.bottom()), QPointF(right, ground.top() + 1))
        for x in (left, right):
            painter.drawLine(QPointF(x, ground.top()), QPointF(x, ground.bottom()))

    # -- dragging --------------------------------------------------------------------------------------------

    def part_at(self, x: float) -> tuple[int, str] | None:
        """Which window is under the pointer, and whether by its "low" or "high" end or its "middle"."""
        if not self._movable:
            return None
        found: list[tuple[float, int, str]] = []
        for place, (low, high) in enumerate(self._windows):
            left, right = self.x_of(low), self.x_of(high)
            found += [(abs(x - left), place, "low"), (abs(x - right), place, "high")]
            if left < x < right:
                found.append((_GRIP + (right - left) / 1e6, place, "middle"))
        nearest = min(found, default=None)
        return None if nearest is None or nearest[0] > _GRIP + 1 else nearest[1:]

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take a window, or one of its ends."""
        part = self.part_at(event.position().x())
        if part is not None and event.button() == Qt.MouseButton.LeftButton:
            self._press = (*part, self.value_at(event.position().x()), self._windows[part[0]])
            self._held = self.span()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Move what was taken."""
        x = event.position().x()
        if self._press is None:
            part = self.part_at(x)
            shapes = {"middle": Qt.CursorShape.SizeAllCursor, None: Qt.CursorShape.ArrowCursor}
            self.setCursor(shapes.get(part[1] if part else None, Qt.CursorShape.SizeHorCursor))
            return
        place, end, start, (low, high) = self._press
        shift = self.value_at(x) - start
        if end == "middle":
            low, high = low + shift, high + shift
        elif end == "low":
            low = min(low + shift, high - 1.0)
        else:
            high = max(high + shift, low + 1.0)
        self.dragged.emit(place, low, high)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go."""
        self._press = self._held = None
        self.update()
