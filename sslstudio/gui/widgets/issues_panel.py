"""The list of problems told so far: each stays, in words and with what to do, until it is dealt with."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from sslstudio.gui import theme
from sslstudio.gui.notifications import Issue
from sslstudio.gui.widgets.controls import IconButton, PlainButton, SectionTitle, Text, clear


class IssueRow(QFrame):
    """One problem."""

    dismissed = Signal(str)

    def __init__(self, issue: Issue, parent: QWidget | None = None, *, removable: bool = True) -> None:
        super().__init__(parent)
        self.setObjectName("issue")
        colours = theme.tokens()
        icon, colour = {
            "error": ("error", colours.danger),
            "warning": ("warning", colours.warning),
            "info": ("info", colours.accent),
        }[issue.severity]
        picture = QLabel()
        picture.setPixmap(theme.pixmap(icon, colour, 18, self.devicePixelRatioF()))
        words = QVBoxLayout()
        words.setSpacing(1)
        words.addWidget(Text(issue.text))
        if issue.hint:
            words.addWidget(Text(issue.hint, "muted"))
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 8, 8, 8)
        row.setSpacing(10)
        row.addWidget(picture, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(words, 1)
        if issue.action and issue.callback is not None:
            button = PlainButton(issue.action)
            button.clicked.connect(issue.callback)
            row.addWidget(button)
        if issue.report:
            copy = PlainButton("Copy report", "copy", quiet=True)
            copy.setToolTip("Copies what happened, without patient data")
            copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(issue.report))
            row.addWidget(copy)
        if removable:
            close = IconButton("close", "Take this off the list")
            close.clicked.connect(lambda: self.dismissed.emit(issue.key))
            row.addWidget(close, 0, Qt.AlignmentFlag.AlignTop)


class IssuesPanel(QFrame):
    """All problems, newest first. ``dismissed(key)`` asks to take one off; ``closed`` to fold the panel."""

    dismissed = Signal(str)
    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self._rows = QVBoxLayout()
        self._rows.setSpacing(0)
        self._rows.setAlignment(Qt.AlignmentFlag.AlignTop)
        holder = QWidget()
        holder.setObjectName("panel")
        holder.setLayout(self._rows)
        self._rows.setContentsMargins(0, 0, 0, 0)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setWidget(holder)
        close = IconButton("chevron-down", "Fold this panel")
        close.clicked.connect(lambda: self.closed.emit())
        head = QHBoxLayout()
        head.setContentsMargins(12, 6, 8, 6)
        head.addWidget(SectionTitle("To look at"))
        head.addStretch(1)
        head.addWidget(close)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(scroll, 1)
        self.setMinimumHeight(120)
        self.setMaximumHeight(220)

    @property
    def count(self) -> int:
        """How many problems are listed."""
        return self._rows.count()

    def set_issues(self, issues: Sequence[Issue]) -> None:
        """Show these problems."""
        clear(self._rows)
        for issue in reversed(issues):
            row = IssueRow(issue)
            row.dismissed.connect(self.dismissed)
            self._rows.addWidget(row)
