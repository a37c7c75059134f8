"""Two maps of the same images side by side: what is pointed at in one is ringed in both, so that a case is followed."""

from __future__ import annotations

from collections.abc import Set

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from sslstudio.gui import theme

_GAP, _HEAD, _MARGIN, _NEAR = 12, 20, 10, 14.0
_DOT, _RING = 2.2, 6.0


class PairedMaps(QWidget):
    """Setters, and ``image_chosen(id)`` for a click on a point."""

    image_chosen = Signal(int)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setMouseTracking(True)
        self.setMinimumSize(280, 160)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._titles = ("", "")
        self._ids: NDArray[np.int64] = np.empty(0, np.int64)
        self._places: tuple[NDArray[np.float32], NDArray[np.float32]] = (
            np.empty((0, 2), np.float32),
            np.empty((0, 2), np.float32),
        )
        self._colours: list[QColor] = []
        self._ringed: Set[int] = frozenset()
        self._pointed = -1
        theme.on_change(self, self.update)

    def set_maps(
        self,
        titles: tuple[str, str],
        ids: NDArray[np.int64],
        places: tuple[NDArray[np.float32], NDArray[np.float32]],
        groups: NDArray[np.int32],
    ) -> None:
        """Points of images `ids` (n,) at `places`, (n, 2) each; `groups` (n,) give colours, -1 for none."""
        self._titles, self._ids, self._places = titles, ids, places
        grey = QColor("#9a9a9a")
        wheel = [QColor(colour) for colour in theme.CLASS_COLOURS]
        self._colours = [grey if group < 0 else wheel[int(group) % len(wheel)] for group in groups]
        self._pointed = -1
        self.update()

    def set_ringed(self, ids: Set[int]) -> None:
        """Ring these images in both maps."""
        self._ringed = ids
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Both maps with their titles, points, and rings."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours = theme.tokens()
        for side in (0, 1):
            area = self._area(side)
            painter.fillRect(area, QColor(colours.panel))
            painter.setPen(QColor(colours.muted))
            painter.setFont(theme.font(colours.small))
            head = QRectF(area.left(), 0, area.width(), _HEAD - 2)
            painter.drawText(head, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), self._titles[side])
            spots = self._spots(side)
            painter.setPen(Qt.PenStyle.NoPen)
            for (x, y), colour in zip(spots, self._colours, strict=True):
                painter.setBrush(colour)
                painter.drawEllipse(QPointF(x, y), _DOT, _DOT)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(colours.text), 2))
            for row, image_id in enumerate(self._ids.tolist()):
                if row == self._pointed or image_id in self._ringed:
                    painter.drawEllipse(QPointF(*spots[row]), _RING, _RING)
        painter.end()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Ring the point under the mouse in both maps."""
        row = self._row_at(event.position())
        if row != self._pointed:
            self._pointed = row
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Choose the image under the mouse."""
        row = self._row_at(event.position())
        if row >= 0:
            self.image_chosen.emit(int(self._ids[row]))

    def leaveEvent(self, event: QEvent) -> None:
        """Nothing is pointed at any more."""
        self._pointed = -1
        self.update()

    def _area(self, side: int) -> QRectF:
        width = (self.width() - _GAP) / 2
        return QRectF(side * (width + _GAP), _HEAD, width, self.height() - _HEAD)

    def _spots(self, side: int) -> NDArray[np.float64]:
        """Places of the points on the widget (n, 2); both maps have one scale."""
        area = self._area(side).adjusted(_MARGIN, _MARGIN, -_MARGIN, -_MARGIN)
        reach = max((float(np.abs(xy).max()) for xy in self._places if len(xy)), default=1.0) or 1.0
        scale = min(area.width(), area.height()) / (2 * reach)
        centre = np.array([area.center().x(), area.center().y()])
        return np.asarray(centre + self._places[side] * np.array([scale, -scale]), dtype=np.float64)

    def _row_at(self, position: QPointF) -> int:
        """The nearest point within reach of the mouse, -1 for none."""
        for side in (0, 1):
            if len(self._ids) and self._area(side).contains(position):
                away = np.hypot(*(self._spots(side) - (position.x(), position.y())).T)
                row = int(away.argmin())
                return row if away[row] <= _NEAR else -1
        return -1
