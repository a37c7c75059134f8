"""What the Pretrain page looks like: setting up at the left; the runs and the one in focus at the right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QScrollArea,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from sslstudio.gui import theme
from sslstudio.gui.pages.pretrain import compare_texts, pair_texts, texts
from sslstudio.gui.pages.pretrain.compare_pane import ComparePane
from sslstudio.gui.pages.pretrain.method_gallery import MethodGallery
from sslstudio.gui.pages.pretrain.pairs_pane import PairsPane
from sslstudio.gui.pages.pretrain.run_panel import RunPanel
from sslstudio.gui.pages.pretrain.run_presenter import RunLine
from sslstudio.gui.pages.pretrain.setup_panel import SetupPanel
from sslstudio.gui.pages.pretrain.views_pane import ViewsPane
from sslstudio.gui.widgets.controls import EmptyState, Line, PageTitle, Text
from sslstudio.gui.widgets.sections import Sections
from sslstudio.gui.widgets.stack import Stack

Index = QModelIndex | QPersistentModelIndex
METHODS, VIEWS, PAIRS, RUNS, COMPARE = "methods", "views", "pairs", "runs", "compare"
COLUMNS = ("Run", "What", "State", "Epochs", "Loss", "Started")


class RunTable(QAbstractTableModel):
    """The runs, newest first."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[RunLine] = []

    def set_lines(self, lines: Sequence[RunLine]) -> None:
        """Replace the rows; the selection stays when only their texts changed."""
        if [line.run_id for line in lines] == [line.run_id for line in self.lines]:
            self.lines = list(lines)
            if lines:
                self.dataChanged.emit(self.index(0, 0), self.index(len(lines) - 1, len(COLUMNS) - 1))
            return
        self.beginResetModel()
        self.lines = list(lines)
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        """How many runs."""
        return 0 if parent.isValid() else len(self.lines)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """How many columns."""
        return len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Names of the columns."""
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return COLUMNS[section]
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.TextAlignmentRole:
            return self._alignment(section)
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Text, alignment and colour of a cell."""
        line = self.lines[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return line.cells()[index.column()]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return self._alignment(index.column())
        if role == Qt.ItemDataRole.ForegroundRole and index.column() == 2:
            return QColor(getattr(theme.tokens(), line.tone))
        return None

    @staticmethod
    def _alignment(column: int) -> Qt.AlignmentFlag:
        side = Qt.AlignmentFlag.AlignRight if column in (3, 4) else Qt.AlignmentFlag.AlignLeft
        return side | Qt.AlignmentFlag.AlignVCenter


class PretrainView(QWidget):
    """Setters, and a signal for each wish."""

    run_selected = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self.setup = SetupPanel()
        self.run = RunPanel()
        self.runs = RunTable()
        self.table = self._make_table()
        filled = QWidget()
        inside = QVBoxLayout(filled)
        inside.setContentsMargins(0, 12, 0, 0)
        inside.setSpacing(12)
        inside.addWidget(self.table)
        inside.addWidget(self._make_scroll(), 1)
        self.methods = MethodGallery()
        self._stack = Stack()
        self._stack.addWidget(EmptyState("pretrain", texts.NO_RUNS_TITLE, texts.NO_RUNS))
        self._stack.addWidget(filled)
        self.sections = Sections("Sections of the pretrain page")
        self.sections.add_section(METHODS, texts.METHODS_TAB, "grid", self.methods, help=texts.METHODS_HELP)
        self.views = ViewsPane()
        self.sections.add_section(VIEWS, texts.VIEWS_TAB, "eye", self.views, help=texts.VIEWS_HELP)
        self.pairs = PairsPane()
        self.sections.add_section(PAIRS, pair_texts.PAIRS_TAB, "patient", self.pairs, help=pair_texts.PAIRS_HELP)
        self.sections.set_section_visible(PAIRS, False)
        self.sections.add_section(RUNS, texts.RUNS_TAB, "pretrain", self._stack, help=texts.RUNS_HELP)
        self.compare = ComparePane()
        self.sections.add_section(
            COMPARE, compare_texts.COMPARE_TAB, "table", self.compare, help=compare_texts.COMPARE_HELP
        )
        self.sections.set_section_visible(COMPARE, False)
        self.setup.kind.look_requested.connect(lambda: self.sections.show_section(VIEWS))
        self.setup.method.pairs_requested.connect(lambda: self.sections.show_section(PAIRS))
        self.setup.method.all_requested.connect(lambda: self.sections.show_section(METHODS))
        head = QHBoxLayout()
        head.setSpacing(16)
        head.addWidget(PageTitle(texts.TITLE))
        head.addWidget(Text(texts.SUBTITLE, "muted"), 1, Qt.AlignmentFlag.AlignBottom)
        right = QVBoxLayout()
        right.setContentsMargins(20, 12, 20, 10)
        right.setSpacing(8)
        right.addLayout(head)
        right.addWidget(self.sections, 1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.setup)
        row.addWidget(Line(vertical=True))
        row.addLayout(right, 1)

    def _make_scroll(self) -> QScrollArea:
        """The run in full, which is taller than a small window once details and answers are unfolded."""
        scroll = QScrollArea()
        scroll.setObjectName("pageScroll")
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(self.run)
        return scroll

    def _make_table(self) -> QTableView:
        table = QTableView()
        table.setModel(self.runs)
        table.setAccessibleName("Runs")
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setShowGrid(False)
        table.setWordWrap(False)
        table.setTabKeyNavigation(False)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(26)
        header = table.horizontalHeader()
        header.setHighlightSections(False)
        for column, width in enumerate((84, 200, 160, 58, 54, 108)):
            header.resizeSection(column, width)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        table.setFixedHeight(30 + 4 * 26)
        table.selectionModel().currentRowChanged.connect(self._row_changed)
        return table

    def set_runs(self, lines: Sequence[RunLine], focus: str) -> None:
        """The list of runs; `focus` is the one shown below."""
        self._stack.setCurrentIndex(1 if lines else 0)
        self.runs.set_lines(lines)
        place = next((row for row, line in enumerate(lines) if line.run_id == focus), -1)
        model = self.table.selectionModel()
        if place >= 0 and model.currentIndex().row() != place:
            model.blockSignals(True)
            self.table.selectRow(place)
            model.blockSignals(False)

    def _row_changed(self, current: QModelIndex) -> None:
        if current.isValid():
            self.run_selected.emit(self.runs.lines[current.row()].run_id)
