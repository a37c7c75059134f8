"""Where toasts stand: a column over the foot of a window, each passing after a while unless pointed at."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from sslstudio.gui.notifications import Message
from sslstudio.gui.widgets.controls import IconButton, PlainButton

PASSES_AFTER_MS = 6000
WITH_ACTION_MS = 10000
AT_MOST = 3
MARGIN = 64
"""Pixels kept free at the foot, where pages have the buttons that act on what is shown."""
GAP = 8
PAGE_FOOT = "pageFoot"
"""Object name of a widget at the foot of a page that messages do not cover."""


class Toast(QFrame):
    """A passing message at the foot of the window, with at most one thing to do (usually Undo)."""

    action_requested = Signal()
    closed = Signal()

    def __init__(self, text: str, action: str = "", role: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("toast")
        self.setProperty("role", role)
        self.setAccessibleName(text)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 8, 8, 8)
        row.setSpacing(12)
        self.text = QLabel(text)
        self.text.setTextFormat(Qt.TextFormat.PlainText)
        self.text.setWordWrap(len(text) > 90)
        if len(text) > 90:
            self.text.setMinimumWidth(480)
        row.addWidget(self.text, 1)
        self.button = PlainButton(action, quiet=True)
        self.button.setVisible(bool(action))
        self.button.clicked.connect(lambda: self.action_requested.emit())
        row.addWidget(self.button)
        close = IconButton("close", "Close this message")
        close.clicked.connect(lambda: self.closed.emit())
        row.addWidget(close)


class ToastColumn(QWidget):
    """Floats in `parent` at the foot of `over`, above the foot of its page, centred; never takes the focus."""

    def __init__(self, parent: QWidget, over: QWidget) -> None:
        super().__init__(parent)
        self._parent, self._over = parent, over
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(8)
        self._toasts: list[Toast] = []
        over.installEventFilter(self)
        self.hide()

    def show_message(self, message: Message) -> None:
        """Show one message; the same one that is shown already goes, and the oldest when there are more than three."""
        for same in [one for one in self._toasts if one.text.text() == message.text and message.callback is None]:
            self._remove(same)
        role = {"info": "", "warning": "warning", "error": "danger"}[message.severity]
        toast = Toast(message.text, message.action, role)
        toast.closed.connect(lambda: self._remove(toast))
        if message.callback is not None:
            callback = message.callback
            toast.action_requested.connect(lambda: self._remove(toast))
            toast.action_requested.connect(callback)
        self._toasts.append(toast)
        self._column.addWidget(toast)
        while len(self._toasts) > AT_MOST:
            self._remove(self._toasts[0])
        timer = QTimer(toast)
        timer.timeout.connect(lambda: None if toast.underMouse() else self._remove(toast))
        timer.start(WITH_ACTION_MS if message.action or message.severity == "error" else PASSES_AFTER_MS)
        self.show()
        self.raise_()
        self._place()
        QTimer.singleShot(0, self, self._place)

    def texts(self) -> list[str]:
        """What is shown now, oldest first."""
        return [toast.text.text() for toast in self._toasts]

    def _remove(self, toast: Toast) -> None:
        if toast in self._toasts:
            self._toasts.remove(toast)
            self._column.removeWidget(toast)
            toast.hide()
            toast.deleteLater()
            self.setVisible(bool(self._toasts))
            self._place()

    def _place(self) -> None:
        if not self._toasts:
            return
        for toast in self._toasts:
            toast.ensurePolished()
            toast.layout().activate()  # type: ignore[union-attr]
        self._column.activate()
        size = self._column.sizeHint()
        width = min(size.width(), self._over.width() - 48)
        height = max(size.height(), self._column.heightForWidth(width) if self._column.hasHeightForWidth() else 0)
        foot = self._over.mapTo(self._parent, self._over.rect().bottomLeft())
        bottom = min((self._top(bar) for bar in self._bars()), default=foot.y() - MARGIN + GAP) - GAP
        self.setGeometry(foot.x() + (self._over.width() - width) // 2, bottom - height, width, height)

    def _bars(self) -> list[QWidget]:
        """What stands at the foot of the page that is shown and must stay free: questions with their answers."""
        bars = [bar for bar in self._over.findChildren(QWidget, PAGE_FOOT) if bar.isVisible()]
        for bar in bars:
            bar.installEventFilter(self)
        return bars

    def _top(self, bar: QWidget) -> int:
        return bar.mapTo(self._parent, bar.rect().topLeft()).y()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay in place when the window changes size, or a page and its foot come and go."""
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Move, QEvent.Type.Show, QEvent.Type.Hide):
            self._place()
        return False
