"""The import list as a virtual table: pages of rows are read when they come into view, off the window's thread."""

from __future__ import annotations

from array import array
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QColor

from sslstudio.catalogue.rows import LedgerEntry, LedgerSort
from sslstudio.gui import theme
from sslstudio.gui.pages.data.texts import TAKEN, short_reason
from sslstudio.importers.path_text import one_line

PAGE = 400
PAGES_KEPT = 30
COLUMNS = ("File", "Result", "Why", "What to do", "Images", "Kind", "Size", "Folder")
SORTS: tuple[LedgerSort, ...] = ("name", "code", "code", "code", "images", "modality", "size", "folder")
FILE, RESULT, WHY, HINT, IMAGES, KIND, SIZE, FOLDER = range(8)
Index = QModelIndex | QPersistentModelIndex


class LedgerModel(QAbstractTableModel):
    """Knows the numbers of all rows, in order, and asks for pages: ``page_requested(page, numbers)``."""

    page_requested = Signal(int, object)

    def __init__(self) -> None:
        super().__init__()
        self._numbers: Sequence[int] = array("q")
        self._pages: OrderedDict[int, Sequence[LedgerEntry]] = OrderedDict()
        self._asked: set[int] = set()

    def set_numbers(self, numbers: Sequence[int]) -> None:
        """Start over with these rows."""
        self.beginResetModel()
        self._numbers = numbers
        self._pages.clear()
        self._asked.clear()
        self.endResetModel()

    def set_page(self, page: int, entries: Sequence[LedgerEntry]) -> None:
        """The rows of one page have come."""
        self._asked.discard(page)
        self._pages[page] = entries
        while len(self._pages) > PAGES_KEPT:
            self._pages.popitem(last=False)
        last = min(len(self._numbers), (page + 1) * PAGE) - 1
        if last >= page * PAGE:
            self.dataChanged.emit(self.index(page * PAGE, 0), self.index(last, len(COLUMNS) - 1))

    def number(self, row: int) -> int:
        """The number of a row, by which the catalogue knows it."""
        return self._numbers[row]

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        """How many files."""
        return 0 if parent.isValid() else len(self._numbers)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """How many columns."""
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Names of the columns."""
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return COLUMNS[section]
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(section)
        return None

    def entry(self, row: int) -> LedgerEntry | None:
        """One row if it is at hand; else None, and its page is asked for."""
        page, within = divmod(row, PAGE)
        if page in self._pages:
            entries = self._pages[page]
            return entries[within] if within < len(entries) else None
        if page not in self._asked:
            self._asked.add(page)
            self.page_requested.emit(page, self._numbers[page * PAGE : (page + 1) * PAGE])
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Text, alignment and colour of a cell."""
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(index.column())
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.ForegroundRole):
            return None
        entry = self.entry(index.row())
        if entry is None:
            return "..." if role == Qt.ItemDataRole.DisplayRole and index.column() == FILE else None
        if role == Qt.ItemDataRole.ForegroundRole:
            return _colour(entry, index.column())
        return _text(entry, index.column())


def size_text(size: int) -> str:
    """ "12.3 MB"."""
    for unit, step in (("GB", 1 << 30), ("MB", 1 << 20), ("KB", 1 << 10)):
        if size >= step:
            return f"{size / step:,.1f} {unit}"
    return f"{size:,} B"


def _text(entry: LedgerEntry, column: int) -> str:
    return (
        one_line(entry.file),
        short_reason(entry.code),
        entry.reason,
        entry.hint,
        f"{entry.images:,}" if entry.images else "",
        entry.modality,
        size_text(entry.size) if entry.size else "",
        one_line(entry.folder),
    )[column]


def _colour(entry: LedgerEntry, column: int) -> QColor | None:
    colours = theme.tokens()
    if column == RESULT:
        return QColor(colours.ok if entry.code in TAKEN else colours.warning)
    return QColor(colours.muted) if column == FOLDER else None


def _alignment(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if column in (IMAGES, SIZE) else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter
