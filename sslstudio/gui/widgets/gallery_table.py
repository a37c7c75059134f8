"""The images as a table: the same images, order and selection as the gallery, with columns to choose."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPoint, QRectF, QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QMenu,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from sslstudio.gui import theme
from sslstudio.gui.item_models.gallery_columns import COLUMN, PICTURE, TableColumn
from sslstudio.gui.item_models.id_rows import IdRows
from sslstudio.gui.item_models.image_rows import CHOSEN_ROLE, ID_ROLE, ImageRows, Index
from sslstudio.gui.item_models.thumbnails import ThumbnailSource
from sslstudio.gui.widgets.gallery_table_input import NO_UPDATE, SelectingTable

ROW_HEIGHT = 44
MOST_METADATA = 12
"""So many are kept in memory; more of them would be read again and again while the table is painted."""
_WIDTHS = {PICTURE: ROW_HEIGHT + 8, "id": 72, "label": 150, "prediction": 150, "confidence": 84, "margin": 76}
_WIDTH = 120


class RowDelegate(QStyledItemDelegate):
    """Paints a cell: a picture on black or a text, the colour of a selected row, lines round the current one."""

    thumbnails: ThumbnailSource | None = None

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw one cell."""
        tokens, area, table = theme.tokens(), option.rect, self.parent()
        if index.data(CHOSEN_ROLE):
            painter.fillRect(area, QColor(tokens.selection))
        model = index.model()
        if isinstance(model, ImageRows) and model.columns[index.column()].key == PICTURE:
            self._draw_picture(painter, QRectF(area.adjusted(4, 2, -4, -2)), int(index.data(ID_ROLE)))
        else:
            room = area.adjusted(6, 0, -6, 0)
            text = option.fontMetrics.elidedText(str(index.data()), Qt.TextElideMode.ElideRight, room.width())
            painter.setFont(option.font)
            painter.setPen(QColor(tokens.text))
            alignment = Qt.AlignmentFlag(int(index.data(Qt.ItemDataRole.TextAlignmentRole)))
            painter.drawText(room, alignment, text)
        painter.setPen(QColor(tokens.line))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        if isinstance(table, QTableView) and table.hasFocus() and table.currentIndex().row() == index.row():
            painter.setPen(QPen(QColor(tokens.focus), 1, Qt.PenStyle.DashLine))
            painter.drawLine(area.topLeft(), area.topRight())
            painter.drawLine(area.bottomLeft() - QPoint(0, 1), area.bottomRight() - QPoint(0, 1))

    def _draw_picture(self, painter: QPainter, frame: QRectF, image_id: int) -> None:
        painter.fillRect(frame, QColor(theme.tokens().image_background))
        picture = self.thumbnails.pixmap(image_id) if self.thumbnails is not None else None
        if picture is not None:
            size = picture.size().scaled(frame.size().toSize(), Qt.AspectRatioMode.KeepAspectRatio)
            target = QRectF(0, 0, size.width(), size.height())
            target.moveCenter(frame.center())
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawPixmap(target, picture, QRectF(picture.rect()))


