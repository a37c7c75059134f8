"""Prediction on new files, as it stands on the Export page: what to score, when to abstain, what to write."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QFileDialog, QGridLayout, QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from sslstudio.gui.pages.export import texts
from sslstudio.gui.widgets.controls import Line, PlainButton, ReasonButton, SectionTitle, Segmented, Text


@dataclass(frozen=True)
class Wanted:
    """What the user asked for. `promise` is in percent, `ending` that of the tables; `back` is the folder for the
    archive, "" where nothing goes there."""

    source: str = ""
    promise: str = "90"
    ending: str = ".csv"
    reports: bool = False
    pictures: bool = False
    back: str = ""

    @property
    def reason(self) -> str:
        """Why this cannot be done; empty when it can."""
        if not self.source:
            return texts.NO_SOURCE
        return texts.NO_BACK if (self.reports or self.pictures) and not self.back else ""


class PredictPanel(QWidget):
    """``changed()`` whenever something else is wanted; ``predict_requested`` and ``command_requested``."""

    changed = Signal()
    predict_requested = Signal()
    command_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.source, self.choose = QLineEdit(), PlainButton(texts.CHOOSE_FOLDER, "folder")
        self.promise = Segmented(texts.PROMISES, texts.ABSTAIN)
        self.ending = Segmented(texts.ENDINGS, texts.TABLES)
        self.reports, self.pictures = QCheckBox(texts.REPORTS), QCheckBox(texts.PICTURES)
        self.back, self.choose_back = QLineEdit(), PlainButton(texts.CHOOSE_FOLDER, "folder")
        self.predict = ReasonButton(texts.PREDICT, "play", primary=False)
        self.command = PlainButton(texts.COPY_COMMAND, "copy", quiet=True)
        self._outcome = Text("", "")
        self._build()
        self._connect()
        self._allow_back()

    def wanted(self) -> Wanted:
        """What is asked for now."""
        return Wanted(
            self.source.text().strip(),
            self.promise.value(),
            self.ending.value(),
            self.reports.isChecked(),
            self.pictures.isChecked(),
            self.back.text().strip(),
        )

    def set_predict(self, reason: str, outcome: str, role: str = "") -> None:
        """Why no prediction can start now (empty when it can), and what the last one did."""
        self.predict.set_reason(reason)
        self.command.setEnabled(not reason or reason == texts.PREDICTING)
        self._outcome.set_role(role)
        self._outcome.setText(outcome)
        self._outcome.setVisible(bool(outcome))

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        for part in (Line(), SectionTitle(texts.PREDICT_TITLE), Text(texts.PREDICT_HELP, "muted")):
            column.addWidget(part)
        self.source.setPlaceholderText(texts.SOURCE)
        self.source.setAccessibleName(texts.SOURCE)
        self.back.setPlaceholderText(texts.BACK)
        self.back.setAccessibleName(texts.BACK)
        self.choose_back.setAccessibleName(f"{texts.BACK}: {texts.CHOOSE_FOLDER}")
        self.reports.setToolTip(texts.REPORTS_HELP)
        self.pictures.setToolTip(texts.PICTURES_HELP)
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(1, 1)
        for place, (title, row, explained) in enumerate(
            (
                (texts.SOURCE_TITLE, _row(self.source, self.choose), ""),
                (texts.ABSTAIN, _row(self.promise, None), texts.ABSTAIN_HELP),
                (texts.TABLES, _row(self.ending, None), ""),
                (texts.BACK_TITLE, _row(self.reports, self.pictures, None), texts.BACK_HELP),
                ("", _row(self.back, self.choose_back), ""),
            )
        ):
            label = QLabel(title)
            label.setProperty("role", "strong")
            grid.addWidget(label, 2 * place, 0)
            grid.addLayout(row, 2 * place, 1)
            if explained:
                grid.addWidget(Text(explained, "muted"), 2 * place + 1, 1)
        column.addLayout(grid)
        buttons = QHBoxLayout()
        buttons.addWidget(self.command)
        buttons.addWidget(self.predict, 1)
        column.addLayout(buttons)
        column.addWidget(self._outcome)

    def _connect(self) -> None:
        self.choose.clicked.connect(lambda: self._ask(self.source, texts.PREDICT_TITLE))
        self.choose_back.clicked.connect(lambda: self._ask(self.back, texts.BACK))
        for field in (self.source, self.back):
            field.textChanged.connect(lambda _: self.changed.emit())
        for choice in (self.promise, self.ending):
            choice.chosen.connect(lambda _: self.changed.emit())
        for box in (self.reports, self.pictures):
            box.toggled.connect(self._allow_back)
        self.predict.clicked.connect(self.predict_requested)
        self.command.clicked.connect(lambda: self.command_requested.emit())

    def _allow_back(self) -> None:
        wanted = self.reports.isChecked() or self.pictures.isChecked()
        for part in (self.back, self.choose_back):
            part.setEnabled(wanted)
            part.setToolTip(texts.BACK if wanted else texts.NOTHING_BACK)
        self.changed.emit()

    def _ask(self, field: QLineEdit, title: str) -> None:
        folder = QFileDialog.getExistingDirectory(self, title, field.text() or str(Path.home()))
        if folder:
            field.setText(folder)


def _row(*parts: QWidget | None) -> QHBoxLayout:
    """Widgets side by side; None takes the room that is left."""
    row = QHBoxLayout()
    row.setSpacing(8)
    for part in parts:
        if part is None:
            row.addStretch(1)
        else:
            row.addWidget(part, 1 if isinstance(part, QLineEdit) else 0)
    return row
