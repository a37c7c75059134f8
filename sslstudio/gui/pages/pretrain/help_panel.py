"""Is pretraining helping? The same labels and patients on this run, on its start and on other starts; it may say no."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from sslstudio.gui.pages.pretrain import help_texts as texts
from sslstudio.gui.widgets.controls import Disclosure, ReasonButton, Text

Row = tuple[str, str, str]
"""Name, balanced accuracy, interval."""


class HelpPanel(QWidget):
    """Setters, and ``asked`` when the user wants to know."""

    asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        body = QWidget()
        inside = QVBoxLayout(body)
        inside.setContentsMargins(8, 0, 0, 4)
        inside.setSpacing(6)
        self.words = Text(texts.ABOUT, "muted")
        self.notes = Text("", "small")
        self._rows = QGridLayout()
        self._rows.setHorizontalSpacing(20)
        self._rows.setVerticalSpacing(2)
        self.ask = ReasonButton(texts.ASK, "help", primary=False)
        self.ask.button.setToolTip(texts.ABOUT)
        self.ask.clicked.connect(lambda: self.asked.emit())
        inside.addWidget(self.words)
        inside.addLayout(self._rows)
        inside.addWidget(self.notes)
        inside.addWidget(self.ask)
        self.fold = Disclosure(texts.TITLE, body)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.fold)
        self.set_answer(texts.ABOUT, (), ())
        self.set_reason(texts.NOT_DONE)

    def set_answer(self, words: str, rows: Sequence[Row], notes: Sequence[str], *, role: str = "muted") -> None:
        """The answer or what is being done, the figures it rests on, and what was left out."""
        self.words.setText(words)
        self.words.set_role(role)
        self.notes.setText(" ".join(notes))
        self.notes.setVisible(bool(notes))
        while self._rows.count():
            entry = self._rows.takeAt(0)
            widget = entry.widget() if entry is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for place, row in enumerate(rows):
            for column, cell in enumerate(row):
                label = QLabel(cell)
                label.setProperty("role", "small" if column == 2 else "")
                side = Qt.AlignmentFlag.AlignRight if column else Qt.AlignmentFlag.AlignLeft
                self._rows.addWidget(label, place, column, side)
        self._rows.setColumnStretch(3, 1)

    def set_reason(self, reason: str) -> None:
        """Why it cannot be asked now, or ""."""
        self.ask.set_reason(reason)
