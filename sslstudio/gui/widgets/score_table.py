"""A small table of scores: numbers to the right in even figures, never wider than its words need."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QIcon, QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from sslstudio.gui import theme

Index = QModelIndex | QPersistentModelIndex
ROW_HEIGHT = 28


@dataclass(frozen=True)
class ScoreRow:
    """One line: `cells` as text, the first is the name; `colour` puts a dot before it, `strong` makes it bold."""

    cells: tuple[str, ...]
    colour: str = ""
    strong: bool = False
    tip: str = ""


class ScoreModel(QAbstractTableModel):
    """Rows of text; `numeric` are the columns that are aligned to the right."""

    def __init__(self, headers: Sequence[str], numeric: Sequence[int], tips: Sequence[str] = ()) -> None:
        super().__init__()
        self._headers, self._numeric, self._tips = tuple(headers), frozenset(numeric), tuple(tips)
        self.rows: tuple[ScoreRow, ...] = ()

    def set_rows(self, rows: Sequence[ScoreRow]) -> None:
        """Show these lines."""
        self.beginResetModel()
        self.rows = tuple(rows)
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        """How many lines."""
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index | None = None) -> int:
        """How many columns."""
        return len(self._headers)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Names of the columns, over their numbers, with an explanation as tooltip."""
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self._headers[section]
        if role == Qt.ItemDataRole.ToolTipRole and section < len(self._tips):
            return self._tips[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return self._alignment(section)
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Text, alignment, dot and weight of a cell."""
        row, column = self.rows[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return row.cells[column] if column < len(row.cells) else ""
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return self._alignment(column)
        if role == Qt.ItemDataRole.ToolTipRole and row.tip:
            return row.tip
        if role == Qt.ItemDataRole.DecorationRole and column == 0 and row.colour:
            return QIcon(theme.pixmap("dot", QColor(row.colour).name(), 12, 2.0))
        if role == Qt.ItemDataRole.FontRole and row.strong:
            font = QFont(theme.base_font())
            font.setWeight(QFont.Weight.DemiBold)
            return font
        return None

    def _alignment(self, column: int) -> int:
        side = Qt.AlignmentFlag.AlignRight if column in self._numeric else Qt.AlignmentFlag.AlignLeft
        return int(side | Qt.AlignmentFlag.AlignVCenter)


class ScoreTable(QTableView):
    """Shows all its lines at once; the page around it scrolls. A click on a line, or Enter: ``row_requested(row)``."""

    row_requested = Signal(int)

    def __init__(
        self,
        name: str,
        headers: Sequence[str],
        numeric: Sequence[int],
        tips: Sequence[str] = (),
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.scores = ScoreModel(headers, numeric, tips)
        self.scores.setParent(self)
        self.setModel(self.scores)
        self.setAccessibleName(name)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setIconSize(QSize(12, 12))
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(ROW_HEIGHT)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionsClickable(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setMinimumSectionSize(48)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.clicked.connect(lambda index: self.row_requested.emit(index.row()))
        self._fit_height()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter asks for the line."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self.row_requested.emit(self.currentIndex().row())
        else:
            super().keyPressEvent(event)

    def set_rows(self, rows: Sequence[ScoreRow]) -> None:
        """Show these lines."""
        self.scores.set_rows(rows)
        self._fit_height()

    def keyboardSearch(self, search: str) -> None:
        """Letters are commands of the page, never a search."""

    def _fit_height(self) -> None:
        header = max(self.horizontalHeader().sizeHint().height(), 28)
        self.setFixedHeight(header + ROW_HEIGHT * max(1, len(self.scores.rows)) + 4)
