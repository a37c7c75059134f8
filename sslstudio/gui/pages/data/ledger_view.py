"""What the import list looks like: chips for each outcome, search, a virtual table of files, and what can be done."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from sslstudio.catalogue.rows import LedgerEntry
from sslstudio.gui.pages.data import ledger_texts as texts
from sslstudio.gui.pages.data.changes_strip import ChangesStrip
from sslstudio.gui.pages.data.import_warnings import WarningsStrip
from sslstudio.gui.pages.data.ledger_model import LedgerModel
from sslstudio.gui.widgets.controls import Chip, PlainButton, Segmented, Text, clear
from sslstudio.gui.widgets.flow_layout import FlowLayout

LIST, TRIAL = "list", "trial"


class LedgerPane(QWidget):
    """Setters, and a signal for each wish. ``page_requested(page, numbers)`` asks for rows in view.

    ``action_requested(id)`` is an id of `ledger_texts.ACTIONS`, ``export_requested(path, with_paths)`` asks for a CSV.
    """

    page_requested = Signal(int, object)
    filter_requested = Signal(str)
    list_requested = Signal(str)
    search_requested = Signal(str)
    sort_requested = Signal(int, bool)
    selection_changed = Signal(object)
    action_requested = Signal(str)
    export_requested = Signal(object, bool)
    changes_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = LedgerModel()
        self.model.page_requested.connect(self.page_requested)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 0)
        column.setSpacing(8)
        column.addLayout(self._make_head())
        self.found = ChangesStrip()
        column.addWidget(self.found)
        self.warnings = WarningsStrip()
        column.addWidget(self.warnings)
        chips = QWidget()
        self._chips = FlowLayout(chips, 6)
        column.addWidget(chips)
        column.addWidget(self._make_table(), 1)
        column.addWidget(self._make_foot())
        self.set_lists(False, LIST)
        self.set_actions("", "", ())

    def _make_head(self) -> QHBoxLayout:
        self.lists = Segmented(((LIST, texts.LIST), (TRIAL, texts.TRIAL)), texts.LISTS)
        self.lists.chosen.connect(self.list_requested)
        self.search = QLineEdit()
        self.search.setPlaceholderText(texts.SEARCH)
        self.search.setAccessibleName(texts.SEARCH)
        self.search.setToolTip(texts.SEARCH_HELP)
        self.search.setClearButtonEnabled(True)
        self.search.setMaximumWidth(280)
        self._typing = QTimer(self, singleShot=True, interval=200)
        self._typing.timeout.connect(lambda: self.search_requested.emit(self.search.text()))
        self.search.textChanged.connect(lambda _: self._typing.start())
        self.about = QLabel()
        self.about.setProperty("role", "muted")
        self.changes = PlainButton(texts.LOOK, "history")
        self.changes.setToolTip(texts.LOOK_HELP)
        self.changes.clicked.connect(lambda: self.changes_requested.emit())
        self.export = PlainButton(texts.EXPORT, "export")
        self.export.setToolTip(texts.EXPORT_HELP)
        menu = QMenu(self.export)
        menu.addAction(texts.EXPORT_PLAIN).triggered.connect(lambda: self._ask_target(False))
        menu.addAction(texts.EXPORT_PATHS).triggered.connect(lambda: self._ask_target(True))
        self.export.setMenu(menu)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.lists)
        row.addWidget(self.search, 1)
        row.addWidget(self.about)
        row.addStretch(1)
        row.addWidget(self.changes)
        row.addWidget(self.export)
        return row

    def _make_table(self) -> QTableView:
        table = self.table = QTableView()
        table.setModel(self.model)
        table.setAccessibleName("Import list")
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setShowGrid(False)
        table.setWordWrap(False)
        table.setTabKeyNavigation(False)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(26)
        header = table.horizontalHeader()
        header.setHighlightSections(False)
        header.setStretchLastSection(True)
        header.setSectionsMovable(True)
        header.setSortIndicatorShown(True)
        header.setSortIndicatorClearable(True)
        header.setSectionsClickable(True)
        header.setSortIndicator(-1, header.sortIndicatorOrder())
        header.sortIndicatorChanged.connect(lambda place, order: self.sort_requested.emit(place, order.value == 1))
        for place, width in enumerate((200, 140, 230, 230, 64, 56, 88)):
            header.resizeSection(place, width)
        table.selectionModel().selectionChanged.connect(lambda *_: self.selection_changed.emit(self.selected()))
        return table

    def _make_foot(self) -> QWidget:
        self.foot = QWidget()
        self.picture = QLabel()
        self.picture.setFixedSize(64, 64)
        self.picture.setAccessibleName("The image of the selected file")
        self.picture.hide()
        self.title = Text("")
        self.detail = Text("", "muted")
        words = QVBoxLayout()
        words.setSpacing(1)
        words.addWidget(self.title)
        words.addWidget(self.detail)
        self._actions = QHBoxLayout()
        self._actions.setSpacing(8)
        row = QHBoxLayout(self.foot)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        row.addWidget(self.picture)
        row.addLayout(words, 1)
        row.addLayout(self._actions)
        return self.foot

    # -- setters ---------------------------------------------------------------------------------------------

    def set_lists(self, has_trial: bool, shown: str) -> None:
        """Which of the two lists there are, and which is shown."""
        self.lists.setVisible(has_trial)
        self.lists.set_value(shown)

    def set_about(self, text: str) -> None:
        """How many files are shown."""
        self.about.setText(text)

    def set_looking(self, reason: str) -> None:
        """Why changes cannot be looked for now, or ""."""
        self.changes.setEnabled(not reason)
        self.changes.setToolTip(reason or texts.LOOK_HELP)

    def set_filters(self, chips: Sequence[tuple[str, str, bool]]) -> None:
        """Filter chips as (value, text, chosen)."""
        while (entry := self._chips.takeAt(0)) is not None:
            widget = entry.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for value, text, chosen in chips:
            chip = Chip(text, checkable=True)
            chip.setChecked(chosen)
            chip.clicked.connect(lambda _=False, asked=value: self.filter_requested.emit(asked))
            self._chips.addWidget(chip)

    def set_numbers(self, numbers: Sequence[int]) -> None:
        """The rows of the chosen filter, in order."""
        self.model.set_numbers(numbers)

    def set_page(self, page: int, entries: Sequence[LedgerEntry]) -> None:
        """Rows that were asked for."""
        self.model.set_page(page, entries)

    def set_actions(self, title: str, detail: str, actions: Sequence[tuple[str, str, str]]) -> None:
        """What is said of the selected or filtered files, and what can be done: (id, label, tooltip)."""
        self.title.setText(title)
        self.detail.setText(detail)
        clear(self._actions)
        for action, label, help in actions:
            button = PlainButton(label)
            button.setToolTip(help)
            button.clicked.connect(lambda _=False, asked=action: self.action_requested.emit(asked))
            self._actions.addWidget(button)
        self.foot.setVisible(bool(title or actions))

    def set_picture(self, picture: QPixmap | None) -> None:
        """The image of the selected file, None for none."""
        self.picture.setVisible(picture is not None)
        if picture is not None:
            ratio = self.devicePixelRatioF()
            scaled = picture.scaled(
                round(64 * ratio),
                round(64 * ratio),
                Qt.AspectRatioMode.KeepAspectRatio,
                Qt.TransformationMode.SmoothTransformation,
            )
            scaled.setDevicePixelRatio(ratio)
            self.picture.setPixmap(scaled)

    def selected(self) -> list[int]:
        """The rows that are selected."""
        return sorted(index.row() for index in self.table.selectionModel().selectedRows())

    def _ask_target(self, paths: bool) -> None:
        chosen, _ = QFileDialog.getSaveFileName(self, texts.EXPORT_TITLE, "import-list.csv", "Tables (*.csv)")
        if chosen:
            self.export_requested.emit(Path(chosen), paths)