class ImageTableView(SelectingTable):
    """A click on a title sorts, a drag moves a column, a right click chooses columns."""

    sort_requested = Signal(str)
    columns_requested = Signal(object)
    """Keys (tuple of str) of the columns to show, in order."""
    widths_requested = Signal(object)
    """Widths (dict of str to int) in pixels by column."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._delegate = RowDelegate(self)
        self.setItemDelegate(self._delegate)
        self._all: tuple[TableColumn, ...] = ()
        self.menu = QMenu("Columns", self)
        self.menu.setToolTipsVisible(True)
        self.menu.aboutToShow.connect(self._fill_menu)
        self._build()

    def _build(self) -> None:
        self.setFrameShape(QTableView.Shape.NoFrame)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setAccessibleName("Table of images")
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(ROW_HEIGHT)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionsClickable(True)
        header.setSectionsMovable(True)
        header.setStretchLastSection(True)
        header.setMinimumSectionSize(40)
        header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header.customContextMenuRequested.connect(lambda place: self.menu.popup(header.mapToGlobal(place)))
        header.setToolTip("Click to sort, drag to move, right click to choose columns")
        header.sectionClicked.connect(self._title_clicked)
        header.sectionMoved.connect(lambda *_: QTimer.singleShot(0, self, self._moved))
        header.sectionResized.connect(self._resized)
        theme.on_change(self, self.viewport().update)

    def set_ids(
        self, ids: npt.NDArray[np.int64] | IdRows, selected: npt.NDArray[np.int64], sections: object | None = None
    ) -> None:
        """Show these images; the current one stays so where it is still there."""
        current = self.current_id()
        with QSignalBlocker(self.selectionModel()):
            self.rows.set_ids(ids, selected)
            row = self.rows.row_of(current) if current is not None else None
            self._anchor = row or 0
            if row is not None:
                self.selectionModel().setCurrentIndex(self.rows.index(row, 0), NO_UPDATE)
        if row is not None:
            self.scrollTo(self.rows.index(row, 0))
        else:
            self.verticalScrollBar().setValue(0)

    def set_selection(self, ids: npt.NDArray[np.int64]) -> None:
        """Show what is selected; a single image that is out of view is brought into it."""
        self.rows.set_selection(ids)
        if len(ids) == 1:
            row = self.rows.row_of(int(ids[0]))
            if row is not None and row != self.currentIndex().row():
                self._go_to(row)
                self._anchor = row
        self.viewport().update()

    def refresh_tiles(self, ids: Collection[int] = ()) -> None:
        """Labels, suggestions or columns changed: paint again what is visible."""
        self.viewport().update()

    def set_thumbnails(self, source: ThumbnailSource) -> None:
        """Where pictures come from."""
        self._delegate.thumbnails = source
        source.ready.connect(lambda _ids: self.viewport().update())

    def set_columns(self, every: Sequence[TableColumn], shown: Sequence[str], widths: Mapping[str, int]) -> None:
        """Offer all these columns and show some of them."""
        self._all = tuple(every)
        known = {column.key: column for column in every}
        wanted = tuple(known[key] for key in shown if key in known) or self._all[:1]
        header = self.horizontalHeader()
        with QSignalBlocker(header):
            if wanted != self.rows.columns:
                for place in range(header.count()):
                    header.moveSection(header.visualIndex(place), place)
                current = self.currentIndex().row()
                with QSignalBlocker(self.selectionModel()):
                    top = self.verticalScrollBar().value()
                    self.rows.set_columns(wanted)
                    if current >= 0:
                        self.selectionModel().setCurrentIndex(self.rows.index(current, 0), NO_UPDATE)
                    self.verticalScrollBar().setValue(top)
            for place, column in enumerate(wanted):
                self.setColumnWidth(place, widths.get(column.key, _WIDTHS.get(column.key, _WIDTH)))
        self.updateGeometries()

    def set_sorted(self, key: str, descending: bool) -> None:
        """Show by which column the table is sorted."""
        place = next((n for n, column in enumerate(self.rows.columns) if column.sort == key and key), -1)
        order = Qt.SortOrder.DescendingOrder if descending else Qt.SortOrder.AscendingOrder
        header = self.horizontalHeader()
        header.setSortIndicatorShown(place >= 0)
        if place >= 0:
            header.setSortIndicator(place, order)

    def _title_clicked(self, section: int) -> None:
        column = self.rows.columns[section]
        if column.sort:
            self.sort_requested.emit(column.sort)

    def _moved(self) -> None:
        header = self.horizontalHeader()
        places = sorted(range(header.count()), key=header.visualIndex)
        self.columns_requested.emit(tuple(self.rows.columns[place].key for place in places))

    def _resized(self, _section: int, _before: int, _now: int) -> None:
        header = self.horizontalHeader()
        last = header.logicalIndex(header.count() - 1)
        self.widths_requested.emit(
            {column.key: self.columnWidth(place) for place, column in enumerate(self.rows.columns) if place != last}
        )

    def _fill_menu(self) -> None:
        self.menu.clear()
        shown = [column.key for column in self.rows.columns]
        for column in self._all:
            action = self.menu.addAction(column.title)
            action.setCheckable(True)
            action.setChecked(column.key in shown)
            reason = self._why_fixed(column, shown)
            action.setEnabled(not reason)
            action.setToolTip(reason)
            action.toggled.connect(lambda checked, key=column.key: self._choose(key, checked))

    @staticmethod
    def _why_fixed(column: TableColumn, shown: list[str]) -> str:
        if shown == [column.key]:
            return "A table has at least one column."
        many = sum(key.startswith(COLUMN) for key in shown) >= MOST_METADATA
        if many and column.key.startswith(COLUMN) and column.key not in shown:
            return f"A table has at most {MOST_METADATA} columns of the files' data: take one out first."
        return ""

    def _choose(self, key: str, shown: bool) -> None:
        keys = [column.key for column in self.rows.columns if column.key != key]
        self.columns_requested.emit((*keys, key) if shown else tuple(keys))
