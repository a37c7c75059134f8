"""Paints a header between groups of tiles: arrow, name, how much lies under it, a tick for all of it."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPen

from sslstudio.gui import theme
from sslstudio.gui.item_models.tiles import Header

HEADER_HEIGHT = 30
TICK_WIDTH = 34
"""The right part of a header, in which its tick stands."""
_ARROW = 16
_BOX = 14


def paint_header(painter: QPainter, area: QRect, header: Header, *, focused: bool) -> None:
    """Draw one header into `area`."""
    tokens = theme.tokens()
    painter.save()
    painter.fillRect(area, QColor(tokens.raised))
    painter.setPen(QColor(tokens.line))
    painter.drawLine(area.bottomLeft(), area.bottomRight())
    ratio = painter.device().devicePixelRatioF()
    arrow = theme.pixmap("chevron-right" if header.collapsed else "chevron-down", tokens.muted, _ARROW, ratio)
    painter.drawPixmap(area.left() + 6, area.center().y() - _ARROW // 2 + 1, arrow)
    left = area.left() + 6 + _ARROW + 4
    if header.colour:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(header.colour))
        painter.drawRoundedRect(QRectF(left, area.center().y() - 5, 12, 12), 2, 2)
        left += 18
    right = area.right() - TICK_WIDTH
    font = theme.font(tokens.body, bold=True)
    painter.setFont(font)
    metrics = QFontMetrics(font)
    name = metrics.elidedText(header.name, Qt.TextElideMode.ElideRight, max(40, right - left))
    painter.setPen(QColor(tokens.text))
    middle = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
    painter.drawText(QRect(left, area.top(), right - left, area.height()), middle, name)
    left += metrics.horizontalAdvance(name) + 10
    if right - left > 40:
        painter.setFont(theme.font(tokens.body))
        about = QFontMetrics(painter.font()).elidedText(header.about, Qt.TextElideMode.ElideRight, right - left)
        painter.setPen(QColor(tokens.muted))
        painter.drawText(QRect(left, area.top(), right - left, area.height()), middle, about)
    _paint_tick(painter, area, header)
    if focused:
        pen = QPen(QColor(tokens.focus), 1, Qt.PenStyle.DashLine)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(area.adjusted(1, 1, -2, -2))
    painter.restore()


def _paint_tick(painter: QPainter, area: QRect, header: Header) -> None:
    tokens = theme.tokens()
    box = QRectF(area.right() - TICK_WIDTH + 10, area.center().y() - _BOX / 2 + 1, _BOX, _BOX)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    if header.ticked == "none":
        painter.setPen(QPen(QColor(tokens.muted), 1))
        painter.setBrush(QColor(tokens.panel))
        painter.drawRoundedRect(box, 3, 3)
        return
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(tokens.accent))
    painter.drawRoundedRect(box, 3, 3)
    painter.setPen(QPen(QColor(tokens.accent_text), 2))
    middle = box.center()
    if header.ticked == "some":
        painter.drawLine(QPointF(middle.x() - 3.5, middle.y()), QPointF(middle.x() + 3.5, middle.y()))
    else:
        points = ((-3.5, 0.2), (-1.0, 2.8), (3.6, -2.6))
        painter.drawPolyline([QPointF(middle.x() + dx, middle.y() + dy) for dx, dy in points])
