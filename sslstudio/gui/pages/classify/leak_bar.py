"""Leaks that stand in the way of a training: what was found, a look at the images, and three ways out."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from sslstudio.gui.pages.classify import split_texts as texts
from sslstudio.gui.widgets.controls import PlainButton, Text
from sslstudio.gui.widgets.flow_layout import FlowLayout
from sslstudio.session.leak_words import BLOCKED


class LeakBar(QWidget):
    """``show_requested``; ``solve_requested(how)`` with "together", "leave_out" or "differ". Hidden without leaks."""

    show_requested = Signal()
    solve_requested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.found = Text("", "danger")
        self.show_them = PlainButton(texts.SHOW, "image")
        self.solutions = {
            "together": PlainButton(texts.TOGETHER),
            "leave_out": PlainButton(texts.LEAVE_OUT),
            "differ": PlainButton(texts.DIFFER),
        }
        tips = {"together": texts.TOGETHER_TIP, "leave_out": texts.LEAVE_OUT_TIP, "differ": texts.DIFFER_TIP}
        buttons = QWidget()
        flow = FlowLayout(buttons, spacing=8)
        self.show_them.setToolTip(texts.SHOW_TIP)
        self.show_them.clicked.connect(self.show_requested)
        flow.addWidget(self.show_them)
        for how, button in self.solutions.items():
            button.setToolTip(tips[how])
            button.clicked.connect(lambda _=False, how=how: self.solve_requested.emit(how))
            flow.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 4)
        column.setSpacing(6)
        column.addWidget(self.found)
        column.addWidget(buttons)
        self.hide()

    def set_leaks(self, sentences: Sequence[str]) -> None:
        """What was found, one sentence a kind; none hides the bar."""
        self.found.setText(" ".join([BLOCKED, *sentences]) if sentences else "")
        self.found.setAccessibleName(self.found.text())
        self.setVisible(bool(sentences))
