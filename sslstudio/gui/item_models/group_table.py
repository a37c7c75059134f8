"""The groups of the map as a list or a tree: name, size, patients, what is labelled in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QColor

from sslstudio.domain.labels import ClassInfo
from sslstudio.embeddings.group_tree import Joint
from sslstudio.gui.item_models.arrangement import Facts
from sslstudio.gui.item_models.colouring import colour_of, shape_of
from sslstudio.gui.widgets.legend import swatch

Index = QModelIndex | QPersistentModelIndex
HEADERS = ("Group", "Images", "Patients", "Labelled mostly")
_NUMBERS = (1, 2)
_MOSTLY = 3
_GROUP_HELP = "Click to select the images of this group, double-click to name it"
_PURITY_HELP = ": the value that most images of this group have, and its share of all images"
_JOINT_HELP = "These groups are more like each other than like the rest. Click to select the images of all of them"


@dataclass(frozen=True)
class GroupRow:
    """One group, or several that are alike, which are its `parts`.

    `place` says where the group stands among all, -1 for several. `mostly` is the most frequent label with its share,
    in words; "" while nothing is labelled. `purity` says the same of a column that the user chose; "" without one.
    """

    numbers: tuple[int, ...]
    place: int
    name: str
    images: int
    patients: int
    mostly: str
    purity: str = ""
    parts: tuple[GroupRow, ...] = ()


def group_rows(
    facts: Facts,
    names: Sequence[tuple[int, str]],
    classes: Mapping[int, ClassInfo],
    purity: Mapping[int, str] | None = None,
    tree: Sequence[Joint] = (),
) -> list[GroupRow]:
    """One row a group, in the order of their numbers; `purity` says what each mostly is, by a column.

    With a `tree` of these groups its outermost joints instead, each with its parts.
    """
    counts = _labels_of_groups(facts, classes)
    places = {number: place for place, (number, _) in enumerate(names)}

    def described(joint: Joint) -> tuple[GroupRow, NDArray[np.bool_]]:
        below = [described(part) for part in joint.parts]
        parts = tuple(row for row, _ in below)
        labels = sum((counts.get(number, Counter()) for number in joint.numbers), Counter[int]())
        mostly = ""
        if labels:
            class_id, most = labels.most_common(1)[0]
            mostly = f"{classes[class_id].name} {most} of {labels.total()}"
        if parts:
            there = np.logical_or.reduce([patients for _, patients in below])
            images = sum(row.images for row in parts)
            name = f"{len(joint.numbers)} groups alike"
            return GroupRow(joint.numbers, -1, name, images, int(there.sum()), mostly, parts=parts), there
        (number,) = joint.numbers
        members = facts.group == number
        there = np.zeros(len(facts.table.subjects), dtype=bool)
        there[facts.table.subject_code[members]] = True
        place, pure = places[number], (purity or {}).get(number, "")
        images = int(members.sum())
        return GroupRow(joint.numbers, place, names[place][1], images, int(there.sum()), mostly, pure), there

    fits = sorted(number for joint in tree for number in joint.numbers) == sorted(places)
    return [described(joint)[0] for joint in (tree if fits else [Joint((number,)) for number, _ in names])]


def _labels_of_groups(facts: Facts, classes: Mapping[int, ClassInfo]) -> dict[int, Counter[int]]:
    """How often each group has each label."""
    found: dict[int, Counter[int]] = {}
    for image_id, label in facts.labels.items():
        row = facts.table.row_of(image_id)
        if row is not None and label.class_id in classes:
            found.setdefault(int(facts.group[row]), Counter())[int(label.class_id or 0)] += 1
    return found


@dataclass(frozen=True)
class _Node:
    """A row in its place: number of the node above (-1: none), place among its siblings, and the nodes below."""

    row: GroupRow
    above: int
    place: int
    below: list[int]


class GroupModel(QAbstractItemModel):
    """Items are groups, below those that join several; the name of a group can be edited (`renamed`)."""

    renamed = Signal(int, str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._nodes: list[_Node] = []
        self._top: list[int] = []
        self._column = ""

    @property
    def rows(self) -> list[GroupRow]:
        """The single groups, in the order in which they are shown."""
        return [node.row for node in self._nodes if not node.below]

    def set_column(self, title: str) -> None:
        """Say of each group what it mostly is by this column; "" for the labels."""
        if title != self._column:
            self._column = title
            self.headerDataChanged.emit(Qt.Orientation.Horizontal, _MOSTLY, _MOSTLY)
            self._all_changed()

    def set_rows(self, rows: Sequence[GroupRow]) -> None:
        """Show these groups. What is chosen and folded stays while they are the same ones in the same order."""
        nodes: list[_Node] = []
        top = _numbered(rows, -1, nodes)
        same = [node.row.numbers for node in nodes] == [node.row.numbers for node in self._nodes]
        if not same:
            self.beginResetModel()
        self._nodes, self._top = nodes, top
        if same:
            self._all_changed()
        else:
            self.endResetModel()

    def row_at(self, index: Index) -> GroupRow:
        """What stands at this index."""
        return self._nodes[index.internalId()].row

    def index(self, row: int, column: int, parent: Index | None = None) -> QModelIndex:
        """The item in this row below `parent`."""
        below = self._below(parent)
        if not (0 <= row < len(below) and 0 <= column < len(HEADERS)):
            return QModelIndex()
        return self.createIndex(row, column, below[row])

    def parent(self, index: Index | None = None) -> Any:
        """The joint above; without an index the object that owns this model."""
        if index is None:
            return super().parent()
        above = self._nodes[index.internalId()].above if index.isValid() else -1
        return QModelIndex() if above < 0 else self.createIndex(self._nodes[above].place, 0, above)

    def rowCount(self, parent: Index | None = None) -> int:
        """How many stand below."""
        return len(self._below(parent))

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
        """Only the name of a single group can be edited."""
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        own = index.column() == 0 and not self.row_at(index).parts
        editable = Qt.ItemFlag.ItemIsEditable if own else Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | editable

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Text, swatch and alignment of a cell."""
        row, column = self.row_at(index), index.column()
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            mostly = row.purity if self._column else row.mostly
            cells = (row.name, f"{row.images:,}", f"{row.patients:,}", mostly)
            return cells[column]
        if role == Qt.ItemDataRole.TextAlignmentRole and column in _NUMBERS:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if role == Qt.ItemDataRole.DecorationRole and column == 0 and not row.parts:
            return swatch(shape_of(row.place), QColor(colour_of(row.place)), 4.6, 2.0)
        if role == Qt.ItemDataRole.ToolTipRole and column == 0:
            return _JOINT_HELP if row.parts else _GROUP_HELP
        if role == Qt.ItemDataRole.ToolTipRole and column == _MOSTLY:
            return f"{row.purity}{_PURITY_HELP}" if self._column and row.purity else row.mostly or None
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Ask for another name."""
        row = self.row_at(index)
        if role != Qt.ItemDataRole.EditRole or index.column() != 0 or row.parts:
            return False
        name, (number,) = str(value).strip(), row.numbers
        if name != row.name:
            self.renamed.emit(number, "" if name == f"Group {number + 1}" else name)
        return True

    def _below(self, parent: Index | None) -> list[int]:
        if parent is None or not parent.isValid():
            return self._top
        return self._nodes[parent.internalId()].below if parent.column() == 0 else []

    def _all_changed(self) -> None:
        for node in (None, *self._nodes):
            below = self._top if node is None else node.below
            if below:
                first, last = self._nodes[below[0]].place, self._nodes[below[-1]].place
                self.dataChanged.emit(
                    self.createIndex(first, 0, below[0]), self.createIndex(last, len(HEADERS) - 1, below[-1])
                )


def _numbered(rows: Sequence[GroupRow], above: int, nodes: list[_Node]) -> list[int]:
    """Append rows and all below them to `nodes`, each before its parts; the numbers of the outermost."""
    found = []
    for place, row in enumerate(rows):
        number, below = len(nodes), list[int]()
        nodes.append(_Node(row, above, place, below))
        below.extend(_numbered(row.parts, number, nodes))
        found.append(number)
    return found
