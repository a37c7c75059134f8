"""The small controls every page is built from, so that a button or a chip looks and behaves alike everywhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QIcon, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from sslstudio.gui import theme


class PrimaryButton(QPushButton):
    """The one thing to do here, in the accent colour."""

    def __init__(self, text: str, icon: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setProperty("kind", "primary")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        if icon:
            theme.follow_icon(self, icon, "accent_text")


class PlainButton(QPushButton):
    """An ordinary button; `quiet` has no frame until pointed at."""

    def __init__(self, text: str, icon: str = "", *, quiet: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setProperty("kind", "quiet" if quiet else "plain")
        if icon:
            theme.follow_icon(self, icon)


class IconButton(QToolButton):
    """A button that is only an icon; `text` is its tooltip and accessible name."""

    def __init__(self, icon: str, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setToolTip(text)
        self.setAccessibleName(text)
        self.setAutoRaise(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        theme.follow_icon(self, icon)


class ReasonButton(QWidget):
    """A button with the reason beside it, in words, while it cannot be used; `help_text` says what it does."""

    clicked = Signal()

    def __init__(
        self, text: str, icon: str = "", *, primary: bool = True, help_text: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._help = help_text
        self.button: QPushButton = PrimaryButton(text, icon) if primary else PlainButton(text, icon)
        self.button.clicked.connect(lambda: self.clicked.emit())
        self._reason = QLabel()
        self._reason.setProperty("role", "muted")
        self._reason.setWordWrap(True)
        self._reason.hide()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        row.addWidget(self.button, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self._reason, 1, Qt.AlignmentFlag.AlignVCenter)
        row.addStretch(0)
        self.setFocusProxy(self.button)
        self.set_reason("")

    @property
    def reason(self) -> str:
        """Why the button cannot be used now; empty when it can."""
        return self._reason.text()

    def set_reason(self, reason: str) -> None:
        """Enable with an empty reason, disable and explain with any other."""
        self.button.setEnabled(not reason)
        self.button.setAccessibleDescription(reason)
        self.button.setToolTip(reason or self._help)
        self._reason.setText(reason)
        self._reason.setVisible(bool(reason))

    def set_text(self, text: str) -> None:
        """The words on the button."""
        self.button.setText(text)


class PageTitle(QLabel):
    """The name of the page, 20 px."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setProperty("role", "title")


