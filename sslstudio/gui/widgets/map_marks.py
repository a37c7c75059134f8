"""What the map draws over its points: pictures of images, contours, names of groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPixmap, QTransform

from sslstudio.gui import theme
from sslstudio.gui.widgets.map_raster import Integers
from sslstudio.gui.widgets.map_scene import Far, MapScene

if TYPE_CHECKING:
    from sslstudio.gui.widgets.map_canvas import MapBox

THUMBNAIL = 52
_MOST_THUMBNAILS = 260


def draw_contours(painter: QPainter, far: Far, transform: QTransform) -> None:
    """Lines around the densest parts, the innermost strongest; `transform` takes the plane to pixels."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    colour = QColor(theme.tokens().text)
    for number, contour in enumerate(far.contours):
        path = QPainterPath()
        for (x1, y1), (x2, y2) in contour.segments.tolist():
            path.moveTo(x1, y1)
            path.lineTo(x2, y2)
        colour.setAlphaF(0.9 - 0.2 * number)
        painter.strokePath(transform.map(path), QPen(colour, 1.0))


def draw_thumbnails(painter: QPainter, box: MapBox, scene: MapScene, rows: Integers) -> None:
    """Pictures of the images in view, where there are so few that they find room."""
    room = box.width() * box.height() / (THUMBNAIL * THUMBNAIL)
    if scene.thumbnails is None or not 0 < len(rows) <= min(_MOST_THUMBNAILS, room * 1.4):
        return
    taken: set[tuple[int, int]] = set()
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    for row in sorted((int(row) for row in rows), key=lambda row: not scene.selected[row]):
        centre = box.to_pixels(scene.xy[row])
        cell = (int(centre.x() // THUMBNAIL), int(centre.y() // THUMBNAIL))
        near = {(cell[0] + dx, cell[1] + dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1)}
        if cell in taken or len(near & taken) > 2:
            continue
        picture = scene.thumbnails.pixmap(int(scene.ids[row]))
        if picture is not None:
            taken.add(cell)
            _draw_thumbnail(painter, scene, row, centre, picture)


def draw_mark(painter: QPainter, text: str, centre: QPointF) -> None:
    """The name of a group, readable on any colour."""
    tokens = theme.tokens()
    painter.setFont(theme.font(tokens.body, bold=True))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    halo = QPen(QColor(tokens.panel), 4)
    halo.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    path = QPainterPath()
    path.addText(QPointF(0, 0), painter.font(), text)
    path.translate(centre - path.boundingRect().center())
    painter.strokePath(path, halo)
    painter.fillPath(path, QColor(tokens.text))


def _draw_thumbnail(painter: QPainter, scene: MapScene, row: int, centre: QPointF, picture: QPixmap) -> None:
    size = picture.size().scaled(THUMBNAIL, THUMBNAIL, Qt.AspectRatioMode.KeepAspectRatio)
    frame = QRectF(centre.x() - size.width() / 2, centre.y() - size.height() / 2, size.width(), size.height())
    painter.drawPixmap(frame, picture, QRectF(picture.rect()))
    selected = bool(scene.selected[row])
    colour = QColor(theme.tokens().text) if selected else scene.colour(row)
    painter.setPen(QPen(colour, 3 if selected else 2))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(frame)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(scene.colour(row))
    painter.drawEllipse(frame.topLeft() + QPointF(5, 5), 4, 4)
