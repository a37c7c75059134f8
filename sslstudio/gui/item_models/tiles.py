"""The list of images behind a gallery: only ids in order; what a tile says is asked for when it is painted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

Index = QModelIndex | QPersistentModelIndex
TILE_ROLE = int(Qt.ItemDataRole.UserRole) + 1
"""The `Tile` of a row."""
SELECTED_ROLE = TILE_ROLE + 1
"""True when the image of a row is selected."""


@dataclass(frozen=True)
class Tile:
    """What one tile says. `label` is the class name or the mark in words, "" when there is none.

    `key` is the digit of the class, `origin` a short word for how the label came ("suggested", "in bulk"),
    `excluded` is the reason for which the image is left out of training, `plain` what stands in the place of "no
    label".
    """

    image_id: int
    label: str = ""
    colour: str = ""
    key: str = ""
    origin: str = ""
    mark: str = ""
    prediction: str = ""
    prediction_colour: str = ""
    confidence: float | None = None
    about: str = ""
    excluded: str = ""
    plain: str | None = None

    @property
    def spoken(self) -> str:
        """The tile in words, for screen readers."""
        parts = [f"Image {self.image_id}", self.about, self.label or "no label"]
        if self.excluded:
            parts.append(f"left out of training: {self.excluded}")
        if self.prediction:
            share = f" {self.confidence:.2f}" if self.confidence is not None else ""
            parts.append(f"suggestion {self.prediction}{share}")
        return ", ".join(part for part in parts if part)


class TileModel(QAbstractListModel):
    """Rows are image ids (N,); `describe(id)` makes the tile of one when it is needed."""

    def __init__(self, describe: Callable[[int], Tile], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._describe = describe
        self._ids = np.zeros(0, dtype=np.int64)
        self._sorted = np.zeros(0, dtype=np.int64)
        self._selected = np.zeros(0, dtype=bool)

    @property
    def ids(self) -> npt.NDArray[np.int64]:
        """The images in order."""
        return self._ids

    def set_describe(self, describe: Callable[[int], Tile]) -> None:
        """Replace what makes tiles."""
        self._describe = describe

    def set_ids(self, ids: npt.NDArray[np.int64]) -> None:
        """Show these images in this order."""
        self.beginResetModel()
        self._ids = np.asarray(ids, dtype=np.int64)
        self._sorted = np.argsort(self._ids, kind="stable")
        self._selected = np.zeros(len(self._ids), dtype=bool)
        self.endResetModel()

    def set_selection(self, ids: npt.NDArray[np.int64]) -> None:
        """Mark these images as selected; the view repaints what is visible."""
        self._selected = np.zeros(len(self._ids), dtype=bool)
        self._selected[self.rows_of(ids)] = True

    def rows_of(self, ids: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Rows of the images that are in the list, in the order of `ids`."""
        if not len(ids) or not len(self._ids):
            return np.zeros(0, dtype=np.int64)
        place = np.minimum(np.searchsorted(self._ids, ids, sorter=self._sorted), len(self._ids) - 1)
        rows = self._sorted[place]
        return np.asarray(rows[self._ids[rows] == ids])

    def row_of(self, image_id: int) -> int | None:
        """The row of one image, or None."""
        rows = self.rows_of(np.array([image_id], dtype=np.int64))
        return int(rows[0]) if len(rows) else None

    def selected_rows(self) -> npt.NDArray[np.int64]:
        """Rows that are selected."""
        return np.flatnonzero(self._selected)

    def rowCount(self, parent: Index | None = None) -> int:
        """How many images."""
        return 0 if parent is not None and parent.isValid() else len(self._ids)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Tile, selection, tooltip and spoken text of a row."""
        row = index.row()
        if not 0 <= row < len(self._ids):
            return None
        if role == SELECTED_ROLE:
            return bool(self._selected[row])
        if role not in (TILE_ROLE, Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole):
            return None
        tile = self._describe(int(self._ids[row]))
        if role == TILE_ROLE:
            return tile
        if role == Qt.ItemDataRole.ToolTipRole:
            return tile.spoken.replace(", ", "\n")
        return tile.spoken + (", selected" if self._selected[row] else "")
