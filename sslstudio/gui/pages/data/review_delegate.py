"""Paints one row of the Review section: whose image it is, why it is shown, and its pictures with the region drawn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from sslstudio.domain.findings import Box
from sslstudio.gui import theme
from sslstudio.gui.pages.data.review_model import ENTRY_ROLE, Entry, Index

SIDE = 208
_MARGIN = 12
_GAP = 10
_LINE = 20


class ReviewDelegate(QStyledItemDelegate):
    """`pixmap(image_id)` answers with a picture or None, `missing(image_id)` with whether it will never come."""

    def __init__(
        self,
        pixmap: Callable[[int], QPixmap | None],
        missing: Callable[[int], bool],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._pixmap, self._missing = pixmap, missing

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """All rows are alike high."""
        return QSize(2 * SIDE, 2 * _MARGIN + 2 * _LINE + 6 + SIDE + _LINE)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw one row."""
        entry: Entry | None = index.data(ENTRY_ROLE)
        if entry is None:
            return
        painter.save()
        view: Any = option
        area = QRect(view.rect).adjusted(4, 3, -4, -3)
        self._draw_frame(painter, area, bool(view.state & QStyle.StateFlag.State_Selected))
        inside = area.adjusted(_MARGIN, _MARGIN - 3, -_MARGIN, -_MARGIN)
        self._draw_words(painter, inside, entry)
        self._draw_pictures(painter, inside.adjusted(0, 2 * _LINE + 6, 0, 0), entry)
        painter.restore()

    def _draw_frame(self, painter: QPainter, area: QRect, chosen: bool) -> None:
        tokens = theme.tokens()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(QColor(tokens.selection if chosen else tokens.panel))
        painter.setPen(QPen(QColor(tokens.accent if chosen else tokens.line), 2 if chosen else 1))
        painter.drawRoundedRect(QRectF(area).adjusted(1, 1, -1, -1), 6, 6)

    def _draw_words(self, painter: QPainter, area: QRect, entry: Entry) -> None:
        tokens = theme.tokens()
        title = QRect(area.left(), area.top(), area.width(), _LINE)
        painter.setFont(theme.font(tokens.body, bold=True))
        painter.setPen(QColor(tokens.text))
        _elided(painter, title, entry.title)
        painter.setFont(theme.font(tokens.body))
        painter.setPen(QColor(tokens.warning if entry.across_patients else tokens.muted))
        _elided(painter, title.translated(0, _LINE), entry.why)

    def _draw_pictures(self, painter: QPainter, area: QRect, entry: Entry) -> None:
        tokens = theme.tokens()
        places = max(1, (area.width() + _GAP) // (SIDE + _GAP))
        shown = entry.rows if len(entry.rows) <= places else entry.rows[: max(1, places - 1)]
        for place, row in enumerate(shown):
            frame = QRect(area.left() + place * (SIDE + _GAP), area.top(), SIDE, SIDE)
            painter.fillRect(frame, QColor(tokens.image_background))
            picture = self._pixmap(row.image_id)
            if picture is not None:
                target = _fit(picture, frame)
                painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
                painter.drawPixmap(target, picture, QRectF(picture.rect()))
                for box in row.boxes:
                    _draw_box(painter, target, box)
            elif self._missing(row.image_id):
                painter.setPen(QColor("#9a9a9a"))
                painter.setFont(theme.font(tokens.small))
                painter.drawText(frame, Qt.AlignmentFlag.AlignCenter, "Its pixels are missing")
            below = QRect(frame.left(), frame.bottom() + 2, SIDE, _LINE)
            painter.setFont(theme.font(tokens.small))
            painter.setPen(QColor(tokens.muted))
            stays = entry.kind == "duplicate" and row == entry.stays
            _elided(painter, below, f"Stays: {entry.caption(row)}" if stays else entry.caption(row))
        if len(shown) < len(entry.rows):
            rest = QRect(area.left() + len(shown) * (SIDE + _GAP), area.top(), SIDE, SIDE)
            painter.setFont(theme.font(tokens.heading))
            painter.setPen(QColor(tokens.muted))
            painter.drawText(rest, Qt.AlignmentFlag.AlignCenter, f"and {len(entry.rows) - len(shown):,} more")


def _draw_box(painter: QPainter, target: QRectF, box: Box) -> None:
    """The region in a colour that is seen on grey, with a dark line beside it."""
    place = QRectF(
        target.left() + box.left * target.width(),
        target.top() + box.top * target.height(),
        box.width * target.width(),
        box.height * target.height(),
    ).intersected(target)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for colour, wide in (("#000000", 4.0), ("#E69F00", 2.0)):
        painter.setPen(QPen(QColor(colour), wide))
        painter.drawRect(place)


def _fit(picture: QPixmap, frame: QRect) -> QRectF:
    scale = min(frame.width() / max(1, picture.width()), frame.height() / max(1, picture.height()))
    width, height = picture.width() * scale, picture.height() * scale
    return QRectF(
        frame.left() + (frame.width() - width) / 2, frame.top() + (frame.height() - height) / 2, width, height
    )


def _elided(painter: QPainter, area: QRect, text: str) -> None:
    shown = QFontMetrics(painter.font()).elidedText(text, Qt.TextElideMode.ElideRight, area.width())
    painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)
