"""The gallery of images: a virtual list of tiles whose selection is the project's, not the list's own.

Selections of tens of thousands of images must cost nothing, so the list keeps no selection of its own: it shows
what it is told is selected, and asks for changes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QItemSelectionModel, QSignalBlocker, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QSlider, QVBoxLayout, QWidget

from sslstudio.gui import theme
from sslstudio.gui.item_models.thumbnails import ThumbnailSource
from sslstudio.gui.item_models.tiles import Tile, TileModel
from sslstudio.gui.widgets.controls import Line
from sslstudio.gui.widgets.gallery_delegate import TileDelegate
from sslstudio.gui.widgets.gallery_input import SelectingGrid

SMALLEST, LARGEST = 56, 288
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

    def set_ids(self, ids: npt.NDArray[np.int64], selected: npt.NDArray[np.int64]) -> None:
        """Show these images. The current one stays so, and what is in view stays in its place, where it is still there;
        nothing is signalled, as the user has moved to no other image."""
        current, seen, offset = self.current_id(), self.visible_rows(), self.verticalOffset()
        in_view = self.currentIndex().row() in seen
        kept, tops = self.tiles.ids[seen.start : seen.stop], [self._top_of(row) for row in seen]
        with QSignalBlocker(self.selectionModel()):
            self.tiles.set_ids(ids)
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
        self._delegate.lines = lines
        self._apply_size()

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

    def _top_of(self, row: int) -> int:
        """Where a row begins, in pixels from the first."""
        return row // self.columns() * self.cell.height()

    def _apply_size(self) -> None:
        size = self._delegate.tile_size()
        self.set_cell(QSize(size.width() + _GAP, size.height() + _GAP))


class Gallery(QWidget):
    """The list with its bar: which images, in which order, how many, how large."""

    filter_requested = Signal(str)
    sort_requested = Signal(str)

    def __init__(self, describe: Callable[[int], Tile], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.grid = GalleryList(describe)
        self.filters = QComboBox()
        self.sorts = QComboBox()
        self._count = QLabel()
        self._nothing = QLabel()
        self._size = QSlider(Qt.Orientation.Horizontal)
        self._build()
        self.filters.activated.connect(lambda _: self.filter_requested.emit(str(self.filters.currentData())))
        self.sorts.activated.connect(lambda _: self.sort_requested.emit(str(self.sorts.currentData())))
        self._size.valueChanged.connect(self.grid.set_side)
        self.grid.side_changed.connect(self._size.setValue)
        self.grid.tiles.modelReset.connect(self._place_nothing)

    def set_filters(self, entries: list[tuple[str, str]], current: str) -> None:
        """The entries (value, name) of "Show"; None of them is chosen if `current` is not among them."""
        _fill(self.filters, entries, current)

    def set_sorts(self, entries: list[tuple[str, str]], current: str) -> None:
        """The entries (value, name) of "Sort by"."""
        _fill(self.sorts, entries, current)

    def set_count(self, text: str) -> None:
        """How many images are shown, in words."""
        self._count.setText(text)

    def set_nothing(self, text: str) -> None:
        """What to say when no image is shown."""
        self._nothing.setText(text)
        self._place_nothing()

    def _build(self) -> None:
        bar = QHBoxLayout()
        bar.setContentsMargins(8, 4, 8, 4)
        bar.setSpacing(6)
        for name, box in (("Show", self.filters), ("Sort by", self.sorts)):
            label = QLabel(name)
            label.setProperty("role", "muted")
            label.setBuddy(box)
            box.setAccessibleName(name)
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
            box.setMaximumWidth(190)
            bar.addWidget(label)
            bar.addWidget(box)
        bar.addStretch(1)
        self._count.setProperty("role", "muted")
        self._count.setAccessibleName("Number of images shown")
        bar.addWidget(self._count)
        self._size.setRange(SMALLEST, LARGEST)
        self._size.setValue(self.grid.side)
        self._size.setFixedWidth(88)
        self._size.setToolTip("Size of the pictures (Ctrl and wheel)")
        self._size.setAccessibleName("Size of the pictures")
        bar.addWidget(self._size)
        self._nothing.setProperty("role", "muted")
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._nothing.setWordWrap(True)
        self._nothing.setParent(self.grid.viewport())
        self._nothing.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.grid.viewport().installEventFilter(self)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addLayout(bar)
        whole.addWidget(Line())
        whole.addWidget(self.grid, 1)
        self.setMinimumSize(300, 150)

    def eventFilter(self, watched: object, event: QEvent) -> bool:
        """Keep the sentence for an empty list in the middle."""
        if event.type() == QEvent.Type.Resize:
            self._place_nothing()
        return False

    def _place_nothing(self) -> None:
        self._nothing.setGeometry(self.grid.viewport().rect().adjusted(24, 0, -24, 0))
        self._nothing.setVisible(not len(self.grid.tiles.ids))


def _fill(box: QComboBox, entries: list[tuple[str, str]], current: str) -> None:
    box.clear()
    for value, name in entries:
        box.addItem(name, value)
    box.setCurrentIndex(max(0, box.findData(current)))
