"""What is known of the image shown: a table of facts with a search, and the histogram."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtGui import QFont, QKeySequence, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from sslstudio.gui.pages.data import browse_texts
from sslstudio.gui.pages.data.facts import Group, as_text, search
from sslstudio.gui.widgets.controls import IconButton, Segmented, Text
from sslstudio.gui.widgets.histogram import Histogram
from sslstudio.gui.widgets.stack import Stack

FACTS, HISTOGRAM = "facts", "histogram"


class FactsTable(QTreeView):
    """Names and values under headings; Ctrl+C copies what is selected."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = QStandardItemModel(0, 2, self)
        self.setModel(self._model)
        self.setAccessibleName("Facts of the image")
        self.setHeaderHidden(True)
        self.setRootIsDecorated(False)
        self.setItemsExpandable(False)
        self.setIndentation(8)
        self.setUniformRowHeights(True)
        self.setSelectionMode(QTreeView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QTreeView.EditTrigger.NoEditTriggers)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.header().setStretchLastSection(True)
        self.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Interactive)
        self.header().resizeSection(0, 132)

    def set_groups(self, shown: Sequence[Group]) -> None:
        """Replace what is shown, keeping the place in the list."""
        place = self.verticalScrollBar().value()
        self._model.removeRows(0, self._model.rowCount())
        strong = QFont(self.font())
        strong.setBold(True)
        for title, facts in shown:
            heading = QStandardItem(title)
            heading.setFont(strong)
            heading.setSelectable(False)
            for name, value in facts:
                left, right = QStandardItem(name), QStandardItem(value)
                right.setToolTip(value)
                heading.appendRow([left, right])
            self._model.appendRow(heading)
            self.setFirstColumnSpanned(self._model.rowCount() - 1, QModelIndex(), True)
        self.expandAll()
        self.verticalScrollBar().setValue(place)

    def selected_text(self) -> str:
        """What is selected, a line a fact."""
        rows = [index for index in self.selectionModel().selectedRows(0) if index.parent().isValid()]
        return "\n".join(f"{index.data()}\t{index.siblingAtColumn(1).data()}" for index in rows)

    def keyPressEvent(self, event: object) -> None:
        """Copy."""
        if event.matches(QKeySequence.StandardKey.Copy):  # type: ignore[attr-defined]
            QApplication.clipboard().setText(self.selected_text())
        else:
            super().keyPressEvent(event)  # type: ignore[arg-type]


class DetailsPane(QWidget):
    """Setters, and ``scope_changed(series)`` when the histogram is to be of the whole series or of one image."""

    scope_changed = Signal(bool)
    page_changed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._groups: tuple[Group, ...] = ()
        self.pages = Segmented(((FACTS, "Facts"), (HISTOGRAM, "Histogram")), "Details")
        self.pages.chosen.connect(self.show_page)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Find")
        self.search.setAccessibleName("Find a fact")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(lambda _: self._fill())
        self.copy = IconButton("copy", "Copy all facts")
        self.copy.clicked.connect(self._copy_all)
        self.table = FactsTable()
        self.histogram = Histogram()
        self.logarithmic = QCheckBox("Logarithmic")
        self.logarithmic.setToolTip("Makes rare values visible")
        self.logarithmic.toggled.connect(self.histogram.set_logarithmic)
        self.whole = QCheckBox("Whole series")
        self.whole.setToolTip("Counts the values of the whole series instead of one image")
        self.whole.toggled.connect(self.scope_changed)
        self._stack = Stack()
        self._stack.addWidget(self._facts_page())
        self._stack.addWidget(self._histogram_page())
        head = QHBoxLayout()
        head.setSpacing(6)
        head.addWidget(self.pages)
        head.addWidget(self.search, 1)
        head.addWidget(self.copy)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(4)
        column.addLayout(head)
        column.addWidget(self._stack, 1)

    def _facts_page(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.table, 1)
        self.privacy = Text(browse_texts.PRIVACY_SHORT, "small")
        self.privacy.setToolTip(browse_texts.PRIVACY)
        column.addWidget(self.privacy)
        return page

    def _histogram_page(self) -> QWidget:
        page = QWidget()
        line = QHBoxLayout()
        line.addWidget(self.whole)
        line.addWidget(self.logarithmic)
        line.addStretch(1)
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.histogram, 1)
        column.addLayout(line)
        return page

    def set_facts(self, shown: Sequence[Group]) -> None:
        """What is known of the image."""
        self._groups = tuple(shown)
        self._fill()
        self.copy.setEnabled(bool(shown))

    def show_page(self, page: str) -> None:
        """Facts or histogram."""
        self.pages.set_value(page)
        self._stack.setCurrentIndex(int(page == HISTOGRAM))
        for part in (self.search, self.copy):
            part.setEnabled(page == FACTS)
        self.page_changed.emit(page)

    def _fill(self) -> None:
        self.table.set_groups(search(self._groups, self.search.text()))

    def _copy_all(self) -> None:
        QApplication.clipboard().setText(as_text(self._groups))
