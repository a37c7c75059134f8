"""The groups of the map as a table: name, size, patients, what is labelled in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QColor

from sslstudio.domain.labels import ClassInfo
from sslstudio.gui.item_models.arrangement import Facts
from sslstudio.gui.item_models.colouring import colour_of, shape_of
from sslstudio.gui.widgets.legend import swatch

Index = QModelIndex | QPersistentModelIndex
HEADERS = ("Group", "Images", "Patients", "Labelled mostly")
_NUMBERS = (1, 2)
_MOSTLY = 3


@dataclass(frozen=True)
class GroupRow:
    """One group. `mostly` is the most frequent label with its share, in words; "" while nothing is labelled.

    `purity` says the same of a column that the user chose; "" without one.
    """

    number: int
    name: str
    images: int
    patients: int
    labelled: int
    mostly: str
    purity: str = ""


def group_rows(
    facts: Facts,
    names: Sequence[tuple[int, str]],
    classes: Mapping[int, ClassInfo],
    purity: Mapping[int, str] | None = None,
) -> list[GroupRow]:
    """One row a group, in the order of their numbers; `purity` says what each mostly is, by a column."""
    by_group: dict[int, Counter[int]] = {}
    for image_id, label in facts.labels.items():
        row = facts.table.row_of(image_id)
        if row is not None and label.class_id in classes:
            by_group.setdefault(int(facts.group[row]), Counter())[int(label.class_id or 0)] += 1
    rows = []
    for number, name in names:
        members = np.flatnonzero(facts.group == number)
        counts = by_group.get(number, Counter())
        labelled = sum(counts.values())
        mostly = ""
        if labelled:
            class_id, most = counts.most_common(1)[0]
            mostly = f"{classes[class_id].name} {most} of {labelled}"
        patients = len(np.unique(facts.table.subject_code[members]))
        pure = (purity or {}).get(number, "")
        rows.append(GroupRow(number, name, len(members), patients, labelled, mostly, pure))
    return rows


class GroupModel(QAbstractTableModel):
    """Rows are groups; the name can be edited (`renamed`)."""

    renamed = Signal(int, str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows: list[GroupRow] = []
        self._column = ""

    def set_column(self, title: str) -> None:
        """Say of each group what it mostly is by this column; "" for the labels."""
        if title != self._column:
            self.beginResetModel()
            self._column = title
            self.endResetModel()

    def set_rows(self, rows: list[GroupRow]) -> None:
        """Show these groups."""
        if [row.number for row in rows] == [row.number for row in self.rows]:
            self.rows = rows
            if rows:
                self.dataChanged.emit(self.index(0, 0), self.index(len(rows) - 1, self.columnCount() - 1))
            return
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        """How many groups."""
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index | None = None) -> int:
        """How many columns."""
        return len(HEADERS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Names of the columns, above their numbers."""
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return f"{self._column}, mostly" if self._column and section == _MOSTLY else HEADERS[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if section in _NUMBERS else Qt.AlignmentFlag.AlignLeft
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Only the name can be edited."""
        editable = Qt.ItemFlag.ItemIsEditable if index.column() == 0 else Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | editable

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Text, swatch and alignment of a cell."""
        row, column = self.rows[index.row()], index.column()
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            mostly = row.purity if self._column else row.mostly
            cells = (row.name, f"{row.images:,}", f"{row.patients:,}", mostly)
            return cells[column]
        if role == Qt.ItemDataRole.TextAlignmentRole and column in _NUMBERS:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if role == Qt.ItemDataRole.DecorationRole and column == 0:
            return swatch(shape_of(index.row()), QColor(colour_of(index.row())), 4.6, 2.0)
        if role == Qt.ItemDataRole.ToolTipRole and column == 0:
            return "Click to select the images of this group, double-click to name it"
        if role == Qt.ItemDataRole.ToolTipRole and column == _MOSTLY and self._column and row.purity:
            return f"{row.purity}: the value that most images of this group have, and its share of all images"
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Ask for another name."""
        if role != Qt.ItemDataRole.EditRole or index.column() != 0:
            return False
        name = str(value).strip()
        row = self.rows[index.row()]
        if name != row.name:
            self.renamed.emit(row.number, "" if name == f"Group {row.number + 1}" else name)
        return True
