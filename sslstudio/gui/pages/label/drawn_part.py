"""The part of the panel beside the images on cases drawn at random: how the model does on them, and the choice."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QLabel, QVBoxLayout, QWidget

from sslstudio.gui.pages.label import texts
from sslstudio.gui.widgets.controls import PlainButton, Text


class DrawnPart(QWidget):
    """``show_requested``; ``keep_requested(kept)``."""

    show_requested = Signal()
    keep_requested = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.value = QLabel()
        self.value.setProperty("role", "heading")
        self.range, self.basis = Text("", ""), Text("", "small")
        self.show_them = PlainButton(texts.DRAWN_SHOW, "image")
        self.show_them.setToolTip(texts.DRAWN_SHOW_HELP)
        self.show_them.setAccessibleDescription(texts.DRAWN_SHOW_HELP)
        self.keep = QCheckBox(texts.DRAWN_KEEP)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        for part in (self.value, self.range, self.basis, self.show_them, self.keep):
            column.addWidget(part)
        self.show_them.clicked.connect(lambda: self.show_requested.emit())
        self.keep.clicked.connect(self.keep_requested)
        self.set_drawn("", "", texts.DRAWN_NONE, 0)
        self.set_kept(True, "")

    def set_drawn(self, value: str, interval: str, basis: str, images: int) -> None:
        """How many were right, what that says, what it stands on; `images` can be shown."""
        for part, text in ((self.value, value), (self.range, interval)):
            part.setText(text)
            part.setVisible(bool(text))
        self.value.setAccessibleName(f"On cases drawn at random: {value}")
        self.basis.setText(basis)
        self.show_them.setVisible(images > 0)

    def set_kept(self, kept: bool, reason: str) -> None:
        """Whether they are kept to test, and why that cannot be changed now."""
        self.keep.setChecked(kept)
        self.keep.setEnabled(not reason)
        self.keep.setToolTip(reason or texts.DRAWN_KEEP_HELP)
        self.keep.setAccessibleDescription(reason or texts.DRAWN_KEEP_HELP)
