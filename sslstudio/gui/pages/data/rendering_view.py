"""The section "What the model sees": a preset, its windows, and the user's own images before and after."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from sslstudio.gui.pages.data import rendering_texts as texts
from sslstudio.gui.widgets.card import Card
from sslstudio.gui.widgets.controls import IconButton, PlainButton, ReasonButton, SectionTitle, Text, clear
from sslstudio.gui.widgets.picture import Picture, Shown
from sslstudio.gui.widgets.window_editor import WindowEditor
from sslstudio.gui.widgets.window_histogram import Histogram, WindowHistogram

SIZES = (32, 64, 96, 128, 160, 224, 256, 384, 512)
_FORM_WIDTH = 372


class RenderingPane(QWidget):
    """Setters, and a signal for each wish. Windows are (centre, width) in HU, one a channel."""

    preset_chosen = Signal(str)
    suggestion_wanted = Signal()
    window_edited = Signal(int, float, float)
    step_requested = Signal(int)
    size_chosen = Signal(int)
    reset_requested = Signal()
    apply_requested = Signal()
    undo_requested = Signal()
    shown = Signal()

    def __init__(self, presets: Sequence[tuple[str, str]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 8, 0, 0)
        row.setSpacing(16)
        row.addWidget(self._make_form(presets))
        row.addWidget(self._make_pictures(), 1)
        self.editors: list[WindowEditor] = []

    def showEvent(self, event: QShowEvent) -> None:
        """Tell that the section has come to the front."""
        super().showEvent(event)
        self.shown.emit()

    # -- making ----------------------------------------------------------------------------------------------

    def _make_form(self, presets: Sequence[tuple[str, str]]) -> QWidget:
        self.suggestion = self._make_suggestion()
        self.preset = QComboBox()
        for name, title in presets:
            self.preset.addItem(title, name)
        self.preset.setAccessibleName(texts.PRESET)
        self.preset.setToolTip(texts.PRESET_HELP)
        self.preset.activated.connect(lambda _: self.preset_chosen.emit(str(self.preset.currentData())))
        self.about = Text("", "small")
        self.histogram = WindowHistogram()
        self.histogram.dragged.connect(
            lambda place, low, high: self.window_edited.emit(place, (low + high) / 2, high - low)
        )
        self._windows = QVBoxLayout()
        self._windows.setSpacing(4)
        self.others = Text("", "small")
        inner = QWidget()
        inner.setObjectName("page")
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 8, 0)
        column.setSpacing(8)
        column.addWidget(self.suggestion)
        label = SectionTitle(texts.PRESET)
        label.setBuddy(self.preset)
        for part in (label, self.preset, self.about, self.histogram):
            column.addWidget(part)
        column.addLayout(self._windows)
        column.addWidget(self.others)
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(inner)
        holder = QWidget()
        holder.setFixedWidth(_FORM_WIDTH)
        whole = QVBoxLayout(holder)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(8)
        whole.addWidget(scroll, 1)
        whole.addWidget(self._make_foot())
        return holder

    def _make_suggestion(self) -> Card:
        card = Card()
        self.suggestion_text = Text("")
        self.take = PlainButton(texts.TAKE, "check")
        self.take.setToolTip(texts.TAKE_HELP)
        self.take.clicked.connect(lambda: self.suggestion_wanted.emit())
        row = QHBoxLayout()
        row.addWidget(self.take)
        row.addStretch(1)
        card.body.addWidget(SectionTitle(texts.SUGGESTED))
        card.body.addWidget(self.suggestion_text)
        card.body.addLayout(row)
        card.hide()
        return card

    def _make_foot(self) -> QWidget:
        self.apply = ReasonButton(texts.APPLY, "check")
        self.apply.clicked.connect(self.apply_requested)
        self.reset = PlainButton(texts.RESET, "reset")
        self.reset.setToolTip(texts.RESET_HELP)
        self.reset.clicked.connect(lambda: self.reset_requested.emit())
        self.undo = PlainButton(texts.UNDO, "undo")
        self.undo.clicked.connect(lambda: self.undo_requested.emit())
        self.state = Text("", "small")
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self.reset)
        buttons.addWidget(self.undo)
        buttons.addStretch(1)
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 8, 0)
        column.setSpacing(6)
        column.addWidget(self.state)
        column.addWidget(self.apply)
        column.addLayout(buttons)
        return holder

    def _make_pictures(self) -> QWidget:
        self.before = IconButton("chevron-left", texts.PREVIOUS)
        self.after = IconButton("chevron-right", texts.NEXT)
        self.before.clicked.connect(lambda: self.step_requested.emit(-1))
        self.after.clicked.connect(lambda: self.step_requested.emit(1))
        self.which = QLabel()
        self.which.setProperty("role", "muted")
        self.size_ = QComboBox()
        for side in SIZES:
            self.size_.addItem(f"{side} x {side} pixels", side)
        self.size_.setAccessibleName(texts.SIZE)
        self.size_.setToolTip(texts.SIZE_HELP)
        self.size_.activated.connect(lambda _: self.size_chosen.emit(int(self.size_.currentData())))
        head = QHBoxLayout()
        head.setSpacing(6)
        head.addWidget(self.before)
        head.addWidget(self.after)
        head.addWidget(self.which, 1)
        head.addWidget(QLabel(texts.SIZE))
        head.addWidget(self.size_)
        self.original, self.seen = Picture(texts.ORIGINAL, 300), Picture(texts.SEEN, 300)
        self.small = Picture(texts.SMALL, 132)
        self.greys = [Picture("", 132) for _ in range(3)]
        large, lower = QHBoxLayout(), QHBoxLayout()
        for layout, parts in ((large, (self.original, self.seen)), (lower, (self.small, *self.greys))):
            layout.setSpacing(12)
            for part in parts:
                layout.addWidget(part, 1)
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        column.addLayout(head)
        column.addLayout(large, 5)
        column.addLayout(lower, 2)
        return holder

    # -- setters ---------------------------------------------------------------------------------------------

    def set_suggestion(self, text: str, *, can_take: bool) -> None:
        """Why which preset suits, or "" for none; `can_take` when it is not the one in the form."""
        self.suggestion.setVisible(bool(text))
        self.suggestion_text.setText(text)
        self.take.setEnabled(can_take)
        self.take.setToolTip(texts.TAKE_HELP if can_take else texts.TAKEN)

    def set_preset(self, name: str, about: str, others: str) -> None:
        """The preset in the form; an edited one stands at the end of the list, "" shows none."""
        place = self.preset.findData(name)
        own = self.preset.findData(texts.OWN)
        if place < 0 and own < 0:
            self.preset.addItem(texts.OWN_TITLE, texts.OWN)
        elif place >= 0 and own >= 0 and name != texts.OWN:
            self.preset.removeItem(own)
            place = self.preset.findData(name)
        self.preset.setCurrentIndex(place if place >= 0 else self.preset.findData(texts.OWN))
        self.about.setText(about)
        self.about.setVisible(bool(about))
        self.others.setText(others)

    def set_windows(self, names: Sequence[str], windows: Sequence[tuple[float, float]]) -> None:
        """Editors for these windows; none where the preset has no window in HU."""
        if [editor.name.text().lower() for editor in self.editors] != [name.lower() for name in names]:
            clear(self._windows)
            self.editors = []
            for place, name in enumerate(names):
                colour = self.histogram.colour_of(place, len(names)) if len(names) == 3 else None
                editor = WindowEditor(name, "HU", colour)
                editor.edited.connect(lambda c, w, channel=place: self.window_edited.emit(channel, c, w))
                self._windows.addWidget(editor)
                self.editors.append(editor)
        for editor, window in zip(self.editors, windows, strict=True):
            editor.set_window(*window)

    def set_values(self, histogram: Histogram | None, windows: Sequence[tuple[float, float]], *, movable: bool) -> None:
        """The values of the image in view and its windows, both in its unit."""
        self.histogram.set_histogram(histogram)
        self.histogram.set_windows(windows, movable=movable)
        self.histogram.setVisible(histogram is not None)

    def set_pictures(self, original: Shown | None, seen: Shown | None, message: str = "") -> None:
        """The image by its file's window, and what the model sees of it at full size."""
        self.original.set_pixels(original, message=message)
        self.seen.set_pixels(seen)

    def set_small(self, small: Shown | None, names: Sequence[str]) -> None:
        """The square that goes into the model, and its channels where there are three."""
        self.small.set_pixels(small, texts.SMALL if small is None else texts.small(small.shape[0]))
        three = small is not None and len(names) == 3
        for place, picture in enumerate(self.greys):
            picture.setVisible(three)
            if three and small is not None:
                picture.set_pixels(small[:, :, place : place + 1], texts.channel(place, names[place]))

    def set_which(self, text: str, *, several: bool) -> None:
        """Which of the images is in view."""
        self.which.setText(text)
        for button in (self.before, self.after):
            button.setEnabled(several)

    def set_size(self, side: int) -> None:
        """The model's side in pixels."""
        if self.size_.findData(side) < 0:
            self.size_.addItem(f"{side} x {side} pixels", side)
        self.size_.setCurrentIndex(self.size_.findData(side))

    def set_state(self, text: str, reason: str, *, changed: bool, undo: str) -> None:
        """What is set, why it cannot be applied or "", whether the form differs, why nothing can be undone or ""."""
        self.state.setText(text)
        self.apply.set_reason(reason)
        self.reset.setEnabled(changed)
        self.reset.setToolTip(texts.RESET_HELP if changed else texts.NOTHING_CHANGED)
        self.undo.setEnabled(not undo)
        self.undo.setToolTip(undo or texts.UNDO_HELP)
