"""The legend of a scale of numbers or days: the ramp, how many images lie where on it, and the part that is shown."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from sslstudio.gui import theme
from sslstudio.gui.item_models.colouring import Category, Colouring, Scale

_SIDE, _TALLEST, _RAMP, _TEXT = 8, 40, 14, 18
_HELP = (
    "Drag along the bar to show only these values, double-click to show all.\n"
    "Keys: left and right move the lower end, with Shift the upper end, Home shows all."
)


class ColourBar(QWidget):
    """`range_changed(first, last)` carries the steps that are shown, ends included."""

    range_changed = Signal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._scale = Scale(0.0, 0.0, 1)
        self._steps: tuple[Category, ...] = ()
        self._first, self._last = 0, 0
        self._pressed: int | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.SplitHCursor)
        self.setToolTip(_HELP)
        self.setAccessibleDescription(_HELP)
        theme.on_change(self, self.update)

    def set_colouring(self, colouring: Colouring, shown: tuple[int, int] | None = None) -> None:
        """Show the scale of a colouring that has one; `shown` are the first and last step in view, None for all."""
        scale = colouring.scale
        if scale is None:
            return
        self._scale, self._steps = scale, colouring.categories[: scale.steps]
        self._first, self._last = shown or (0, scale.steps - 1)
        self._name()
        self.update()

    @property
    def steps(self) -> int:
        """How many steps the scale has."""
        return self._scale.steps

    @property
    def shown(self) -> tuple[int, int]:
        """First and last step that are shown."""
        return self._first, self._last

    def sizeHint(self) -> QSize:
        """Counts above, the ramp, and two lines of words."""
        return QSize(160, _TALLEST + _RAMP + 2 * _TEXT + 12)

    def minimumSizeHint(self) -> QSize:
        """As high as its hint."""
        return QSize(96, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Counts as bars over the ramp; what is not shown is faded; the ends and the shown part in words."""
        tokens = theme.tokens()
        painter = QPainter(self)
        painter.setFont(theme.font(tokens.small))
        most = max([step.count for step in self._steps] or [1]) or 1
        for place, step in enumerate(self._steps):
            left, right = self._edge(place), self._edge(place + 1)
            height = max(1.0, _TALLEST * step.count / most) if step.count else 0.0
            painter.fillRect(QRectF(left, 4 + _TALLEST - height, right - left, height), QColor(tokens.muted))
            painter.fillRect(QRectF(left, 6 + _TALLEST, right - left + 0.5, _RAMP), QColor(step.colour))
        veil = QColor(tokens.window)
        veil.setAlphaF(0.8)
        for start, end in ((0, self._first), (self._last + 1, len(self._steps))):
            left, right = self._edge(start), self._edge(end)
            painter.fillRect(QRectF(left, 4, right - left, _TALLEST + 2 + _RAMP), veil)
        ramp = QRectF(_SIDE, 6 + _TALLEST, self.width() - 2 * _SIDE, _RAMP)
        painter.setPen(QPen(QColor(tokens.line), 1))
        painter.drawRect(ramp)
        words = QRectF(_SIDE, ramp.bottom() + 2, ramp.width(), _TEXT)
        painter.setPen(QColor(tokens.text))
        low, high = self._scale.ends()
        painter.drawText(words, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), low)
        painter.drawText(words, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), high)
        if not self._all_shown():
            painter.setPen(QPen(QColor(tokens.text), 2))
            for edge in (self._edge(self._first), self._edge(self._last + 1)):
                painter.drawLine(round(edge), round(ramp.top()) - 3, round(edge), round(ramp.bottom()) + 3)
            painter.setPen(QColor(tokens.muted))
            told = f"only {self._scale.span(self._first, self._last)}"
            told = painter.fontMetrics().elidedText(told, Qt.TextElideMode.ElideRight, round(words.width()))
            painter.drawText(words.translated(0, _TEXT), int(Qt.AlignmentFlag.AlignCenter), told)
        if self.hasFocus():
            painter.setPen(QPen(QColor(tokens.focus), 2))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 3, 3)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a range here."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed = self._step_at(event.position().x())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Stretch the range to here."""
        if self._pressed is not None:
            step = self._step_at(event.position().x())
            if step != self._pressed or not self._all_shown():
                self._set(min(step, self._pressed), max(step, self._pressed))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """The range stands."""
        self._pressed = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Show all."""
        self._pressed = None
        self._set(0, self._scale.steps - 1)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Left and right move the lower end, with Shift the upper; Home shows all."""
        way = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()), 0)
        if event.key() == Qt.Key.Key_Home:
            self._set(0, self._scale.steps - 1)
        elif way and event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self._set(self._first, min(self._scale.steps - 1, max(self._first, self._last + way)))
        elif way:
            self._set(max(0, min(self._last, self._first + way)), self._last)
        else:
            super().keyPressEvent(event)

    def _set(self, first: int, last: int) -> None:
        if (first, last) != (self._first, self._last):
            self._first, self._last = first, last
            self._name()
            self.update()
            self.range_changed.emit(first, last)

    def _name(self) -> None:
        shown = "" if self._all_shown() else f", only {self._scale.span(self._first, self._last)} shown"
        self.setAccessibleName(f"Colour scale from {' to '.join(self._scale.ends())}{shown}")

    def _all_shown(self) -> bool:
        return (self._first, self._last) == (0, self._scale.steps - 1)

    def _edge(self, step: int) -> float:
        return _SIDE + (self.width() - 2 * _SIDE) * step / max(1, self._scale.steps)

    def _step_at(self, x: float) -> int:
        share = (x - _SIDE) / max(1, self.width() - 2 * _SIDE)
        return min(self._scale.steps - 1, max(0, int(share * self._scale.steps)))
