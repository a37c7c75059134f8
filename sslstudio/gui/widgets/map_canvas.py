"""The drawing surface of the map, inside pyqtgraph's view; imported only when a map is first shown.

pyqtgraph gives range, aspect, wheel zoom and panning; points are drawn by `map_points` in the view's own pixels, so
that a million points cost one image.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QTransform

from sslstudio.gui import theme
from sslstudio.gui.widgets import map_raster
from sslstudio.gui.widgets.map_index import Rectangle
from sslstudio.gui.widgets.map_overview import MapOverview
from sslstudio.gui.widgets.map_points import PointItem
from sslstudio.gui.widgets.map_scene import MapScene, Tool
from sslstudio.gui.widgets.pointing import mode_of

_SETTLE_MS = 140


class OverlayItem(pg.GraphicsObject):  # type: ignore[misc]
    """The lasso or box being drawn and the ring around the point under the pointer."""

    def __init__(self, box: MapBox) -> None:
        super().__init__()
        self._box = box
        self._path: list[QPointF] = []
        self._tool: Tool = "pan"
        self._ring: QPointF | None = None
        self.setParentItem(box)
        self.setZValue(10)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)

    def boundingRect(self) -> QRectF:
        """The view's rectangle, in its own pixels."""
        return QRectF(0, 0, self._box.width(), self._box.height())

    def set_path(self, tool: Tool, path: list[QPointF]) -> None:
        """Show the outline drawn so far."""
        self._tool, self._path = tool, path
        self.update()

    def set_ring(self, centre: QPointF | None) -> None:
        """Show or hide the ring."""
        self._ring = centre
        self.update()

    def paint(self, painter: QPainter, *_: Any) -> None:
        """Draw the outline and the ring, dark on light and light on dark, so that both show on any colour."""
        tokens = theme.tokens()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._ring is not None:
            for colour, width in ((tokens.panel, 4.0), (tokens.text, 2.0)):
                painter.setPen(QPen(QColor(colour), width))
                painter.drawEllipse(self._ring, 9, 9)
        if len(self._path) < 2:
            return
        shape = QPainterPath(self._path[0])
        if self._tool == "box":
            shape = QPainterPath()
            shape.addRect(QRectF(self._path[0], self._path[-1]).normalized())
        else:
            for point in self._path[1:]:
                shape.lineTo(point)
            shape.closeSubpath()
        fill = QColor(tokens.accent)
        fill.setAlpha(38)
        painter.fillPath(shape, fill)
        painter.strokePath(shape, QPen(QColor(tokens.accent), 1.5))


