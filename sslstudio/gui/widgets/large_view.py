"""One image over the whole page, with window and level; arrows step through the gallery's images, Escape closes."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from sslstudio.gui.widgets.controls import IconButton, Line, PlainButton
from sslstudio.gui.widgets.image_meaning import PLAIN, Meaning
from sslstudio.gui.widgets.image_view import ImageView

_STEPS = {
    Qt.Key.Key_Left: -1,
    Qt.Key.Key_Up: -1,
    Qt.Key.Key_Right: 1,
    Qt.Key.Key_Down: 1,
    Qt.Key.Key_PageUp: -10,
    Qt.Key.Key_PageDown: 10,
}
_FAR = 1_000_000_000
_ENDS = {Qt.Key.Key_Home: -_FAR, Qt.Key.Key_End: _FAR}
_OWN = {*_STEPS, *_ENDS, Qt.Key.Key_Escape}


class LargeView(QWidget):
    """Lies over `page` while it is open. ``step_requested(n)`` asks for the n-th image on, ``closed`` says that the
    user has seen enough, ``label_requested`` that the image is to be labelled."""

    step_requested = Signal(int)
    closed = Signal()
    label_requested = Signal()

    def __init__(self, page: QWidget, label: bool = True) -> None:
        super().__init__(page)
        self._page = page
        self.setObjectName("page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName("Image, large")
        self.image = ImageView()
        self.image.wheel_steps = True
        self.image.space_pans = True
        self.image.setAccessibleDescription(
            "Drag to change window and level, Ctrl and wheel to zoom, middle button or Space and drag to move. Keys: "
            "arrows show the image before or after, Shift and arrows change window and level, Escape closes."
        )
        self._title = QLabel()
        self._title.setProperty("role", "strong")
        self._about = QLabel()
        self._place = QLabel()
        self._window = QLabel()
        for text in (self._place, self._window):
            text.setProperty("role", "muted")
        self._build(label)
        self.image.step_requested.connect(self.step_requested)
        self.image.window_changed.connect(self._show_window)
        page.installEventFilter(self)
        self.hide()

    def open(self) -> None:
        """Come to the front and take the keyboard."""
        self.setGeometry(self._page.rect())
        self.show()
        self.raise_()
        self.image.setFocus()

    def close_view(self) -> None:
        """Go away."""
        if self.isVisible():
            self.hide()
            self.closed.emit()

    def set_image(self, stored: Any, low: float, high: float, message: str = "", meaning: Meaning = PLAIN) -> None:
        """Show stored pixels (H, W, C) with their window and what they mean, or a message in their place."""
        self.image.set_image(stored, low, high, message, meaning=meaning, keep=True)
        self._show_window(*self.image.window_values)

    def set_facts(self, title: str, about: str, place: str) -> None:
        """Which image this is, what is known of it, and where it stands among the others."""
        self._title.setText(title)
        self._about.setText(about)
        self._place.setText(place)
        self.image.setAccessibleName(f"{title}, {about}, {place}")

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay as large as the page."""
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self.setGeometry(self._page.rect())
        return False

    def event(self, event: QEvent) -> bool:
        """The keys that step and close are this view's, whatever the page uses them for."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and event.key() in _OWN:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Step, or close; all other keys end here too, because what lies below is not to be seen."""
        key = Qt.Key(event.key())
        if key == Qt.Key.Key_Escape:
            self.close_view()
        elif key in _STEPS:
            self.step_requested.emit(_STEPS[key])
        elif key in _ENDS:
            self.step_requested.emit(_ENDS[key])
        event.accept()

    def _build(self, label: bool) -> None:
        bar = QHBoxLayout()
        bar.setContentsMargins(12, 6, 8, 6)
        bar.setSpacing(8)
        for icon, words, by in (
            ("chevron-left", "Image before (Left)", -1),
            ("chevron-right", "Image after (Right)", 1),
        ):
            step = IconButton(icon, words)
            step.clicked.connect(lambda _=False, n=by: self.step_requested.emit(n))
            bar.addWidget(step)
        bar.addWidget(self._title)
        bar.addWidget(self._about)
        bar.addStretch(1)
        bar.addWidget(self._window)
        reset = IconButton("reset", "Window and zoom as stored (double click)")
        reset.clicked.connect(self.image.reset)
        bar.addWidget(reset)
        bar.addWidget(self._place)
        if label:
            ask = PlainButton("Label this image", "label", quiet=True)
            ask.clicked.connect(lambda: self.label_requested.emit())
            bar.addWidget(ask)
        close = PlainButton("Close  Esc", "close", quiet=True)
        close.clicked.connect(self.close_view)
        bar.addWidget(close)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(bar)
        column.addWidget(Line())
        column.addWidget(self.image, 1)

    def _show_window(self, low: float, high: float) -> None:
        self._window.setText(self.image.meaning.window(low, high))
