"""Saves the part of the map that is in view as a picture with title and legend: PNG at twice the size, or SVG.

Few points become shapes that can be edited; many become one image of how many lie where, in the SVG too. The picture is
drawn on white whatever the theme, may be drawn in a thread, and holds no more words than title, legend and count.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PySide6.QtCore import QByteArray, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QImage, QImageWriter, QPainter, QPainterPath, QPen, QPolygonF
from PySide6.QtSvg import QSvgGenerator

from sslstudio.errors import SSLStudioError
from sslstudio.gui import theme
from sslstudio.gui.item_models.colouring import Category, Colouring, Scale
from sslstudio.gui.widgets import map_density
from sslstudio.gui.widgets.map_index import Rectangle
from sslstudio.gui.widgets.map_raster import SHAPES, Bytes, Floats, Integers, Mask
from sslstudio.gui.widgets.map_scene import NEAR, MapScene, Mark

FOOT = "SSL Studio. For research use only, not for diagnosis."
_PLOT = QSize(1000, 760)
_LEGEND, _MARGIN, _HEAD, _TAIL, _LINE = 220, 24, 44, 30, 20
_INK, _PALE, _EDGE = QColor("#1a1d21"), QColor("#5a626c"), QColor("#d3d7dc")
_RATIO = 2


@dataclass(frozen=True)
class MapPicture:
    """All that a saved map shows, independent of what happens on the screen meanwhile.

    `xy` (M, 2), `codes`, `shapes` and `selected` (M,) belong to the points in `area`, in drawing order; `total` is how
    many images the whole map has.
    """

    title: str
    area: Rectangle
    xy: Floats
    codes: Integers
    shapes: Bytes
    selected: Mask
    colouring: Colouring
    paint: map_density.Paint
    hidden: frozenset[int]
    marks: tuple[Mark, ...]
    total: int


def picture_of(scene: MapScene, area: Rectangle, title: str) -> MapPicture:
    """What the map shows now in `area`."""
    rows = scene.rows_in(area)
    points = scene.points(rows)
    return MapPicture(
        title,
        area,
        points.xy,
        scene.colouring.codes[rows],
        points.shapes,
        points.selected,
        scene.colouring,
        scene.paint(),
        scene.hidden,
        scene.marks(),
        len(scene.ids),
    )


def save(picture: MapPicture, path: Path) -> None:
    """Write the picture as SVG or PNG by the ending of `path`, whole or not at all. Raises SSLStudioError
    ("picture_not_saved")."""
    fresh = path.with_name(f".{path.name}.new")
    try:
        if path.suffix.lower() == ".svg":
            _write_svg(picture, fresh)
        else:
            _write_png(picture, fresh)
        os.replace(fresh, path)  # noqa: PTH105 - over an old file, on Windows too
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise SSLStudioError(
            "The picture of the map could not be saved.",
            "Choose a folder that you may write to and that has room.",
            code="picture_not_saved",
        ) from error


def size_of(picture: MapPicture) -> QSize:
    """The size of the whole picture: plot, legend, title and foot; as high as the legend needs."""
    plot = _plot_size(picture.area)
    legend = _legend_lines(picture.colouring) * _LINE + 40
    return QSize(
        2 * _MARGIN + round(plot.width()) + _LEGEND, _HEAD + _TAIL + _MARGIN + max(round(plot.height()), legend)
    )


def draw(painter: QPainter, picture: MapPicture) -> None:
    """Draw the whole picture in a rectangle of `size_of(picture)`."""
    size = size_of(picture)
    painter.fillRect(QRectF(0, 0, size.width(), size.height()), QColor("#ffffff"))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    plot = _plot_size(picture.area).translated(_MARGIN, _HEAD)
    painter.setFont(_font(18, bold=True))
    painter.setPen(_INK)
    painter.drawText(QPointF(_MARGIN, 30), picture.title)
    painter.save()
    painter.setClipRect(plot)
    _draw_points(painter, picture, plot)
    for mark in picture.marks:
        _draw_mark(painter, mark.text, _place(mark.place[None], picture.area, plot)[0])
    painter.restore()
    painter.setPen(QPen(_EDGE, 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(plot)
    _draw_legend(painter, picture, QPointF(plot.right() + 18, plot.top()))
    painter.setFont(_font(11))
    painter.setPen(_PALE)
    counted = f"{len(picture.xy):,} of {picture.total:,} images are in view. "
    if len(picture.xy) > NEAR:
        counted += "Strength shows how many lie in a place. "
    counted += FOOT
    painter.drawText(QPointF(_MARGIN, size.height() - 14), counted)


def _write_png(picture: MapPicture, path: Path) -> None:
    size = size_of(picture)
    image = QImage(size * _RATIO, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(_RATIO)
    painter = QPainter(image)
    draw(painter, picture)
    painter.end()
    if not QImageWriter(str(path), QByteArray(b"png")).write(image):
        raise OSError


def _write_svg(picture: MapPicture, path: Path) -> None:
    size = size_of(picture)
    writer = QSvgGenerator()
    writer.setFileName(str(path))
    writer.setSize(size)
    writer.setViewBox(QRectF(0, 0, size.width(), size.height()))
    writer.setTitle(picture.title)
    writer.setDescription(FOOT)
    painter = QPainter()
    if not painter.begin(writer):
        raise OSError
    draw(painter, picture)
    painter.end()


def _plot_size(area: Rectangle) -> QRectF:
    """The plot with the proportions of what is in view."""
    across, up = max(area.right - area.left, 1e-12), max(area.top - area.bottom, 1e-12)
    scale = min(_PLOT.width() / across, _PLOT.height() / up)
    return QRectF(0, 0, across * scale, up * scale)


def _place(xy: Floats, area: Rectangle, plot: QRectF) -> list[QPointF]:
    across, up = plot.width() / (area.right - area.left), plot.height() / (area.top - area.bottom)
    x = (xy[:, 0].astype(np.float64) - area.left) * across + plot.left()
    y = (area.top - xy[:, 1].astype(np.float64)) * up + plot.top()
    return [QPointF(*place) for place in zip(x.tolist(), y.tolist(), strict=True)]


def _draw_points(painter: QPainter, picture: MapPicture, plot: QRectF) -> None:
    if len(picture.xy) > NEAR:
        _draw_density(painter, picture, plot)
        return
    radius = next(
        size for most, size in ((400, 5.0), (3_000, 3.6), (12_000, 2.6), (NEAR, 1.8)) if len(picture.xy) <= most
    )
    outlines = [_outline(shape, radius) for shape in SHAPES]
    colours = [QColor(category.colour) for category in picture.colouring.categories]
    rims = [QPen(colour.darker(140), 0.6) for colour in colours]  # pale colours need an edge on white
    some = bool(picture.selected.any())
    above = [*np.flatnonzero(~picture.selected), *np.flatnonzero(picture.selected)]
    places = _place(picture.xy, picture.area, plot)
    for row in above:
        selected = bool(picture.selected[row])
        painter.setOpacity(0.45 if some and not selected else 1.0)
        painter.setPen(QPen(_INK, 1.2) if selected else rims[int(picture.codes[row])])
        painter.setBrush(colours[int(picture.codes[row])])
        painter.drawPolygon(outlines[int(picture.shapes[row])].translated(places[row]))
    painter.setOpacity(1.0)


def _draw_density(painter: QPainter, picture: MapPicture, plot: QRectF) -> None:
    """One image of how many lie where; what is selected above it."""
    side = (picture.area.right - picture.area.left) / round(plot.width())
    field = map_density.Field(picture.area.left, picture.area.top, side, round(plot.width()), round(plot.height()))
    layers = [(np.ones(len(picture.xy), dtype=bool), picture.paint, 0.35 if picture.selected.any() else 1.0)]
    if picture.selected.any():
        layers.append((picture.selected, map_density.Paint(picture.paint.table, picture.paint.ramp, 0.85), 1.0))
    for rows, paint, opacity in layers:
        made = map_density.picture(picture.xy[rows], picture.codes[rows], paint, field).image
        form = QImage.Format.Format_ARGB32_Premultiplied
        image = QImage(made.data, field.width, field.height, field.width * 4, form).copy()
        painter.setOpacity(opacity)
        painter.drawImage(plot, image)
    painter.setOpacity(1.0)


def _outline(shape: str, radius: float) -> QPolygonF:
    """A point shape around the origin, as large as the map's own."""
    if shape == "disc":
        turn = np.linspace(0, 2 * np.pi, 17)[:-1]
        return _polygon(np.stack([np.cos(turn), np.sin(turn)], axis=1) * radius)
    if shape == "square":
        return _polygon(np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * radius * 0.86)
    if shape in ("triangle", "wedge"):
        corners = np.array([(0, -1.0), (0.87, 0.66), (-0.87, 0.66)]) * radius * 1.22
        return _polygon(corners if shape == "triangle" else -corners)
    if shape == "diamond":
        return _polygon(np.array([(0, -1), (1, 0), (0, 1), (-1, 0)]) * radius * 1.22)
    thin = 0.36
    arms = [(-thin, -1), (thin, -1), (thin, -thin), (1, -thin), (1, thin), (thin, thin)]
    arms += [(-x, -y) for x, y in arms]
    cross = np.array(arms) * radius * 1.18
    return _polygon(cross if shape == "plus" else cross @ (np.array([[1, 1], [-1, 1]]) * np.sqrt(0.5)))


