"""The bar of a check or a second read: how far it is, what it found, and what to do then."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from sslstudio.gui.pages.label import audit_texts as texts
from sslstudio.gui.widgets.controls import Line, PlainButton, PrimaryButton, Text
from sslstudio.gui.widgets.flow_layout import FlowLayout


class AuditBar(QWidget):
    """Hidden while nothing is checked. ``chosen(what)``: "yes", "no", "all", "core", "edge" or "end"."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.text = Text("", "")
        self.all = PrimaryButton("")
        self.core = PlainButton("")
        self.edge = PlainButton("")
        self.end = PlainButton("", "close", quiet=True)
        self.yes = PrimaryButton(texts.YES)
        self.no = PlainButton(texts.NO)
        self.core.setToolTip(texts.CORE_HELP)
        self.edge.setToolTip(texts.EDGE_HELP)
        row = QHBoxLayout()
        row.setContentsMargins(16, 8, 12, 8)
        row.setSpacing(8)
        row.addWidget(self.text, 1)
        self._decisions = QWidget()
        below = FlowLayout(self._decisions, spacing=8)
        below.setContentsMargins(16, 0, 12, 8)
        for button, what, place in (
            (self.yes, "yes", row), (self.no, "no", row), (self.end, "end", row),
            (self.all, "all", below), (self.core, "core", below), (self.edge, "edge", below),
        ):  # fmt: skip
            button.clicked.connect(lambda _=False, asked=what: self.chosen.emit(asked))
            place.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(Line())
        column.addLayout(row)
        column.addWidget(self._decisions)
        self.hide()

    def show_step(self, text: str, *, yes_or_no: bool = False) -> None:
        """The check is under way; `yes_or_no` where that is an answer."""
        self.text.setText(text)
        for answer in (self.yes, self.no):
            answer.setVisible(yes_or_no)
        self.end.setText(texts.STOP)
        self._offer("", "", "")
        self.show()

    def show_result(self, text: str, all_: str = "", core: str = "", edge: str = "") -> None:
        """What was found; empty texts hide what makes no sense."""
        self.text.setText(text)
        self.yes.hide()
        self.no.hide()
        self.end.setText(texts.END)
        self._offer(all_, core, edge)
        self.show()

    def _offer(self, *words: str) -> None:
        """Name what can be decided now; what has no name is hidden."""
        for button, name in zip((self.all, self.core, self.edge), words, strict=True):
            button.setText(name)
            button.setVisible(bool(name))
        self._decisions.setVisible(any(words))
