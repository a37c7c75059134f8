"""One run in full: how far it is, its two curves, three lights with a sentence each, and what can be done with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QProgressBar, QSpinBox, QVBoxLayout, QWidget

from sslstudio.gui import theme
from sslstudio.gui.pages.pretrain import texts
from sslstudio.gui.pages.pretrain.progress import ALARM, Light, RunStory
from sslstudio.gui.widgets.controls import Disclosure, PlainButton, PrimaryButton, SectionTitle, Text

if TYPE_CHECKING:
    from sslstudio.gui.widgets.curves import CurvePlot

_LOOK = {
    "unknown": ("light-off", "muted"),
    "good": ("check", "ok"),
    "warning": ("warning", "warning"),
    "bad": ("error", "danger"),
}


class LightRow(QWidget):
    """One light: a shape and a colour, what it is about, and a sentence."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._picture = QLabel()
        self._title = QLabel()
        self._title.setProperty("role", "strong")
        self._title.setFixedWidth(168)
        self._sentence = Text()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 3, 0, 3)
        row.setSpacing(10)
        row.addWidget(self._picture, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self._title, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self._sentence, 1)
        self._light = Light("", "unknown", "")
        theme.on_change(self, lambda: self.set_light(self._light))

    def set_light(self, light: Light) -> None:
        """Show a judgement."""
        self._light = light
        icon, colour = _LOOK[light.mood]
        self._picture.setPixmap(theme.pixmap(icon, getattr(theme.tokens(), colour), 18, self.devicePixelRatioF()))
        self._title.setText(light.title)
        self._sentence.setText(light.sentence)
        self._sentence.set_role("muted" if light.mood == "unknown" else "")
        self.setAccessibleName(f"{light.title}: {light.sentence}")


class RunPanel(QWidget):
    """Setters, and a signal for each wish."""

    stop_requested = Signal()
    resume_requested = Signal()
    extend_requested = Signal(int)
    embed_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._plots: tuple[CurvePlot, CurvePlot] | None = None
        self.title = SectionTitle()
        self.state = Text("", "muted")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setRange(0, 1000)
        self.bar.setAccessibleName("Progress of the training")
        self.advice = Text("", "warning")
        self.advice.hide()
        self._plot_row = QHBoxLayout()
        self._plot_row.setSpacing(12)
        self._lights = [LightRow() for _ in range(3)]
        self._numbers = QGridLayout()
        self._numbers.setHorizontalSpacing(24)
        self._numbers.setVerticalSpacing(2)
        numbers = QWidget()
        numbers.setLayout(self._numbers)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(self._make_head())
        column.addWidget(self.bar)
        column.addWidget(self.advice)
        column.addLayout(self._plot_row, 1)
        for light in self._lights:
            column.addWidget(light)
        column.addWidget(Disclosure(texts.DETAILS, numbers))

    def _make_head(self) -> QVBoxLayout:
        self.stop = PlainButton(texts.STOP, "stop")
        self.resume = PrimaryButton(texts.RESUME, "resume")
        self.extend = PlainButton(texts.EXTEND, "extend")
        self.by = QSpinBox()
        self.by.setRange(1, 10_000)
        self.by.setValue(20)
        self.by.setSuffix(" epochs")
        self.by.setAccessibleName("Epochs to add")
        self.embed = PrimaryButton(texts.EMBED, "explore")
        self.stop.clicked.connect(lambda: self.stop_requested.emit())
        self.resume.clicked.connect(lambda: self.resume_requested.emit())
        self.extend.clicked.connect(lambda: self.extend_requested.emit(self.by.value()))
        self.embed.clicked.connect(lambda: self.embed_requested.emit())
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.state, 1)
        for part in (self.stop, self.resume, self.by, self.extend, self.embed):
            row.addWidget(part, 0, Qt.AlignmentFlag.AlignVCenter)
        head = QVBoxLayout()
        head.setSpacing(2)
        head.addWidget(self.title)
        head.addLayout(row)
        return head

    def prepare_plots(self) -> None:
        """Make the plots; the plotting library is imported now, not when the window starts."""
        if self._plots is not None:
            return
        from sslstudio.gui.widgets.curves import CurvePlot

        loss, spread = CurvePlot(texts.LOSS), CurvePlot(texts.SPREAD, lowest=0.0, highest=1.1)
        spread.set_level(ALARM, texts.ALARM)
        self._plots = (loss, spread)
        for plot in self._plots:
            self._plot_row.addWidget(plot, 1)

    def set_run(self, title: str, state: str, fraction: float | None, advice: str = "") -> None:
        """What run this is and how it stands; a fraction shows the bar."""
        self.title.setText(title)
        self.state.setText(state)
        self.bar.setVisible(fraction is not None)
        if fraction is not None:
            self.bar.setRange(0, 0 if fraction < 0 else 1000)
            if fraction >= 0:
                self.bar.setValue(round(fraction * 1000))
        self.advice.setText(advice)
        self.advice.setVisible(bool(advice))

    def set_actions(self, *, stop: str | None, resume: str | None, extend: str | None, embed: str | None) -> None:
        """What can be done: None hides a button, a text disables it and says why, "" enables it."""
        for button, reason in (
            (self.stop, stop),
            (self.resume, resume),
            (self.extend, extend),
            (self.embed, embed),
        ):
            button.setVisible(reason is not None)
            button.setEnabled(not reason)
            button.setToolTip(reason or "")
            button.setAccessibleDescription(reason or "")
        self.by.setVisible(extend is not None)
        self.by.setEnabled(extend == "")

    def set_story(self, story: RunStory, judged: Sequence[Light]) -> None:
        """Curves, lights and numbers."""
        self.prepare_plots()
        if self._plots is not None:
            loss, spread = self._plots
            loss.set_level(story.chance, texts.CHANCE)
            loss.set_last_epoch(story.epochs)
            loss.set_points(story.loss, story.epoch_loss)
            spread.set_last_epoch(story.epochs)
            spread.set_points(story.spread)
        for row, light in zip(self._lights, judged, strict=True):
            row.set_light(light)
        self._set_numbers(story)

    def _set_numbers(self, story: RunStory) -> None:
        shown = [(name, *texts.NUMBERS[name]) for name in texts.NUMBERS if name in story.numbers]
        while self._numbers.count() > 2 * len(shown):
            entry = self._numbers.takeAt(self._numbers.count() - 1)
            widget = entry.widget() if entry is not None else None
            if widget is not None:
                widget.deleteLater()
        for place, (name, label, form) in enumerate(shown):
            row, side = divmod(place, 2)
            texts_now = (label, form.format(story.numbers[name]))
            for offset, text in enumerate(texts_now):
                entry = self._numbers.itemAtPosition(row, 2 * side + offset)
                widget = entry.widget() if entry is not None else None
                if not isinstance(widget, QLabel):
                    widget = QLabel()
                    widget.setProperty("role", "muted" if offset == 0 else "")
                    self._numbers.addWidget(widget, row, 2 * side + offset)
                widget.setText(text)
        self._numbers.setColumnStretch(4, 1)
