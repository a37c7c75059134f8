"""Who trains and who tests: the ways to choose from, what each asks for, what it would give, what is against it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from sslstudio.domain.split_plans import SplitPlan, Way
from sslstudio.gui.pages.classify import split_texts as texts
from sslstudio.gui.pages.classify.frozen_bar import FrozenBar
from sslstudio.gui.pages.classify.leak_bar import LeakBar
from sslstudio.gui.widgets.controls import Chip, PlainButton, Text
from sslstudio.gui.widgets.flow_layout import FlowLayout
from sslstudio.gui.widgets.numbers import WholeNumber
from sslstudio.session.splitting import Choice, ColumnChoice, Value


class SplitPanel(QWidget):
    """Setters, and a signal for each thing that can be asked for; ``plan_changed`` says only that `plan` is another."""

    plan_changed = Signal()
    since_edited = Signal(str, str)
    stop_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.way = QComboBox()
        self.column = QComboBox()
        self.since = QLineEdit()
        self.folds, self.repeats = WholeNumber(), WholeNumber()
        self.question = Text("", "muted")
        self.sides = Text("", "")
        self.caution = Text("", "warning")
        self.notes = Text("", "small")
        self.advice = Text("", "warning")
        self.cross = PlainButton(texts.USE_CROSS)
        self.doing = QLabel()
        self.stop = PlainButton(texts.STOP)
        self.frozen = FrozenBar()
        self.leaks = LeakBar()
        self.values: list[Chip] = []
        self._choices: dict[str, Choice] = {}
        self._since: float | None = None
        self._value_box, self._number_box, self._fold_box, self._doing_box = (QWidget() for _ in range(4))
        self._build()
        self._connect()

    def plan(self) -> SplitPlan:
        """What is chosen now."""
        way: Way = self.way.currentData() or "hold_out"
        if way == "cross":
            return SplitPlan(way=way, folds=self.folds.value(), repeats=self.repeats.value())
        if way == "hold_out":
            return SplitPlan()
        chosen = tuple(str(chip.property("value")) for chip in self.values if chip.isChecked())
        column = str(self.column.currentData() or "")
        if way == "from_date":
            return SplitPlan(way=way, column=column, since=self._since)
        return SplitPlan(way=way, column=column, values=() if way == "leave_one_out" else chosen)

    def set_choices(self, choices: Sequence[Choice], plan: SplitPlan) -> None:
        """The ways there are; `plan` is shown as far as it is still possible."""
        self._choices = {choice.way: choice for choice in choices}
        self.way.blockSignals(True)
        self.way.clear()
        model = self.way.model()
        assert isinstance(model, QStandardItemModel)
        for place, choice in enumerate(choices):
            self.way.addItem(texts.item(texts.TITLES[choice.way], choice.reason), choice.way)
            self.way.setItemData(place, choice.reason or texts.QUESTIONS[choice.way], Qt.ItemDataRole.ToolTipRole)
            model.item(place).setEnabled(not choice.reason)
        known = self._choices.get(plan.way)
        self.way.setCurrentIndex(max(0, self.way.findData(plan.way)) if known and not known.reason else 0)
        self.way.blockSignals(False)
        self.folds.setValue(plan.folds)
        self.repeats.setValue(plan.repeats)
        self._show_way(plan)

    def set_since(self, number: float | None, placeholder: str = "", text: str | None = None) -> None:
        """From which number on images test; None: what was typed is none yet."""
        self._since = number
        self.since.setPlaceholderText(placeholder)
        if text is not None:
            self.since.setText(text)

    def set_sides(self, text: str, caution: str) -> None:
        """Both sides in numbers, and what to be careful about."""
        self.sides.setText(text)
        _show(self.caution, caution)

    def set_remarks(self, notes: Sequence[str], advice: str) -> None:
        """What is left out, and what would be better."""
        _show(self.notes, " ".join(notes))
        _show(self.advice, advice)
        self.cross.setVisible(bool(advice) and not self._choices.get("cross", Choice("cross")).reason)

    def set_doing(self, text: str) -> None:
        """What is going on ("" when nothing is); it can be stopped."""
        self.doing.setText(text)
        self._doing_box.setVisible(bool(text))

    def choose_cross(self) -> None:
        """Take the way that was recommended."""
        self.way.setCurrentIndex(self.way.findData("cross"))
        self._way_chosen()

    def _show_way(self, plan: SplitPlan) -> None:
        choice = self._choices.get(str(self.way.currentData()))
        if choice is None:
            return
        self.question.setText(texts.QUESTIONS[choice.way])
        self.column.blockSignals(True)
        self.column.clear()
        for column in choice.columns:
            self.column.addItem(column.title, column.key)
        self.column.setCurrentIndex(max(0, self.column.findData(plan.column)))
        self.column.blockSignals(False)
        self._fold_box.setVisible(choice.way == "cross")
        self._number_box.setVisible(bool(choice.columns))
        self._show_column(plan.values)

    def _show_column(self, chosen: Sequence[str] = ()) -> None:
        choice = self._choices.get(str(self.way.currentData()))
        column = None if choice is None else texts.column_of(choice.columns, str(self.column.currentData()))
        numbers = column is not None and column.numbers is not None
        self.since.setVisible(numbers)
        shown = () if choice is None or choice.way == "leave_one_out" or column is None else column.values
        self._show_values(shown, chosen)

    def _show_values(self, values: Sequence[Value], chosen: Sequence[str]) -> None:
        layout = self._value_box.layout()
        assert layout is not None
        for chip in self.values:
            layout.removeWidget(chip)
            chip.deleteLater()
        self.values = []
        for value in values:
            chip = Chip(texts.value(value.name, value.images, value.patients), checkable=True)
            chip.setProperty("value", value.key)
            chip.setChecked(value.key in chosen)
            chip.setToolTip(texts.VALUES_TIP)
            chip.clicked.connect(lambda _: self.plan_changed.emit())
            self.values.append(chip)
            layout.addWidget(chip)
        self._value_box.setVisible(bool(values))

    def current_column(self) -> ColumnChoice | None:
        """The column chosen now."""
        choice = self._choices.get(str(self.way.currentData()))
        return None if choice is None else texts.column_of(choice.columns, str(self.column.currentData()))

    def _way_chosen(self) -> None:
        self._since = None
        self.since.clear()
        self._show_way(SplitPlan(way=self.way.currentData() or "hold_out"))
        self.plan_changed.emit()

    def _column_chosen(self) -> None:
        self._since = None
        self.since.clear()
        self._show_column()
        self.plan_changed.emit()

    def _build(self) -> None:
        for field, name, tip in (
            (self.way, texts.WAY, texts.WAY_TIP), (self.column, texts.COLUMN, texts.COLUMN_TIP),
            (self.since, texts.SINCE, texts.QUESTIONS["from_date"]), (self.folds, texts.FOLDS, texts.FOLDS_TIP),
            (self.repeats, texts.REPEATS, texts.REPEATS_TIP),
        ):  # fmt: skip
            field.setAccessibleName(name)
            field.setToolTip(tip)
        self.way.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.column.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.since.setFixedWidth(240)
        self.folds.setRange(2, 20)
        self.repeats.setRange(1, 20)
        _row(self._number_box, (_label(texts.COLUMN, self.column), self.column, self.since))
        _row(
            self._fold_box,
            (_label(texts.FOLDS, self.folds), self.folds, _label(texts.REPEATS, self.repeats), self.repeats),
        )
        self._value_box.setLayout(FlowLayout(spacing=6))
        first = QHBoxLayout()
        first.setSpacing(10)
        for part in (_label(texts.WAY, self.way), self.way, self._number_box, self._fold_box):
            first.addWidget(part)
        first.addStretch(1)
        better = QHBoxLayout()
        better.addWidget(self.advice, 1)
        better.addWidget(self.cross, 0, Qt.AlignmentFlag.AlignTop)
        _row(self._doing_box, (self.doing, self.stop))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(first)
        column.addWidget(self.question)
        column.addWidget(self._value_box)
        column.addWidget(self.sides)
        column.addWidget(self.notes)
        column.addWidget(self.caution)
        column.addLayout(better)
        column.addWidget(self.leaks)
        column.addWidget(self.frozen)
        column.addWidget(self._doing_box)
        for part in (
            self.caution, self.notes, self.advice, self.cross, self._doing_box, self._value_box, self._number_box,
            self._fold_box, self.since,
        ):  # fmt: skip
            part.hide()

    def _connect(self) -> None:
        self.way.activated.connect(lambda _: self._way_chosen())
        self.column.activated.connect(lambda _: self._column_chosen())
        self.folds.valueChanged.connect(lambda _: self.plan_changed.emit())
        self.repeats.valueChanged.connect(lambda _: self.plan_changed.emit())
        self.since.editingFinished.connect(
            lambda: self.since_edited.emit(str(self.column.currentData()), self.since.text())
        )
        self.cross.clicked.connect(self.choose_cross)
        self.stop.clicked.connect(self.stop_requested)


def _label(text: str, buddy: QWidget) -> QLabel:
    label = QLabel(text)
    label.setProperty("role", "muted")
    label.setBuddy(buddy)
    return label


def _row(box: QWidget, parts: Sequence[QWidget]) -> None:
    row = QHBoxLayout(box)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(8)
    for part in parts:
        row.addWidget(part)
    row.addStretch(1)


def _show(text: Text, words: str) -> None:
    text.setText(words)
    text.setVisible(bool(words))
