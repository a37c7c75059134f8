"""A second map beside the first: another network's, or one of a training's epochs, chosen by a slider."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QSlider, QVBoxLayout, QWidget

from sslstudio.gui import theme
from sslstudio.gui.item_models.colouring import Colouring
from sslstudio.gui.pages.explore import second_map_texts as texts
from sslstudio.gui.widgets import grouped_choices
from sslstudio.gui.widgets.controls import IconButton, Text
from sslstudio.gui.widgets.map_view import MapView

STEP_MS = 700


class SecondMap(QWidget):
    """Setters, and ``chosen(key)``, ``epoch_chosen(place)``, ``close_requested``; the map has signals of its own."""

    chosen = Signal(str)
    epoch_chosen = Signal(int)
    close_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(texts.NAME)
        self.choice = QComboBox()
        self.map = MapView()
        self.words = Text("", "small")
        self.play = IconButton("play", texts.PLAY)
        self.link = IconButton("link", texts.LINK)
        self.link.setAccessibleName(texts.LINK_NAME)
        self.link.setCheckable(True)
        self.link.setChecked(True)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.epoch = QLabel()
        self._titles: Sequence[str] = ()
        self._playing = QTimer(self, interval=STEP_MS)
        self._playing.timeout.connect(self._step)
        self._build()
        self.set_epochs(())
        self.set_words("")
        self.choice.activated.connect(lambda _: self.chosen.emit(str(self.choice.currentData() or "")))
        self.slider.valueChanged.connect(self._moved)
        self.play.clicked.connect(self._toggle)

    def set_choices(self, groups: Sequence[tuple[str, Sequence[tuple[str, str]]]], current: str) -> None:
        """What can be compared with: groups of (key, title) under their headings."""
        grouped_choices.fill(self.choice, groups)
        self.choice.setCurrentIndex(self.choice.findData(current) if current else -1)
        self.choice.setEnabled(self.choice.count() > 0)
        self.choice.setToolTip(texts.CHOOSE_HELP if self.choice.count() else texts.NOTHING)

    def set_points(self, ids: npt.NDArray[np.int64], xy: npt.NDArray[np.float32]) -> None:
        """Show images `ids` (n,) at `xy` (n, 2)."""
        first = self.map.canvas is None
        self.map.set_points(ids, xy)
        if first:
            self.map.bar.overview.setChecked(False)  # a small map has no room for it
        self._slim()

    def set_colouring(self, colouring: Colouring) -> None:
        """Colour the points as the first map is; its legend stands for both."""
        self.map.set_colouring(colouring)

    def set_empty(self, title: str, text: str) -> None:
        """Show no map, and why."""
        self.map.set_empty(title, text)
        self.set_words("")

    def set_words(self, text: str) -> None:
        """What stands under the map."""
        self.words.setText(text)
        self.words.setVisible(bool(text))

    def set_epochs(self, titles: Sequence[str], place: int = 0) -> None:
        """The places of the slider; with none it is away."""
        self._titles = titles
        self._playing.stop()
        self._show_playing()
        self.slider.blockSignals(True)
        self.slider.setRange(0, max(0, len(titles) - 1))
        self.slider.setValue(place)
        self.slider.blockSignals(False)
        for part in (self.play, self.slider, self.epoch):
            part.setVisible(bool(titles))
        if titles:
            self.epoch.setText(titles[place])

    def _build(self) -> None:
        close = IconButton("close", texts.CLOSE)
        close.clicked.connect(lambda: self.close_requested.emit())
        label = QLabel(texts.TITLE)
        label.setProperty("role", "muted")
        label.setBuddy(self.choice)
        self.choice.setAccessibleName(texts.CHOOSE_HELP)
        self.choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.choice.setMinimumContentsLength(16)
        head = QHBoxLayout()
        head.setContentsMargins(12, 4, 8, 4)
        head.setSpacing(8)
        head.addWidget(label)
        head.addWidget(self.choice, 1)
        head.addWidget(self.link)
        head.addWidget(close)
        self.slider.setAccessibleName("Epoch")
        self.slider.setAccessibleDescription(texts.EPOCH_HELP)
        self.slider.setToolTip(texts.EPOCH_HELP)
        self.slider.setPageStep(1)
        self.epoch.setMinimumWidth(150)
        scrub = QHBoxLayout()
        scrub.setContentsMargins(8, 4, 12, 0)
        scrub.setSpacing(8)
        for part, stretch in ((self.play, 0), (self.slider, 1), (self.epoch, 0)):
            scrub.addWidget(part, stretch)
        self.words.setContentsMargins(12, 4, 12, 6)
        self.map.setAccessibleName(texts.NAME)
        bar = self.map.bar
        for extra in (bar.colour_by, bar.export, bar.undock, *bar.findChildren(QLabel)):
            extra.hide()  # the first map has these for both
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self.map, 1)
        column.addLayout(scrub)
        column.addWidget(self.words)

    def _slim(self) -> None:
        side = self.map.legend.parentWidget()
        if side is not None:
            side.hide()

    def _moved(self, place: int) -> None:
        if 0 <= place < len(self._titles):
            self.epoch.setText(self._titles[place])
            self.epoch_chosen.emit(place)

    def _toggle(self) -> None:
        if self._playing.isActive():
            self._playing.stop()
        else:
            if self.slider.value() == self.slider.maximum():
                self.slider.setValue(0)
            self._playing.start()
        self._show_playing()

    def _step(self) -> None:
        if self.slider.value() >= self.slider.maximum() or not self.isVisible():
            self._playing.stop()
            self._show_playing()
        else:
            self.slider.setValue(self.slider.value() + 1)

    def _show_playing(self) -> None:
        playing = self._playing.isActive()
        self.play.setIcon(theme.icon("pause" if playing else "play"))
        self.play.setToolTip(texts.PAUSE if playing else texts.PLAY)
        self.play.setAccessibleName(texts.PAUSE if playing else texts.PLAY)