class SectionTitle(QLabel):
    """The name of a section, 16 px."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setProperty("role", "heading")


class Text(QLabel):
    """Wrapped text; `role` is one of "", "muted", "small", "ok", "warning", "danger"."""

    def __init__(self, text: str = "", role: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setWordWrap(True)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.set_role(role)

    def set_role(self, role: str) -> None:
        """Change the meaning of the text, and so its colour."""
        if self.property("role") != role:
            self.setProperty("role", role)
            self.style().unpolish(self)
            self.style().polish(self)


class Line(QFrame):
    """A 1 px line, horizontal unless told otherwise."""

    def __init__(self, *, vertical: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("line")
        if vertical:
            self.setFixedWidth(1)
        else:
            self.setFixedHeight(1)


class Chip(QPushButton):
    """A small rounded toggle or label; with `closable` a click asks to remove it (``close_requested``)."""

    close_requested = Signal()

    def __init__(
        self,
        text: str,
        *,
        colour: str = "",
        checkable: bool = False,
        closable: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(text, parent)
        self.setProperty("kind", "chip")
        self.setCheckable(checkable)
        self._colour = colour
        self._closable = closable
        if closable:
            theme.follow_icon(self, "close")
            self.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
            self.setAccessibleDescription("Press to remove")
            self.clicked.connect(lambda: self.close_requested.emit())
        elif colour:
            self.set_colour(colour)
        if not (checkable or closable):
            self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def sizeHint(self) -> QSize:
        """Room for the heavier letters of a chip that is checked."""
        size = super().sizeHint()
        if self.isCheckable():
            heavy = QFont(self.font())
            heavy.setWeight(QFont.Weight.DemiBold)
            wide = QFontMetrics(heavy).horizontalAdvance(self.text())
            size.setWidth(size.width() + max(0, wide - self.fontMetrics().horizontalAdvance(self.text())))
        return size

    def set_colour(self, colour: str) -> None:
        """Show a dot of this colour before the text."""
        self._colour = colour
        self.setIcon(QIcon(theme.pixmap("dot", colour, 12, self.devicePixelRatioF())))


class EmptyState(QWidget):
    """What a page shows while it has nothing: what this is, why it is empty, and the one thing to do."""

    action_requested = Signal()

    def __init__(self, icon: str, title: str, text: str, action: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setSpacing(8)
        column.addStretch(2)
        picture = QLabel()
        picture.setAlignment(Qt.AlignmentFlag.AlignHCenter)

        def paint() -> None:
            picture.setPixmap(theme.pixmap(icon, theme.tokens().muted, 48, self.devicePixelRatioF()))

        paint()
        theme.on_change(self, paint)
        column.addWidget(picture)
        self.title = SectionTitle(title)
        self.title.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(self.title)
        self.text = Text(text, "muted")
        self.text.setAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
        self.text.setMaximumWidth(480)
        centred = QHBoxLayout()
        centred.addStretch(1)
        centred.addWidget(self.text, 100)
        centred.addStretch(1)
        column.addLayout(centred)
        self.button = PrimaryButton(action)
        self.button.setVisible(bool(action))
        self.button.clicked.connect(lambda: self.action_requested.emit())
        column.addSpacing(4)
        column.addWidget(self.button, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(3)


class Segmented(QWidget):
    """One choice of a few, side by side. ``chosen(value)`` fires when the user picks another."""

    chosen = Signal(str)

    def __init__(self, options: Sequence[tuple[str, str]], name: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self._group = QButtonGroup(self)
        self._group.setExclusive(True)
        self._values = [value for value, _ in options]
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        for place, (_, label) in enumerate(options):
            button = QPushButton(label)
            button.setCheckable(True)
            button.setProperty("kind", "segment")
            end = {0: "first", len(options) - 1: "last"}.get(place, "middle")
            button.setProperty("place", end if len(options) > 1 else "only")
            button.setAccessibleName(f"{name}: {label}" if name else label)
            self._group.addButton(button, place)
            row.addWidget(button)
        if options:
            self._group.button(0).setChecked(True)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._group.idClicked.connect(lambda place: self.chosen.emit(self._values[place]))

    def value(self) -> str:
        """The value chosen now."""
        return self._values[self._group.checkedId()] if self._values else ""

    def set_value(self, value: str) -> None:
        """Choose without telling anyone; an unknown value changes nothing."""
        if value in self._values:
            self._group.button(self._values.index(value)).setChecked(True)

    def set_enabled(self, value: str, enabled: bool, reason: str = "") -> None:
        """Make one option available or not, with the reason as its tooltip."""
        button = self._group.button(self._values.index(value))
        button.setEnabled(enabled)
        button.setToolTip("" if enabled else reason)


class FormRow(QWidget):
    """A label at the left, a control at the right, and a muted sentence under it."""

    def __init__(self, label: str, control: QWidget, help: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.control = control
        self.label = QLabel(label)
        self.label.setBuddy(control)
        self.label.setFixedWidth(136)
        if not control.accessibleName():
            control.setAccessibleName(label)
        control.setAccessibleDescription(help)
        right = QVBoxLayout()
        right.setSpacing(2)
        line = QHBoxLayout()
        if isinstance(control, Text):  # a sentence takes the room there is
            line.addWidget(control, 1)
        else:
            line.addWidget(control)
            line.addStretch(1)
        right.addLayout(line)
        self.help = Text(help, "small")
        self.help.setVisible(bool(help))
        right.addWidget(self.help)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 2, 0, 2)
        row.setSpacing(12)
        row.addWidget(self.label, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(right, 1)
        margin = max(0, (control.sizeHint().height() - self.label.sizeHint().height()) // 2)
        self.label.setContentsMargins(0, margin, 0, 0)

    def set_help(self, text: str) -> None:
        """Replace the sentence under the control."""
        self.help.setText(text)
        self.help.setVisible(bool(text))


class Disclosure(QWidget):
    """A title that folds what stands under it away."""

    toggled = Signal(bool)

    def __init__(self, title: str, body: QWidget, *, open_: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._body = body
        self._button = QPushButton(title)
        self._button.setCheckable(True)
        self._button.setChecked(open_)
        self._button.setProperty("kind", "disclosure")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self._button, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(body)
        self._button.toggled.connect(self._toggle)
        theme.on_change(self, self._show_arrow)
        self._toggle(open_)

    def set_title(self, title: str) -> None:
        """The words beside the arrow."""
        self._button.setText(title)

    def set_open(self, open_: bool) -> None:
        """Fold or unfold."""
        self._button.setChecked(open_)

    def _toggle(self, open_: bool) -> None:
        self._body.setVisible(open_)
        self._show_arrow()
        self.toggled.emit(open_)

    def _show_arrow(self) -> None:
        self._button.setIcon(theme.icon("chevron-down" if self._button.isChecked() else "chevron-right"))


class Clickable(QFrame):
    """A frame that acts as a button: mouse, Enter and Space; ``clicked`` fires."""

    clicked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A click with the left button inside the frame."""
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.clicked.emit()
        super().mouseReleaseEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter and Space click."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.clicked.emit()
        else:
            super().keyPressEvent(event)


def row(*parts: QWidget | int, spacing: int = 8) -> QWidget:
    """Widgets side by side; an integer is a stretch of that weight."""
    holder = QWidget()
    layout = QHBoxLayout(holder)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(spacing)
    for part in parts:
        if isinstance(part, int):
            layout.addStretch(part)
        else:
            layout.addWidget(part)
    return holder


def clear(layout: QHBoxLayout | QVBoxLayout, remove: Callable[[QWidget], None] | None = None) -> None:
    """Take every widget out of a layout and delete it."""
    while layout.count():
        entry = layout.takeAt(0)
        widget = entry.widget() if entry is not None else None
        if widget is not None:
            if remove is not None:
                remove(widget)
            widget.hide()
            widget.deleteLater()
