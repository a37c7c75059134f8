"""What the section "Images" looks like: filters over tree, gallery and viewer, and leaving images out below them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QInputDialog,
    QLabel,
    QMenu,
    QSlider,
    QSplitter,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from sslstudio.gui.item_models.image_tree import Branch, ImageTree
from sslstudio.gui.item_models.tiles import Tile
from sslstudio.gui.pages.data import browse_texts as texts
from sslstudio.gui.pages.data import tree_place
from sslstudio.gui.pages.data.details import DetailsPane
from sslstudio.gui.pages.data.filter_bar import FilterBar
from sslstudio.gui.pages.data.tree_model import TreeModel
from sslstudio.gui.pages.data.tree_nodes import Node
from sslstudio.gui.pages.data.viewer import ViewerPane
from sslstudio.gui.widgets.controls import PlainButton, Text
from sslstudio.gui.widgets.gallery import LARGEST, SMALLEST, GalleryList

FIRST_SIDE = 84
WIDTHS = (310, 260, 400)


class ImagesPane(QWidget):
    """Setters, and a signal for each wish. `describe(image_id)` says what a tile says."""

    branches_chosen = Signal(object)
    exclude_requested = Signal(str)
    include_requested = Signal()
    exclude_matches_requested = Signal(str)
    include_matches_requested = Signal()

    def __init__(
        self,
        thumbnail: Callable[[int], QPixmap | None],
        describe: Callable[[int], Tile],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.filters = FilterBar()
        self.tree_model = TreeModel(thumbnail)
        self.tree_model.setParent(self)  # so that it hears of no picture once this pane is gone
        self.tree = self._make_tree()
        self.grid = GalleryList(describe)
        self.viewer = ViewerPane()
        self.details = DetailsPane()
        self.middle = QSplitter(Qt.Orientation.Vertical)
        self.middle.addWidget(self._make_gallery())
        self.middle.addWidget(self.details)
        self.middle.setSizes([300, 240])
        self.columns = QSplitter(Qt.Orientation.Horizontal)
        for part in (self.tree, self.middle, self.viewer):
            self.columns.addWidget(part)
        self.columns.setSizes(list(WIDTHS))
        for place, share in enumerate((2, 2, 4)):
            self.columns.setStretchFactor(place, share)
        for splitter in (self.middle, self.columns):
            splitter.setChildrenCollapsible(False)
            splitter.setHandleWidth(9)
            splitter.setProperty("kind", "quiet")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.filters)
        column.addWidget(self.columns, 1)
        column.addLayout(self._make_foot())
        self.set_selected(0, 0, 0)

    def _make_tree(self) -> QTreeView:
        tree = QTreeView()
        tree.setModel(self.tree_model)
        tree.setAccessibleName("Patients, studies and series")
        tree.setUniformRowHeights(True)
        tree.setIconSize(QSize(32, 32))
        tree.setIndentation(14)
        tree.setMinimumWidth(180)
        tree.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        tree.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        tree.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        tree.customContextMenuRequested.connect(lambda place: self._menu.popup(tree.viewport().mapToGlobal(place)))
        header = tree.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Fixed)
        header.resizeSection(1, 72)
        tree.selectionModel().selectionChanged.connect(self._tree_selected)
        self.tree_model.dataChanged.connect(self._paint_tree)
        return tree

    def _paint_tree(self) -> None:
        self.tree.viewport().update()

    def _make_gallery(self) -> QWidget:
        self.grid.set_side(FIRST_SIDE)
        self.grid.setMinimumSize(160, 110)
        self.grid.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.grid.customContextMenuRequested.connect(
            lambda place: self._menu.popup(self.grid.viewport().mapToGlobal(place))
        )
        self._shown = QLabel()
        self._shown.setProperty("role", "muted")
        self._shown.setAccessibleName("Images in the gallery")
        size = QSlider(Qt.Orientation.Horizontal)
        size.setRange(SMALLEST, LARGEST)
        size.setValue(self.grid.side)
        size.setFixedWidth(88)
        size.setToolTip("Size of the pictures (Ctrl and wheel)")
        size.setAccessibleName("Size of the pictures")
        size.valueChanged.connect(self.grid.set_side)
        self.grid.side_changed.connect(size.setValue)
        head = QHBoxLayout()
        head.setContentsMargins(0, 0, 0, 0)
        head.addWidget(self._shown, 1)
        head.addWidget(size)
        self._nothing = Text("", "muted", self.grid.viewport())
        self._nothing.setGeometry(16, 16, 220, 80)
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._nothing.hide()
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(head)
        column.addWidget(self.grid, 1)
        return holder

    def _make_foot(self) -> QHBoxLayout:
        self.selected = Text("", "muted")
        self.exclude = PlainButton(texts.EXCLUDE, "exclude")
        self._menu = QMenu(self.exclude)
        self._fill_reasons(self._menu, self.exclude_requested.emit)
        self._menu.addSeparator()
        self.include_action = self._menu.addAction(texts.INCLUDE)
        self.include_action.triggered.connect(lambda _=False: self.include_requested.emit())
        self.matches_menu = self._menu.addMenu(texts.EXCLUDE_MATCHES)
        self._fill_reasons(self.matches_menu, self.exclude_matches_requested.emit)
        self.include_matches = self._menu.addAction(texts.INCLUDE_MATCHES)
        self.include_matches.triggered.connect(lambda _=False: self.include_matches_requested.emit())
        self.exclude.setMenu(self._menu)
        self.include = PlainButton(texts.INCLUDE)
        self.include.clicked.connect(lambda: self.include_requested.emit())
        foot = QHBoxLayout()
        foot.addWidget(self.selected, 1)
        foot.addWidget(self.exclude)
        foot.addWidget(self.include)
        return foot

    def _fill_reasons(self, menu: QMenu, ask: Callable[[str], object]) -> None:
        for number, reason in enumerate(texts.EXCLUDE_REASONS, 1):
            menu.addAction(f"&{number}  {reason}").triggered.connect(lambda _=False, why=reason: ask(why))
        menu.addAction(texts.OTHER_REASON).triggered.connect(partial(self._ask_reason, ask))

    # -- setters ---------------------------------------------------------------------------------------------

    def set_tree(self, tree: ImageTree) -> None:
        """Show these images in the tree; what was chosen, opened and in view stays so where it is still there."""
        tree_place.set_tree(self.tree, self.tree_model, tree)

    def reveal(self, path: tuple[int, Branch, Branch, Branch]) -> None:
        """Bring the row of an image's patient into view."""
        place = path[0]
        self.tree_model.show_patient(place)
        self.tree.scrollTo(self.tree_model.index(place, 0))

    def set_shown(self, text: str, nothing: str) -> None:
        """How many images the gallery shows, and what it says when there is none."""
        self._shown.setText(text)
        self._nothing.setText(nothing)
        self._nothing.setVisible(bool(nothing))

    def set_selected(self, images: int, patients: int, out: int, reason: str = "") -> None:
        """How much is selected, how much of it is left out; `reason` says why nothing can be changed."""
        self.selected.setText(texts.selected_text(images, patients, out))
        why_not = reason or ("" if images else texts.NOTHING_SELECTED)
        for part in (self.include, self.include_action):
            part.setEnabled(not why_not and out > 0)
            part.setToolTip(why_not or (texts.INCLUDE_HELP if out else texts.NOT_EXCLUDED))
        self.exclude.setEnabled(not reason)
        self.exclude.setToolTip(reason or texts.EXCLUDE_HELP)
        for action in self._menu.actions()[: len(texts.EXCLUDE_REASONS) + 1]:
            action.setEnabled(not why_not)

    def set_matches(self, images: int, filtered: bool) -> None:
        """How many images the filters let through; without a filter nothing can be done to all of them at once."""
        for action, words in (
            (self.matches_menu.menuAction(), texts.EXCLUDE_MATCHES),
            (self.include_matches, texts.INCLUDE_MATCHES),
        ):
            action.setText(f"{words} ({images:,})")
            action.setEnabled(filtered and images > 0)

    # -- the user --------------------------------------------------------------------------------------------

    def open_reasons(self) -> None:
        """Ask why the selected images are left out."""
        self._menu.popup(self.exclude.mapToGlobal(QPoint(0, -self._menu.sizeHint().height())))
        self._menu.setActiveAction(self._menu.actions()[0])

    def _ask_reason(self, ask: Callable[[str], object], _checked: bool = False) -> None:
        reason, given = QInputDialog.getText(self, texts.EXCLUDE, "Why are these images left out?")
        if given and reason.strip():
            ask(reason.strip())

    def _chosen_nodes(self) -> list[Node]:
        found = [self.tree_model.node(index) for index in self.tree.selectionModel().selectedRows()]
        return [node for node in found if node is not None]

    def chosen_branches(self) -> Sequence[Branch]:
        """What is chosen in the tree, from top to bottom, nothing twice."""
        kept: list[Branch] = []
        for branch in sorted((node.branch for node in self._chosen_nodes()), key=lambda b: (b.start, b.level)):
            if not kept or branch.start >= kept[-1].end:
                kept.append(branch)
        return kept

    def _tree_selected(self) -> None:
        self.branches_chosen.emit(self.chosen_branches())
