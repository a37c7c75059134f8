"""The overview in the corner of the map: all images small, and a frame around what the map shows."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from sslstudio.gui import theme
from sslstudio.gui.widgets.map_density import Picture
from sslstudio.gui.widgets.map_index import Rectangle

SIZE = QSize(168, 120)
_MARGIN = 6
_LEAST_ROOM = QSize(460, 300)


class MapOverview(QWidget):
    """`moved(x, y)` asks the map to put this place of the plane in its middle. Mouse only: the keys of the map move it
    too, so the overview takes no focus."""

    moved = Signal(float, float)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._room = parent
        self._picture: Picture | None = None
        self._view: Rectangle | None = None
        self._wanted = True
        self.resize(SIZE)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName("Overview of the map")
        self.setToolTip("All images. Click or drag to move the map there.")
        theme.on_change(self, self.update)
        self.hide()

    def set_wanted(self, wanted: bool) -> None:
        """Show the overview where there is room for it, or never."""
        self._wanted = wanted
        self.find_room()

    def find_room(self) -> None:
        """Stand in the lower left corner of the parent, or hide when that is too small."""
        room = self._room.size()
        fits = room.width() >= _LEAST_ROOM.width() and room.height() >= _LEAST_ROOM.height()
        self.move(8, room.height() - self.height() - 8)
        self.setVisible(self._wanted and fits and self._picture is not None)

    def set_picture(self, picture: Picture | None) -> None:
        """Show this picture of all images; None hides the overview."""
        self._picture = picture
        self.find_room()
        self.update()

    def set_view(self, view: Rectangle) -> None:
        """Draw the frame around this part of the plane."""
        if view != self._view:
            self._view = view
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Ground, images, frame."""
        tokens = theme.tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(tokens.line), 1))
        painter.setBrush(QColor(tokens.raised))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
        if self._picture is None:
            return
        field, image = self._picture.field, self._picture.image
        drawn = QImage(
            image.data, field.width, field.height, field.width * 4, QImage.Format.Format_ARGB32_Premultiplied
        )
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(self._frame(), drawn)
        if self._view is not None:
            inner = QRectF(self.rect()).adjusted(2, 2, -2, -2)
            shown = QRectF(
                self._to_pixels(self._view.left, self._view.top), self._to_pixels(self._view.right, self._view.bottom)
            )
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(tokens.accent), 2))
            painter.drawRect(shown.intersected(inner))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Move the map here."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._ask(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Move the map along."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._ask(event.position())

    def _ask(self, position: QPointF) -> None:
        if self._picture is None:
            return
        field, frame = self._picture.field, self._frame()
        unit = field.width * field.side / frame.width()
        self.moved.emit(
            field.left + (position.x() - frame.left()) * unit, field.top - (position.y() - frame.top()) * unit
        )

    def _frame(self) -> QRectF:
        """Where the picture stands, with its proportions kept."""
        room = QRectF(self.rect()).adjusted(_MARGIN, _MARGIN, -_MARGIN, -_MARGIN)
        if self._picture is None:
            return room
        field = self._picture.field
        scale = min(room.width() / field.width, room.height() / field.height)
        frame = QRectF(0, 0, field.width * scale, field.height * scale)
        frame.moveCenter(room.center())
        return frame

    def _to_pixels(self, x: float, y: float) -> QPointF:
        frame = self._frame()
        if self._picture is None:
            return frame.center()
        field = self._picture.field
        scale = frame.width() / (field.width * field.side)
        return QPointF(frame.left() + (x - field.left) * scale, frame.top() + (field.top - y) * scale)
