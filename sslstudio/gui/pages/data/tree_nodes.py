"""The rows of the tree of images, made as they are opened and scrolled to; what stands in them is elsewhere."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QAbstractItemModel, QModelIndex, QPersistentModelIndex

from sslstudio.gui.item_models.image_tree import Branch, ImageTree

PATIENTS_A_TIME = 400
MOST_PATIENTS = 5_000
"""Qt lays all rows out again when some are added; more than these would be felt. Filters and search find the rest."""
COLUMN_COUNT = 2
Index = QModelIndex | QPersistentModelIndex


class Node:
    """A branch with its place among its brothers; what stands below it is made when it is asked for."""

    __slots__ = ("branch", "children", "parent", "place")

    def __init__(self, branch: Branch, parent: Node | None, place: int) -> None:
        self.branch, self.parent, self.place = branch, parent, place
        self.children: list[Node] | None = None


class TreeNodes(QAbstractItemModel):
    """Patients come `PATIENTS_A_TIME` at a time, studies and series when their parent is opened."""

    def __init__(self) -> None:
        super().__init__()
        self._tree = ImageTree(np.zeros((0, 2), dtype=np.int64), np.zeros((0, 3), dtype=np.int64))
        self._patients: list[Node] = []

    @property
    def tree(self) -> ImageTree:
        """What is shown."""
        return self._tree

    def set_tree(self, tree: ImageTree) -> None:
        """Show other images."""
        self.beginResetModel()
        self._tree = tree
        self._patients = []
        self._grow(PATIENTS_A_TIME)
        self.endResetModel()

    @property
    def most(self) -> int:
        """How many patients can be scrolled to."""
        return min(self._tree.patients, MOST_PATIENTS)

    def _grow(self, count: int) -> None:
        first = len(self._patients)
        last = min(self.most, first + count)
        self._patients += [Node(self._tree.patient(place), None, place) for place in range(first, last)]

    def show_patient(self, place: int) -> None:
        """Have the patient at a place among the rows."""
        place = min(place, self.most - 1)
        missing = place + 1 - len(self._patients)
        if missing > 0:
            self.beginInsertRows(QModelIndex(), len(self._patients), place)
            self._grow(missing)
            self.endInsertRows()

    def node(self, index: Index) -> Node | None:
        """What stands at `index`."""
        found = index.internalPointer() if index.isValid() else None
        return found if isinstance(found, Node) else None

    def index_of(self, node: Node, column: int = 0) -> QModelIndex:
        """Qt's handle of a node."""
        return self.createIndex(node.place, column, node)

    def below(self, node: Node | None) -> list[Node]:
        """The nodes one level down, made now; the patients for None."""
        if node is None:
            return self._patients
        if node.children is None:
            node.children = [Node(part, node, place) for place, part in enumerate(self._tree.below(node.branch))]
        return node.children

    def index(self, row: int, column: int, parent: Index = QModelIndex()) -> QModelIndex:  # noqa: B008
        """Qt's handle of one node."""
        nodes = self.below(self.node(parent))
        if 0 <= row < len(nodes) and 0 <= column < COLUMN_COUNT:
            return self.createIndex(row, column, nodes[row])
        return QModelIndex()

    def parent(self, index: Index = QModelIndex()) -> QModelIndex:  # type: ignore[override]  # noqa: B008
        """Qt's handle of the node above."""
        node = self.node(index)
        return QModelIndex() if node is None or node.parent is None else self.index_of(node.parent)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """How many nodes below."""
        return 0 if parent.column() > 0 else len(self.below(self.node(parent)))

    def hasChildren(self, parent: Index = QModelIndex()) -> bool:  # noqa: B008
        """Patients and studies have something below."""
        node = self.node(parent)
        return bool(self._patients) if node is None else node.branch.parts > 0

    def canFetchMore(self, parent: Index) -> bool:
        """True while more patients wait."""
        return not parent.isValid() and len(self._patients) < self.most

    def fetchMore(self, parent: Index) -> None:
        """The next patients, asked for at the end of the list."""
        if self.canFetchMore(parent):
            self.show_patient(min(self.most, len(self._patients) + PATIENTS_A_TIME) - 1)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """How many columns."""
        return COLUMN_COUNT
