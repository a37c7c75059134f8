"""What is written over an image, as on a reading workstation: corners, scale bar, directions, the value pointed at."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from sslstudio.gui import theme
from sslstudio.gui.widgets.image_geometry import Geometry, scale_bar
from sslstudio.gui.widgets.image_meaning import Meaning

_MARGIN = 8.0
_TEXT, _SHADE = QColor("#e4e6e8"), QColor(0, 0, 0, 200)
_SMALLEST = 150
"""Views smaller than this, in pixels, carry the value pointed at and nothing else."""


class Overlay:
    """Draws over a view of `width` x `height` with the painter that drew the image."""

    def __init__(self, painter: QPainter, width: float, height: float) -> None:
        self._painter, self._width, self._height = painter, width, height
        painter.setFont(theme.font(theme.tokens().small))
        self._metrics = QFontMetricsF(painter.font())

    def draw(self, meaning: Meaning, geometry: Geometry, window: str, pointed: str) -> None:
        """Everything that is known and for which there is room."""
        if min(self._width, self._height) >= _SMALLEST:
            left, right = meaning.corners
            self._lines(left, Qt.AlignmentFlag.AlignLeft)
            self._lines(right, Qt.AlignmentFlag.AlignRight)
            if left or right:
                self._foot(window, Qt.AlignmentFlag.AlignRight)
            self._sides(meaning)
            self._scale(meaning, geometry)
        self._foot(pointed, Qt.AlignmentFlag.AlignLeft)

    def _lines(self, lines: Sequence[str], side: Qt.AlignmentFlag) -> None:
        step = self._metrics.height()
        room = self._width / 2 - 2 * _MARGIN
        for place, line in enumerate(lines):
            short = self._metrics.elidedText(line, Qt.TextElideMode.ElideRight, room)
            left = _MARGIN if side == Qt.AlignmentFlag.AlignLeft else self._width / 2 + _MARGIN
            self._text(QRectF(left, _MARGIN + place * step, room, step), side, short)

    def _foot(self, text: str, side: Qt.AlignmentFlag) -> None:
        step = self._metrics.height()
        room = QRectF(_MARGIN, self._height - _MARGIN - step, self._width - 2 * _MARGIN, step)
        self._text(room, side, text)

    def _sides(self, meaning: Meaning) -> None:
        if meaning.sides is None:
            return
        step, middle_x, middle_y = self._metrics.height(), self._width / 2, self._height / 2
        left, right, top, bottom = meaning.sides
        size = 2 * step
        for text, x, y in (
            (left, _MARGIN, middle_y - step / 2),
            (right, self._width - _MARGIN - size, middle_y - step / 2),
            (top, middle_x - size / 2, _MARGIN),
            (bottom, middle_x - size / 2, self._height - _MARGIN - step),
        ):
            side = Qt.AlignmentFlag.AlignHCenter
            if text is left:
                side = Qt.AlignmentFlag.AlignLeft
            elif text is right:
                side = Qt.AlignmentFlag.AlignRight
            self._text(QRectF(x, y, size, step), side, text)

    def _scale(self, meaning: Meaning, geometry: Geometry) -> None:
        if not meaning.column_spacing or geometry.scale <= 0:
            return
        bar = scale_bar(meaning.column_spacing / (geometry.stretch_x * geometry.scale), min(140.0, self._width / 4))
        if bar is None or bar[0] < 20:
            return
        length, words = bar
        step = self._metrics.height()
        base = self._height - _MARGIN - 2 * step - 4
        left = _MARGIN
        for colour, width in ((_SHADE, 4.0), (_TEXT, 2.0)):
            self._painter.setPen(QPen(colour, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap))
            self._painter.drawLine(QPointF(left, base + step), QPointF(left + length, base + step))
        self._text(QRectF(left, base - 2, 160, step), Qt.AlignmentFlag.AlignLeft, words)

    def _text(self, room: QRectF, side: Qt.AlignmentFlag, text: str) -> None:
        if not text:
            return
        flags = side | Qt.AlignmentFlag.AlignVCenter
        self._painter.setPen(_SHADE)
        for dx, dy in ((1.0, 1.0), (1.0, -1.0), (-1.0, 1.0), (-1.0, -1.0), (1.0, 0.0), (0.0, 1.0)):
            self._painter.drawText(room.translated(dx, dy), int(flags), text)
        self._painter.setPen(_TEXT)
        self._painter.drawText(room, int(flags), text)
