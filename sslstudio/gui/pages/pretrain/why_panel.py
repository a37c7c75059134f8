"""What would be recommended for these images, setting by setting, each with its reason and what that rests on."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from sslstudio.gui.pages.pretrain import texts
from sslstudio.gui.widgets.controls import Disclosure, PlainButton, Text, clear

Line = tuple[str, str, str]
"""What and which ("Network: ResNet-18"), why, and what that rests on."""


class WhyPanel(QWidget):
    """Setters, and ``take_requested`` for all of it."""

    take_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: tuple[Line, ...] = ()
        body = QWidget()
        inside = QVBoxLayout(body)
        inside.setContentsMargins(8, 0, 0, 4)
        inside.setSpacing(6)
        self._lines = QVBoxLayout()
        self._lines.setSpacing(2)
        inside.addLayout(self._lines)
        self.take = PlainButton(texts.TAKE_ALL, "check")
        self.take.setToolTip(texts.TAKE_ALL_HELP)
        self.take.clicked.connect(lambda: self.take_requested.emit())
        inside.addWidget(self.take, 0, Qt.AlignmentFlag.AlignLeft)
        self.fold = Disclosure(texts.WHY, body)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.fold)
        self.set_lines(())

    def set_lines(self, lines: Sequence[Line]) -> None:
        """Show these; with none the panel is away."""
        self.setVisible(bool(lines))
        if tuple(lines) == self._shown:
            return
        self._shown = tuple(lines)
        clear(self._lines)
        for what, why, rests_on in lines:
            self._lines.addWidget(Text(what, "strong"))
            self._lines.addWidget(Text(f"{why} {rests_on}".strip(), "small"))

    def set_taken(self, taken: bool) -> None:
        """Whether all of it stands in the panel already."""
        self.take.setEnabled(not taken)
        self.take.setAccessibleDescription(texts.TAKEN_ALREADY if taken else texts.TAKE_ALL_HELP)
        self.take.setToolTip(texts.TAKEN_ALREADY if taken else texts.TAKE_ALL_HELP)

    def lines(self) -> tuple[Line, ...]:
        """What is shown."""
        return self._shown
