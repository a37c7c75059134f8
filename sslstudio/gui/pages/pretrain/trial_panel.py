"""Pre-flight: some steps of the training as it is set up, to know minutes, memory and disk before it starts."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QProgressBar, QVBoxLayout, QWidget

from sslstudio.gui.pages.pretrain import trial_texts as texts
from sslstudio.gui.widgets.controls import PlainButton, ReasonButton, Text


class TrialPanel(QWidget):
    """Setters, and ``try_requested(fit)``, ``stop_requested``, ``take_requested``."""

    try_requested = Signal(bool)
    stop_requested = Signal()
    take_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.start = ReasonButton(texts.TRY, "clock", primary=False)
        self.start.button.setToolTip(texts.TRY_HELP)
        self.start.clicked.connect(lambda: self.try_requested.emit(False))
        self.bar = QProgressBar()
        self.bar.setRange(0, 0)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(texts.TRYING)
        self.stop = PlainButton(texts.STOP, "stop")
        self.stop.setToolTip(texts.STOP_HELP)
        self.stop.clicked.connect(lambda: self.stop_requested.emit())
        self.title = Text("", "strong")
        self._lines = QVBoxLayout()
        self._lines.setSpacing(2)
        self.fit = PlainButton(texts.FIT, "sliders")
        self.fit.setToolTip(texts.FIT_HELP)
        self.fit.clicked.connect(lambda: self.try_requested.emit(True))
        self.take = PlainButton(texts.TAKE, "check")
        self.take.setToolTip(texts.TAKE_HELP)
        self.take.clicked.connect(lambda: self.take_requested.emit())
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(4)
        for part in (self.start, self.bar, self.stop, self.title):
            column.addWidget(part)
        column.addLayout(self._lines)
        for button in (self.fit, self.take):
            column.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
        self.set_running(False)
        self.set_result("", "", ())

    def set_reason(self, reason: str) -> None:
        """Why nothing can be tried now, or ""."""
        self.start.button.setEnabled(not reason)
        self.start.button.setToolTip(reason or texts.TRY_HELP)
        self.start.button.setAccessibleDescription(reason or texts.TRY_HELP)
        for button in (self.fit, self.take):
            button.setEnabled(not reason)

    def set_running(self, running: bool) -> None:
        """Whether a trial is under way."""
        self.start.setVisible(not running)
        self.bar.setVisible(running)
        self.stop.setVisible(running)
        if running:
            self.set_result("strong", texts.TRYING, ())

    def set_result(
        self, role: str, title: str, sentences: Sequence[str], *, fit: bool = False, take: bool = False
    ) -> None:
        """What the trial found; `fit` offers to change what is too large, `take` to take what was changed."""
        self.title.set_role(role or "strong")
        self.title.setText(title)
        self.title.setVisible(bool(title))
        while self._lines.count():
            entry = self._lines.takeAt(0)
            widget = entry.widget() if entry is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for sentence in sentences:
            self._lines.addWidget(Text(sentence, "small"))
        self.fit.setVisible(fit)
        self.take.setVisible(take)

    def sentences(self) -> list[str]:
        """What stands below the title."""
        entries = [self._lines.itemAt(place) for place in range(self._lines.count())]
        widgets = [entry.widget() for entry in entries if entry is not None]
        return [widget.text() for widget in widgets if isinstance(widget, Text)]
