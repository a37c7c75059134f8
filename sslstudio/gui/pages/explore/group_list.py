"""The list of groups, or their tree: a click or Enter asks to select their images, editing a name asks to rename."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QApplication, QHeaderView, QTreeView, QWidget

from sslstudio.gui.item_models.group_table import GroupModel, GroupRow
from sslstudio.gui.widgets.pointing import mode_of


class GroupList(QTreeView):
    """``group_requested(numbers, mode)`` and ``chosen_changed``."""

    group_requested = Signal(object, str)
    chosen_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.groups = GroupModel(self)
        self.setModel(self.groups)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.DoubleClicked | QAbstractItemView.EditTrigger.EditKeyPressed)
        self.setExpandsOnDoubleClick(False)
        self.setUniformRowHeights(True)
        self.setAllColumnsShowFocus(True)
        self.setIndentation(16)
        self.setFrameShape(QTreeView.Shape.NoFrame)
        self.header().setHighlightSections(False)
        self.header().setSectionsMovable(False)
        self.header().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.header().setStretchLastSection(True)
        self.setAccessibleName("Groups of similar images")
        self.clicked.connect(self._ask)
        self.selectionModel().selectionChanged.connect(lambda *_: self.chosen_changed.emit())
        self.groups.modelReset.connect(self.expandAll)
        self.groups.modelReset.connect(self.chosen_changed)
        self.set_rows(())

    def set_rows(self, rows: Sequence[GroupRow]) -> None:
        """Show these groups, a new tree of them unfolded."""
        tree = any(row.parts for row in rows)
        self.setRootIsDecorated(tree)
        policy = Qt.ScrollBarPolicy
        self.setHorizontalScrollBarPolicy(policy.ScrollBarAsNeeded if tree else policy.ScrollBarAlwaysOff)
        self.groups.set_rows(rows)

    def chosen(self) -> list[int]:
        """The numbers of the groups that are chosen, themselves or in what joins them."""
        rows = [self.groups.row_at(index) for index in self.selectionModel().selectedRows()]
        return sorted({number for row in rows for number in row.numbers})

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter selects the images of the group."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self._ask(self.currentIndex())
        else:
            super().keyPressEvent(event)

    def keyboardSearch(self, search: str) -> None:
        """Letters are commands of the page, never a search."""

    def _ask(self, index: QModelIndex) -> None:
        self.group_requested.emit(self.groups.row_at(index).numbers, mode_of(QApplication.keyboardModifiers()))
