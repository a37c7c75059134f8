"""What the Explore page looks like: one bar, the map above, groups and gallery below."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from sslstudio.gui.actions.registry import Action
from sslstudio.gui.item_models.group_table import GroupRow
from sslstudio.gui.item_models.tiles import Tile
from sslstudio.gui.pages.explore import finding_texts, projection_texts, texts
from sslstudio.gui.pages.explore.file_drop import FileDrop
from sslstudio.gui.pages.explore.find_button import FindButton
from sslstudio.gui.pages.explore.finding_line import FindingLine
from sslstudio.gui.pages.explore.group_list import GroupList
from sslstudio.gui.pages.explore.groups_panel import GroupsPanel
from sslstudio.gui.pages.explore.side_panels import SidePanels
from sslstudio.gui.widgets.controls import Chip, Line, PageTitle, PlainButton, PrimaryButton, Text
from sslstudio.gui.widgets.floating import FloatingPlace
from sslstudio.gui.widgets.gallery import Gallery
from sslstudio.gui.widgets.large_view import LargeView
from sslstudio.gui.widgets.map_view import MapView


class ExploreView(QWidget):
    """Setters, and a signal for each thing that can be asked for."""

    source_requested = Signal(str)
    make_requested = Signal()
    stop_requested = Signal()
    data_requested = Signal()
    similar_requested = Signal()
    clear_requested = Signal()
    group_requested = Signal(object, str)
    """Numbers of groups, and how their images change the selection."""
    groups_chosen = Signal()
    rename_requested = Signal(int, str)
    remake_requested = Signal()
    file_dropped = Signal(str)
    files_refused = Signal(int)

    def __init__(self, describe: Callable[[int], Tile], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self.map = MapView()
        self.map_place = FloatingPlace(self.map, texts.MAP_WINDOW, texts.MAP_AWAY, texts.MAP_BACK)
        self.gallery = Gallery(describe)
        self.groups = GroupList()
        self.panel = GroupsPanel(self.groups)
        self.finding = FindingLine()
        self.source = QComboBox()
        self.make = PrimaryButton(texts.EMBED_MAP)
        self.note = Text("", "muted")
        self.progress = QProgressBar()
        self.stop = PlainButton("Stop", "stop", quiet=True)
        self.chip = Chip("", closable=True)
        self.similar = PlainButton(texts.SIMILAR, "neighbours")
        self.searches = FindButton()
        self.remake = PlainButton(projection_texts.ANEW, "reset", quiet=True)
        self._drop = FileDrop(self)
        self.side = SidePanels()
        self._build()
        self.large = LargeView(self)
        self._connect()

    def set_sources(self, entries: Sequence[tuple[str, str]], current: str) -> None:
        """The networks (name, title) to choose from."""
        self.source.clear()
        for name, title in entries:
            self.source.addItem(title, name)
        self.source.setCurrentIndex(max(0, self.source.findData(current)))
        self.source.setEnabled(bool(entries))

    def set_make(self, text: str, reason: str = "") -> None:
        """The button that makes what is missing; empty text hides it, a reason disables it."""
        self.make.setVisible(bool(text))
        self.make.setText(text)
        self.make.setEnabled(not reason)
        self.make.setToolTip(reason)
        self.make.setAccessibleDescription(reason)

    def set_note(self, text: str) -> None:
        """A short remark beside the button; empty for none."""
        self.note.setText(text)
        self.note.setVisible(bool(text))

    def set_progress(self, fraction: float | None) -> None:
        """Progress of the work under way, 0 to 1; None when nothing is under way."""
        self.progress.setVisible(fraction is not None)
        self.stop.setVisible(fraction is not None)
        if fraction is not None:
            self.progress.setValue(round(fraction * 1000))

    def set_selection_text(self, text: str) -> None:
        """The chip that says what is selected; empty when nothing is."""
        self.chip.setText(text)
        self.chip.setAccessibleName(f"{text} selected, press to select nothing" if text else "")
        self.chip.setVisible(bool(text))

    def set_similar_reason(self, reason: str) -> None:
        """Why "find similar" cannot be used now; empty when it can."""
        self.similar.setEnabled(not reason)
        self.similar.setToolTip(reason or texts.SIMILAR_HELP)

    def set_groups(self, rows: list[GroupRow]) -> None:
        """The groups of the map."""
        self.groups.set_rows(rows)
        self.panel.setVisible(bool(rows))

    def set_searches(self, entries: list[tuple[Action, str]]) -> None:
        """What can be looked for beside similar images: actions, each with what it does."""
        self.searches.set_actions(entries)

    def set_remake(self, help_: str) -> None:
        """What making the map anew does; empty hides the button."""
        self.remake.setVisible(bool(help_))
        self.remake.setToolTip(help_)
        self.remake.setAccessibleDescription(help_)

    def ask_image_file(self) -> str:
        """Ask for a file to find similar images to; "" when none was chosen."""
        return QFileDialog.getOpenFileName(self, finding_texts.CHOOSE_FILE)[0]

    def ask_picture_file(self, name: str) -> Path | None:
        """Where to save the map, as PNG or SVG by the ending; None when the user changed their mind."""
        chosen, kind = QFileDialog.getSaveFileName(self, texts.SAVE_TITLE, f"{name}.png", texts.SAVE_TYPES)
        if not chosen:
            return None
        path = Path(chosen)
        return path.with_suffix(".svg") if "*.svg" in kind and path.suffix == ".png" else path

    def _build(self) -> None:
        bar = QHBoxLayout()
        bar.setContentsMargins(16, 10, 12, 6)
        bar.setSpacing(6)
        bar.addWidget(PageTitle(texts.TITLE))
        label = QLabel(texts.SEEN_BY)
        label.setProperty("role", "muted")
        label.setBuddy(self.source)
        self.source.setAccessibleName(texts.SEEN_BY_HELP)
        self.source.setToolTip(texts.SEEN_BY_HELP)
        self.source.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.source.setMinimumWidth(96)
        bar.addSpacing(8)
        bar.addWidget(label)
        bar.addWidget(self.source)
        bar.addWidget(self.make)
        self.progress.setRange(0, 1000)
        self.progress.setTextVisible(False)
        self.progress.setFixedWidth(120)
        self.progress.setAccessibleName("Progress")
        bar.addWidget(self.progress)
        bar.addWidget(self.stop)
        bar.addStretch(1)
        bar.addWidget(self.chip)
        bar.addWidget(self.similar)
        bar.addWidget(self.searches)
        self.panel.setMinimumWidth(300)
        right = QWidget()
        shown = QVBoxLayout(right)
        shown.setContentsMargins(0, 0, 0, 0)
        shown.setSpacing(0)
        shown.addWidget(self.finding)
        shown.addWidget(self.gallery, 1)
        lower = QSplitter(Qt.Orientation.Horizontal)
        lower.addWidget(self.panel)
        lower.addWidget(right)
        lower.setStretchFactor(1, 1)
        lower.setSizes([330, 670])
        lower.setChildrenCollapsible(False)
        whole = QSplitter(Qt.Orientation.Vertical)
        whole.addWidget(self.side.beside(self.map_place))
        whole.addWidget(lower)
        whole.setStretchFactor(0, 3)
        whole.setStretchFactor(1, 2)
        whole.setSizes([480, 300])
        whole.setChildrenCollapsible(False)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(bar)
        column.addLayout(self._second_line())
        column.addWidget(Line())
        column.addWidget(whole, 1)
        self.set_make("")
        self.set_note("")
        self.set_progress(None)
        self.set_selection_text("")
        self.set_similar_reason(texts.SIMILAR_REASON)
        self.set_groups([])
        self.set_remake("")

    def _second_line(self) -> QHBoxLayout:
        """The remark on the map, and what opens beside it."""
        line = QHBoxLayout()
        line.setContentsMargins(16, 0, 12, 8)
        line.setSpacing(10)
        line.addWidget(self.note, 1)
        line.addWidget(self.remake)
        line.addWidget(self.side)
        return line

    def _connect(self) -> None:
        self.source.activated.connect(lambda _: self.source_requested.emit(str(self.source.currentData())))
        self.make.clicked.connect(lambda: self.make_requested.emit())
        self.stop.clicked.connect(lambda: self.stop_requested.emit())
        self.chip.close_requested.connect(self.clear_requested)
        self.similar.clicked.connect(lambda: self.similar_requested.emit())
        self.groups.group_requested.connect(self.group_requested)
        self.groups.chosen_changed.connect(self.groups_chosen)
        self.remake.clicked.connect(lambda: self.remake_requested.emit())
        self._drop.dropped.connect(self.file_dropped)
        self._drop.refused.connect(self.files_refused)
        self.groups.groups.renamed.connect(self.rename_requested)
        self.map.float_requested.connect(self.map_place.set_floating)
        self.map_place.changed.connect(self.map.bar.set_floats)
        self.map.empty.action_requested.connect(self.data_requested)
