"""One image, large: zoom by wheel, window and level by drag; the picture is windowed as the model sees it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from sslstudio.gui import theme
from sslstudio.importers.windowing import to_uint8

Stored = npt.NDArray[Any]


class ImageView(QWidget):
    """Shows stored pixels (H, W, 1 or 3) with a display window in stored values.

    Drag changes the window: right is wider, up is brighter. The wheel zooms about the pointer, the middle button
    pans, a double click resets all. ``window_changed(low, high)`` fires while dragging.
    """

    window_changed = Signal(float, float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("imageArea")
        self.setAccessibleName("Image")
        self.setAccessibleDescription("Drag to change window and level, wheel to zoom, double click to reset")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self._stored: Stored | None = None
        self._bytes: npt.NDArray[np.uint8] | None = None
        self._image = QImage()
        self._start = (0.0, 255.0)
        self._window = (0.0, 255.0)
        self._message = ""
        self._zoom = 1.0
        self._shift = QPointF()
        self._press: tuple[QPointF, tuple[float, float], QPointF] | None = None

    def sizeHint(self) -> QSize:
        """Square, of a size that reads."""
        return QSize(256, 256)

    def set_image(self, stored: Stored | None, low: float = 0.0, high: float = 255.0, message: str = "") -> None:
        """Show an image, or `message` in its place. A new image resets zoom and window."""
        self._stored = None if stored is None else np.asarray(stored)
        self._message = message
        self._start = self._window = (float(low), float(high))
        self._zoom, self._shift = 1.0, QPointF()
        self._render()

    @property
    def window_values(self) -> tuple[float, float]:
        """The display window now: black, white, in stored values."""
        return self._window

    def set_window(self, low: float, high: float) -> None:
        """Change the display window."""
        self._window = (float(low), max(float(high), float(low) + 1e-6))
        self._render()
        self.window_changed.emit(*self._window)

    def reset(self) -> None:
        """Back to the stored window and the whole image."""
        self._zoom, self._shift = 1.0, QPointF()
        self.set_window(*self._start)

    def _render(self) -> None:
        if self._stored is None:
            self._image, self._bytes = QImage(), None
        else:
            pixels = np.ascontiguousarray(to_uint8(self._stored, *self._window))
            height, width = pixels.shape[:2]
            colour = pixels.ndim == 3 and pixels.shape[2] == 3
            form = QImage.Format.Format_RGB888 if colour else QImage.Format.Format_Grayscale8
            self._bytes = pixels
            self._image = QImage(pixels.data, width, height, width * (3 if colour else 1), form)
        self.update()

    def _target(self) -> QRectF:
        width, height = max(1, self._image.width()), max(1, self._image.height())
        scale = min(self.width() / width, self.height() / height) * self._zoom
        size = QPointF(width * scale, height * scale)
        corner = QPointF(self.width() / 2, self.height() / 2) + self._shift - size / 2
        return QRectF(corner.x(), corner.y(), size.x(), size.y())

    def paintEvent(self, event: QPaintEvent) -> None:
        """The picture on neutral black, or the message."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(theme.tokens().image_background))
        if not self._image.isNull():
            target = self._target()
            large = target.width() > 3 * self._image.width()
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, not large)
            painter.drawImage(target, self._image)
        elif self._message:
            painter.setPen(QColor("#9a9a9a"))
            painter.setFont(theme.font(theme.tokens().small))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect().adjusted(16, 16, -16, -16), int(flags), self._message)
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Start of a drag."""
        self._press = (event.position(), self._window, QPointF(self._shift))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Window and level with the left or right button, pan with the middle one."""
        if self._press is None or self._stored is None:
            return
        start, (low, high), shift = self._press
        moved = event.position() - start
        if event.buttons() & Qt.MouseButton.MiddleButton:
            self._shift = shift + moved
            self.update()
            return
        width = max(high - low, 1e-6)
        step = max(width, (self._start[1] - self._start[0]) / 4) / 200
        wide = max(width + moved.x() * step, width / 100)
        centre = (low + high) / 2 + moved.y() * step
        self.set_window(centre - wide / 2, centre + wide / 2)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End of a drag."""
        self._press = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Reset."""
        self.reset()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom about the pointer."""
        factor = 1.0015 ** event.angleDelta().y()
        zoom = min(16.0, max(1.0, self._zoom * factor))
        centre = QPointF(self.width() / 2, self.height() / 2)
        offset = event.position() - centre - self._shift
        self._shift = QPointF() if zoom == 1.0 else self._shift - offset * (zoom / self._zoom - 1)
        self._zoom = zoom
        self.update()
        event.accept()
