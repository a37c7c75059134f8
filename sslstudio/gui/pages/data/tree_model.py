"""Patients, studies and series as a tree whose nodes are made when they are opened; a thumbnail beside each series."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QPersistentModelIndex, QSize, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap

from sslstudio.catalogue.rows import TreeRow
from sslstudio.gui.texts import count

COLUMNS = ("Patient, study, series", "Modality", "Images")
MOST_ICONS = 2000
Index = QModelIndex | QPersistentModelIndex


@dataclass
class Node:
    """A patient (level 0), study (1) or series (2). `rows` are the series below it, `first` an image of it."""

    level: int
    title: str
    rows: Sequence[TreeRow]
    parent: Node | None = None
    place: int = 0
    children: list[Node] | None = field(default=None, repr=False)

    @property
    def images(self) -> int:
        """Images below this node."""
        return sum(row.n_images for row in self.rows)

    @property
    def modality(self) -> str:
        """The modalities below this node."""
        return ", ".join(sorted({row.modality for row in self.rows if row.modality}))

    def below(self) -> list[Node]:
        """The nodes one level down, made now."""
        if self.children is None:
            self.children = _children(self)
        return self.children


def _children(node: Node) -> list[Node]:
    if node.level == 0:
        groups = [(key, list(rows)) for key, rows in groupby(node.rows, key=lambda row: row.study)]
        return [Node(1, f"Study {key[:8]}", rows, node, place) for place, (key, rows) in enumerate(groups)]
    if node.level == 1:
        return [Node(2, f"Series {row.series[:8]}", [row], node, place) for place, row in enumerate(node.rows)]
    return []


class TreeModel(QAbstractItemModel):
    """`thumbnail(image_id)` answers with a pixmap or None; call `pictures_came` when more are there."""

    def __init__(self, thumbnail: Callable[[int], QPixmap | None]) -> None:
        super().__init__()
        self._thumbnail = thumbnail
        self._patients: list[Node] = []
        blank = QPixmap(QSize(40, 40))
        blank.fill(Qt.GlobalColor.black)
        self._blank = QIcon(blank)
        self._icons: dict[int, QIcon] = {}

    def set_rows(self, rows: Sequence[TreeRow]) -> None:
        """Show these series, which stand in order of patient and study."""
        self.beginResetModel()
        groups = [(key, list(group)) for key, group in groupby(rows, key=lambda row: row.subject)]
        self._patients = [
            Node(0, f"Patient {key[:8]}", group, None, place) for place, (key, group) in enumerate(groups)
        ]
        self.endResetModel()

    def pictures_came(self) -> None:
        """Paint again: thumbnails have come."""
        if self._patients:
            self.dataChanged.emit(
                self.index(0, 0), self.index(len(self._patients) - 1, 0), [Qt.ItemDataRole.DecorationRole]
            )

    def _icon_of(self, image_id: int) -> QIcon:
        """The picture as an icon, kept: making one anew at each paint would be felt while scrolling."""
        icon = self._icons.get(image_id)
        if icon is None:
            picture = self._thumbnail(image_id)
            if picture is None:
                return self._blank
            if len(self._icons) >= MOST_ICONS:
                self._icons.clear()
            icon = self._icons[image_id] = _icon(picture)
        return icon

    def node(self, index: Index) -> Node | None:
        """What stands at `index`."""
        found = index.internalPointer() if index.isValid() else None
        return found if isinstance(found, Node) else None

    def index(self, row: int, column: int, parent: Index = QModelIndex()) -> QModelIndex:  # noqa: B008
        """Qt's handle of one node."""
        above = self.node(parent)
        nodes = above.below() if above is not None else self._patients
        if 0 <= row < len(nodes) and 0 <= column < len(COLUMNS):
            return self.createIndex(row, column, nodes[row])
        return QModelIndex()

    def parent(self, index: Index = QModelIndex()) -> QModelIndex:  # type: ignore[override]  # noqa: B008
        """Qt's handle of the node above."""
        node = self.node(index)
        if node is None or node.parent is None:
            return QModelIndex()
        return self.createIndex(node.parent.place, 0, node.parent)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """How many nodes below."""
        if parent.column() > 0:
            return 0
        node = self.node(parent)
        return len(node.below() if node is not None else self._patients)

    def hasChildren(self, parent: Index = QModelIndex()) -> bool:  # noqa: B008
        """Patients and studies have something below."""
        node = self.node(parent)
        return bool(self._patients) if node is None else node.level < 2

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """How many columns."""
        return len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Names of the columns."""
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return COLUMNS[section]
        if role == Qt.ItemDataRole.TextAlignmentRole and section == 2:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Text, picture and alignment of a cell."""
        node = self.node(index)
        if node is None:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return (_title(node), node.modality, f"{node.images:,}")[index.column()]
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column() == 2:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.DecorationRole and index.column() == 0:
            return self._icon_of(node.rows[0].first_image_id)
        return None


def _icon(picture: QPixmap) -> QIcon:
    """An icon that a selected row does not tint."""
    square = _square(picture)
    icon = QIcon(square)
    icon.addPixmap(square, QIcon.Mode.Selected)
    return icon


def _square(picture: QPixmap) -> QPixmap:
    """The picture centred on black, so that titles stand in one line below each other."""
    side = max(picture.width(), picture.height())
    if picture.width() == picture.height():
        return picture
    canvas = QPixmap(side, side)
    canvas.fill(Qt.GlobalColor.black)
    painter = QPainter(canvas)
    painter.drawPixmap((side - picture.width()) // 2, (side - picture.height()) // 2, picture)
    painter.end()
    return canvas


def _title(node: Node) -> str:
    if node.level == 0:
        studies = len({row.study for row in node.rows})
        return f"{node.title}   {count(studies, 'study', 'studies')}"
    if node.level == 1:
        return f"{node.title}   {count(len(node.rows), 'series', 'series')}"
    return node.title
