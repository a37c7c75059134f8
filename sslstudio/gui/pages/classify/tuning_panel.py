"""The part of the Classify page that fine-tunes: what learns, how long it takes, its live curve, what came of it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QSpinBox, QVBoxLayout, QWidget

from sslstudio.gui.pages.classify import tuning_texts as texts
from sslstudio.gui.widgets.controls import PlainButton, ReasonButton, SectionTitle, Text
from sslstudio.gui.widgets.curves import CurvePlot


class TuningPanel(QWidget):
    """Setters, and signals: ``start_requested(mode, epochs)``, ``stop_requested``, ``hold_requested(held)``,
    ``resume_requested``."""

    start_requested = Signal(str, int)
    stop_requested = Signal()
    hold_requested = Signal(bool)
    resume_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.mode = QComboBox()
        self.epochs = QSpinBox()
        self.start = ReasonButton(texts.START, primary=False)
        self.stop = PlainButton(texts.STOP)
        self.hold = PlainButton(texts.PAUSE)
        self.resume = PlainButton("")
        self.curve = CurvePlot(texts.CURVE)
        self.offer = Text("", "small")
        self.doing = Text("", "muted")
        self.verdict = Text("", "")
        self._held = False
        self._build()
        self.start.clicked.connect(lambda: self.start_requested.emit(str(self.mode.currentData()), self.epochs.value()))
        self.stop.clicked.connect(self.stop_requested)
        self.resume.clicked.connect(self.resume_requested)
        self.hold.clicked.connect(lambda: self.hold_requested.emit(not self._held))

    def set_offer(self, words: str, reason: str, *, transformer: bool) -> None:
        """What it would learn from and take; or why it cannot be done now."""
        self.offer.setText(words)
        self.offer.setVisible(bool(words))
        self.start.set_reason(reason)
        wanted = self.mode.currentData() or "lpft"
        self.mode.clear()
        for name, title in texts.MODES:
            if name != "lora" or transformer:
                self.mode.addItem(title, name)
        self.mode.setCurrentIndex(max(0, self.mode.findData(wanted)))

    def set_running(self, words: str, held: bool = False) -> None:
        """How far a run is; "" when none is under way."""
        self._held = held
        self.doing.setText(words)
        for part in (self.doing, self.stop, self.hold):
            part.setVisible(bool(words))
        self.hold.setText(texts.GO_ON if held else texts.PAUSE)

    def set_resume(self, run_id: str) -> None:
        """The stopped run that can go on; "" for none."""
        self.resume.setText(texts.resume(run_id) if run_id else "")
        self.resume.setVisible(bool(run_id))

    def set_curve(self, points: Sequence[tuple[float, float]], epochs: int, start: float | None) -> None:
        """Scores after each pass, and that of the start as a level; nothing is shown without points."""
        self.curve.setVisible(bool(points))
        self.curve.set_points(points)
        self.curve.set_level(start, texts.START_LEVEL)
        self.curve.set_last_epoch(epochs)

    def set_verdict(self, words: str) -> None:
        """What came of the newest one."""
        self.verdict.setText(words)
        self.verdict.setVisible(bool(words))

    def _build(self) -> None:
        self.mode.setAccessibleName(texts.MODE)
        self.mode.setToolTip(texts.MODE_TIP)
        self.epochs.setRange(1, 500)
        self.epochs.setValue(20)
        self.epochs.setAccessibleName(texts.EPOCHS)
        self.epochs.setToolTip(texts.EPOCHS_TIP)
        form = QHBoxLayout()
        form.setSpacing(8)
        for name, control in ((texts.MODE, self.mode), (texts.EPOCHS, self.epochs)):
            label = QLabel(name)
            label.setProperty("role", "muted")
            label.setBuddy(control)
            form.addWidget(label)
            form.addWidget(control)
        form.addStretch(1)
        running = QHBoxLayout()
        running.addWidget(self.doing, 1)
        running.addWidget(self.hold)
        running.addWidget(self.stop)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(SectionTitle(texts.TITLE))
        column.addWidget(Text(texts.ABOUT, "small"))
        column.addLayout(form)
        column.addWidget(self.offer)
        starting = QHBoxLayout()
        starting.addWidget(self.start, 1)
        starting.addWidget(self.resume)
        column.addLayout(starting)
        column.addLayout(running)
        column.addWidget(self.curve)
        column.addWidget(self.verdict)
        self.curve.setMaximumWidth(560)
        self.curve.setFixedHeight(200)
        self.set_offer("", "", transformer=False)
        self.resume.setToolTip(texts.RESUME_TIP)
        self.set_running("")
        self.set_resume("")
        self.set_curve((), 1, None)
        self.set_verdict("")
