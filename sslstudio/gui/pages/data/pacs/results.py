"""The studies an archive answered with, as a tree: studies that can be sorted, their series when one is opened."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QItemSelection, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTreeView, QWidget

from sslstudio.gui.pages.data.pacs import texts
from sslstudio.pacs.rows import SeriesRow, StudyRow, Wish

ROW = Qt.ItemDataRole.UserRole + 1
SORT = Qt.ItemDataRole.UserRole + 2
_NUMBERS = (5, 6)


class StudyTree(QTreeView):
    """``series_requested(study)`` when a study is opened for the first time, ``chosen()`` when the choice changes."""

    series_requested = Signal(str)
    chosen = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Studies found")
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setUniformRowHeights(True)
        self.setAlternatingRowColors(False)
        self.setAllColumnsShowFocus(True)
        self._model = QStandardItemModel(self)
        self._model.setSortRole(SORT)
        self._model.setHorizontalHeaderLabels(texts.COLUMNS)
        self.setModel(self._model)
        self.setSortingEnabled(True)
        header = self.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(4, QHeaderView.ResizeMode.Stretch)
        for column, width in enumerate((140, 190, 120, 84, 200, 64, 72)):
            if column != 4:
                header.resizeSection(column, width)
        header.setSortIndicator(0, Qt.SortOrder.DescendingOrder)
        for column in _NUMBERS:
            self._model.horizontalHeaderItem(column).setTextAlignment(
                Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            )
        self.expanded.connect(self._opened)

    def set_studies(self, studies: Sequence[StudyRow]) -> None:
        """Replace all."""
        self._model.removeRows(0, self._model.rowCount())
        for row in studies:
            sizes = (row.series, row.images)
            first = [row.date + row.time, *(cell.casefold() for cell in texts.study_cells(row)[1:5])]
            cells = _cells(texts.study_cells(row), [*first, *(-1 if size is None else size for size in sizes)], row)
            cells[0].appendRow([QStandardItem(texts.WAITING)])
            self._model.appendRow(cells)
        header = self.header()
        self._model.sort(header.sortIndicatorSection(), header.sortIndicatorOrder())
        self.chosen.emit()

    def set_series(self, study: str, series: Sequence[SeriesRow]) -> None:
        """The series of a study that was opened."""
        parent = self._study(study)
        if parent is None:
            return
        parent.removeRows(0, parent.rowCount())
        for row in sorted(series, key=lambda one: (one.number is None, one.number or 0)):
            name = f"Series {row.number}" if row.number is not None else "Series"
            images = "" if row.images is None else f"{row.images:,}"
            what = " · ".join(part for part in (row.description, row.body_part.title()) if part)
            texts_of = (name, "", "", row.modality, what, "", images)
            order = [row.number or 0, "", "", row.modality, what.casefold(), 0, row.images or 0]
            parent.appendRow(_cells(texts_of, order, row))
        if not series:
            parent.appendRow([QStandardItem(texts.NO_SERIES)])
        self.setFirstColumnSpanned(0, parent.index(), not series)

    def series_failed(self, study: str) -> None:
        """The series could not be had: closed, so that opening asks again."""
        parent = self._study(study)
        if parent is not None:
            self.collapse(parent.index())

    def wishes(self) -> tuple[Wish, ...]:
        """What is chosen; a series of a study that is chosen too is not listed again."""
        return tuple(
            Wish(study=row.study) if isinstance(row, StudyRow) else Wish(study=row.study, series=row.series)
            for row in self.rows()
        )

    def rows(self) -> list[StudyRow | SeriesRow]:
        """The chosen studies, and the chosen series of other studies, from top to bottom."""
        found = [index.data(ROW) for index in self.selectionModel().selectedRows(0)]
        whole = {row.study for row in found if isinstance(row, StudyRow)}
        return [row for row in found if isinstance(row, StudyRow) or (row is not None and row.study not in whole)]

    def selectionChanged(self, selected: QItemSelection, deselected: QItemSelection) -> None:
        """Tell it."""
        super().selectionChanged(selected, deselected)
        self.chosen.emit()

    def _study(self, study: str) -> QStandardItem | None:
        for place in range(self._model.rowCount()):
            item = self._model.item(place, 0)
            row = item.data(ROW)
            if isinstance(row, StudyRow) and row.study == study:
                return item
        return None

    def _opened(self, index: QModelIndex | QPersistentModelIndex) -> None:
        item = self._model.itemFromIndex(index)
        row = item.data(ROW)
        if isinstance(row, StudyRow) and item.child(0, 0) is not None and item.child(0, 0).data(ROW) is None:
            self.setFirstColumnSpanned(0, self._model.index(item.row(), 0), True)
            self.series_requested.emit(row.study)


def _cells(shown: Sequence[str], order: Sequence[object], row: StudyRow | SeriesRow) -> list[QStandardItem]:
    cells = []
    for column, (text, key) in enumerate(zip(shown, order, strict=True)):
        cell = QStandardItem(text)
        cell.setData(key, SORT)
        cell.setToolTip(text)
        if column in _NUMBERS:
            cell.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        cells.append(cell)
    cells[0].setData(row, ROW)
    return cells
