"""Draws one image, windowed as the model sees it, and what is written over it; apart from how it is pointed at."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from sslstudio.gui import theme
from sslstudio.gui.widgets.image_geometry import Geometry, stretches
from sslstudio.gui.widgets.image_meaning import PLAIN, Meaning
from sslstudio.gui.widgets.image_overlay import Overlay
from sslstudio.importers.windowing import to_uint8

Stored = npt.NDArray[Any]


class ImageCanvas(QWidget):
    """Shows stored pixels (H, W, 1 or 3) with a display window in stored values; setters only.

    ``window_changed(low, high)`` fires when the window changes, ``zoom_changed`` when another part is shown.
    """

    window_changed = Signal(float, float)
    zoom_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("imageArea")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.meaning = PLAIN
        self._stored: Stored | None = None
        self._bytes: npt.NDArray[np.uint8] | None = None
        self._image = QImage()
        self._scaled: QImage | None = None
        self._coarse = 1
        self._start = (0.0, 255.0)
        self._window = (0.0, 255.0)
        self._inverted = False
        self._message = ""
        self._geometry = Geometry(1, 1, 1.0, 1.0)
        self._pointer: QPointF | None = None
        self._heat = QImage()
        self._heat_share = 0.0

    def sizeHint(self) -> QSize:
        """Square, of a size that reads."""
        return QSize(256, 256)

    # -- what is shown ---------------------------------------------------------------------------------------

    def set_image(
        self,
        stored: Stored | None,
        low: float = 0.0,
        high: float = 255.0,
        message: str = "",
        *,
        meaning: Meaning = PLAIN,
        keep: bool = False,
    ) -> None:
        """Show an image, or `message` in its place. A new image resets zoom and window.

        With `keep`, as for the next slice of a series, a window that the user has changed stays, and between images of
        one shape the zoom too.
        """
        before = self._stored
        same = keep and stored is not None and before is not None and stored.shape[:2] == before.shape[:2]
        touched = keep and before is not None and self._window != self._start
        self._stored = None if stored is None else np.asarray(stored)
        self._message = message
        self.meaning = meaning
        self._start = (float(low), float(high))
        if not touched:
            self._window = self._start
        if not keep:
            self._inverted = False
        height, width = self._stored.shape[:2] if self._stored is not None else (1, 1)
        across, down = stretches(meaning.row_spacing, meaning.column_spacing)
        place = self._geometry
        self._geometry = Geometry(width, height, max(1.0, self.width()), max(1.0, self.height()), across, down)
        if same:
            self._geometry = self._with_place(place.zoom, place.shift_x, place.shift_y)
        self._render()

    @property
    def window_values(self) -> tuple[float, float]:
        """The display window now: black, white, in stored values."""
        return self._window

    @property
    def start_values(self) -> tuple[float, float]:
        """The window that the image came with."""
        return self._start

    @property
    def geometry_now(self) -> Geometry:
        """Where the image stands in the view."""
        return self._geometry

    def set_window(self, low: float, high: float, coarse: int = 1) -> None:
        """Change the display window; `coarse` is for the frames of a drag, see `coarseness`."""
        self._window = (float(low), max(float(high), float(low) + 1e-6))
        self._render(coarse)
        self.window_changed.emit(*self._window)

    def sharpen(self) -> None:
        """A drag has ended: draw every pixel again."""
        if self._coarse > 1:
            self._render()

    def set_pointer(self, place: QPointF | None) -> None:
        """Where the pointer is, in pixels of the view; None when it is elsewhere."""
        if place != self._pointer:
            self._pointer = place
            self.update()

    @property
    def inverted(self) -> bool:
        """True while black and white are swapped."""
        return self._inverted

    def set_inverted(self, inverted: bool) -> None:
        """Swap black and white, for the eye only."""
        self._inverted = inverted
        self._render()

    def reset(self) -> None:
        """Back to the stored window and the whole image."""
        self._inverted = False
        self.set_geometry(self._geometry.whole())
        self.set_window(*self._start)

    def set_geometry(self, geometry: Geometry) -> None:
        """Show another part, larger or smaller."""
        self._geometry = geometry
        self._scaled = None
        self.zoom_changed.emit()
        self.update()

    # -- painting --------------------------------------------------------------------------------------------

    def _render(self, coarse: int = 1) -> None:
        """Window the pixels; every `coarse`-th one while a drag needs no more than the screen can show."""
        self._scaled, self._coarse = None, coarse
        if self._stored is None:
            self._image, self._bytes = QImage(), None
        else:
            stored = self._stored if coarse == 1 else self._stored[::coarse, ::coarse]
            pixels = np.ascontiguousarray(to_uint8(stored, *self._window))
            if self._inverted:
                np.subtract(255, pixels, out=pixels)
            height, width = pixels.shape[:2]
            colour = pixels.ndim == 3 and pixels.shape[2] == 3
            form = QImage.Format.Format_RGB888 if colour else QImage.Format.Format_Grayscale8
            self._bytes = pixels
            self._image = QImage(pixels.data, width, height, width * (3 if colour else 1), form)
        self.update()

    def coarseness(self) -> int:
        """How many image pixels fall on one pixel of the screen."""
        return max(1, int(1 / max(1e-6, self._geometry.scale * self.devicePixelRatioF())))

    def paintEvent(self, event: QPaintEvent) -> None:
        """The picture on neutral black, or the message."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(theme.tokens().image_background))
        if not self._image.isNull():
            self._draw_image(painter)
            if not self._heat.isNull() and self._heat_share > 0:
                painter.setOpacity(self._heat_share)
                painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
                painter.drawImage(QRectF(*self._geometry.rectangle()), self._heat)
                painter.setOpacity(1.0)
            overlay = Overlay(painter, self.width(), self.height())
            overlay.draw(self.meaning, self._geometry, self.meaning.window(*self._window), self.pointed_text())
        elif self._message:
            painter.setPen(QColor("#9a9a9a"))
            painter.setFont(theme.font(theme.tokens().small))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect().adjusted(16, 16, -16, -16), int(flags), self._message)
        if self.hasFocus() and self.focusPolicy() & Qt.FocusPolicy.TabFocus:
            painter.setPen(QColor(theme.tokens().focus))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()

    def _draw_image(self, painter: QPainter) -> None:
        target = QRectF(*self._geometry.rectangle())
        ratio = self.devicePixelRatioF()
        if self._coarse == 1 and self._geometry.scale * ratio < 0.7 and target.width() * ratio <= 4096:
            if self._scaled is None:
                size = QSize(max(1, round(target.width() * ratio)), max(1, round(target.height() * ratio)))
                self._scaled = self._image.scaled(
                    size, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation
                )
            painter.drawImage(target, self._scaled)
            return
        large = self._geometry.scale > 3
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, not large)
        painter.drawImage(target, self._image)

    def pointed_text(self) -> str:
        """Place and value under the pointer, "" beside the image."""
        if self._pointer is None or self._stored is None:
            return ""
        place = self._geometry.pixel_at(self._pointer.x(), self._pointer.y())
        return "" if place is None else self.meaning.at(self._stored, *place)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep zoom and place."""
        super().resizeEvent(event)
        before = self._geometry
        self._geometry = self._with_place(before.zoom, before.shift_x, before.shift_y)
        self._scaled = None
        self.zoom_changed.emit()

    def _with_place(self, zoom: float, shift_x: float, shift_y: float) -> Geometry:
        now = self._geometry
        view = max(1.0, float(self.width())), max(1.0, float(self.height()))
        return Geometry(
            now.width, now.height, *view, now.stretch_x, now.stretch_y, zoom, shift_x, shift_y
        ).kept_in_view()
