"""The dialog of the readers: who labels, who labelled, how far they agree, and what waits for a decision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from sslstudio.gui.pages.label import files_texts as texts
from sslstudio.gui.widgets.controls import PlainButton, PrimaryButton, SectionTitle, Text
from sslstudio.labels.agreement import Agreement, Several
from sslstudio.session.raters import Overview


class ReadersDialog(QDialog):
    """``named(name)`` when the user labels under another name, ``decide_requested(blind)``."""

    named = Signal(str)
    decide_requested = Signal(bool)

    def __init__(self, author: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(texts.READERS.rstrip(" ."))
        self.resize(720, 560)
        self.author = QLineEdit(author)
        self.author.setMaxLength(200)
        self.author.setAccessibleName(texts.AS)
        self.author.setToolTip(texts.AS_HELP)
        self.author.setPlaceholderText("Name or initials")
        self.author.editingFinished.connect(lambda: self.named.emit(self.author.text().strip()))
        self.raters = _table(texts.RATER_HEADERS, "Readers")
        self.pairs = _table(texts.PAIR_HEADERS, "Agreement of readers")
        self.classes = _table(texts.CLASS_HEADERS, "Agreement by class")
        self.classes.setToolTip(texts.CLASS_HELP)
        self._open = Text("", "")
        self.blind = PrimaryButton(texts.DECIDE_BLIND)
        self.shown = PlainButton(texts.DECIDE_OPEN)
        self._told: list[Agreement | Several] = []
        self._names: Mapping[int, str] = {}
        for button, blind, help_ in (
            (self.blind, True, texts.DECIDE_BLIND_HELP), (self.shown, False, texts.DECIDE_OPEN_HELP),
        ):  # fmt: skip
            button.setToolTip(help_)
            button.setAutoDefault(False)
            button.clicked.connect(lambda _=False, asked=blind: self.decide_requested.emit(asked))
        self.pairs.currentCellChanged.connect(lambda *_: self._show_classes())
        self._build()

    def set_overview(self, found: Overview, names: Mapping[int, str], reason: str) -> None:
        """Who answered and how far they agree; `names` are the classes', `reason` why nothing can be decided."""
        self._names = names
        _fill(self.raters, [(one.name, f"{one.images:,}", f"{one.with_class:,}") for one in found.raters])
        rows, self._told = [], []
        if found.together is not None:
            rows.append((texts.ALL_RATERS.format(found.together.raters), *_cells(found.together)))
            self._told.append(found.together)
        for pair, told in found.pairs.items():
            rows.append((" and ".join(pair), *_cells(told)))
            self._told.append(told)
        _fill(self.pairs, rows)
        for part in (self.pairs, self.classes):
            part.setVisible(bool(rows))
        self._alone.setVisible(not rows)
        if rows:
            self.pairs.setCurrentCell(0, 0)
        self._open.setText(texts.open_images(len(found.disputes)))
        why = reason or ("" if found.disputes else texts.NOTHING_OPEN)
        for button, help_ in ((self.blind, texts.DECIDE_BLIND_HELP), (self.shown, texts.DECIDE_OPEN_HELP)):
            button.setEnabled(not why)
            button.setToolTip(why or help_)

    def _show_classes(self) -> None:
        row = self.pairs.currentRow()
        if not 0 <= row < len(self._told):
            return
        lines = []
        for one in self._told[row].classes:
            agree = "-" if one.agree is None else f"{100 * one.agree:.0f} %"
            lines.append((self._names.get(one.class_id, "a class that is gone"), f"{one.answers:,}", agree))
        _fill(self.classes, lines)

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(8)
        who = QHBoxLayout()
        label = QLabel(texts.AS)
        label.setBuddy(self.author)
        who.addWidget(label)
        who.addWidget(self.author, 1)
        column.addLayout(who)
        column.addWidget(Text(texts.AS_HELP, "small"))
        column.addWidget(SectionTitle("Readers"))
        column.addWidget(self.raters, 1)
        column.addWidget(SectionTitle("Agreement on the same images"))
        self._alone = Text(texts.ONE_READER, "muted")
        column.addWidget(self._alone)
        column.addWidget(self.pairs, 1)
        column.addWidget(self.classes, 1)
        foot = QHBoxLayout()
        foot.addWidget(self._open, 1)
        foot.addWidget(self.shown)
        foot.addWidget(self.blind)
        close = PlainButton("Close")
        close.setAutoDefault(False)
        close.clicked.connect(self.accept)
        foot.addWidget(close)
        column.addLayout(foot)


def _cells(told: Agreement | Several) -> tuple[str, ...]:
    return f"{told.n:,}", f"{told.patients:,}", f"{100 * told.agree:.0f} %", *texts.kappa(told)


def _table(headers: Sequence[str], name: str) -> QTableWidget:
    table = QTableWidget(0, len(headers))
    table.setAccessibleName(name)
    table.setHorizontalHeaderLabels(list(headers))
    table.verticalHeader().hide()
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    header = table.horizontalHeader()
    header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
    return table


def _fill(table: QTableWidget, rows: Sequence[Sequence[str]]) -> None:
    table.setRowCount(len(rows))
    for row, cells in enumerate(rows):
        for column, text in enumerate(cells):
            item = QTableWidgetItem(text)
            if column:
                item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            table.setItem(row, column, item)
