"""One image, large, with what is known of it; window and level by dragging, zoom by the wheel."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from sslstudio.gui.widgets.controls import IconButton
from sslstudio.gui.widgets.image_meaning import PLAIN, Meaning
from sslstudio.gui.widgets.image_view import ImageView


class CasePane(QWidget):
    """Shows what it is told; arrows ask for the image before or after."""

    step_requested = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.image = ImageView()
        self._title = QLabel()
        self._label = QLabel()
        self._label.setProperty("role", "strong")
        self._window = QLabel()
        self._window.setProperty("role", "muted")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Case")
        before = IconButton("chevron-left", "Image before (Left)")
        before.clicked.connect(lambda: self.step_requested.emit(-1))
        after = IconButton("chevron-right", "Image after (Right)")
        after.clicked.connect(lambda: self.step_requested.emit(1))
        reset = IconButton("reset", "Window and zoom as stored")
        reset.clicked.connect(self.image.reset)
        self.image.window_changed.connect(self._show_window)
        bar = QHBoxLayout()
        bar.setContentsMargins(12, 4, 8, 4)
        bar.setSpacing(8)
        bar.addWidget(before)
        bar.addWidget(after)
        bar.addWidget(self._title)
        bar.addWidget(self._label, 1)
        bar.addWidget(self._window)
        bar.addWidget(reset)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(bar)
        column.addWidget(self.image, 1)

    def set_image(self, stored: Any, low: float, high: float, message: str = "", meaning: Meaning = PLAIN) -> None:
        """Show stored pixels (H, W, C) with their window and what they mean, or a message in their place."""
        self.image.set_image(stored, low, high, message, meaning=meaning)
        self._show_window(low, high)

    def set_facts(self, title: str, label: str) -> None:
        """Which image this is, and its label in words."""
        self._title.setText(title)
        self._label.setText(label)
        self.image.setAccessibleName(f"{title}, {label}")

    def _show_window(self, low: float, high: float) -> None:
        self._window.setText(self.image.meaning.window(low, high))
