"""A finished picture with a caption: no window, no zoom, only what is to be compared with another beside it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from sslstudio.gui import theme
from sslstudio.gui.widgets.controls import Text

Shown = npt.NDArray[np.uint8]


class _Canvas(QWidget):
    def __init__(self, side: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._side = side
        self._bytes: Shown | None = None
        self._image = QImage()
        self._message = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(side // 2, side // 2)

    def sizeHint(self) -> QSize:
        """A square."""
        return QSize(self._side, self._side)

    def set_pixels(self, pixels: Shown | None, message: str) -> None:
        """Show (H, W, 1 or 3) uint8, or a message."""
        self._message = message
        if pixels is None:
            self._bytes, self._image = None, QImage()
        else:
            self._bytes = np.ascontiguousarray(pixels)
            height, width, channels = self._bytes.shape
            form = QImage.Format.Format_RGB888 if channels == 3 else QImage.Format.Format_Grayscale8
            self._image = QImage(self._bytes.data, width, height, width * channels, form)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The picture on neutral black; few pixels stay squares."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(theme.tokens().image_background))
        if not self._image.isNull():
            width, height = self._image.width(), self._image.height()
            scale = min(self.width() / width, self.height() / height)
            size = (width * scale, height * scale)
            target = QRectF((self.width() - size[0]) / 2, (self.height() - size[1]) / 2, *size)
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, scale < 2)
            painter.drawImage(target, self._image)
        elif self._message:
            painter.setPen(QColor("#9a9a9a"))
            painter.setFont(theme.font(theme.tokens().small))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect().adjusted(8, 8, -8, -8), int(flags), self._message)
        painter.end()


class Picture(QWidget):
    """`side` is the wanted side in logical pixels; the picture is scaled to fit."""

    def __init__(self, caption: str, side: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._canvas = _Canvas(side)
        self.caption = Text(caption, "small")
        self.caption.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self._canvas, 1)
        column.addWidget(self.caption)
        self.setAccessibleName(caption)

    def set_pixels(self, pixels: Shown | None, caption: str = "", message: str = "") -> None:
        """Show (H, W, 1 or 3) uint8, or `message` in its place; a new `caption` if one is given."""
        self._canvas.set_pixels(pixels, message)
        if caption:
            self.caption.setText(caption)
            self.setAccessibleName(caption)
