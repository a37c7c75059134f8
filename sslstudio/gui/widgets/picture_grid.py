"""Small finished pictures in rows and columns with titles, painted as one widget so that many cost little."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from sslstudio.gui import theme

Shown = npt.NDArray[np.uint8]
_GAP = 4
_BREAK = 16
_HEAD = 20
_LONGEST = 140
"""Longer titles of rows are wrapped, so that the pictures get the width."""


def to_image(pixels: Shown) -> QImage:
    """Pixels (H, W, 3) or (H, W, 1) as an image that owns them."""
    held = np.ascontiguousarray(pixels)
    height, width, channels = held.shape
    form = QImage.Format.Format_RGB888 if channels == 3 else QImage.Format.Format_Grayscale8
    return QImage(held.data, width, height, width * channels, form).copy()


class PictureGrid(QWidget):
    """Rows of square pictures. The first `apart` columns stand a little apart from the rest."""

    def __init__(self, name: str, largest: int = 160, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self._largest = largest
        self._rows: list[list[QImage]] = []
        self._row_titles: Sequence[str] = ()
        self._column_titles: dict[int, str] = {}
        self._apart = 0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(200, 96)
        theme.on_change(self, self.update)

    def set_pictures(
        self,
        rows: Sequence[Sequence[QImage]],
        *,
        row_titles: Sequence[str] = (),
        column_titles: dict[int, str] | None = None,
        apart: int = 0,
    ) -> None:
        """Show these; `column_titles` are by the column above which each begins."""
        self._rows = [list(row) for row in rows]
        self._row_titles, self._column_titles, self._apart = row_titles, column_titles or {}, apart
        self.updateGeometry()
        self.update()

    def picture(self, row: int, column: int) -> QImage:
        """One of the pictures."""
        return self._rows[row][column]

    def sizeHint(self) -> QSize:
        """All pictures at their largest."""
        columns = max((len(row) for row in self._rows), default=1)
        return QSize(self._left() + columns * (self._largest + _GAP) + _BREAK, self._top() + self._tall(self._largest))

    def heightForWidth(self, width: int) -> int:
        """As tall as the pictures get at `width`."""
        return self._top() + self._tall(self._side(width, 1 << 20))

    def _tall(self, side: int) -> int:
        return max(1, len(self._rows)) * (side + _GAP)

    def _left(self) -> int:
        metrics = self.fontMetrics()
        return max((min(_LONGEST, metrics.horizontalAdvance(title) + 12) for title in self._row_titles), default=0)

    def _top(self) -> int:
        return _HEAD if self._column_titles else 0

    def _side(self, width: int, height: int) -> int:
        columns = max((len(row) for row in self._rows), default=1)
        gap = _BREAK if self._apart else 0
        wide = (width - self._left() - gap) // max(1, columns) - _GAP
        tall = (height - self._top()) // max(1, len(self._rows)) - _GAP
        return max(16, min(wide, tall, self._largest))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Pictures on neutral black, titles in the colour of muted text."""
        painter = QPainter(self)
        side, left, top = self._side(self.width(), self.height()), self._left(), self._top()
        colours = theme.tokens()
        painter.setFont(theme.font(colours.small))
        painter.setPen(QColor(colours.muted))
        flags = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        wrapped = int(Qt.TextFlag.TextWordWrap)
        for column, title in self._column_titles.items():
            painter.drawText(QRectF(self._x(column, side, left), 0, self.width(), _HEAD - 4), flags, title)
        for place, row in enumerate(self._rows):
            y = top + place * (side + _GAP)
            if place < len(self._row_titles):
                painter.drawText(QRectF(0, y, left - 8, side), flags | wrapped, self._row_titles[place])
            for column, image in enumerate(row):
                target = QRectF(self._x(column, side, left), y, side, side)
                painter.fillRect(target, QColor(colours.image_background))
                smooth = side * self.devicePixelRatioF() < 2 * max(1, image.width())
                painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
                painter.drawImage(target, image)
        painter.end()

    def _x(self, column: int, side: int, left: int) -> int:
        return left + column * (side + _GAP) + (_BREAK if self._apart and column >= self._apart else 0)
