"""The legend of the map: what each colour and shape stands for, with counts; click hides, double-click isolates."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from sslstudio.gui import theme
from sslstudio.gui.item_models.colouring import Category, Colouring
from sslstudio.gui.widgets.colour_bar import ColourBar
from sslstudio.gui.widgets.map_raster import SHAPES, stamp

_ROW = 24
_NARROW = 140


def swatch(shape: int, colour: QColor, radius: float, ratio: float) -> QImage:
    """A picture of one point shape, drawn by the same stamps as the map."""
    one = stamp(SHAPES[shape], radius * ratio, 0.0)
    side = 2 * one.radius + 1
    alpha = np.zeros((side, side), dtype=np.uint32)
    alpha[one.dy + one.radius, one.dx + one.radius] = one.coverage
    packed = alpha << 24
    for shift, channel in ((16, colour.red()), (8, colour.green()), (0, colour.blue())):
        packed |= (alpha * channel // 255) << shift
    image = QImage(packed.data, side, side, side * 4, QImage.Format.Format_ARGB32_Premultiplied).copy()
    image.setDevicePixelRatio(ratio)
    return image


class LegendRow(QAbstractButton):
    """One category. Checked means shown."""

    isolate_requested = Signal()

    def __init__(self, category: Category, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._category = category
        self.setCheckable(True)
        self.setChecked(True)
        self.setText(category.name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setToolTip(f"{category.name}: {category.count:,}\nClick to hide or show, double-click to show it alone")
        self.setAccessibleName(f"{category.name}, {category.count:,} images")
        self.setAccessibleDescription("Press to hide or show; Enter shows it alone")

    def sizeHint(self) -> QSize:
        """Swatch, name and count on one line."""
        metrics = self.fontMetrics()
        return QSize(56 + metrics.horizontalAdvance(self.text() + f"{self._category.count:,}"), _ROW)

    def minimumSizeHint(self) -> QSize:
        """The name may be cut short; it is whole in the tooltip."""
        return QSize(96, _ROW)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Show this category alone, or all again."""
        self.isolate_requested.emit()
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter isolates; Space toggles as every button does."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.isolate_requested.emit()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Swatch, mark, name and count; faded with a line through the name when hidden."""
        tokens = theme.tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = self.rect()
        if self.underMouse():
            painter.fillRect(area, QColor(tokens.hover))
        if not self.isChecked():
            painter.setOpacity(0.5)
        colour = QColor(self._category.colour)
        image = swatch(self._category.shape, colour, 4.6, self.devicePixelRatioF())
        width = image.width() / image.devicePixelRatio()
        painter.drawImage(QRectF(14 - width / 2, area.height() / 2 - width / 2, width, width), image)
        count = f"{self._category.count:,}"
        numbers = painter.fontMetrics().horizontalAdvance(count)
        if (
            area.width() < _NARROW
            and painter.fontMetrics().horizontalAdvance(self.text()) > area.width() - 44 - numbers
        ):
            numbers, count = -8, ""  # of the two the name is needed; the tip has both
        painter.setPen(QColor(tokens.muted))
        painter.drawText(area.adjusted(0, 0, -8, 0), Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, count)
        font = painter.font()
        font.setStrikeOut(not self.isChecked())
        painter.setFont(font)
        painter.setPen(QColor(tokens.text))
        room = area.adjusted(28, 0, -16 - numbers, 0)
        name = painter.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, name)
        if self.hasFocus():
            painter.setOpacity(1)
            painter.setPen(QPen(QColor(tokens.focus), 2))
            painter.drawRoundedRect(QRectF(area).adjusted(1, 1, -1, -1), 3, 3)


class Legend(QScrollArea):
    """All categories of a colouring. `hidden_changed` carries the positions (frozenset of int) not to show."""

    hidden_changed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Legend")
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._rows: list[LegendRow] = []
        self._places: list[int] = []
        self.bar: ColourBar | None = None
        self._before: frozenset[int] = frozenset()

    def set_colouring(self, colouring: Colouring, hidden: frozenset[int] = frozenset()) -> None:
        """Show the scale of a colouring, if it has one, and its named categories; `hidden` are not shown."""
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self._rows, self._places, self.bar = [], [], None
        if colouring.scale is not None:
            self.bar = ColourBar()
            steps = [place for place in range(colouring.scale.steps) if place not in hidden]
            self.bar.set_colouring(colouring, (steps[0], steps[-1]) if steps else None)
            self.bar.range_changed.connect(lambda _first, _last: self._tell())
            column.addWidget(self.bar)
        for position, category in colouring.named:
            line = LegendRow(category)
            line.setChecked(position not in hidden)
            line.clicked.connect(lambda _checked=False: self._tell())
            line.isolate_requested.connect(lambda place=position: self._isolate(place))
            self._rows.append(line)
            self._places.append(position)
            column.addWidget(line)
        column.addStretch(1)
        self.setWidget(body)

    def hidden(self) -> frozenset[int]:
        """Positions of the categories that are not shown."""
        away = {place for place, line in zip(self._places, self._rows, strict=True) if not line.isChecked()}
        if self.bar is not None:
            first, last = self.bar.shown
            away |= {step for step in range(self.bar.steps) if not first <= step <= last}
        return frozenset(away)

    def _tell(self) -> None:
        self.hidden_changed.emit(self.hidden())

    def _isolate(self, position: int) -> None:
        """Show one category alone; when it already stands alone, show all again."""
        others = frozenset(self._places) - {position}
        alone = self._before == others
        for place, line in zip(self._places, self._rows, strict=True):
            line.setChecked(alone or place == position)
        self._before = frozenset(self.hidden()) & frozenset(self._places)
        self._tell()
