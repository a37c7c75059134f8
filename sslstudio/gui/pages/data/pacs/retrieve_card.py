"""The retrieval under way, or what became of the last one, as a card in the import panel."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QWidget

from sslstudio.gui.pages.data.pacs import texts
from sslstudio.gui.widgets.card import Card
from sslstudio.gui.widgets.controls import PlainButton, SectionTitle, Text


class RetrieveCard(Card):
    """Setters, and a signal for each wish."""

    stop_requested = Signal()
    again_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = SectionTitle(texts.RECEIVING)
        self.text = Text("", "muted")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setRange(0, 1000)
        self.bar.setAccessibleName("Progress of the retrieval")
        self.stop = PlainButton(texts.STOP, "stop")
        self.stop.clicked.connect(lambda: self.stop_requested.emit())
        self.again = PlainButton(texts.AGAIN, "resume")
        self.again.clicked.connect(lambda: self.again_requested.emit())
        self.dismiss = PlainButton(texts.DISMISS, quiet=True)
        self.dismiss.clicked.connect(self.hide)
        line = QHBoxLayout()
        line.setSpacing(12)
        line.addWidget(self.title)
        line.addWidget(self.text, 1)
        for button in (self.stop, self.again, self.dismiss):
            line.addWidget(button)
        self.details = Text("", "warning")
        self.body.addLayout(line)
        self.body.addWidget(self.bar)
        self.body.addWidget(self.details)
        self.hide()

    def show_progress(self, title: str, text: str, fraction: float) -> None:
        """Under way; a negative fraction means that it is not known how far."""
        self._show(title, text, "muted", "")
        self.bar.show()
        self.bar.setRange(0, 0 if fraction < 0 else 1000)
        if fraction >= 0:
            self.bar.setValue(round(fraction * 1000))
        self.stop.show()
        self.again.hide()
        self.dismiss.hide()

    def show_end(self, title: str, text: str, role: str, details: str, *, again: bool) -> None:
        """Over: what it came to, series by series where something is missing, and whether it can be tried again."""
        self._show(title, text, role, details)
        self.bar.hide()
        self.stop.hide()
        self.again.setVisible(again)
        self.dismiss.show()

    def _show(self, title: str, text: str, role: str, details: str) -> None:
        self.title.setText(title)
        self.text.setText(text)
        self.text.set_role(role)
        self.details.setText(details)
        self.details.setVisible(bool(details))
        self.show()
