"""A widget that can leave its page for a window of its own, on a second screen, and come back."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, QEvent, Qt, Signal
from PySide6.QtGui import QCloseEvent, QGuiApplication
from PySide6.QtWidgets import QVBoxLayout, QWidget

from sslstudio.gui.widgets.controls import EmptyState

_AT_FIRST = (900, 700)


class FloatingWindow(QWidget):
    """The window; closing it asks for the widget to come back."""

    close_requested = Signal()

    def __init__(self, title: str, owner: QWidget) -> None:
        super().__init__(owner, Qt.WindowType.Window)
        self._owner = owner
        self.setObjectName("page")
        self.setWindowTitle(title)
        self.resize(*_AT_FIRST)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        self.column = column

    def event(self, event: QEvent) -> bool:
        """The keys of the page hold here too, those that came since as well."""
        if event.type() == QEvent.Type.WindowActivate:
            known = self.actions()
            self.addActions([action for action in self._owner.window().actions() if action not in known])
        return super().event(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        """The widget goes back first."""
        self.close_requested.emit()
        event.accept()


class FloatingPlace(QWidget):
    """Where `inner` stands in its page. While it is away a note and a button stand there instead.

    `changed(floats)` fires after it left or came back.
    """

    changed = Signal(bool)

    def __init__(self, inner: QWidget, title: str, note: str, back: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._inner, self._title = inner, title
        self._window: FloatingWindow | None = None
        self.note = EmptyState("undock", note, "", back)
        self.note.action_requested.connect(lambda: self.set_floating(False))
        self.note.hide()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.addWidget(inner)
        self._column.addWidget(self.note)

    @property
    def floats(self) -> bool:
        """True while the widget stands in a window of its own."""
        return self._window is not None

    def geometry_text(self) -> str:
        """Where the window stands, to be given to `set_floating` another time; "" while there is none."""
        return bytes(self._window.saveGeometry().toBase64().data()).decode() if self._window is not None else ""

    def set_floating(self, floats: bool, geometry: str = "") -> None:
        """Give the widget a window of its own, where `geometry` says and a screen is, or take it back."""
        if floats == self.floats:
            return
        if floats:
            self._leave(geometry)
        elif self._window is not None:
            window, self._window = self._window, None
            self._column.insertWidget(0, self._inner)
            self._inner.show()
            self.note.hide()
            window.hide()
            window.deleteLater()
        self.changed.emit(floats)

    def _leave(self, geometry: str) -> None:
        window = FloatingWindow(self._title, self)
        window.close_requested.connect(lambda: self.set_floating(False))
        window.column.addWidget(self._inner)
        if geometry:
            window.restoreGeometry(QByteArray.fromBase64(geometry.encode()))
        elif len(screens := QGuiApplication.screens()) > 1:
            other = next((screen for screen in screens if screen is not self.screen()), screens[0])
            window.move(other.availableGeometry().topLeft())
        self._window = window
        self.note.show()
        window.show()
