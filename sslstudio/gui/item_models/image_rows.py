"""The rows behind a table of images: ids in order and some columns; a cell's text is made when it is painted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from sslstudio.gui.item_models.gallery_columns import PICTURE, TableColumn
from sslstudio.gui.item_models.id_rows import IdRows

Index = QModelIndex | QPersistentModelIndex
ID_ROLE = int(Qt.ItemDataRole.UserRole) + 1
"""The image of a row."""
CHOSEN_ROLE = ID_ROLE + 1
"""True when the image of a row is selected."""
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
_ARROW = "    "
"""Room behind a title at the right edge, where the arrow of the order is drawn over it."""
_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)


class ImageRows(QAbstractTableModel):
    """Rows are image ids (N,), columns are `TableColumn`s."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows = IdRows(np.zeros(0, dtype=np.int64))
        self._selected = np.zeros(0, dtype=bool)
        self.columns: tuple[TableColumn, ...] = ()

    @property
    def ids(self) -> npt.NDArray[np.int64]:
        """The images in order."""
        return self._rows.ids

    def set_ids(self, ids: npt.NDArray[np.int64] | IdRows, selected: npt.NDArray[np.int64]) -> None:
        """Show these images in this order."""
        self.beginResetModel()
        self._rows = IdRows.of(ids)
        self.set_selection(selected)
        self.endResetModel()

    def set_columns(self, columns: Sequence[TableColumn]) -> None:
        """Show these columns in this order."""
        self.beginResetModel()
        self.columns = tuple(columns)
        self.endResetModel()

    def set_selection(self, ids: npt.NDArray[np.int64]) -> None:
        """Mark these images as selected; the view repaints what is visible."""
        self._selected = np.zeros(len(self.ids), dtype=bool)
        self._selected[self._rows.rows_of(ids)] = True

    def row_of(self, image_id: int) -> int | None:
        """The row of one image, or None."""
        return self._rows.row_of(image_id)

    def selected_rows(self) -> npt.NDArray[np.int64]:
        """Rows that are selected."""
        return np.flatnonzero(self._selected)

    def selected_ids(self) -> npt.NDArray[np.int64]:
        """The selected images in the order of the rows."""
        return self.ids[self._selected]

    def rowCount(self, parent: Index | None = None) -> int:
        """How many images."""
        return 0 if parent is not None and parent.isValid() else len(self.ids)

    def columnCount(self, parent: Index | None = None) -> int:
        """How many columns."""
        return 0 if parent is not None and parent.isValid() else len(self.columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """What a cell says, and whether its row is selected."""
        row = index.row()
        if not (0 <= row < len(self.ids) and 0 <= index.column() < len(self.columns)):
            return None
        column = self.columns[index.column()]
        if role == ID_ROLE:
            return int(self.ids[row])
        if role == CHOSEN_ROLE:
            return bool(self._selected[row])
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT if column.number else _LEFT
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return column.text(int(self.ids[row]))
        if role == Qt.ItemDataRole.AccessibleTextRole:
            said = f"Image {self.ids[row]}" if column.key == PICTURE else column.text(int(self.ids[row])) or "nothing"
            return f"{column.title}: {said}" + (", selected" if self._selected[row] else "")
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The titles of the columns."""
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < len(self.columns):
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            column = self.columns[section]
            return "" if column.key == PICTURE else column.title + (_ARROW if column.number else "")
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT if self.columns[section].number else _LEFT
        return None


def as_text(columns: Sequence[TableColumn], ids: npt.NDArray[np.int64]) -> str:
    """Rows as tab-separated text with a line of titles, for other programs; pseudonyms only, no names and no paths,
    because no column has any."""
    told = [column for column in columns if column.key != PICTURE]
    lines = ["\t".join(column.title for column in told)]
    lines += ["\t".join(_flat(column.text(image_id)) for column in told) for image_id in ids.tolist()]
    return "\n".join(lines) + "\n"


def _flat(text: str) -> str:
    return " ".join(text.split())
