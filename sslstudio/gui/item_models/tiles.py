"""The list of images behind a gallery: only ids in order; what a tile says is asked for when it is painted.

When the images are grouped, the headers are rows too, after all images: so the row of an image is its place in `ids`
whether there are headers or not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from sslstudio.gui.item_models.id_rows import IdRows
from sslstudio.gui.item_models.sections import Sections

Index = QModelIndex | QPersistentModelIndex
Tick = Literal["none", "some", "all"]
TILE_ROLE = int(Qt.ItemDataRole.UserRole) + 1
"""The `Tile` of a row."""
SELECTED_ROLE = TILE_ROLE + 1
"""True when the image of a row is selected."""
HEADER_ROLE = TILE_ROLE + 2
"""The `Header` of a row that is one, None for an image."""


@dataclass(frozen=True)
class Tile:
    """What one tile says. `label` is the class name or the mark in words, "" when there is none.

    `key` is the digit of the class, `origin` a short word for how the label came ("suggested", "in bulk"),
    `excluded` is the reason for which the image is left out of training, `plain` what stands in the place of "no
    label", `patient` the beginning of the patient's pseudonym.
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
    patient: str = ""

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


@dataclass(frozen=True)
class Header:
    """What one header says: name, how much lies under it, whether that is folded away, how much of it is selected."""

    name: str
    about: str
    colour: str
    collapsed: bool
    ticked: Tick

    @property
    def spoken(self) -> str:
        """The header in words, for screen readers."""
        fold = "folded" if self.collapsed else "unfolded"
        chosen = {"none": "none selected", "some": "some selected", "all": "all selected"}[self.ticked]
        return f"{self.name}, {self.about}, {fold}, {chosen}"


class TileModel(QAbstractListModel):
    """Rows are image ids (N,), then headers; `describe(id)` makes the tile of one when it is needed."""

    def __init__(self, describe: Callable[[int], Tile], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._describe = describe
        self._rows = IdRows(np.zeros(0, dtype=np.int64))
        self._selected = np.zeros(0, dtype=bool)
        self.sections: Sections | None = None
        self.collapsed: npt.NDArray[np.bool_] = np.zeros(0, dtype=bool)

    @property
    def ids(self) -> npt.NDArray[np.int64]:
        """The images in order."""
        return self._rows.ids

    @property
    def headers(self) -> int:
        """How many headers there are."""
        return len(self.sections) if self.sections is not None else 0

    def set_describe(self, describe: Callable[[int], Tile]) -> None:
        """Replace what makes tiles."""
        self._describe = describe

    def set_ids(self, ids: npt.NDArray[np.int64] | IdRows, sections: Sections | None = None) -> None:
        """Show these images in this order, under these headers. What was folded stays so while the headers are of the
        same kind."""
        self.beginResetModel()
        self._rows = IdRows.of(ids)
        self._selected = np.zeros(len(self.ids), dtype=bool)
        before, folded = self.sections, self.collapsed
        self.sections = sections
        self.collapsed = np.zeros(self.headers, dtype=bool)
        if sections is not None and before is not None and before.kind == sections.kind and folded.any():
            self.collapsed = np.isin(sections.keys, before.keys[folded])
        self.endResetModel()

    def set_selection(self, ids: npt.NDArray[np.int64]) -> None:
        """Mark these images as selected; the view repaints what is visible."""
        self._selected = np.zeros(len(self.ids), dtype=bool)
        self._selected[self.rows_of(ids)] = True

    def rows_of(self, ids: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Rows of the images that are in the list, in the order of `ids`."""
        return self._rows.rows_of(ids)

    def row_of(self, image_id: int) -> int | None:
        """The row of one image, or None."""
        return self._rows.row_of(image_id)

    def selected_rows(self) -> npt.NDArray[np.int64]:
        """Rows that are selected."""
        return np.flatnonzero(self._selected)

    def section_of(self, row: int) -> int | None:
        """The section whose header a row is; None for an image."""
        section = row - len(self.ids)
        return section if 0 <= section < self.headers else None

    def members(self, section: int) -> npt.NDArray[np.int64]:
        """The images under a header."""
        assert self.sections is not None
        first, end = self.sections.bounds(section)
        return self.ids[first:end]

    def ticked(self, section: int) -> Tick:
        """How much of what lies under a header is selected."""
        assert self.sections is not None
        first, end = self.sections.bounds(section)
        chosen = int(np.count_nonzero(self._selected[first:end]))
        return "none" if not chosen else "all" if chosen == end - first else "some"

    def rowCount(self, parent: Index | None = None) -> int:
        """How many images and headers."""
        return 0 if parent is not None and parent.isValid() else len(self.ids) + self.headers

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Tile or header, selection, tooltip and spoken text of a row."""
        row = index.row()
        if not 0 <= row < len(self.ids):
            return self._header_data(row, role)
        if role == SELECTED_ROLE:
            return bool(self._selected[row])
        if role not in (TILE_ROLE, Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole):
            return None
        tile = self._describe(int(self.ids[row]))
        if role == TILE_ROLE:
            return tile
        if role == Qt.ItemDataRole.ToolTipRole:
            return tile.spoken.replace(", ", "\n")
        return tile.spoken + (", selected" if self._selected[row] else "")

    def _header_data(self, row: int, role: int) -> Any:
        section = self.section_of(row)
        if section is None or role not in (HEADER_ROLE, Qt.ItemDataRole.AccessibleTextRole):
            return None
        assert self.sections is not None
        colour = self.sections.colours.get(int(self.sections.keys[section]), "")
        name, about = self.sections.name(section), self.sections.about(section)
        header = Header(name, about, colour, bool(self.collapsed[section]), self.ticked(section))
        return header if role == HEADER_ROLE else header.spoken
