"""Draws the points of the map by how many are in view: pictures of images near, points further off, density far out.

Nothing is ever left out to be quick: what moves is either every point in view or a picture that counts every point.
Pictures of many points are made in a thread; the one made last stands until the next is there.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt, QTimer
from PySide6.QtGui import QColor, QImage, QPainter

from sslstudio.gui import theme
from sslstudio.gui.background import Background
from sslstudio.gui.widgets import map_density, map_raster
from sslstudio.gui.widgets.map_index import Rectangle
from sslstudio.gui.widgets.map_marks import draw_contours, draw_mark, draw_thumbnails
from sslstudio.gui.widgets.map_scene import NEAR, Far, MapScene

if TYPE_CHECKING:
    from sslstudio.gui.widgets.map_canvas import MapBox

_REACH = 14
"""Points so many pixels outside the view still reach into it."""

_UNSELECTED = 0.35
_PREMULTIPLIED = QImage.Format.Format_ARGB32_Premultiplied
_BLURRED = 1.6
"""Squares wider than so many pixels are drawn anew, finer, when the view rests."""


class PointItem(pg.GraphicsObject):  # type: ignore[misc]
    """Draws a scene's points into the whole rectangle of the view box it belongs to."""

    def __init__(self, box: MapBox) -> None:
        super().__init__()
        self._box = box
        self._work = Background(self, threads=1)
        self._key: tuple[object, ...] | None = None
        self._image: QImage | None = None
        self._pixels: npt.NDArray[np.uint32] | None = None
        self._sharp: tuple[map_raster.View, tuple[map_density.Picture, ...]] | None = None
        self._asked: map_raster.View | None = None
        self.rows_in_view: map_raster.Integers = np.zeros(0, dtype=np.int32)
        self.in_view = 0
        self.counted = False
        self.contours_shown = False
        self._late = QTimer(self, singleShot=True, interval=0)
        self._late.timeout.connect(self._refresh_far)
        self.setParentItem(box)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)

    def boundingRect(self) -> QRectF:
        """The view's rectangle, in its own pixels."""
        return QRectF(0, 0, self._box.width(), self._box.height())

    def paint(self, painter: QPainter, *_: Any) -> None:
        """Draw points, then thumbnails where they fit, then the marks of the groups."""
        scene = self._box.scene_data
        if scene is None or self._box.width() < 2 or self._box.height() < 2:
            return
        try:
            painter.save()
            self._paint(painter, scene)
            painter.restore()
        except Exception:  # an error that leaves a paint method through Qt ends the process
            sys.excepthook(*sys.exc_info())

    def start(self) -> None:
        """Another scene: sort its points, in a thread if they are many, and draw it."""
        scene = self._box.scene_data
        if scene is not None and scene.index is None:
            self._work.run(scene.prepare, done=lambda made: self._prepared(scene, made), key="index")
        self.invalidate()

    def invalidate(self) -> None:
        """Points, their visibility, selection or colours changed: draw anew."""
        self._key = self._sharp = self._asked = None
        scene = self._box.scene_data
        if scene is not None and not scene.large:
            scene.far = None
        self._late.start()
        self.update()

    def reselect(self) -> None:
        """Only the selection changed."""
        scene = self._box.scene_data
        if scene is None or scene.far is None or self._work.busy:
            self.invalidate()
            return
        self._key = self._sharp = self._asked = None
        if scene.large:
            self._make_far(scene, scene.far)
        else:
            scene.far = scene.far_work(scene.far)()
        self.update()

    @property
    def busy(self) -> bool:
        """True while pictures of many points are being made."""
        return self._work.busy

    def show_contours(self, shown: bool) -> None:
        """Draw lines around the densest parts, or not."""
        self.contours_shown = shown
        self.update()

    def far(self) -> Far | None:
        """The points as seen from far; made now if they are few, else as last made."""
        scene = self._box.scene_data
        if scene is None:
            return None
        if scene.far is None and not scene.large:
            scene.far = scene.far_work()()
        return scene.far

    def nearest(self, position: QPointF, reach: float) -> int | None:
        """The row whose point lies within `reach` pixels of `position`, or None."""
        scene = self._box.scene_data
        if scene is None or scene.index is None:
            return None
        (x, y) = self._box.to_data([position])[0]
        pixel_x, pixel_y = self._box.pixel()
        return scene.index.nearest(float(x), float(y), reach * pixel_x, reach * pixel_y)

    def _prepared(self, scene: MapScene, made: Any) -> None:
        if scene is self._box.scene_data:
            scene.take(made)
            self.invalidate()

    def _refresh_far(self) -> None:
        scene = self._box.scene_data
        if scene is None or scene.index is None or not scene.large:
            self._box.far_changed.emit()
        else:
            self._make_far(scene, None)

    def _make_far(self, scene: MapScene, base: Far | None) -> None:
        def keep(far: Far) -> None:
            if scene is self._box.scene_data:
                scene.far = far
                self.update()
                self._box.far_changed.emit()

        self._work.run(scene.far_work(base), done=keep, key="far")

    def _paint(self, painter: QPainter, scene: MapScene) -> None:
        ratio = painter.device().devicePixelRatio()
        view = self._box.view_in_pixels(ratio)
        area = Rectangle(view.left, view.right, view.bottom, view.top)
        if scene.index is None:
            self._say_preparing(painter, scene)
            return
        self.in_view = scene.index.count(area)
        self.counted = self.in_view > NEAR
        if self.counted:
            self.rows_in_view = np.zeros(0, dtype=np.int32)
            self._draw_density(painter, scene, view, area)
        else:
            painter.drawImage(self.boundingRect(), self._near_image(scene, view, area, ratio))
            draw_thumbnails(painter, self._box, scene, self.rows_in_view)
        far = self.far()
        if far is not None and self.contours_shown:
            draw_contours(painter, far, self._box.to_pixels_transform())
        for mark in far.marks if far is not None else ():
            draw_mark(painter, mark.text, self._box.to_pixels(mark.place))
        self._box.drawn.emit(self.in_view)

    def _say_preparing(self, painter: QPainter, scene: MapScene) -> None:
        tokens = theme.tokens()
        painter.setPen(QColor(tokens.muted))
        painter.setFont(theme.font(tokens.body))
        words = f"Laying out {len(scene.ids):,} images ..."
        painter.drawText(self.boundingRect(), int(Qt.AlignmentFlag.AlignCenter), words)

    def _near_image(self, scene: MapScene, view: map_raster.View, area: Rectangle, ratio: float) -> QImage:
        """Every point in view, each by itself."""
        key = (view, id(scene), self._box.interacting)
        if key != self._key or self._image is None:
            pixel_x, pixel_y = self._box.pixel()
            rows = scene.rows_in(area.grown(_REACH * pixel_x, _REACH * pixel_y))
            raster = map_raster.rasterise(scene.points(rows), view, ratio, moving=self._box.interacting)
            self._pixels = map_raster.compose(raster, *scene.look(rows))
            height, width = self._pixels.shape
            self._image = QImage(self._pixels.data, width, height, width * 4, QImage.Format.Format_ARGB32_Premultiplied)
            self._image.setDevicePixelRatio(ratio)
            self._key = key
            self.rows_in_view = rows[raster.visible_rows]
        return self._image

    def _draw_density(self, painter: QPainter, scene: MapScene, view: map_raster.View, area: Rectangle) -> None:
        far = self.far()
        if far is None or not far.whole:
            self._say_preparing(painter, scene)
            return
        pixel, _ = self._box.pixel()
        whole = map_density.fitting(far.whole, 1 / pixel)
        chosen = map_density.fitting(far.chosen, 1 / pixel) if far.chosen else None
        if whole.field.side / pixel > _BLURRED and not self._box.interacting:
            if self._sharp is not None and self._sharp[0] == view:
                whole, chosen = self._sharp[1][0], self._sharp[1][1] if len(self._sharp[1]) > 1 else None
            else:
                self._ask_sharp(scene, view, area, pixel)
        painter.setOpacity(_UNSELECTED if scene.selected.any() else 1.0)
        self._draw_picture(painter, whole, area)
        painter.setOpacity(1.0)
        if chosen is not None:
            self._draw_picture(painter, chosen, area)

    def _ask_sharp(self, scene: MapScene, view: map_raster.View, area: Rectangle, pixel: float) -> None:
        if self._asked == view:
            return
        self._asked = view

        def keep(pictures: tuple[map_density.Picture, ...]) -> None:
            if scene is self._box.scene_data and self._asked == view:
                self._sharp = (view, pictures)
                self.update()

        self._work.run(scene.sharp_work(area, pixel), done=keep, key="sharp")

    def _draw_picture(self, painter: QPainter, one: map_density.Picture, area: Rectangle) -> None:
        """Stretch the part of a picture that is in view over the view."""
        field = one.field
        image = QImage(one.image.data, field.width, field.height, field.width * 4, _PREMULTIPLIED)
        left = max(0, int((area.left - field.left) / field.side) - 1)
        right = min(field.width, int((area.right - field.left) / field.side) + 2)
        top = max(0, int((field.top - area.top) / field.side) - 1)
        bottom = min(field.height, int((field.top - area.bottom) / field.side) + 2)
        if left >= right or top >= bottom:
            return
        pixel_x, pixel_y = self._box.pixel()
        target = QRectF(
            (field.left + left * field.side - area.left) / pixel_x,
            (area.top - field.top + top * field.side) / pixel_y,
            (right - left) * field.side / pixel_x,
            (bottom - top) * field.side / pixel_y,
        )
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(target, image, QRectF(left, top, right - left, bottom - top))
