"""What the Classify page looks like: train, the result with its matrix, class by class, and the comparison."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from sslstudio.gui.pages.classify import texts
from sslstudio.gui.pages.classify.counting_bar import CountingBar
from sslstudio.gui.pages.classify.examination_view import ExaminationView
from sslstudio.gui.pages.classify.split_panel import SplitPanel
from sslstudio.gui.pages.classify.tuning_panel import TuningPanel
from sslstudio.gui.widgets.confusion import ConfusionMatrix
from sslstudio.gui.widgets.controls import (
    EmptyState,
    Line,
    PageTitle,
    ReasonButton,
    SectionTitle,
    Text,
)
from sslstudio.gui.widgets.score_table import ScoreRow, ScoreTable
from sslstudio.gui.widgets.scrolled_page import lay_out_page, page_body
from sslstudio.gui.widgets.stack import Stack


class ClassifyView(QWidget):
    """Setters, and a signal for each thing that can be asked for."""

    source_requested = Signal(str)
    train_requested = Signal()
    compare_requested = Signal()
    embed_requested = Signal()
    model_requested = Signal(str)
    cell_requested = Signal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self.source = QComboBox()
        self.model = QComboBox()
        self.train = ReasonButton(texts.TRAIN, "classify", help_text=texts.TRAIN_HELP)
        self.compare = ReasonButton(texts.COMPARE, primary=False, help_text=texts.COMPARE_HELP)
        self.embed = ReasonButton(texts.EMBED_STARTS, primary=False, help_text=texts.EMBED_STARTS_HELP)
        self.confusion = ConfusionMatrix()
        self.comparison = ScoreTable(texts.HELPING, texts.COMPARE_HEADERS, (1, 2, 3))
        self.examination = ExaminationView()
        self.counting = CountingBar()
        self.tuning = TuningPanel()
        self.split = SplitPanel()
        self._value = QLabel("-")
        self._basis = Text("", "muted")
        self._left_out = Text("", "small")
        self._no_score = Text("", "warning")
        self._verdict = Text("", "")
        self._paired = Text("", "small")
        self._results = QWidget()
        self._scored = QWidget()
        self._empty = EmptyState("classify", texts.NOT_TRAINED_TITLE, texts.NOT_TRAINED)
        self._stack = Stack()
        self._build()
        self._connect()

    def set_sources(self, entries: Sequence[tuple[str, str]], current: str) -> None:
        """The networks (name, title) whose view a classifier can learn from."""
        _fill(self.source, entries, current)

    def set_models(self, entries: Sequence[tuple[str, str]], current: str) -> None:
        """The classifiers (id, title) of the project."""
        _fill(self.model, entries, current)
        self._stack.setCurrentWidget(self._results if entries else self._empty)

    def set_train_reason(self, reason: str) -> None:
        """Why nothing can be trained now; empty when it can."""
        self.train.set_reason(reason)

    def set_split(self, text: str, caution: str) -> None:
        """Who trains and who tests, and what to be careful about."""
        self.split.set_sides(text, caution)

    def set_doing(self, text: str) -> None:
        """What is being trained, "" when nothing is."""
        self.split.set_doing(text)

    def set_score(self, value: str, basis: str, left_out: str) -> None:
        """The big number and what it stands on."""
        self._scored.show()
        self._no_score.hide()
        self._value.setText(value)
        self._value.setAccessibleName(f"Balanced accuracy {value}")
        self._basis.setText(basis)
        self._left_out.setText(left_out)
        self._left_out.setVisible(bool(left_out))

    def set_no_score(self, text: str) -> None:
        """There is a classifier, but nothing to test it on."""
        self._scored.hide()
        self._no_score.setText(text)
        self._no_score.show()

    def set_matrix(self, names: Sequence[str], counts: Any) -> None:
        """The confusion matrix (K, K), true by predicted."""
        self.confusion.set_counts(names, np.asarray(counts, dtype=np.int64).reshape(len(names), len(names)))

    def set_scores(self, scores: Mapping[str, Any], colours: Mapping[str, str]) -> None:
        """All that the evaluation of the classifier shown found; `colours` by the names of the classes."""
        self.examination.set_scores(scores, colours)

    def set_comparison(self, rows: Sequence[ScoreRow], verdict: str) -> None:
        """One line a network, and the answer in words."""
        self.comparison.set_rows(rows)
        self._verdict.setText(verdict)

    def set_paired(self, text: str) -> None:
        """How the classifier shown compares with the others on the same test images."""
        self._paired.setText(text)
        self._paired.setVisible(bool(text))

    def set_compare_reasons(self, compare: str, embed: str | None) -> None:
        """Why the comparison cannot be made now; `embed` None hides the button that prepares it."""
        self.compare.set_reason(compare)
        self.embed.setVisible(embed is not None)
        self.embed.set_reason(embed or "")

    def _build(self) -> None:
        bar = QHBoxLayout()
        bar.setContentsMargins(16, 10, 12, 10)
        bar.setSpacing(10)
        bar.addWidget(PageTitle(texts.TITLE))
        label = QLabel(texts.SEEN_BY)
        label.setProperty("role", "muted")
        label.setBuddy(self.source)
        self.source.setAccessibleName("Network whose view the classifier learns from")
        self.source.setToolTip(texts.SOURCE_HELP)
        self.source.setMinimumWidth(180)
        bar.addSpacing(8)
        bar.addWidget(label)
        bar.addWidget(self.source)
        bar.addWidget(self.train, 1)
        body = page_body(1080)
        column = QVBoxLayout(body)
        column.setContentsMargins(16, 12, 16, 16)
        column.setSpacing(8)
        column.addWidget(SectionTitle(texts.PATIENTS))
        column.addWidget(self.split)
        column.addSpacing(8)
        column.addWidget(self._stack, 1)
        self._stack.addWidget(self._results)
        self._stack.addWidget(self._empty)
        self._build_results()
        lay_out_page(self, body, bar)
        self._no_score.hide()

    def _build_results(self) -> None:
        head = QHBoxLayout()
        head.addWidget(SectionTitle(texts.RESULT), 1)
        self.model.setAccessibleName("Classifier shown")
        self.model.setToolTip(texts.MODEL_HELP)
        self.model.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        head.addWidget(self.model)
        name = QLabel("Balanced accuracy")
        name.setProperty("role", "muted")
        self._value.setProperty("role", "title")
        left = QVBoxLayout()
        left.setSpacing(4)
        for part in (name, self._value, self._basis, self._left_out):
            left.addWidget(part)
        left.addSpacing(8)
        left.addWidget(Text(texts.RESEARCH, "small"))
        left.addStretch(1)
        right = QVBoxLayout()
        right.setSpacing(4)
        right.addWidget(self.confusion, 0, Qt.AlignmentFlag.AlignLeft)
        right.addWidget(Text(texts.CONFUSION, "small"))
        pair = QHBoxLayout()
        pair.setSpacing(24)
        pair.addLayout(left, 2)
        pair.addLayout(right, 3)
        scored = QVBoxLayout(self._scored)
        scored.setContentsMargins(0, 0, 0, 0)
        scored.setSpacing(8)
        scored.addWidget(self.counting)
        scored.addSpacing(4)
        scored.addLayout(pair)
        scored.addSpacing(4)
        scored.addWidget(self.counting.comparison)
        scored.addSpacing(8)
        scored.addWidget(self.examination)
        column = QVBoxLayout(self._results)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(Line())
        column.addLayout(head)
        column.addWidget(self._no_score)
        column.addWidget(self._scored)
        column.addSpacing(8)
        column.addWidget(Line())
        column.addWidget(self.tuning)
        column.addSpacing(8)
        column.addWidget(Line())
        column.addWidget(SectionTitle(texts.HELPING))
        column.addWidget(self._verdict)
        column.addWidget(self.comparison)
        column.addWidget(self._paired)
        buttons = QHBoxLayout()
        buttons.addWidget(self.compare)
        buttons.addWidget(self.embed)
        buttons.addStretch(1)
        column.addLayout(buttons)
        column.addStretch(1)

    def _connect(self) -> None:
        self.source.activated.connect(lambda _: self.source_requested.emit(str(self.source.currentData())))
        self.model.activated.connect(lambda _: self.model_requested.emit(str(self.model.currentData())))
        self.train.clicked.connect(self.train_requested)
        self.compare.clicked.connect(self.compare_requested)
        self.embed.clicked.connect(self.embed_requested)
        self.confusion.cell_requested.connect(self.cell_requested)


def _fill(box: QComboBox, entries: Sequence[tuple[str, str]], current: str) -> None:
    box.clear()
    for value, title in entries:
        box.addItem(title, value)
    box.setCurrentIndex(max(0, box.findData(current)))
    box.setEnabled(bool(entries))
