"""One image, large: window and level by drag, zoom, pan, one to one; what the mouse and the keys do to the canvas."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QFocusEvent, QImage, QKeyEvent, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from sslstudio.gui.widgets.image_canvas import ImageCanvas
from sslstudio.gui.widgets.image_geometry import Geometry

_STEP = 1.25
_NOTCH = 120
_NUDGE = 10.0


class ImageView(ImageCanvas):
    """Shows stored pixels (H, W, 1 or 3) with a display window in stored values.

    Drag changes the window: right is wider, up is brighter. The wheel zooms about the pointer, or with `wheel_steps`
    asks for the image before or after (Ctrl and wheel zooms then). The middle button, or with `space_pans` Space and
    drag, pans; plus and minus zoom, Shift and arrows change the window, a double click resets all.
    ``step_requested(n)`` asks for the n-th image on.
    """

    step_requested = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Image")
        self.setAccessibleDescription(
            "Drag to change window and level, wheel to zoom, middle button to move, double click to reset. "
            "Keys: plus and minus zoom, Shift and arrows change window and level."
        )
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.wheel_steps = False
        self.space_pans = False
        self._press: tuple[QPointF, tuple[float, float], Geometry] | None = None
        self._space = False
        self._turned = 0

    def set_heat(self, heat: QImage | None, share: float = 0.5) -> None:
        """Lay a picture with transparency over the image, `share` of it opaque; None takes it away."""
        self._heat = heat if heat is not None else QImage()
        self._heat_share = max(0.0, min(1.0, share))
        self.update()

    def zoom_by(self, factor: float, at: QPointF | None = None) -> None:
        """Zoom about a point of the view, or its middle."""
        x, y = (at.x(), at.y()) if at is not None else (None, None)
        self.set_geometry(self._geometry.zoomed(factor, x, y, self.devicePixelRatioF()))

    def fit(self) -> None:
        """The whole image."""
        self.set_geometry(self._geometry.whole())

    def one_to_one(self) -> None:
        """One image pixel on one pixel of the screen."""
        self.set_geometry(self._geometry.actual(self.devicePixelRatioF()))

    def nudge_window(self, wider: float, brighter: float) -> None:
        """Change the window as a drag by so many pixels would: right is wider, up is brighter."""
        self._drag_window(self.window_values, wider, -brighter, 1)

    def _drag_window(self, start: tuple[float, float], right: float, down: float, coarse: int) -> None:
        low, high = start
        width = max(high - low, 1e-6)
        first = self.start_values[1] - self.start_values[0]
        step = max(width, first / 4) / 200
        if self.meaning.swapped():
            down = -down
        wide = max(width + right * step, width / 100)
        centre = (low + high) / 2 + down * step
        self.set_window(centre - wide / 2, centre + wide / 2, coarse)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Start of a drag."""
        self._press = (event.position(), self.window_values, self.geometry_now)
        if self._panning(event.button()):
            self.setCursor(Qt.CursorShape.ClosedHandCursor)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Window and level with the left or right button; pan with the middle one, or with Space held."""
        self.set_pointer(event.position())
        if self._press is None or self._stored is None:
            return
        start, window, geometry = self._press
        moved = event.position() - start
        if self._panning(event.buttons()):
            self.set_geometry(geometry.moved(moved.x(), moved.y()))
        else:
            self._drag_window(window, moved.x(), moved.y(), self.coarseness())

    def _panning(self, buttons: Qt.MouseButton) -> bool:
        return self._space or bool(buttons & Qt.MouseButton.MiddleButton)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End of a drag."""
        self._press = None
        self.sharpen()
        self._show_hand()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Reset."""
        self.reset()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom about the pointer, or ask for the next image."""
        turned = event.angleDelta().y()
        if self.wheel_steps and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._turned += turned
            steps = int(self._turned / _NOTCH)
            self._turned -= steps * _NOTCH
            if steps:
                self.step_requested.emit(-steps)
        else:
            self.zoom_by(1.0015**turned, event.position())
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Plus and minus zoom, Space makes a hand, Shift and arrows change the window."""
        key = event.key()
        nudges = {
            Qt.Key.Key_Left: (-_NUDGE, 0.0),
            Qt.Key.Key_Right: (_NUDGE, 0.0),
            Qt.Key.Key_Up: (0.0, _NUDGE),
            Qt.Key.Key_Down: (0.0, -_NUDGE),
        }
        if key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom_by(_STEP)
        elif key == Qt.Key.Key_Minus:
            self.zoom_by(1 / _STEP)
        elif key == Qt.Key.Key_Space and self.space_pans:
            self._space = True
            self._show_hand()
        elif key in nudges and event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.nudge_window(*nudges[Qt.Key(key)])
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """Space let go."""
        if event.key() == Qt.Key.Key_Space and self._space:
            self._space = event.isAutoRepeat()
            self._show_hand()
        else:
            super().keyReleaseEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Whatever was held is held no more."""
        self._space = False
        self._show_hand()
        super().focusOutEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        """The pointer has gone."""
        self.set_pointer(None)

    def _show_hand(self) -> None:
        if self._space:
            self.setCursor(Qt.CursorShape.OpenHandCursor)
        else:
            self.unsetCursor()
