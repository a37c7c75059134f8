"""The gallery of images: a virtual list of tiles whose selection is the project's, not the list's own.

Selections of tens of thousands of images must cost nothing, so the list keeps no selection of its own: it shows
what it is told is selected, and asks for changes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QItemSelectionModel, QSignalBlocker, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QPaintEvent, QShowEvent, QWheelEvent
from PySide6.QtWidgets import QComboBox, QLabel, QVBoxLayout, QWidget

from sslstudio.gui import theme
from sslstudio.gui.item_models.gallery_look import TILE_PARTS
from sslstudio.gui.item_models.id_rows import IdRows
from sslstudio.gui.item_models.sections import Sections
from sslstudio.gui.item_models.thumbnails import ThumbnailSource
from sslstudio.gui.item_models.tiles import Tile, TileModel
from sslstudio.gui.widgets.controls import IconButton, Line
from sslstudio.gui.widgets.gallery_bar import LARGEST, SMALLEST, GalleryBar
from sslstudio.gui.widgets.gallery_delegate import TileDelegate
from sslstudio.gui.widgets.gallery_input import SelectingGrid
from sslstudio.gui.widgets.gallery_table import ImageTableView
from sslstudio.gui.widgets.stack import Stack

__all__ = ["LARGEST", "SMALLEST", "Gallery", "GalleryList"]
_GAP = 4
_FEW = 50
_NO_UPDATE = QItemSelectionModel.SelectionFlag.NoUpdate


class GalleryList(SelectingGrid):
    """The tiles themselves. Click replaces, Ctrl toggles, Shift extends, Alt subtracts; arrows walk."""

    side_changed = Signal(int)

    def __init__(self, describe: Callable[[int], Tile], parent: QWidget | None = None) -> None:
        super().__init__(TileModel(describe), parent)
        self._delegate = TileDelegate(self)
        self.setItemDelegate(self._delegate)
        self.setFrameShape(SelectingGrid.Shape.NoFrame)
        self.setAccessibleName("Gallery of images")
        self._apply_size()
        theme.on_change(self, self.viewport().update)

    def set_ids(
        self, ids: npt.NDArray[np.int64] | IdRows, selected: npt.NDArray[np.int64], sections: Sections | None = None
    ) -> None:
        """Show these images, under these headers. The current one stays so, and what is in view stays in its place,
        where it is still there; nothing is signalled, as the user has moved to no other image."""
        current, offset = self.current_id(), self.verticalOffset()
        seen = [row for row in self.visible_rows() if row < len(self.tiles.ids)]
        in_view = self.currentIndex().row() in seen
        kept, tops = self.tiles.ids[seen], [self._top_of(row) for row in seen]
        with QSignalBlocker(self.selectionModel()):
            self.tiles.set_ids(ids, sections)
            self.tiles.set_selection(selected)
            row = self.tiles.row_of(current) if current is not None else None
            self._anchor = row or 0
            if row is not None:
                self.selectionModel().setCurrentIndex(self.tiles.index(row), _NO_UPDATE)
        self.updateGeometries()
        rows = ((self.tiles.row_of(int(image_id)), top) for image_id, top in zip(kept, tops, strict=True))
        stays = next(((at, top) for at, top in rows if at is not None), None)
        if stays is not None and offset:
            self.verticalScrollBar().setValue(self._top_of(stays[0]) - (stays[1] - offset))
        elif stays is None:
            self.verticalScrollBar().setValue(0)
        if row is not None and (in_view or stays is None):
            self.scrollTo(self.tiles.index(row))
        self.viewport().update()

    def set_selection(self, ids: npt.NDArray[np.int64]) -> None:
        """Show what is selected; a single image that is out of view is brought into it."""
        self.tiles.set_selection(ids)
        if len(ids) == 1:
            row = self.tiles.row_of(int(ids[0]))
            if row is not None and row != self.currentIndex().row():
                self._go_to(row)
                self._anchor = row
        self.viewport().update()

    def set_thumbnails(self, source: ThumbnailSource) -> None:
        """Where pictures come from."""
        self._delegate.thumbnails = source
        source.ready.connect(lambda _ids: self.viewport().update())

    def set_caption_lines(self, lines: int) -> None:
        """One line (the label) or two (label and suggestion)."""
        if lines != self._delegate.lines:
            self._delegate.lines = lines
            self._apply_size()

    def set_parts(self, parts: Collection[str]) -> None:
        """What tiles say, of `gallery_look.TILE_PARTS`."""
        self._delegate.shows = frozenset(parts)
        self._apply_size()
        self.viewport().update()

    @property
    def side(self) -> int:
        """Longest side of the pictures, in pixels."""
        return self._delegate.side

    def set_side(self, side: int) -> None:
        """Make the pictures larger or smaller."""
        side = max(SMALLEST, min(LARGEST, side))
        if side != self._delegate.side:
            self._delegate.side = side
            self._apply_size()
            self.side_changed.emit(side)

    def refresh_tiles(self, ids: Collection[int] = ()) -> None:
        """Labels or suggestions changed: paint these images again, or all that is visible."""
        if not 0 < len(ids) <= _FEW:
            self.viewport().update()
            return
        visible = self.visible_rows()
        for image_id in ids:
            row = self.tiles.row_of(image_id)
            if row is not None and row in visible:
                self.viewport().update(self.visualRect(self.tiles.index(row)))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the tiles in view; pictures that there was no time to scale well follow in the next frame."""
        self._delegate.begin_frame()
        super().paintEvent(event)
        if self._delegate.unfinished:
            QTimer.singleShot(15, self.viewport(), self.viewport().update)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Ctrl and wheel change the size of the pictures."""
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            step = 1.12 if event.angleDelta().y() > 0 else 1 / 1.12
            self.set_side(round(self.side * step))
            event.accept()
        else:
            super().wheelEvent(event)

    def _apply_size(self) -> None:
        size = self._delegate.tile_size()
        self.set_cell(QSize(size.width() + _GAP, size.height() + _GAP))


class Gallery(QWidget):
    """Tiles or table with the bar above them: which images, in which order, how many, how large."""

    filter_requested = Signal(str)
    sort_requested = Signal(str)
    direction_requested = Signal(bool)
    grouping_requested = Signal(str)
    mode_requested = Signal(str)
    opened = Signal(int)
    """An image is to be seen large."""
    came_up = Signal()
    """The gallery is on the screen now."""

    def __init__(self, describe: Callable[[int], Tile], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.grid = GalleryList(describe)
        self.table = ImageTableView()
        self.bar = GalleryBar(TILE_PARTS)
        self._stack = Stack()
        self._nothing = QLabel()
        self._build()
        self._connect()

    @property
    def filters(self) -> QComboBox:
        """The box "Show"."""
        return self.bar.filters

    @property
    def front(self) -> GalleryList | ImageTableView:
        """What is in front: the tiles or the table."""
        return self.table if self._stack.currentWidget() is self.table else self.grid

    @property
    def ids(self) -> npt.NDArray[np.int64]:
        """The images that are shown, in order."""
        return self.table.rows.ids if self.front is self.table else self.grid.tiles.ids

    def row_of(self, image_id: int) -> int | None:
        """The place of an image among those shown, or None."""
        return self.table.rows.row_of(image_id) if self.front is self.table else self.grid.tiles.row_of(image_id)

    def set_space_selects(self, selects: bool) -> None:
        """Whether Space selects; where it does not it means something else to the page."""
        self.grid.space_selects = self.table.space_selects = selects

    def set_thumbnails(self, source: ThumbnailSource) -> None:
        """Where pictures come from."""
        self.grid.set_thumbnails(source)
        self.table.set_thumbnails(source)

    def set_current(self, image_id: int) -> None:
        """Make one image the current one and bring it into view."""
        self.front.set_current(image_id)

    def set_mode(self, mode: str) -> None:
        """Bring the tiles ("gallery") or the "table" to the front; the current image stays the current one."""
        before, had_focus = self.front, self.front.hasFocus()
        self._stack.setCurrentWidget(self.table if mode == "table" else self.grid)
        self.bar.set_mode(mode)
        current = before.current_id()
        if self.front is not before:
            if current is not None:
                self.front.set_current(current)
            if had_focus:
                self.front.setFocus()

    def set_filters(self, entries: list[tuple[str, str]], current: str) -> None:
        """The entries (value, name) of "Show"."""
        self.bar.set_filters(entries, current)

    def set_sorts(self, entries: list[tuple[str, str]], current: str) -> None:
        """The entries (value, name) of "Sort by"."""
        self.bar.set_sorts(entries, current)

    def set_direction(self, descending: bool, words: str) -> None:
        """Which way round the order is."""
        self.bar.set_direction(descending, words)
        self.table.set_sorted(str(self.bar.sorts.currentData()), descending)

    def set_groupings(self, entries: list[tuple[str, str]], current: str) -> None:
        """The entries (value, name) of "Group by"."""
        self.bar.set_groupings(entries, current)

    def set_count(self, text: str) -> None:
        """How many images are shown, in words."""
        self.bar.set_count(text)

    def set_nothing(self, text: str) -> None:
        """What to say when no image is shown."""
        self._nothing.setText(text)
        self._place_nothing()

    def _build(self) -> None:
        self._nothing.setProperty("role", "muted")
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._nothing.setWordWrap(True)
        self._nothing.setParent(self._stack)
        self._nothing.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._stack.addWidget(self.grid)
        self._stack.addWidget(self.table)
        self._stack.installEventFilter(self)
        self.bar.side.setValue(self.grid.side)
        self.bar.columns.setMenu(self.table.menu)
        self.bar.columns.setPopupMode(IconButton.ToolButtonPopupMode.InstantPopup)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self.bar)
        whole.addWidget(Line())
        whole.addWidget(self._stack, 1)
        self.setMinimumSize(300, 150)

    def _connect(self) -> None:
        bar, grid, table = self.bar, self.grid, self.table
        bar.filter_requested.connect(self.filter_requested)
        bar.sort_requested.connect(self.sort_requested)
        table.sort_requested.connect(self.sort_requested)
        bar.direction_requested.connect(self.direction_requested)
        bar.grouping_requested.connect(self.grouping_requested)
        bar.mode_requested.connect(self.mode_requested)
        bar.fold_requested.connect(grid.fold_all)
        bar.side.valueChanged.connect(grid.set_side)
        grid.side_changed.connect(bar.side.setValue)
        for part, model in ((grid, grid.tiles), (table, table.rows)):
            part.opened.connect(self.opened)
            model.modelReset.connect(self._place_nothing)

    def showEvent(self, event: QShowEvent) -> None:
        """Tell that somebody looks."""
        super().showEvent(event)
        self.came_up.emit()

    def eventFilter(self, watched: object, event: QEvent) -> bool:
        """Keep the sentence for an empty list in the middle."""
        if event.type() == QEvent.Type.Resize:
            self._place_nothing()
        return False

    def _place_nothing(self) -> None:
        self._nothing.setGeometry(self._stack.rect().adjusted(24, 40, -24, 0))
        self._nothing.setVisible(not len(self.ids))
        self._nothing.raise_()
