"""Passing on: the sharing check of what was exported, and the report of the project; what it looks like."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QVBoxLayout, QWidget

from sslstudio.gui.pages.export import texts
from sslstudio.gui.widgets.controls import Line, PlainButton, SectionTitle, Text
from sslstudio.gui.widgets.score_table import ScoreRow, ScoreTable


class PassingOn(QWidget):
    """Setters, and a signal for each thing that can be asked for."""

    check_requested = Signal()
    anyway_requested = Signal()
    refused = Signal()
    report_requested = Signal(str)
    words_requested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.check = PlainButton(texts.CHECK, "search")
        self.anyway = PlainButton(texts.ANYWAY, "export")
        self.keep = PlainButton(texts.DO_NOT, "stop")
        self.report = PlainButton(texts.REPORT, "export")
        self.words = {key: PlainButton(title, "copy", quiet=True) for key, (title, _) in texts.COPY_WORDS.items()}
        self._checked = Text("", "")
        self._written = Text("", "")
        self.findings = ScoreTable(texts.FINDINGS, texts.FINDING_HEADERS, ())
        self._build()
        self.check.clicked.connect(lambda: self.check_requested.emit())
        self.anyway.clicked.connect(lambda: self.anyway_requested.emit())
        self.keep.clicked.connect(lambda: self.refused.emit())
        self.report.clicked.connect(self._ask)
        for key, button in self.words.items():
            button.clicked.connect(lambda _=False, key=key: self.words_requested.emit(key))

    def set_checked(self, words: str, role: str, findings: Sequence[tuple[str, str, str, str]] = ()) -> None:
        """The result of the check, and what it found: file, what, where, how it begins."""
        self._checked.set_role(role)
        self._checked.setText(words)
        self._checked.setVisible(bool(words))
        self.findings.set_rows([ScoreRow(row) for row in findings])
        self.findings.setVisible(bool(findings))

    def set_question(self, asked: bool) -> None:
        """Whether the user has to decide about a copy."""
        self.anyway.setVisible(asked)
        self.keep.setVisible(asked)

    def set_busy(self, busy: bool) -> None:
        """One thing at a time."""
        helped = [(self.check, texts.CHECK_TIP), (self.report, texts.REPORT_TIP)]
        for button, tip in (*helped, *((button, texts.COPY_WORDS[key][1]) for key, button in self.words.items())):
            button.setEnabled(not busy)
            button.setToolTip(texts.BUSY if busy else tip)

    def set_written(self, words: str, role: str) -> None:
        """What became of the report."""
        self._written.set_role(role)
        self._written.setText(words)
        self._written.setVisible(bool(words))

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(SectionTitle(texts.CHECK_TITLE))
        column.addWidget(Text(texts.CHECK_HELP, "muted"))
        column.addWidget(self._checked)
        column.addWidget(self.findings)
        column.addLayout(_row((self.check, self.anyway, self.keep)))
        column.addSpacing(8)
        column.addWidget(Line())
        column.addWidget(SectionTitle(texts.REPORT_TITLE))
        column.addWidget(Text(texts.REPORT_HELP, "muted"))
        column.addLayout(_row((self.report, *self.words.values())))
        column.addWidget(self._written)
        column.addSpacing(8)
        self.set_checked("", "")
        self.set_question(False)
        self.set_busy(False)
        self.set_written("", "")

    def _ask(self) -> None:
        start = str(Path.home() / "report.pdf")
        file, kind = QFileDialog.getSaveFileName(self, texts.REPORT_TITLE, start, texts.REPORT_FILTERS)
        if file:
            known = Path(file).suffix.lower() in (".pdf", ".html")
            self.report_requested.emit(file if known else file + (".html" if "html" in kind else ".pdf"))


def _row(buttons: Sequence[QWidget]) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(8)
    for button in buttons:
        row.addWidget(button)
    row.addStretch(1)
    return row
