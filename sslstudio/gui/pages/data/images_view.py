"""What the section "Images" looks like: the tree of patients, studies and series, and leaving images out."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QInputDialog,
    QMenu,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from sslstudio.catalogue.rows import TreeRow
from sslstudio.gui.pages.data import texts
from sslstudio.gui.pages.data.tree_model import TreeModel
from sslstudio.gui.widgets.controls import PlainButton, Text

MOST_SELECTED_SERIES = 20_000


class ImagesPane(QWidget):
    """Setters, and a signal for each wish."""

    series_selected = Signal(object)
    exclude_requested = Signal(str)
    include_requested = Signal()

    def __init__(self, thumbnail: Callable[[int], QPixmap | None], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.tree_model = TreeModel(thumbnail)
        tree = self.tree = QTreeView()
        tree.setModel(self.tree_model)
        tree.setAccessibleName("Patients, studies and series")
        tree.setUniformRowHeights(True)
        tree.setIconSize(QSize(36, 36))
        tree.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        tree.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        tree.header().setStretchLastSection(False)
        tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        tree.selectionModel().selectionChanged.connect(self._tree_selected)
        self.selected = Text(texts.NO_SELECTION, "muted")
        self.exclude = PlainButton(texts.EXCLUDE, "exclude")
        menu = QMenu(self.exclude)
        for reason in texts.EXCLUDE_REASONS:
            menu.addAction(reason).triggered.connect(lambda _=False, why=reason: self.exclude_requested.emit(why))
        menu.addSeparator()
        menu.addAction(texts.OTHER_REASON).triggered.connect(self._ask_reason)
        self.exclude.setMenu(menu)
        self.include = PlainButton(texts.INCLUDE)
        self.include.clicked.connect(lambda: self.include_requested.emit())
        foot = QHBoxLayout()
        foot.addWidget(self.selected, 1)
        foot.addWidget(self.exclude)
        foot.addWidget(self.include)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 0)
        column.setSpacing(8)
        column.addWidget(tree, 1)
        column.addLayout(foot)
        self.set_selected(0, 0)

    def set_tree(self, rows: Sequence[TreeRow]) -> None:
        """Patients, studies and series."""
        self.tree_model.set_rows(rows)
        self.tree.header().resizeSection(1, 90)
        self.tree.header().resizeSection(2, 80)
        self.set_selected(0, 0)

    def set_selected(self, images: int, patients: int) -> None:
        """How much is selected in the tree."""
        self.selected.setText(texts.selected_line(images, patients))
        for button in (self.exclude, self.include):
            button.setEnabled(images > 0)
            button.setToolTip("" if images else texts.NO_SELECTION)

    def _ask_reason(self) -> None:
        reason, given = QInputDialog.getText(self, texts.EXCLUDE, "Why are these images left out?")
        if given and reason.strip():
            self.exclude_requested.emit(reason.strip())

    def _tree_selected(self) -> None:
        rows: dict[str, TreeRow] = {}
        for index in self.tree.selectionModel().selectedRows():
            node = self.tree_model.node(index)
            for row in node.rows if node is not None else ():
                rows[row.series] = row
            if len(rows) > MOST_SELECTED_SERIES:
                break
        self.series_selected.emit(list(rows.values()))
