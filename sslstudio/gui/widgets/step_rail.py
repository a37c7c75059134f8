"""The rail at the left: the six steps in order, each with an icon, a word and how far it has come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QVBoxLayout, QWidget

from sslstudio.gui import theme
from sslstudio.gui.widgets.controls import Clickable, Line


@dataclass(frozen=True)
class Step:
    """One entry of the rail."""

    id: str
    title: str
    icon: str
    keys: str = ""


class RailButton(Clickable):
    """One step: icon, word, and under it the badge."""

    def __init__(self, step: Step, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.step = step
        self.setObjectName("railButton")
        self.setToolTip(f"{step.title} ({step.keys})" if step.keys else step.title)
        self._picture = QLabel()
        self._title = QLabel(step.title)
        self._badge = QLabel()
        self._badge.setProperty("role", "small")
        self._tick = QLabel()
        grid = QGridLayout(self)
        grid.setContentsMargins(13, 9, 10, 9)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(1)
        grid.addWidget(self._picture, 0, 0, 2, 1, Qt.AlignmentFlag.AlignVCenter)
        grid.addWidget(self._title, 0, 1)
        grid.addWidget(self._tick, 0, 2)
        grid.addWidget(self._badge, 1, 1, 1, 2)
        grid.setColumnStretch(1, 1)
        self._current = False
        self.set_badge("")
        theme.on_change(self, self._paint)
        self._paint()

    def set_badge(self, text: str, *, done: bool = False) -> None:
        """The text under the word, and whether the step has been done at least once."""
        self._badge.setText(text)
        self._badge.setVisible(bool(text))
        self._done = done
        self.setAccessibleName(f"{self.step.title}, {text}" if text else self.step.title)
        self._paint_tick()

    def set_current(self, current: bool) -> None:
        """Mark as the page in front."""
        self._current = current
        self.setProperty("current", current)
        self.setAccessibleDescription("Current page" if current else "")
        self._title.setProperty("role", "strong" if current else "")
        for widget in (self, self._title):
            widget.style().unpolish(widget)
            widget.style().polish(widget)
        self._paint()

    def _paint(self) -> None:
        colours = theme.tokens()
        colour = colours.accent if self._current else colours.text
        self._picture.setPixmap(theme.pixmap(self.step.icon, colour, 20, self.devicePixelRatioF()))
        self._paint_tick()

    def _paint_tick(self) -> None:
        if self._done:
            self._tick.setPixmap(theme.pixmap("check", theme.tokens().ok, 14, self.devicePixelRatioF()))
        else:
            self._tick.clear()


class StepRail(QFrame):
    """The steps. ``step_requested(id)`` fires when one is asked for; Up and Down move between them."""

    step_requested = Signal(str)

    def __init__(self, steps: Sequence[Step], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("rail")
        self.setFixedWidth(148)
        self.setAccessibleName("Steps")
        self._buttons: dict[str, RailButton] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 8)
        column.setSpacing(0)
        self._steps = QVBoxLayout()
        self._steps.setSpacing(0)
        column.addLayout(self._steps)
        column.addStretch(1)
        self.foot = QVBoxLayout()
        self.foot.setContentsMargins(12, 8, 12, 0)
        self.foot.setSpacing(6)
        column.addLayout(self.foot)
        for place, step in enumerate(steps):
            button = RailButton(step)
            button.clicked.connect(lambda asked=step.id: self.step_requested.emit(asked))
            self._buttons[step.id] = button
            self._steps.addWidget(button)
            if place == 0:
                self._steps.addWidget(Line())

    def set_current(self, step_id: str) -> None:
        """Mark one step as the page in front."""
        for identifier, button in self._buttons.items():
            if button.property("current") != (identifier == step_id):
                button.set_current(identifier == step_id)

    def set_badge(self, step_id: str, text: str, *, done: bool = False) -> None:
        """The text under one step."""
        self._buttons[step_id].set_badge(text, done=done)

    def button(self, step_id: str) -> RailButton:
        """The button of one step."""
        return self._buttons[step_id]

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Up and Down move the focus between steps."""
        if event.key() == Qt.Key.Key_Down:
            self.focusNextChild()
        elif event.key() == Qt.Key.Key_Up:
            self.focusPreviousChild()
        else:
            super().keyPressEvent(event)
