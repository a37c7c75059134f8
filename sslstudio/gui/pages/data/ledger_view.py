"""What the import list looks like: chips for each outcome over a virtual table of files."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QAbstractItemView, QTableView, QVBoxLayout, QWidget

from sslstudio.catalogue.rows import LedgerEntry
from sslstudio.gui.pages.data.ledger_model import LedgerModel
from sslstudio.gui.widgets.controls import Chip
from sslstudio.gui.widgets.flow_layout import FlowLayout


class LedgerPane(QWidget):
    """Setters, and a signal for each wish. ``page_requested(page, limit, offset)`` asks for rows in view."""

    page_requested = Signal(int, int, int)
    filter_requested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = LedgerModel()
        self.model.page_requested.connect(self.page_requested)
        table = self.table = QTableView()
        table.setModel(self.model)
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
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 0)
        column.setSpacing(8)
        column.addWidget(chips)
        column.addWidget(table, 1)

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

    def set_rows(self, rows: int) -> None:
        """How many files the chosen filter has."""
        self.model.set_row_count(rows)

    def set_page(self, page: int, entries: Sequence[LedgerEntry]) -> None:
        """Rows that were asked for."""
        self.model.set_page(page, entries)
