"""The head of a run: what it is, how it stands, and what can be done with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QMenu, QVBoxLayout, QWidget

from sslstudio.gui.pages.pretrain import run_texts, texts
from sslstudio.gui.widgets.controls import IconButton, PlainButton, PrimaryButton, SectionTitle, Text
from sslstudio.gui.widgets.numbers import WholeNumber


@dataclass(frozen=True)
class Actions:
    """What can be done: None hides a button, a text disables it and says why, "" enables it.

    `held` shows "Go on" in place of "Pause", `waits` what can be done with a run in the queue; `weights` are the
    choices of what the run hands on ("best", "last", "discard"), `kept` says in words which it is.
    """

    stop: str | None = None
    resume: str | None = None
    extend: str | None = None
    embed: str | None = None
    held: bool = False
    waits: bool = False
    weights: tuple[str, ...] = ()
    kept: str = ""


class RunHead(QWidget):
    """Setters, and a signal for each wish. ``stop_requested`` carries what becomes of the weights."""

    stop_requested = Signal(str)
    hold_requested = Signal(bool)
    resume_requested = Signal()
    extend_requested = Signal(int)
    embed_requested = Signal()
    weights_chosen = Signal(str)
    withdraw_requested = Signal()
    sooner_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._held = False
        self.title = SectionTitle()
        self.state = Text("", "muted")
        self.kept = Text("", "small")
        self.hold = PlainButton(run_texts.PAUSE, "pause")
        self.stop = PlainButton(texts.STOP, "stop")
        self.stop_how = IconButton("chevron-down", run_texts.STOP_HOW)
        self.resume = PrimaryButton(texts.RESUME, "resume")
        self.extend = PlainButton(texts.EXTEND, "extend")
        self.by = WholeNumber()
        self.by.setRange(1, 10_000)
        self.by.setValue(20)
        self.by.setSuffix(" epochs")
        self.by.setFixedWidth(112)
        self.by.setAccessibleName("Epochs to add")
        self.embed = PrimaryButton(texts.EMBED, "explore")
        self.sooner = PlainButton(run_texts.SOONER, "play")
        self.sooner.setToolTip(run_texts.SOONER_HELP)
        self.withdraw = PlainButton(run_texts.WITHDRAW, "close")
        self.withdraw.setToolTip(run_texts.WITHDRAW_HELP)
        self.weights = IconButton("more", run_texts.KEPT_HELP)
        self._connect()
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.state, 1)
        running = (self.sooner, self.withdraw, self.hold, self.stop, self.stop_how)
        for part in (*running, self.resume, self.by, self.extend, self.embed, self.weights):
            row.addWidget(part, 0, Qt.AlignmentFlag.AlignVCenter)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.title)
        column.addLayout(row)
        column.addWidget(self.kept)
        self.set_actions(Actions())

    def _connect(self) -> None:
        self.hold.clicked.connect(lambda: self.hold_requested.emit(not self._held))
        self.stop.clicked.connect(lambda: self.stop_requested.emit("last"))
        self.resume.clicked.connect(lambda: self.resume_requested.emit())
        self.extend.clicked.connect(lambda: self.extend_requested.emit(self.by.value()))
        self.sooner.clicked.connect(lambda: self.sooner_requested.emit())
        self.withdraw.clicked.connect(lambda: self.withdraw_requested.emit())
        self.embed.clicked.connect(lambda: self.embed_requested.emit())
        self.ways = QMenu(self)
        for name, label in (
            ("last", run_texts.STOP_LAST),
            ("best", run_texts.STOP_BEST),
            ("discard", run_texts.STOP_DISCARD),
        ):
            self.ways.addAction(label).triggered.connect(lambda _=False, way=name: self.stop_requested.emit(way))
        self.stop_how.clicked.connect(lambda: self._drop(self.ways, self.stop_how))
        self.choices = QMenu(self)
        self.weights.clicked.connect(lambda: self._drop(self.choices, self.weights))

    def set_run(self, title: str, state: str) -> None:
        """What run this is and how it stands."""
        self.title.setText(title)
        self.state.setText(state)

    def set_actions(self, actions: Actions) -> None:
        """What can be done now."""
        for button, reason, help_text in (
            (self.stop, actions.stop, run_texts.STOP_HELP),
            (self.stop_how, actions.stop, run_texts.STOP_HOW),
            (self.hold, actions.stop, run_texts.GO_ON_HELP if actions.held else run_texts.PAUSE_HELP),
            (self.resume, actions.resume, ""),
            (self.extend, actions.extend, ""),
            (self.embed, actions.embed, ""),
        ):
            button.setVisible(reason is not None)
            button.setEnabled(not reason)
            button.setToolTip(reason or help_text)
            button.setAccessibleDescription(reason or "")
        for button in (self.sooner, self.withdraw):
            button.setVisible(actions.waits)
        self._held = actions.held
        self.hold.setText(run_texts.GO_ON if actions.held else run_texts.PAUSE)
        self.by.setVisible(actions.extend is not None)
        self.by.setEnabled(actions.extend == "")
        self.kept.setText(actions.kept)
        self.kept.setVisible(bool(actions.kept))
        self._set_weights(actions.weights)

    def _set_weights(self, names: Sequence[str]) -> None:
        self.weights.setVisible(bool(names))
        if [action.data() for action in self.choices.actions()] == list(names):
            return
        self.choices.clear()
        for name in names:
            choice = self.choices.addAction(run_texts.HAND_ON[name])
            choice.setData(name)
            choice.triggered.connect(lambda _=False, way=name: self.weights_chosen.emit(way))

    @staticmethod
    def _drop(menu: QMenu, below: QWidget) -> None:
        menu.popup(below.mapToGlobal(QPoint(0, below.height())))
