"""One run in full: how far it is, its two curves, three lights with a sentence each, and what can be done with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QProgressBar, QSizePolicy, QVBoxLayout, QWidget

from sslstudio.gui import theme
from sslstudio.gui.pages.pretrain import run_texts, texts
from sslstudio.gui.pages.pretrain.help_panel import HelpPanel
from sslstudio.gui.pages.pretrain.progress import ALARM, Light, RunStory
from sslstudio.gui.pages.pretrain.run_head import RunHead
from sslstudio.gui.widgets.controls import Disclosure, PlainButton, Segmented, Text, clear
from sslstudio.gui.widgets.picture_grid import PictureGrid
from sslstudio.gui.widgets.stack import Stack

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


class Notices(QWidget):
    """What a run has warned of, each with what to do about it. ``enough`` fires when the user stops a settled run."""

    enough = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(4)
        self._shown: tuple[tuple[str, ...], bool] = ((), False)
        self.hide()

    def set_notices(self, sentences: Sequence[str], *, offer_stop: bool) -> None:
        """Show these sentences; `offer_stop` puts a button to stop and keep below them."""
        if self._shown == (tuple(sentences), offer_stop):
            return
        self._shown = (tuple(sentences), offer_stop)
        clear(self._column)
        for sentence in sentences:
            self._column.addWidget(Text(sentence, "warning"))
        if offer_stop:
            button = PlainButton(run_texts.ENOUGH, "check")
            button.setToolTip(run_texts.STOP_HELP)
            button.clicked.connect(lambda: self.enough.emit())
            self._column.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
        self.setVisible(bool(sentences))

    def sentences(self) -> tuple[str, ...]:
        """What is shown."""
        return self._shown[0]


class RunPanel(QWidget):
    """The head with its wishes, and what is known of the run."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._plots: tuple[CurvePlot, CurvePlot] | None = None
        self.head = RunHead()
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setRange(0, 1000)
        self.bar.setAccessibleName("Progress of the training")
        self.notices = Notices()
        self._lights = [LightRow() for _ in range(3)]
        self._numbers = QGridLayout()
        self._numbers.setHorizontalSpacing(24)
        self._numbers.setVerticalSpacing(2)
        numbers = QWidget()
        numbers.setLayout(self._numbers)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        for part in (self.head, self.bar, self.notices):
            column.addWidget(part)
        column.addWidget(self._make_shown(), 1)
        for light in self._lights:
            column.addWidget(light)
        column.addWidget(Disclosure(texts.DETAILS, numbers))
        self.help = HelpPanel()
        column.addWidget(self.help)

    def _make_shown(self) -> QWidget:
        """Curves, and the method's pictures once there are some."""
        curves = QWidget()
        self._plot_row = QHBoxLayout(curves)
        self._plot_row.setContentsMargins(0, 0, 0, 0)
        self._plot_row.setSpacing(12)
        self.pictures = PictureGrid(run_texts.PICTURES_NAME, largest=112)
        self._stack = Stack()
        self._stack.addWidget(curves)
        self._stack.addWidget(self.pictures)
        self.choice = Segmented((("curves", run_texts.CURVES), ("pictures", run_texts.PICTURES)), run_texts.SHOWN)
        self.choice.chosen.connect(lambda value: self._stack.setCurrentIndex(int(value == "pictures")))
        self.choice.hide()
        self._stack.setMinimumHeight(150)
        self._stack.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Ignored)  # what is left, or that
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.choice)
        column.addWidget(self._stack, 1)
        return holder

    def set_pictures(self, rows: Sequence[Sequence[QImage]], titles: Sequence[str]) -> None:
        """What the method makes of a few fixed images, one row for each title; with none the curves stand alone."""
        self.choice.setVisible(bool(rows))
        self.pictures.set_pictures(rows, row_titles=titles)
        if not rows:
            self.choice.set_value("curves")
            self._stack.setCurrentIndex(0)

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

    def set_run(self, title: str, state: str, fraction: float | None) -> None:
        """What run this is and how it stands; a fraction shows the bar."""
        self.head.set_run(title, state)
        self.bar.setVisible(fraction is not None)
        if fraction is not None:
            self.bar.setRange(0, 0 if fraction < 0 else 1000)
            if fraction >= 0:
                self.bar.setValue(round(fraction * 1000))

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
        shown = [(name, label) for name, (label, _) in run_texts.NUMBERS.items() if name in story.numbers]
        while self._numbers.count() > 2 * len(shown):
            entry = self._numbers.takeAt(self._numbers.count() - 1)
            widget = entry.widget() if entry is not None else None
            if widget is not None:
                widget.deleteLater()
        for place, (name, label) in enumerate(shown):
            row, side = divmod(place, 2)
            texts_now = (label, run_texts.number(name, story.numbers[name]))
            for offset, text in enumerate(texts_now):
                entry = self._numbers.itemAtPosition(row, 2 * side + offset)
                widget = entry.widget() if entry is not None else None
                if not isinstance(widget, QLabel):
                    widget = QLabel()
                    widget.setProperty("role", "muted" if offset == 0 else "")
                    self._numbers.addWidget(widget, row, 2 * side + offset)
                widget.setText(text)
        self._numbers.setColumnStretch(4, 1)