def _polygon(corners: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> QPolygonF:
    return QPolygonF([QPointF(float(x), float(y)) for x, y in corners])


def _draw_mark(painter: QPainter, text: str, centre: QPointF) -> None:
    path = QPainterPath()
    path.addText(QPointF(0, 0), _font(14, bold=True), text)
    path.translate(centre - path.boundingRect().center())
    halo = QPen(QColor("#ffffff"), 4)
    halo.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.strokePath(path, halo)
    painter.fillPath(path, _INK)


def _legend_lines(colouring: Colouring) -> int:
    return len(colouring.named) + (4 if colouring.scale is not None else 0)


def _draw_legend(painter: QPainter, picture: MapPicture, corner: QPointF) -> None:
    """Title, scale, and one line for each category that is shown."""
    painter.setFont(_font(12, bold=True))
    painter.setPen(_INK)
    painter.drawText(corner + QPointF(0, 12), picture.colouring.title)
    painter.setFont(_font(12))
    y = corner.y() + 28
    scale = picture.colouring.scale
    if scale is not None:
        _draw_scale(painter, picture, scale, QRectF(corner.x(), y, _LEGEND - 40, 14))
        y += 3 * _LINE
    for position, category in picture.colouring.named:
        if position not in picture.hidden:
            _draw_line(painter, category, QPointF(corner.x(), y))
            y += _LINE


def _draw_scale(painter: QPainter, picture: MapPicture, scale: Scale, bar: QRectF) -> None:
    width = bar.width() / scale.steps
    for step, category in enumerate(picture.colouring.categories[: scale.steps]):
        if step not in picture.hidden:
            painter.fillRect(
                QRectF(bar.left() + step * width, bar.top(), width + 0.3, bar.height()), QColor(category.colour)
            )
    painter.setPen(QPen(_EDGE, 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(bar)
    painter.setPen(_INK)
    low, high = scale.ends()
    painter.drawText(QPointF(bar.left(), bar.bottom() + 16), low)
    wide = QFontMetricsF(painter.font()).horizontalAdvance(high)
    painter.drawText(QPointF(bar.right() - wide, bar.bottom() + 16), high)


def _draw_line(painter: QPainter, category: Category, corner: QPointF) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(category.colour))
    painter.drawPolygon(_outline(SHAPES[category.shape], 4.6).translated(corner + QPointF(6, 6)))
    metrics = QFontMetricsF(painter.font())
    count = f"{category.count:,}"
    right = _LEGEND - 40
    painter.setPen(_PALE)
    painter.drawText(corner + QPointF(right - metrics.horizontalAdvance(count), 11), count)
    room = right - metrics.horizontalAdvance(count) - 28
    painter.setPen(_INK)
    painter.drawText(corner + QPointF(18, 11), metrics.elidedText(category.name, Qt.TextElideMode.ElideRight, room))


def _font(size: int, *, bold: bool = False) -> QFont:
    return QFont(theme.font(size, bold=bold))
