"""The panel of the shortcut check: one row for each column that the map follows, in words; numbers behind a fold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QProgressBar, QScrollArea, QVBoxLayout, QWidget

from sslstudio.gui import theme
from sslstudio.gui.pages.explore import shortcut_texts as texts
from sslstudio.gui.widgets.controls import Disclosure, IconButton, Line, PlainButton, ReasonButton, SectionTitle, Text
from sslstudio.gui.widgets.controls import clear as clear_layout

STEPS = 4


@dataclass(frozen=True)
class ShownRow:
    """One column: `level` from 0 (not followed) to 4 (very strong), `strength` the same in words, what is said of it,
    and its numbers as (name, value). `warns` when it is no matter of anatomy."""

    key: str
    title: str
    level: int
    strength: str
    sentence: str
    details: tuple[tuple[str, str], ...] = ()
    warns: bool = False


class StrengthMark(QLabel):
    """Four bars of which as many are full as the effect is strong; the words stand beside it."""

    def __init__(self, level: int, warns: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._level, self._warns = level, warns
        self.setFixedWidth(46)
        theme.on_change(self, self._paint)
        self._paint()

    def _paint(self) -> None:
        colours = theme.tokens()
        full = colours.warning if self._warns else colours.accent
        bars = "".join(
            f'<span style="color:{full if place < self._level else colours.line}">&#9646;</span>'
            for place in range(STEPS)
        )
        self.setText(bars)


class ColumnRow(QFrame):
    """A column that is followed. ``show_requested(key)`` asks to see it on the map."""

    show_requested = Signal(str)

    def __init__(self, shown: ShownRow, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("issue")
        title = QLabel(shown.title)
        title.setTextFormat(Qt.TextFormat.PlainText)
        font = QFont(title.font())
        font.setBold(True)
        title.setFont(font)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(title)
        head.addStretch(1)
        head.addWidget(StrengthMark(shown.level, shown.warns))
        head.addWidget(Text(shown.strength, "warning" if shown.warns else "muted"))
        self.show_it = PlainButton(texts.SHOW, "explore")
        self.show_it.setToolTip(texts.SHOW_HELP)
        self.show_it.setAccessibleName(f"{texts.SHOW}: {shown.title}")
        self.show_it.setAccessibleDescription(texts.SHOW_HELP)
        self.show_it.clicked.connect(lambda: self.show_requested.emit(shown.key))
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 12, 8)
        column.setSpacing(4)
        column.addLayout(head)
        column.addWidget(Text(shown.sentence))
        column.addWidget(self.show_it, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(Disclosure(texts.DETAILS, _figures(shown.details)))


class ShortcutPanel(QWidget):
    """Setters, and ``check_requested``, ``stop_requested``, ``show_requested(key)``, ``close_requested``."""

    check_requested = Signal()
    stop_requested = Signal()
    show_requested = Signal(str)
    close_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(texts.TITLE)
        self.check = ReasonButton(texts.CHECK, "check")
        self.check.clicked.connect(lambda: self.check_requested.emit())
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName(texts.PROGRESS)
        self.stop = PlainButton(texts.STOP, "stop", quiet=True)
        self.stop.setToolTip(texts.STOP_HELP)
        self.stop.clicked.connect(lambda: self.stop_requested.emit())
        self.doing = Text("", "small")
        self.summary = Text("", "strong")
        self.old = Text("", "warning")
        self.basis = Text("", "small")
        self._rows = QVBoxLayout()
        self._rows.setSpacing(0)
        self._quiet, self._left = QVBoxLayout(), QVBoxLayout()
        self.quiet = Disclosure("", _holder(self._quiet))
        self.left = Disclosure("", _holder(self._left))
        self._build()
        self.set_busy(None)
        self.set_report("", (), (), (), "")

    def set_reason(self, reason: str) -> None:
        """Why there can be no check now; empty when there can."""
        self.check.set_reason(reason)

    def set_busy(self, done: tuple[int, int, str] | None) -> None:
        """How far the check is (columns done, of how many, which is looked at), None when none is under way."""
        for part in (self.progress, self.stop, self.doing):
            part.setVisible(done is not None)
        self.check.setVisible(done is None)
        if done is not None:
            self.progress.setRange(0, done[1])
            self.progress.setValue(done[0])
            self.doing.setText(texts.doing(*done))

    def set_report(
        self,
        summary: str,
        followed: Sequence[ShownRow],
        quiet: Sequence[ShownRow],
        left_out: Sequence[tuple[str, str]],
        basis: str,
    ) -> None:
        """What was found: columns that are followed, those that are not, and those not looked at (title, reason)."""
        self.summary.setText(summary)
        self.summary.setVisible(bool(summary))
        self.basis.setText(basis)
        self.basis.setVisible(bool(basis))
        for layout in (self._rows, self._quiet, self._left):
            clear_layout(layout)
        for shown in followed:
            row = ColumnRow(shown)
            row.show_requested.connect(self.show_requested)
            self._rows.addWidget(Line())
            self._rows.addWidget(row)
        for shown in quiet:
            self._quiet.addWidget(Disclosure(f"{shown.title}: {shown.strength}", _figures(shown.details)))
        for title, reason in left_out:
            self._left.addWidget(Text(f"{title}: {reason}", "small"))
        self.quiet.setVisible(bool(quiet))
        self.quiet.set_title(texts.quiet(len(quiet)))
        self.left.setVisible(bool(left_out))
        self.left.set_title(texts.left_out(len(left_out)))
        self.check.set_text(texts.AGAIN if summary else texts.CHECK)

    def set_old(self, text: str) -> None:
        """Why what is shown may no longer hold; empty when it does."""
        self.old.setText(text)
        self.old.setVisible(bool(text))

    def _build(self) -> None:
        close = IconButton("close", texts.CLOSE)
        close.clicked.connect(lambda: self.close_requested.emit())
        head = QHBoxLayout()
        head.setContentsMargins(12, 6, 8, 2)
        head.addWidget(SectionTitle(texts.TITLE), 1)
        head.addWidget(close)
        busy = QHBoxLayout()
        busy.setSpacing(8)
        busy.addWidget(self.progress, 1)
        busy.addWidget(self.stop)
        top = QVBoxLayout()
        top.setContentsMargins(12, 4, 12, 8)
        top.setSpacing(6)
        for part in (Text(texts.HELP, "muted"), self.check):
            top.addWidget(part)
        top.addLayout(busy)
        for told in (self.doing, self.old, self.summary):
            top.addWidget(told)
        bottom = QVBoxLayout()
        bottom.setContentsMargins(12, 8, 12, 12)
        bottom.setSpacing(4)
        for below in (self.quiet, self.left, self.basis):
            bottom.addWidget(below)
        inside = QWidget()
        inside.setObjectName("page")
        whole = QVBoxLayout(inside)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        for layout in (top, self._rows, bottom):
            whole.addLayout(layout)
        whole.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidget(inside)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(scroll, 1)


def _figures(details: Sequence[tuple[str, str]]) -> QWidget:
    holder = QWidget()
    grid = QGridLayout(holder)
    grid.setContentsMargins(20, 0, 0, 4)
    grid.setHorizontalSpacing(12)
    grid.setVerticalSpacing(2)
    grid.setColumnStretch(1, 1)
    for place, (name, value) in enumerate(details):
        grid.addWidget(Text(name, "small"), place, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(Text(value, "small"), place, 1, Qt.AlignmentFlag.AlignTop)
    return holder


def _holder(layout: QVBoxLayout) -> QWidget:
    holder = QWidget()
    holder.setLayout(layout)
    layout.setContentsMargins(12, 0, 0, 4)
    layout.setSpacing(2)
    return holder