class MapBox(pg.ViewBox):  # type: ignore[misc]
    """pyqtgraph's view with the map's tools; positions in signals are data coordinates."""

    outlined = Signal(str, object, str)
    """Tool, corners (V, 2) float64, selection mode."""
    picked = Signal(object, str)
    """Row or None, selection mode."""
    opened = Signal(int)
    """Row that was double-clicked."""
    pointed = Signal(object)
    """Row under the pointer after it rested, or None as soon as it left."""
    drawn = Signal(int)
    """The points were drawn; how many are in view."""
    viewed = Signal()
    """The user has moved or zoomed the view, or asked to see all."""
    far_changed = Signal()
    """The picture of all points from far is another now."""

    def __init__(self) -> None:
        super().__init__(lockAspect=True, enableMenu=False, defaultPadding=0.04)
        self.scene_data: MapScene | None = None
        self.tool: Tool = "pan"
        self.interacting = False
        self.points = PointItem(self)
        self.overlay = OverlayItem(self)
        self._outline: list[QPointF] = []
        self._pointer: QPointF | None = None
        self._settle = QTimer(self, singleShot=True, interval=_SETTLE_MS)
        self._settle.timeout.connect(self._settled)
        self._rest = QTimer(self, singleShot=True, interval=125)
        self._rest.timeout.connect(self._rested)
        self.sigRangeChanged.connect(lambda *_: self.points.update())
        self.sigResized.connect(lambda *_: self.points.update())
        self.sigRangeChangedManually.connect(lambda *_: self.moved())

    def view_in_pixels(self, ratio: float) -> map_raster.View:
        """What is shown, for the raster, at `ratio` device pixels a pixel."""
        (left, right), (bottom, top) = self.viewRange()
        return map_raster.View(
            left, right, bottom, top, max(1, round(self.width() * ratio)), max(1, round(self.height() * ratio))
        )

    def shown_area(self) -> Rectangle:
        """The part of the plane that is shown."""
        (left, right), (bottom, top) = self.viewRange()
        return Rectangle(left, right, bottom, top)

    def to_pixels(self, place: npt.NDArray[np.float32]) -> QPointF:
        """Position in the view's pixels of one data point (2,)."""
        (left, right), (bottom, top) = self.viewRange()
        return QPointF(
            (float(place[0]) - left) / (right - left) * self.width(),
            (top - float(place[1])) / (top - bottom) * self.height(),
        )

    def to_pixels_transform(self) -> QTransform:
        """What takes data coordinates to the view's pixels."""
        (left, right), (bottom, top) = self.viewRange()
        across, down = self.width() / (right - left), self.height() / (top - bottom)
        return QTransform(across, 0, 0, -down, -left * across, top * down)

    def pixel(self) -> tuple[float, float]:
        """Width and height of one pixel in data coordinates."""
        (left, right), (bottom, top) = self.viewRange()
        return (right - left) / self.width(), (top - bottom) / self.height()

    def to_data(self, path: list[QPointF]) -> npt.NDArray[np.float64]:
        """Data coordinates (V, 2) of positions in the view's pixels."""
        (left, right), (bottom, top) = self.viewRange()
        pixels = np.array([(point.x(), point.y()) for point in path], dtype=np.float64)
        scale = np.array([(right - left) / self.width(), (bottom - top) / self.height()])
        return np.asarray(pixels * scale + np.array([left, top]))

    def centre_on(self, x: float, y: float) -> None:
        """Put this place into the middle."""
        (left, right), (bottom, top) = self.viewRange()
        self.translateBy(x=x - (left + right) / 2, y=y - (bottom + top) / 2)
        self.moved()

    def fit(self) -> None:
        """Show all points."""
        if self.scene_data is not None and len(self.scene_data.xy):
            low, high = self.scene_data.bounds()
            self.setRange(QRectF(low[0], low[1], high[0] - low[0], high[1] - low[1]), padding=0.05)

    def mouseDragEvent(self, event: Any, axis: int | None = None) -> None:
        """Left drag draws with the lasso or box tool; every other drag pans."""
        if self.tool == "pan" or event.button() != Qt.MouseButton.LeftButton:
            if event.button() != Qt.MouseButton.RightButton:
                self._hide_card()
                super().mouseDragEvent(event, axis)
            return
        event.accept()
        if event.isStart():
            self._outline = [event.buttonDownPos()]
            self._hide_card()
        self._outline.append(event.pos())
        self.overlay.set_path(self.tool, self._outline)
        if event.isFinish():
            self.overlay.set_path(self.tool, [])
            self.outlined.emit(self.tool, self.to_data(self._outline), mode_of(event.modifiers()))

    def mouseClickEvent(self, event: Any) -> None:
        """A click selects the point under it; a click beside all points clears."""
        if event.button() != Qt.MouseButton.LeftButton:
            return
        event.accept()
        row = self.points.nearest(event.pos(), 8)
        if event.double():
            if row is not None:
                self.opened.emit(row)
            return
        self.picked.emit(row, mode_of(event.modifiers()))

    def hoverEvent(self, event: Any) -> None:
        """Start or restart the rest timer that shows the card."""
        if event.isExit() or self.scene_data is None:
            self._hide_card()
            return
        position = event.pos()
        if self._pointer is not None and (position - self._pointer).manhattanLength() < 2:
            return
        self._hide_card()
        self._pointer = position
        self._rest.start()

    def wheelEvent(self, event: Any, axis: int | None = None) -> None:
        """Zoom around the pointer."""
        self._hide_card()
        super().wheelEvent(event, axis)

    def _hide_card(self) -> None:
        self._rest.stop()
        self._pointer = None
        self.overlay.set_ring(None)
        self.pointed.emit(None)

    def _rested(self) -> None:
        if self._pointer is None or self.scene_data is None:
            return
        row = self.points.nearest(self._pointer, 14)
        if row is not None:
            self.overlay.set_ring(self.to_pixels(self.scene_data.xy[row]))
            self.pointed.emit(row)

    def moved(self) -> None:
        """The user moves the view; it counts as moving until it has rested."""
        self.interacting = True
        self._settle.start()
        self.viewed.emit()

    def _settled(self) -> None:
        self.interacting = False
        self.points.update()


class MapCanvas(pg.GraphicsView):  # type: ignore[misc]
    """The widget that shows one `MapBox`; keyboard: arrows pan, plus and minus zoom, Home fits."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent, useOpenGL=False, background=None)
        self.box = MapBox()
        self.setCentralItem(self.box)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFrameShape(pg.QtWidgets.QFrame.Shape.NoFrame)
        self.overview = MapOverview(self)
        self.overview.moved.connect(self.box.centre_on)
        self.box.far_changed.connect(self._picture_overview)
        self.box.drawn.connect(lambda _: self.overview.set_view(self.box.shown_area()))
        self.restyle()

    def restyle(self) -> None:
        """Take the colours of the theme in force."""
        self.setBackground(QColor(theme.tokens().panel))
        self.box.points.invalidate()

    def _picture_overview(self) -> None:
        far = self.box.points.far()
        self.overview.set_picture(far.whole[-1] if far is not None and far.whole else None)

    def resizeEvent(self, event: Any) -> None:
        """The overview keeps its corner."""
        super().resizeEvent(event)
        if hasattr(self, "overview"):
            self.overview.find_room()

    def keyPressEvent(self, event: Any) -> None:
        """Pan, zoom and fit by keyboard."""
        steps = {
            Qt.Key.Key_Left: (-0.1, 0.0),
            Qt.Key.Key_Right: (0.1, 0.0),
            Qt.Key.Key_Up: (0.0, 0.1),
            Qt.Key.Key_Down: (0.0, -0.1),
        }
        zooms = {Qt.Key.Key_Plus: 0.8, Qt.Key.Key_Equal: 0.8, Qt.Key.Key_Minus: 1.25}
        key = event.key()
        if key in steps and not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            (left, right), (bottom, top) = self.box.viewRange()
            dx, dy = steps[key]
            self.box.translateBy(x=dx * (right - left), y=dy * (top - bottom))
            self.box.moved()
        elif key in zooms:
            self.box.scaleBy((zooms[key], zooms[key]))
            self.box.moved()
        elif key == Qt.Key.Key_Home:
            self.box.fit()
            self.box.viewed.emit()
        else:
            event.ignore()
            return
        event.accept()
