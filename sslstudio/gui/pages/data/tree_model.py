"""Patients, studies and series as a tree that is read as it is opened and scrolled; a thumbnail beside each row."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QFont, QIcon, QPainter, QPixmap

from sslstudio.catalogue.browse import GroupName
from sslstudio.gui import theme
from sslstudio.gui.item_models.image_tree import PATIENT, SERIES, STUDY, ImageTree
from sslstudio.gui.pages.data import browse_texts
from sslstudio.gui.pages.data.tree_nodes import Index, Node, TreeNodes

COLUMNS = ("Patient, study, series", "Images")
MOST_ICONS = 2000
SMALLEST_ICON = 64
REPAINT_MS = 60
"""Pictures come in small batches; the tree is painted once for all that come within this time."""


class TreeModel(TreeNodes):
    """`thumbnail(image_id)` answers with a pixmap or None; the view is painted again when more are there.

    ``names_requested(level, keys)`` asks what to call branches that are in view; `set_names` answers.
    """

    names_requested = Signal(int, object)

    def __init__(self, thumbnail: Callable[[int], QPixmap | None]) -> None:
        super().__init__()
        self._thumbnail = thumbnail
        self._out = np.zeros(1, dtype=np.int64)
        self._names: dict[tuple[int, int], GroupName] = {}
        self._wanted: dict[int, dict[int, None]] = {}
        self._asking = QTimer(self, singleShot=True, interval=0)
        self._asking.timeout.connect(self._ask)
        blank = QPixmap(QSize(40, 40))
        blank.fill(Qt.GlobalColor.black)
        self._blank = QIcon(blank)
        self._icons: dict[int, QIcon] = {}
        self._awaited: set[int] = set()
        self._painting = QTimer(self, singleShot=True, interval=REPAINT_MS)
        self._painting.timeout.connect(lambda: self._repaint(Qt.ItemDataRole.DecorationRole))

    def set_tree(self, tree: ImageTree) -> None:
        """Show other images."""
        self._out = np.zeros(len(tree) + 1, dtype=np.int64)
        super().set_tree(tree)

    def set_excluded(self, mask: npt.NDArray[np.bool_]) -> None:
        """Which of the tree's images (N,) are left out of training."""
        self._out = np.concatenate([[0], np.cumsum(mask)]).astype(np.int64)
        self._repaint(Qt.ItemDataRole.DisplayRole)

    def set_names(self, level: int, names: Mapping[int, GroupName]) -> None:
        """What branches of a level are called, by key."""
        self._names.update({(level, key): name for key, name in names.items()})
        self._repaint(Qt.ItemDataRole.DisplayRole)

    def forget_names(self) -> None:
        """The project has changed: ask again what branches are called."""
        self._names.clear()

    def pictures_came(self, ids: Collection[int]) -> None:
        """Thumbnails have come: paint again soon, once for all, if any is awaited here."""
        if not self._awaited.isdisjoint(ids):
            self._awaited.clear()
            self._painting.start()

    def _repaint(self, role: Qt.ItemDataRole) -> None:
        if self._patients:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._patients) - 1, 1), [role])

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Names of the columns."""
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            hidden = self._tree.patients - self.most
            return COLUMNS[section] if section or not hidden else browse_texts.first_patients(self.most, hidden)
        if role == Qt.ItemDataRole.TextAlignmentRole and section == 1:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Text, picture, strike-out and alignment of a cell."""
        node = self.node(index)
        if node is None:
            return None
        branch, column = node.branch, index.column()
        out = int(self._out[branch.end] - self._out[branch.start])
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(node, column, out)
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._told(node, out)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{self._text(node, column, out)}. {self._told(node, out)}" if column == 0 else None
        if role == Qt.ItemDataRole.TextAlignmentRole and column == 1:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.DecorationRole and column == 0:
            return self._icon_of(int(self._tree.ids[branch.start]))
        if role == Qt.ItemDataRole.FontRole and column == 0 and out == branch.images:
            font = QFont(theme.base_font())
            font.setStrikeOut(True)
            return font
        if role == Qt.ItemDataRole.ForegroundRole and out == branch.images:
            return QColor(theme.tokens().muted)
        return None

    def _text(self, node: Node, column: int, out: int) -> str:
        branch = node.branch
        name = self._names.get((branch.level, branch.key))
        if name is None:
            self._wanted.setdefault(branch.level, {})[branch.key] = None
            self._asking.start()
        if column == 0:
            return browse_texts.branch_title(branch, name, self._first_day(node), out)
        return f"{branch.images:,}"

    def _told(self, node: Node, out: int) -> str:
        name = self._names.get((node.branch.level, node.branch.key))
        return browse_texts.branch_help(node.branch, name, out)

    def _first_day(self, node: Node) -> int | None:
        """The day of the first study of the same patient."""
        if node.branch.level != STUDY or node.parent is None:
            return None
        names = [self._names.get((STUDY, brother.branch.key)) for brother in self.below(node.parent)]
        return min((name.day for name in names if name is not None and name.day is not None), default=None)

    def _ask(self) -> None:
        wanted, self._wanted = self._wanted, {}
        for level in (PATIENT, STUDY, SERIES):
            if keys := [key for key in wanted.get(level, ()) if (level, key) not in self._names]:
                self.names_requested.emit(level, keys)

    def _icon_of(self, image_id: int) -> QIcon:
        """The picture as an icon, kept: making one anew at each paint would be felt while scrolling."""
        icon = self._icons.get(image_id)
        if icon is None:
            picture = self._thumbnail(image_id)
            if picture is None:
                self._awaited.add(image_id)
                return self._blank
            if len(self._icons) >= MOST_ICONS:
                self._icons.clear()
            icon = self._icons[image_id] = _icon(picture)
        return icon


def _icon(picture: QPixmap) -> QIcon:
    """An icon that a selected row does not tint."""
    square = _square(picture)
    icon = QIcon(square)
    icon.addPixmap(square, QIcon.Mode.Selected)
    return icon


def _square(picture: QPixmap) -> QPixmap:
    """The picture centred on black, so that titles stand in one line below each other."""
    side = max(picture.width(), picture.height(), SMALLEST_ICON)
    if picture.width() == picture.height() == side:
        return picture
    canvas = QPixmap(side, side)
    canvas.fill(Qt.GlobalColor.black)
    painter = QPainter(canvas)
    painter.drawPixmap((side - picture.width()) // 2, (side - picture.height()) // 2, picture)
    painter.end()
    return canvas
