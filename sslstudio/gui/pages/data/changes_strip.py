"""What a look for changes has found, above the import list, and whether it is to be carried out."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from sslstudio.gui.pages.data import ledger_texts as texts
from sslstudio.gui.widgets.card import Card
from sslstudio.gui.widgets.controls import PlainButton, PrimaryButton, Text


class ChangesStrip(Card):
    """A setter; ``wanted`` asks to carry out what was found, ``declined`` to leave everything as it is."""

    wanted = Signal()
    declined = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, margin=12)
        self.text = Text("")
        self.text.setAccessibleName(texts.LOOKED)
        self.carry_out = PrimaryButton(texts.CARRY_OUT, "check")
        self.carry_out.setToolTip(texts.CARRY_OUT_HELP)
        self.carry_out.clicked.connect(lambda: self.wanted.emit())
        self.leave = PlainButton(texts.LEAVE)
        self.leave.setToolTip(texts.LEAVE_HELP)
        self.leave.clicked.connect(lambda: self.declined.emit())
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(self.text, 1)
        line.addWidget(self.carry_out)
        line.addWidget(self.leave)
        self.body.addLayout(line)
        self.hide()

    def set_found(self, text: str, anything: bool = False) -> None:
        """What a look has found, and whether there is anything to carry out; "" hides it all."""
        self.text.setText(text)
        self.carry_out.setVisible(anything)
        self.leave.setText(texts.LEAVE if anything else texts.CLOSE)
        self.setVisible(bool(text))
