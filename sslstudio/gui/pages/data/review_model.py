"""The rows of the Review section: one finding a row, or one group of copies, with the pictures they show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, Qt

from sslstudio.catalogue.rows import FindingRow
from sslstudio.domain.findings import TEXT_SUSPECTED, FindingKind
from sslstudio.domain.units import count

Index = QModelIndex | QPersistentModelIndex
ENTRY_ROLE = int(Qt.ItemDataRole.UserRole) + 1


@dataclass(frozen=True)
class Entry:
    """One row: the findings it is about, in the order in which their pictures stand."""

    kind: FindingKind
    rows: tuple[FindingRow, ...]

    @property
    def title(self) -> str:
        """Whose image this is, and why it is not in training."""
        first = self.rows[0]
        if self.kind == "duplicate":
            patients = len({row.subject for row in self.rows})
            whose = f"{patients} patients" if patients > 1 else f"patient {first.subject[:8]}"
            return f"{count(len(self.rows), 'image')} of {whose}"
        return f"Image {first.image_id} of patient {first.subject[:8]}"

    @property
    def why(self) -> str:
        """The sentence that says what was noticed."""
        return self.rows[0].why

    @property
    def across_patients(self) -> bool:
        """True for copies in several patients: they could stand in training and in test."""
        return self.kind == "duplicate" and len({row.subject for row in self.rows}) > 1

    def caption(self, row: FindingRow) -> str:
        """A line below one picture."""
        size = f"{row.width} × {row.height}"
        parts = [f"patient {row.subject[:8]}"] if self.kind == "duplicate" else [size]
        if self.kind == "duplicate" and row.part:
            parts.append({"train": "training", "test": "test"}[row.part])
        if row.excluded:
            parts.append("waits for you" if row.excluded == TEXT_SUSPECTED else "left out")
        elif self.kind == "duplicate":
            parts.append(size)
        return ", ".join(parts)

    @property
    def stays(self) -> FindingRow:
        """The image that is kept when one of a group is: the representative, or one that is not left out."""
        usable = [row for row in self.rows if row.excluded is None] or self.rows
        return next((row for row in usable if row.representative), usable[0])


def entries(kind: FindingKind, rows: Sequence[FindingRow]) -> list[Entry]:
    """Rows of the catalogue as entries: copies group by group, all others one by one."""
    if kind == "duplicate":
        return [Entry(kind, tuple(members)) for _, members in groupby(rows, key=lambda row: row.group)]
    return [Entry(kind, (row,)) for row in rows]


class ReviewModel(QAbstractListModel):
    """Entries for a list view."""

    def __init__(self) -> None:
        super().__init__()
        self._entries: list[Entry] = []

    def set_entries(self, entries: Sequence[Entry]) -> None:
        """Show these."""
        self.beginResetModel()
        self._entries = list(entries)
        self.endResetModel()

    def entry(self, index: Index) -> Entry | None:
        """What stands at `index`."""
        return self._entries[index.row()] if index.isValid() and index.row() < len(self._entries) else None

    def pictures_came(self) -> None:
        """Paint again."""
        if self._entries:
            self.dataChanged.emit(self.index(0), self.index(len(self._entries) - 1), [Qt.ItemDataRole.DecorationRole])

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """How many rows."""
        return 0 if parent.isValid() else len(self._entries)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The entry, and its words for a screen reader."""
        entry = self.entry(index)
        if entry is None:
            return None
        if role == ENTRY_ROLE:
            return entry
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return f"{entry.title}. {entry.why}"
        return None
