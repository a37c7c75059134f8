"""The bar above a gallery: which images, in which order, under which headers, as tiles or as a table, how large."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QMenu, QSlider, QWidget

from sslstudio.gui import theme
from sslstudio.gui.widgets.controls import IconButton, PlainButton, Segmented
from sslstudio.gui.widgets.flow_layout import FlowLayout

SMALLEST, LARGEST = 56, 288
_BOX, _LIST = 110, 210
_FOLD, _UNFOLD = "Ctrl+Left on a header", "Ctrl+Right on a header"
GROUP_HELP = "Puts images under headings, which can be folded and selected as a whole"
MODES = (("gallery", "Gallery"), ("table", "Table"))


class GalleryBar(QWidget):
    """Setters, and a signal for each wish. It takes a second line where it is narrow."""

    filter_requested = Signal(str)
    sort_requested = Signal(str)
    direction_requested = Signal(bool)
    grouping_requested = Signal(str)
    fold_requested = Signal(bool)
    mode_requested = Signal(str)
    parts_requested = Signal(object)
    """What tiles are to say: a tuple of `gallery_look.TILE_PARTS`."""

    def __init__(self, parts: Sequence[tuple[str, str]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.filters = QComboBox()
        self.sorts = QComboBox()
        self.groupings = QComboBox()
        self.modes = Segmented(MODES, "Images as")
        self.side = QSlider(Qt.Orientation.Horizontal)
        self.direction = IconButton("sort-up", "Order")
        self.fold = IconButton("fold", "Fold all")
        self.tiles = IconButton("eye", "Show on tiles")
        self.columns = IconButton("columns", "Columns of the table")
        self.views = PlainButton("Views", "bookmark", quiet=True)
        self._count = QLabel()
        self._descending = self._folds = False
        self._parts = self._make_parts(parts)
        self._build()
        self._connect()
        self.set_mode("gallery")

    def set_filters(self, entries: list[tuple[str, str]], current: str) -> None:
        """The entries (value, name) of "Show"; the first is chosen if `current` is not among them."""
        _fill(self.filters, entries, current)

    def set_sorts(self, entries: list[tuple[str, str]], current: str) -> None:
        """The entries (value, name) of "Sort by"."""
        _fill(self.sorts, entries, current)

    def set_groupings(self, entries: list[tuple[str, str]], current: str) -> None:
        """The entries (value, name) of "Group by"."""
        self._folds = self._folds and current == self.groupings.currentData()
        _fill(self.groupings, entries, current)
        self._show_fold()

    def set_direction(self, descending: bool, words: str) -> None:
        """Which way round the order is, in words."""
        self._descending = descending
        self.direction.setIcon(theme.icon("sort-down" if descending else "sort-up"))
        self.direction.setToolTip(f"Now {words}; press to turn round")
        self.direction.setAccessibleName(f"Order: {words}")

    def set_mode(self, mode: str) -> None:
        """What is in front: tiles or table."""
        self.modes.set_value(mode)
        table = mode == "table"
        self.side.setVisible(not table)
        self.tiles.setVisible(not table)
        self.columns.setVisible(table)
        self.groupings.setEnabled(not table)
        self.groupings.setToolTip("A table has no groups: sort it by a column instead." if table else GROUP_HELP)
        self._show_fold()

    def set_parts(self, shown: Sequence[str]) -> None:
        """What tiles say."""
        for key, action in self._parts.items():
            action.blockSignals(True)
            action.setChecked(key in shown)
            action.blockSignals(False)

    def set_count(self, text: str) -> None:
        """How many images are shown, in words."""
        self._count.setText(text)

    def _make_parts(self, parts: Sequence[tuple[str, str]]) -> dict[str, QAction]:
        menu = QMenu(self.tiles)
        self.tiles.setMenu(menu)
        self.tiles.setPopupMode(IconButton.ToolButtonPopupMode.InstantPopup)
        made = {}
        for key, words in parts:
            made[key] = action = menu.addAction(words)
            action.setCheckable(True)
            action.setChecked(True)
            action.toggled.connect(self._parts_chosen)
        return made

    def _build(self) -> None:
        flow = FlowLayout(self, spacing=6)
        flow.setContentsMargins(8, 4, 8, 4)
        for name, box, beside, words in (
            ("Show", self.filters, None, "Which images are shown here; the map shows all"),
            ("Sort", self.sorts, self.direction, "In which order they stand"),
            ("Group", self.groupings, self.fold, GROUP_HELP),
        ):
            box.setToolTip(words)
            flow.addWidget(_named(name, box, beside))
        self.modes.setToolTip("Pictures side by side, or one line an image with what is known of it")
        self.side.setRange(SMALLEST, LARGEST)
        self.side.setFixedWidth(72)
        self.side.setToolTip("Size of the pictures (Ctrl and wheel)")
        self.side.setAccessibleName("Size of the pictures")
        self.views.setToolTip("Keep what is shown now under a name, and come back to it")
        self._count.setProperty("role", "muted")
        self._count.setAccessibleName("Number of images shown")
        for part in (self.modes, self.tiles, self.columns, self.side, self.views, self._count):
            flow.addWidget(part)

    def _connect(self) -> None:
        self.filters.activated.connect(lambda _: self.filter_requested.emit(str(self.filters.currentData())))
        self.sorts.activated.connect(lambda _: self.sort_requested.emit(str(self.sorts.currentData())))
        self.groupings.activated.connect(lambda _: self.grouping_requested.emit(str(self.groupings.currentData())))
        self.direction.clicked.connect(lambda: self.direction_requested.emit(not self._descending))
        self.fold.clicked.connect(self._fold_clicked)
        self.modes.chosen.connect(self.mode_requested)
        theme.on_change(self, lambda: self.set_direction(self._descending, self._words()))

    def _words(self) -> str:
        return self.direction.accessibleName().removeprefix("Order: ")

    def _parts_chosen(self, _checked: bool) -> None:
        self.parts_requested.emit(tuple(key for key, action in self._parts.items() if action.isChecked()))

    def _fold_clicked(self) -> None:
        self._folds = not self._folds
        self._show_fold()
        self.fold_requested.emit(self._folds)

    def _show_fold(self) -> None:
        grouped = bool(self.groupings.currentData()) and self.modes.value() == "gallery"
        self._folds = self._folds and grouped
        self.fold.setVisible(grouped)
        words = f"Unfold all groups ({_UNFOLD})" if self._folds else f"Fold all groups ({_FOLD})"
        self.fold.setIcon(theme.icon("unfold" if self._folds else "fold"))
        self.fold.setToolTip(words)
        self.fold.setAccessibleName(words)


def _named(name: str, box: QComboBox, beside: QWidget | None) -> QWidget:
    label = QLabel(name)
    label.setProperty("role", "muted")
    label.setBuddy(box)
    box.setAccessibleName(name)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
    box.setMaximumWidth(_BOX)
    box.view().setMinimumWidth(_LIST)
    holder = QWidget()
    row = QHBoxLayout(holder)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(4)
    row.addWidget(label)
    row.addWidget(box)
    if beside is not None:
        row.addWidget(beside)
    return holder


def _fill(box: QComboBox, entries: list[tuple[str, str]], current: str) -> None:
    """Fill a box anew, unless it has these entries: labelling asks for this often."""
    if [(box.itemData(place), box.itemText(place)) for place in range(box.count())] != entries:
        box.clear()
        for value, name in entries:
            box.addItem(name, value)
    box.setCurrentIndex(max(0, box.findData(current)))
