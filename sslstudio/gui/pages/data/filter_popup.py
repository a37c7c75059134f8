"""Where a filter is put together: columns at the left, their values with counts, or a range, at the right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPoint, QSortFilterProxyModel, Qt, Signal
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStackedWidget,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from sslstudio.gui.widgets.controls import SectionTitle, Text

_VALUE = int(Qt.ItemDataRole.UserRole) + 1
_MANY = 12


@dataclass(frozen=True)
class Value:
    """One value of a column: what it is called, how many images have it under the other filters, whether it is asked
    for."""

    value: str
    name: str
    images: int
    chosen: bool


@dataclass(frozen=True)
class Numbers:
    """The range of a column of numbers, and what is asked for."""

    low: float
    high: float
    images: int
    chosen_low: float | None
    chosen_high: float | None


class FilterPopup(QFrame):
    """Stays open while values are ticked. Arrow keys walk, Tab goes to the values, Space ticks, Escape closes."""

    column_chosen = Signal(str)
    value_toggled = Signal(str, str)
    range_chosen = Signal(str, object, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("card")
        self.setAccessibleName("Filters")
        self._column = ""
        self.columns = QListWidget()
        self.columns.setAccessibleName("Properties to filter by")
        self.columns.setFixedWidth(180)
        self.columns.currentItemChanged.connect(self._column_moved)
        self._title = SectionTitle()
        self._note = Text("", "small")
        self.values = QTreeView()
        self.values.setHeaderHidden(True)
        self.values.setRootIsDecorated(False)
        self.values.setUniformRowHeights(True)
        self.values.header().setStretchLastSection(False)
        self.values.setEditTriggers(QTreeView.EditTrigger.NoEditTriggers)
        self._model = QStandardItemModel(self)
        self._model.itemChanged.connect(self._ticked)
        self._proxy = QSortFilterProxyModel(self)
        self._proxy.setSourceModel(self._model)
        self._proxy.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.values.setModel(self._proxy)
        self._find = QLineEdit()
        self._find.setPlaceholderText("Find a value")
        self._find.setAccessibleName("Find a value")
        self._find.setClearButtonEnabled(True)
        self._find.textChanged.connect(self._proxy.setFilterFixedString)
        self.low, self.high = _number_field("Smallest value"), _number_field("Greatest value")
        for field in (self.low, self.high):
            field.editingFinished.connect(self._range_typed)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._value_page())
        self._stack.addWidget(self._range_page())
        right = QVBoxLayout()
        right.setSpacing(6)
        right.addWidget(self._title)
        right.addWidget(self._note)
        right.addWidget(self._stack, 1)
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 10, 10, 10)
        row.setSpacing(12)
        row.addWidget(self.columns)
        row.addLayout(right, 1)
        self.resize(500, 340)

    def _value_page(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self._find)
        column.addWidget(self.values, 1)
        return page

    def _range_page(self) -> QWidget:
        page = QWidget()
        line = QHBoxLayout(page)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(8)
        for label, field in (("From", self.low), ("to", self.high)):
            text = QLabel(label)
            text.setBuddy(field)
            line.addWidget(text, 0, Qt.AlignmentFlag.AlignTop)
            line.addWidget(field, 0, Qt.AlignmentFlag.AlignTop)
        line.addStretch(1)
        return page

    # -- setters ---------------------------------------------------------------------------------------------

    def open_below(self, widget: QWidget) -> None:
        """Come up under a button, inside the screen."""
        corner = widget.mapToGlobal(QPoint(0, widget.height() + 4))
        area = widget.screen().availableGeometry()
        left = max(area.left(), min(corner.x(), area.right() - self.width()))
        top = max(area.top(), min(corner.y(), area.bottom() - self.height()))
        self.move(left, top)
        self.show()
        self.columns.setFocus()

    def set_columns(self, columns: Sequence[tuple[str, str]]) -> None:
        """What there is to filter by, as (column, name); keeps the one chosen."""
        chosen = self._column
        self.columns.blockSignals(True)
        self.columns.clear()
        for column, name in columns:
            item = QListWidgetItem(name)
            item.setData(_VALUE, column)
            self.columns.addItem(item)
        self.columns.blockSignals(False)
        rows = [row for row, (column, _) in enumerate(columns) if column == chosen]
        if columns:
            self.columns.setCurrentRow(rows[0] if rows else 0)

    def set_busy(self, column: str, title: str) -> None:
        """The values of a column are being counted."""
        self._column = column
        self._title.setText(title)
        self._note.setText("Counting ...")
        self._model.clear()
        self._find.clear()
        self._stack.setCurrentIndex(0)
        self._find.hide()

    def set_values(self, column: str, values: Sequence[Value], note: str = "") -> None:
        """The values of a column, most frequent first."""
        if column != self._column:
            return
        self._note.setText(note)
        self._note.setVisible(bool(note))
        self._model.blockSignals(True)
        self._model.clear()
        for value in values:
            item = QStandardItem(value.name)
            images = QStandardItem(f"{value.images:,}")
            images.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            item.setToolTip(f"{value.name}: {value.images:,} images")
            item.setAccessibleText(f"{value.name}, {value.images:,} images")
            item.setData(value.value, _VALUE)
            item.setEditable(False)
            item.setCheckable(True)
            item.setCheckState(Qt.CheckState.Checked if value.chosen else Qt.CheckState.Unchecked)
            self._model.appendRow([item, images])
        self._model.blockSignals(False)
        self._model.layoutChanged.emit()
        self._proxy.invalidate()
        header = self.values.header()
        if header.count() > 1:
            header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
            header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.values.setAccessibleName(f"Values of {self._title.text()}")
        if values:
            self.values.setCurrentIndex(self._proxy.index(0, 0))
        self._find.setVisible(len(values) > _MANY)
        self._stack.setCurrentIndex(0)

    def set_numbers(self, column: str, numbers: Numbers) -> None:
        """The range of a column of numbers."""
        if column != self._column:
            return
        self._note.setText(f"{numbers.low:g} to {numbers.high:g} in {numbers.images:,} images. Both ends are included.")
        self._note.show()
        for field, value, limit in (
            (self.low, numbers.chosen_low, numbers.low),
            (self.high, numbers.chosen_high, numbers.high),
        ):
            field.setText("" if value is None else f"{value:g}")
            field.setPlaceholderText(f"{limit:g}")
        self._stack.setCurrentIndex(1)

    # -- the user --------------------------------------------------------------------------------------------

    def _column_moved(self, item: QListWidgetItem | None) -> None:
        if item is not None:
            self.column_chosen.emit(str(item.data(_VALUE)))

    def _ticked(self, item: QStandardItem) -> None:
        self.value_toggled.emit(self._column, str(item.data(_VALUE)))

    def _range_typed(self) -> None:
        limits = []
        for field in (self.low, self.high):
            text = field.text().strip().replace(",", ".")
            try:
                limits.append(float(text) if text else None)
            except ValueError:
                field.setText("")
                limits.append(None)
        self.range_chosen.emit(self._column, *limits)


def _number_field(name: str) -> QLineEdit:
    field = QLineEdit()
    field.setAccessibleName(name)
    field.setFixedWidth(96)
    return field
