"""What the Data page looks like: counts, import, and two tabs, the images as a tree and the ledger of files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QInputDialog,
    QLabel,
    QMenu,
    QTableView,
    QTabWidget,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from sslstudio.catalogue.rows import LedgerEntry, TreeRow
from sslstudio.gui.pages.data import texts
from sslstudio.gui.pages.data.import_panel import ImportPanel
from sslstudio.gui.pages.data.ledger_model import LedgerModel
from sslstudio.gui.pages.data.tree_model import TreeModel
from sslstudio.gui.widgets.controls import Chip, PageTitle, PlainButton, Text
from sslstudio.gui.widgets.flow_layout import FlowLayout

MOST_SELECTED_SERIES = 20_000


class DataView(QWidget):
    """Setters, and a signal for each wish."""

    ledger_page_requested = Signal(int, int, int)
    ledger_filter_requested = Signal(str)
    series_selected = Signal(object)
    exclude_requested = Signal(str)
    include_requested = Signal()

    def __init__(self, thumbnail: Callable[[int], QPixmap | None], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self.panel = ImportPanel()
        self.counts = QLabel()
        self.counts.setProperty("role", "muted")
        self.warning = Text("", "warning")
        self.warning.hide()
        head = QHBoxLayout()
        head.setSpacing(16)
        head.addWidget(PageTitle(texts.TITLE))
        head.addWidget(self.counts, 1, Qt.AlignmentFlag.AlignBottom)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(self._make_tree(thumbnail), "Patients")
        self.tabs.addTab(self._make_ledger(), "Ledger")
        self.tabs.setTabToolTip(1, "Every file that was looked at, and what became of it")
        self._spare = QWidget()
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 12)
        column.setSpacing(12)
        column.addLayout(head)
        column.addWidget(self.panel)
        column.addWidget(self.warning)
        column.addWidget(self.tabs, 1)
        column.addWidget(self._spare, 1)
        self.set_has_content(False)

    def _make_tree(self, thumbnail: Callable[[int], QPixmap | None]) -> QWidget:
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
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 8, 0, 0)
        column.setSpacing(8)
        column.addWidget(tree, 1)
        column.addLayout(foot)
        self.set_selected(0, 0)
        return holder

    def _make_ledger(self) -> QWidget:
        self.ledger_model = LedgerModel()
        self.ledger_model.page_requested.connect(self.ledger_page_requested)
        table = self.table = QTableView()
        table.setModel(self.ledger_model)
        table.setAccessibleName("Import ledger")
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setShowGrid(False)
        table.setWordWrap(False)
        table.setTabKeyNavigation(False)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(26)
        header = table.horizontalHeader()
        header.setHighlightSections(False)
        header.setStretchLastSection(True)
        for place, width in enumerate((200, 170, 280, 280, 64)):
            header.resizeSection(place, width)
        chips = QWidget()
        self._chips = FlowLayout(chips, 6)
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 8, 0, 0)
        column.setSpacing(8)
        column.addWidget(chips)
        column.addWidget(table, 1)
        return holder

    # -- setters ---------------------------------------------------------------------------------------------

    def set_has_content(self, has: bool) -> None:
        """Show the tabs once there is something in them."""
        self.tabs.setVisible(has)
        self._spare.setVisible(not has)
        self.panel.title.setText(texts.DROP if has else texts.EMPTY_TITLE)
        self.panel.about.setVisible(not has)

    def set_counts(self, text: str, warning: str) -> None:
        """The line beside the title, and a warning about the grouping or ""."""
        self.counts.setText(text)
        self.warning.setText(warning)
        self.warning.setVisible(bool(warning))

    def set_tree(self, rows: Sequence[TreeRow]) -> None:
        """Patients, studies and series."""
        self.tree_model.set_rows(rows)
        self.tree.header().resizeSection(1, 90)
        self.tree.header().resizeSection(2, 80)
        self.set_selected(0, 0)

    def set_ledger_filters(self, chips: Sequence[tuple[str, str, bool]]) -> None:
        """Filter chips as (value, text, chosen)."""
        while (entry := self._chips.takeAt(0)) is not None:
            widget = entry.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for value, text, chosen in chips:
            chip = Chip(text, checkable=True)
            chip.setChecked(chosen)
            chip.clicked.connect(lambda _=False, asked=value: self.ledger_filter_requested.emit(asked))
            self._chips.addWidget(chip)

    def set_ledger_rows(self, rows: int) -> None:
        """How many files the chosen filter has."""
        self.ledger_model.set_row_count(rows)

    def set_ledger_page(self, page: int, entries: Sequence[LedgerEntry]) -> None:
        """Rows that were asked for."""
        self.ledger_model.set_page(page, entries)

    def set_selected(self, images: int, patients: int) -> None:
        """How much is selected in the tree."""
        self.selected.setText(texts.selected_line(images, patients))
        for button in (self.exclude, self.include):
            button.setEnabled(images > 0)
            button.setToolTip("" if images else texts.NO_SELECTION)

    def show_ledger(self) -> None:
        """Bring the ledger to the front."""
        self.tabs.setCurrentIndex(1)

    # -- asking the user -------------------------------------------------------------------------------------

    def ask_folder(self) -> Path | None:
        """A folder of images, or None."""
        chosen = QFileDialog.getExistingDirectory(self, "Add a folder of images")
        return Path(chosen) if chosen else None

    def ask_files(self) -> list[Path]:
        """Image files, or none."""
        chosen, _ = QFileDialog.getOpenFileNames(self, "Add image files")
        return [Path(name) for name in chosen]

    def ask_table(self) -> Path | None:
        """A CSV, or None."""
        chosen, _ = QFileDialog.getOpenFileName(self, "Choose a table", "", "Tables (*.csv *.tsv *.txt)")
        return Path(chosen) if chosen else None

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
