"""The chooser of what counts as one case and how its images are pooled, and the ways of pooling side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QVBoxLayout, QWidget

from sslstudio.gui.pages.classify import counting_texts as texts
from sslstudio.gui.widgets.controls import FormRow, SectionTitle, Segmented, Text
from sslstudio.gui.widgets.score_table import ScoreRow, ScoreTable


class CountingBar(QWidget):
    """``chosen(unit, way of pooling)``, ``nothing_chosen(name of a class or "")``. `comparison` stands where the page
    puts it."""

    chosen = Signal(str, str)
    nothing_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.unit = Segmented(texts.UNITS, texts.COUNT_BY)
        self.way = Segmented(texts.WAYS, texts.POOLED_BY)
        self.nothing = QComboBox()
        self.left_out = Text("", "small")
        self.comparison = Comparison()
        self._unit_row = FormRow(texts.COUNT_BY, self.unit)
        self._way_row = FormRow(texts.POOLED_BY, self.way)
        self._nothing_row = FormRow(texts.NOTHING, self.nothing)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        for part in (self._unit_row, self._way_row, self._nothing_row, self.left_out):
            column.addWidget(part)
        self.unit.chosen.connect(lambda _: self._tell())
        self.way.chosen.connect(lambda _: self._tell())
        self.nothing.activated.connect(lambda _: self.nothing_chosen.emit(str(self.nothing.currentData())))
        self.comparison.way_requested.connect(self._choose_way)

    def set_choice(self, unit: str, way: str, nothing: str, units: Mapping[str, str], ways: Mapping[str, str]) -> None:
        """What is chosen, and why a unit or a way of pooling cannot be had ("" where it can)."""
        for segmented, value, reasons in ((self.unit, unit, units), (self.way, way, ways)):
            segmented.set_value(value)
            for name, reason in reasons.items():
                segmented.set_enabled(name, not reason, reason)
        told = dict.fromkeys(reason for reason in units.values() if reason)
        self._unit_row.set_help(" ".join([texts.UNIT_HELP[unit], *told]))
        self._way_row.set_help(texts.NO_POOLING if unit == "image" else texts.way_help(way, nothing))

    def set_nothing(self, unit: str, classes: Sequence[str], current: str) -> None:
        """The classes of which one may mean that nothing was found; none hides the question."""
        self._nothing_row.setVisible(bool(classes))
        self._nothing_row.set_help(texts.NOTHING_HELP.format(unit=unit))
        self.nothing.clear()
        self.nothing.addItem(texts.NO_CLASS, "")
        for name in classes:
            self.nothing.addItem(name, name)
        self.nothing.setCurrentIndex(max(0, self.nothing.findData(current)))

    def set_left_out(self, text: str) -> None:
        """Which cases and images are not counted, and why."""
        self.left_out.setText(text)
        self.left_out.setVisible(bool(text))

    def set_doing(self) -> None:
        """The answer to a choice is being counted."""
        self.set_left_out(texts.COUNTING)

    def _tell(self) -> None:
        self.chosen.emit(self.unit.value(), self.way.value())

    def _choose_way(self, way: str) -> None:
        self.way.set_value(way)
        self._tell()


class Comparison(QWidget):
    """One line a way of pooling, on the same cases; ``way_requested(way)`` when a line is clicked."""

    way_requested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = SectionTitle("")
        self.table = ScoreTable(texts.COMPARISON_NAME, texts.HEADERS, range(1, 5), texts.TIPS)
        self.verdict = Text("", "")
        self._ways: tuple[str, ...] = ()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        for part in (self.title, self.verdict, self.table):
            column.addWidget(part)
        self.table.row_requested.connect(self._asked)

    def set_rows(self, unit: str, ways: Sequence[str], rows: Sequence[ScoreRow], verdict: str) -> None:
        """Show these; nothing without rows."""
        self._ways = tuple(ways)
        self.title.setText(texts.COMPARISON.format(many=texts.MANY[unit]))
        self.table.set_rows(rows)
        self.verdict.setText(verdict)
        self.setVisible(bool(rows))

    def _asked(self, row: int) -> None:
        if 0 <= row < len(self._ways):
            self.way_requested.emit(self._ways[row])
