"""The inspector at the right: the selected image large, what is known of it, its label and the label's history."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from sslstudio.gui.widgets.controls import Chip, IconButton, Line, SectionTitle, Text, clear
from sslstudio.gui.widgets.image_meaning import Meaning
from sslstudio.gui.widgets.image_view import ImageView


class Inspector(QWidget):
    """Setters for each part. ``clear_requested`` asks to clear the selection."""

    clear_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setMinimumWidth(264)
        self.image = ImageView()
        self.image.setMinimumHeight(200)
        self.image.window_changed.connect(self._show_window)
        self._window = QLabel()
        self._window.setProperty("role", "small")
        reset = self._reset = IconButton("reset", "Reset window, level and zoom")
        reset.clicked.connect(self.image.reset)
        self.selection = Chip("", closable=True)
        self.selection.close_requested.connect(self.clear_requested)
        self._facts = QGridLayout()
        self._facts.setHorizontalSpacing(12)
        self._facts.setVerticalSpacing(3)
        self._facts.setColumnStretch(1, 1)
        self._label = Text()
        self._history = QVBoxLayout()
        self._history.setSpacing(2)
        self.neighbours_title = SectionTitle("Nearest images")
        self._neighbours = QVBoxLayout()
        self._build(reset)
        self.set_empty()

    def _build(self, reset: IconButton) -> None:
        under = QHBoxLayout()
        under.setContentsMargins(12, 0, 6, 0)
        under.addWidget(self._window, 1)
        under.addWidget(reset)
        self.details = QWidget()
        words = QVBoxLayout(self.details)
        words.setContentsMargins(12, 0, 12, 12)
        words.setSpacing(8)
        words.addLayout(self._facts)
        words.addWidget(Line())
        words.addWidget(SectionTitle("Label"))
        words.addWidget(self._label)
        words.addLayout(self._history)
        words.addWidget(Line())
        words.addWidget(self.neighbours_title)
        words.addLayout(self._neighbours)
        words.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        holder = QWidget()
        holder.setObjectName("panel")
        inside = QVBoxLayout(holder)
        inside.setContentsMargins(0, 4, 0, 0)
        inside.addWidget(self.details)
        scroll.setWidget(holder)
        chip_row = QHBoxLayout()
        chip_row.setContentsMargins(12, 6, 12, 2)
        chip_row.addWidget(self.selection)
        chip_row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.image, 2)
        column.addLayout(under)
        column.addLayout(chip_row)
        column.addWidget(scroll, 3)

    def set_empty(self) -> None:
        """Nothing is selected."""
        self.image.set_image(None, message="Select an image to see it here.")
        self._window.setText("")
        self._reset.hide()
        self.selection.hide()
        self.details.hide()

    def set_selection_text(self, text: str) -> None:
        """What is selected, for example "214 images from 61 patients"; empty hides the chip."""
        self.selection.setText(text)
        self.selection.setVisible(bool(text))

    def set_image(self, stored: Any, low: float, high: float, meaning: Meaning) -> None:
        """The pixels, their window in stored values, and what they mean."""
        self.image.set_image(stored, low, high, meaning=meaning)
        self._reset.show()
        self._show_window(low, high)

    def set_unreadable(self, text: str) -> None:
        """The pixels cannot be shown, and why."""
        self.image.set_image(None, message=text)
        self._window.setText("")

    def set_facts(self, facts: Sequence[tuple[str, str]]) -> None:
        """What is known of the image, as pairs of name and value."""
        self.details.show()
        while self._facts.count():
            entry = self._facts.takeAt(0)
            widget = entry.widget() if entry is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for place, (name, value) in enumerate(facts):
            title = QLabel(name)
            title.setProperty("role", "muted")
            text = Text(value)
            text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            self._facts.addWidget(title, place, 0, Qt.AlignmentFlag.AlignTop)
            self._facts.addWidget(text, place, 1)

    def set_label(self, text: str, history: Sequence[str]) -> None:
        """The current label in words, and what stood before it, newest first."""
        self._label.setText(text)
        clear(self._history)
        for line in history:
            self._history.addWidget(Text(line, "small"))

    def set_neighbours(self, widget: QWidget | None) -> None:
        """What stands under "Nearest images"; None empties the slot and hides its title."""
        while self._neighbours.count():
            entry = self._neighbours.takeAt(0)
            old = entry.widget() if entry is not None else None
            if old is not None and old is not widget:
                old.hide()
                old.setParent(None)
        self.neighbours_title.setVisible(widget is not None)
        if widget is not None:
            self._neighbours.addWidget(widget)
            widget.show()

    def _show_window(self, low: float, high: float) -> None:
        self._window.setText(self.image.meaning.window(low, high))
