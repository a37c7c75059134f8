"""Paints one tile of the gallery: picture on neutral black, ring when selected, label and suggestion below it, the
beginning of the patient's pseudonym in its corner; and the headers between groups of tiles."""

from __future__ import annotations

from collections import OrderedDict

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from sslstudio.gui import theme
from sslstudio.gui.item_models.thumbnails import ThumbnailSource
from sslstudio.gui.item_models.tiles import HEADER_ROLE, SELECTED_ROLE, TILE_ROLE, Header, Index, Tile
from sslstudio.gui.widgets.gallery_header import paint_header

_LINE = 17
_MARGIN = 5
_KEPT = 600
_FADED = 0.35
_LEAST_FOR_PATIENT = 64
_SMOOTH_A_FRAME = 10
"""Smooth scaling takes a millisecond or two a picture; the rest of a frame is drawn fast and made smooth after it."""


class TileDelegate(QStyledItemDelegate):
    """`side` is the picture's longest side in pixels; `lines` the most caption lines below it (0 to 2); `shows` what of
    "label", "prediction" and "patient" a tile says."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.side = 112
        self.lines = 1
        self.shows = frozenset(("label", "prediction", "patient"))
        self.thumbnails: ThumbnailSource | None = None
        self._scaled: OrderedDict[tuple[int, int, int], QPixmap] = OrderedDict()
        self._left = _SMOOTH_A_FRAME

    def begin_frame(self) -> None:
        """A new frame begins."""
        self._left = _SMOOTH_A_FRAME

    @property
    def unfinished(self) -> bool:
        """True when some pictures of this frame were drawn fast and another frame should follow."""
        return self._left < 0

    @property
    def caption_lines(self) -> int:
        """The lines there are: none when neither label nor suggestion is shown, one when one of them is."""
        return min(self.lines, len(self.shows & {"label", "prediction"}))

    def tile_size(self) -> QSize:
        """Size of a tile with its margins."""
        return QSize(self.side + 2 * _MARGIN, self.side + 2 * _MARGIN + self.caption_lines * _LINE)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """All tiles are alike."""
        return self.tile_size()

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw one tile, or a header."""
        tile: Tile | None = index.data(TILE_ROLE)
        if tile is None:
            header: Header | None = index.data(HEADER_ROLE)
            if header is not None:
                paint_header(painter, option.rect, header, focused=bool(option.state & QStyle.StateFlag.State_HasFocus))
            return
        painter.save()
        area: QRect = option.rect
        state: QStyle.StateFlag = option.state
        frame = QRect(area.left() + _MARGIN, area.top() + _MARGIN, self.side, self.side)
        self._draw_picture(painter, frame, tile)
        if tile.excluded:
            self._strike(painter, frame)
        if tile.patient and "patient" in self.shows and self.side >= _LEAST_FOR_PATIENT:
            self._draw_patient(painter, frame, tile.patient)
        focused = bool(state & QStyle.StateFlag.State_HasFocus)
        self._draw_rings(painter, frame, bool(index.data(SELECTED_ROLE)), focused)
        self._draw_caption(painter, frame, tile)
        painter.restore()

    def _draw_picture(self, painter: QPainter, frame: QRect, tile: Tile) -> None:
        tokens = theme.tokens()
        painter.fillRect(frame, QColor(tokens.image_background))
        painter.setOpacity(_FADED if tile.excluded else 1.0)
        picture = self.thumbnails.pixmap(tile.image_id) if self.thumbnails is not None else None
        if picture is not None:
            self._draw_scaled(painter, frame, tile.image_id, picture)
        elif self.thumbnails is not None and self.thumbnails.is_missing(tile.image_id):
            painter.setPen(QColor("#9a9a9a"))
            painter.setFont(theme.font(tokens.small))
            painter.drawText(frame, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, "No preview")
        painter.setOpacity(1.0)

    def _draw_scaled(self, painter: QPainter, frame: QRect, image_id: int, picture: QPixmap) -> None:
        ratio = painter.device().devicePixelRatio()
        target = _fit(picture, frame)
        key = (image_id, round(target.width() * ratio), round(target.height() * ratio))
        ready = self._scaled.get(key)
        if ready is None:
            self._left -= 1
            if self._left < 0:
                painter.drawPixmap(target, picture, QRectF(picture.rect()))
                return
            ready = picture.scaled(
                key[1], key[2], Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation
            )
            ready.setDevicePixelRatio(ratio)
            self._scaled[key] = ready
            while len(self._scaled) > _KEPT:
                self._scaled.popitem(last=False)
        else:
            self._scaled.move_to_end(key)
        painter.drawPixmap(target.topLeft(), ready)

    @staticmethod
    def _draw_patient(painter: QPainter, frame: QRect, patient: str) -> None:
        """Grey on black whatever the theme, as all that stands on pictures."""
        painter.setFont(theme.font(theme.tokens().small))
        width = QFontMetrics(painter.font()).horizontalAdvance(patient) + 8
        plate = QRectF(frame.left() + 2, frame.bottom() - 16, width, 15)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(12, 12, 12, 190))
        painter.drawRoundedRect(plate, 3, 3)
        painter.setPen(QColor("#d8d8d8"))
        painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, patient)

    @staticmethod
    def _strike(painter: QPainter, frame: QRect) -> None:
        """A line across what is left out of training."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for colour, width in ((QColor(0, 0, 0, 160), 4), (QColor("#d0d4d8"), 2)):
            painter.setPen(QPen(colour, width))
            painter.drawLine(frame.bottomLeft() + QPoint(4, -4), frame.topRight() + QPoint(-4, 4))

    def _draw_rings(self, painter: QPainter, frame: QRect, selected: bool, focused: bool) -> None:
        tokens = theme.tokens()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if selected:
            painter.setPen(QPen(QColor(tokens.accent), 3))
            painter.drawRect(QRectF(frame).adjusted(-1.5, -1.5, 1.5, 1.5))
            badge = QRectF(frame.right() - 17, frame.top() + 3, 15, 15)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(tokens.accent))
            painter.drawEllipse(badge)
            tick = QPen(QColor(tokens.accent_text), 2)
            painter.setPen(tick)
            middle = badge.center()
            painter.drawPolyline([_at(middle, -3.5, 0.2), _at(middle, -1, 2.8), _at(middle, 3.6, -2.6)])
        if focused:
            dashes = QPen(QColor(tokens.text), 1)
            dashes.setStyle(Qt.PenStyle.DashLine)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(dashes)
            painter.drawRect(QRectF(frame).adjusted(-4, -4, 4, 4))

    def _draw_caption(self, painter: QPainter, frame: QRect, tile: Tile) -> None:
        tokens = theme.tokens()
        painter.setFont(theme.font(tokens.small))
        line = QRect(frame.left(), frame.bottom() + 4, frame.width(), _LINE)
        prediction = tile.prediction if "prediction" in self.shows else ""
        lines = self.caption_lines
        if lines >= 1:
            colour = tile.colour or tokens.muted
            if tile.excluded:
                self._draw_struck(painter, line, tile.excluded)
            elif tile.label and "label" in self.shows:
                self._draw_line(painter, line, colour, tile.key or tile.mark, tile.label, tile.origin, strong=True)
            elif lines == 1 and prediction:
                self._draw_suggestion(painter, line, tile)
            elif "label" in self.shows:
                plain = "no label" if tile.plain is None else tile.plain
                self._draw_text(painter, line, plain, tokens.muted)
        if lines >= 2 and prediction:
            self._draw_suggestion(painter, line.translated(0, _LINE), tile)

    def _draw_struck(self, painter: QPainter, line: QRect, reason: str) -> None:
        font = painter.font()
        struck = QFont(font)
        struck.setStrikeOut(True)
        painter.setFont(struck)
        self._draw_text(painter, line, reason, theme.tokens().muted)
        painter.setFont(font)

    def _draw_suggestion(self, painter: QPainter, line: QRect, tile: Tile) -> None:
        share = f"{tile.confidence:.2f}" if tile.confidence is not None else ""
        self._draw_line(painter, line, tile.prediction_colour, "", tile.prediction, share, strong=False)

    def _draw_line(
        self, painter: QPainter, line: QRect, colour: str, key: str, text: str, right: str, *, strong: bool
    ) -> None:
        """One caption line: a swatch (filled for a label, a ring for a suggestion), the text, a short word."""
        tokens = theme.tokens()
        metrics = QFontMetrics(painter.font())
        swatch = QRectF(line.left(), line.top() + 2, 12, 12)
        shade = QColor(colour or tokens.muted)
        painter.setPen(Qt.PenStyle.NoPen if strong else QPen(shade, 2))
        painter.setBrush(shade if strong else Qt.BrushStyle.NoBrush)
        if strong:
            painter.drawRoundedRect(swatch, 2, 2)
            painter.setPen(QColor("#000000" if shade.lightnessF() > 0.42 else "#ffffff"))
            painter.drawText(swatch, Qt.AlignmentFlag.AlignCenter, key)
        else:
            painter.drawEllipse(swatch.adjusted(2, 2, -2, -2))
        width = metrics.horizontalAdvance(right) if right and line.width() >= 84 else 0
        if width:
            painter.setPen(QColor(tokens.muted))
            painter.drawText(line, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, right)
        room = line.adjusted(16, 0, -width - 3, 0)
        self._draw_text(painter, room, text, tokens.text if strong else tokens.muted)

    @staticmethod
    def _draw_text(painter: QPainter, room: QRect, text: str, colour: str) -> None:
        short = QFontMetrics(painter.font()).elidedText(text, Qt.TextElideMode.ElideRight, room.width())
        painter.setPen(QColor(colour))
        painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, short)


def _at(middle: QPointF, dx: float, dy: float) -> QPointF:
    return QPointF(middle.x() + dx, middle.y() + dy)


def _fit(picture: QPixmap, frame: QRect) -> QRectF:
    size = picture.size().scaled(frame.size(), Qt.AspectRatioMode.KeepAspectRatio)
    left = frame.left() + (frame.width() - size.width()) / 2
    top = frame.top() + (frame.height() - size.height()) / 2
    return QRectF(left, top, size.width(), size.height())
