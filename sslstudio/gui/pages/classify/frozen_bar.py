"""The frozen test set in a line: how it stands, freezing it, and giving it up with a reason, without a dialog."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from sslstudio.gui.pages.classify import split_texts as texts
from sslstudio.gui.widgets.controls import PlainButton, ReasonButton, Text


class FrozenBar(QWidget):
    """``freeze_requested``; ``thaw_requested(why)``."""

    freeze_requested = Signal()
    thaw_requested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.state = Text("", "muted")
        self.freeze = ReasonButton(texts.FREEZE, primary=False)
        self.thaw = PlainButton(texts.THAW)
        self.why = QLineEdit()
        self.thaw_it, self.keep = PlainButton(texts.THAW_IT), PlainButton(texts.KEEP)
        self._asking = QWidget()
        self._build()

    def set_state(self, text: str, frozen: bool, reason: str) -> None:
        """How the test set stands; `reason` says why it cannot be frozen or thawed now."""
        self.state.setText(text)
        self.freeze.setVisible(not frozen)
        self.freeze.set_reason(reason)
        if not reason:
            self.freeze.button.setToolTip(texts.FREEZE_TIP)
        self.thaw.setVisible(frozen)
        self.thaw.setEnabled(not reason)
        self.thaw.setToolTip(reason or texts.THAW_ASK)
        if not frozen:
            self._asking.hide()

    def _ask(self, asking: bool) -> None:
        self._asking.setVisible(asking)
        if asking:
            self.why.clear()
            self.why.setFocus()

    def _thaw(self) -> None:
        if self.why.text().strip():
            self.thaw_requested.emit(self.why.text())

    def _build(self) -> None:
        self.why.setPlaceholderText(texts.WHY)
        self.why.setAccessibleName(texts.WHY)
        self.thaw_it.setEnabled(False)
        self.thaw_it.setToolTip(texts.WHY)
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(10)
        row.addWidget(self.state, 1)
        row.addWidget(self.freeze)
        row.addWidget(self.thaw)
        answer = QHBoxLayout()
        answer.setSpacing(8)
        answer.addWidget(self.why, 1)
        answer.addWidget(self.thaw_it)
        answer.addWidget(self.keep)
        asking = QVBoxLayout(self._asking)
        asking.setContentsMargins(0, 0, 0, 0)
        asking.setSpacing(6)
        asking.addWidget(Text(texts.THAW_ASK, "warning"))
        asking.addLayout(answer)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(row)
        column.addWidget(self._asking)
        self._asking.hide()
        self.thaw.hide()
        self.freeze.clicked.connect(self.freeze_requested)
        self.thaw.clicked.connect(lambda: self._ask(self._asking.isHidden()))
        self.keep.clicked.connect(lambda: self._ask(False))
        self.thaw_it.clicked.connect(self._thaw)
        self.why.returnPressed.connect(self._thaw)
        self.why.textChanged.connect(lambda text: self.thaw_it.setEnabled(bool(text.strip())))
