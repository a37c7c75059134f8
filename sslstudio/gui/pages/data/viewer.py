"""The viewer of the section "Images": one series, scrolled image by image, with window presets, zoom and cine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QSlider, QToolButton, QVBoxLayout, QWidget

from sslstudio.domain.words import percent
from sslstudio.gui import theme
from sslstudio.gui.widgets.controls import IconButton, PlainButton
from sslstudio.gui.widgets.image_meaning import Meaning
from sslstudio.gui.widgets.image_view import ImageView
from sslstudio.gui.widgets.numbers import WholeNumber

FIRST_SPEED = 12


class ViewerPane(QWidget):
    """Setters, and a signal for each wish: ``place_requested(place)``, ``step_requested(n)`` and
    ``preset_requested(name)``."""

    place_requested = Signal(int)
    step_requested = Signal(int)
    preset_requested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.image = ImageView()
        self.image.wheel_steps = True
        self.image.space_pans = True
        self.image.setMinimumSize(180, 160)
        self.image.setAccessibleDescription(
            "Wheel or [ and ] scroll through the series, Ctrl and wheel or plus and minus zoom, drag changes window "
            "and level, middle button or Space and drag move, double click resets."
        )
        self.image.step_requested.connect(self.step_requested)
        self.image.window_changed.connect(self._window_moved)
        self.image.zoom_changed.connect(self._zoom_moved)
        self._length = 0
        self._place = 0
        self._cine = QTimer(self)
        self._cine.timeout.connect(self._next_frame)
        self._waiting = False
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(self._make_tools())
        column.addWidget(self.image, 1)
        column.addLayout(self._make_scroll())
        self.set_series(0, 0)
        theme.on_change(self, self._show_play)

    def _make_tools(self) -> QHBoxLayout:
        self.presets = PlainButton("Window", "window-level")
        self.presets.setToolTip("Window presets; drag in the image sets width (sideways) and centre (up and down)")
        self._menu = QMenu(self.presets)
        self._menu.triggered.connect(lambda action: self.preset_requested.emit(str(action.data())))
        self.presets.setMenu(self._menu)
        self.invert = IconButton("theme", "Swap black and white (I)")
        self.invert.setCheckable(True)
        self.invert.clicked.connect(self.image.set_inverted)
        reset = IconButton("reset", "The image's own window, whole image (R, or double click)")
        reset.clicked.connect(self.reset)
        smaller = IconButton("minus", "Smaller (- or Ctrl and wheel)")
        smaller.clicked.connect(lambda: self.image.zoom_by(1 / 1.25))
        larger = IconButton("plus", "Larger (+ or Ctrl and wheel)")
        larger.clicked.connect(lambda: self.image.zoom_by(1.25))
        fit = IconButton("zoom-fit", "Whole image (F or 0)")
        fit.clicked.connect(self.image.fit)
        actual = QToolButton()
        actual.setText("1:1")
        actual.setToolTip("One image pixel on one pixel of the screen (1)")
        actual.setAccessibleName("One to one")
        actual.setAutoRaise(True)
        actual.clicked.connect(self.image.one_to_one)
        self._zoom = QLabel()
        self._zoom.setProperty("role", "small")
        self._zoom.setAccessibleName("Zoom")
        self._zoom.setMinimumWidth(44)
        self._zoom.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        line = QHBoxLayout()
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(2)
        line.addWidget(self.presets)
        for part in (self.invert, reset):
            line.addWidget(part)
        line.addStretch(1)
        line.addWidget(self._zoom)
        for button in (smaller, larger, fit, actual):
            line.addWidget(button)
        self._tools = [self.presets, self.invert, reset, smaller, larger, fit, actual]
        return line

    def _make_scroll(self) -> QHBoxLayout:
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setAccessibleName("Image of the series")
        self.slider.setToolTip("Scrolls through the series (wheel, [ and ])")
        self.slider.valueChanged.connect(self._slid)
        self._number = QLabel()
        self._number.setAccessibleName("Place in the series")
        self._number.setMinimumWidth(64)
        self._number.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.play = IconButton("play", "Play the series (P)")
        self.play.clicked.connect(self.toggle_play)
        self.speed = WholeNumber()
        self.speed.setRange(1, 60)
        self.speed.setValue(FIRST_SPEED)
        self.speed.setSuffix(" /s")
        self.speed.setAccessibleName("Images a second")
        self.speed.setToolTip("How many images a second are played")
        self.speed.valueChanged.connect(lambda _: self._start_cine() if self.playing else None)
        line = QHBoxLayout()
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(6)
        for part, stretch in ((self.play, 0), (self.speed, 0), (self.slider, 1), (self._number, 0)):
            line.addWidget(part, stretch)
        return line

    # -- setters ---------------------------------------------------------------------------------------------

    def set_presets(self, entries: Sequence[tuple[str, str]]) -> None:
        """Window presets as (name, words)."""
        self._menu.clear()
        for name, words in entries:
            self._menu.addAction(words).setData(name)

    def set_series(self, place: int, length: int) -> None:
        """Which image of the series is shown, from 0, of how many."""
        if length != self._length:
            self.stop()
        self._place, self._length = place, length
        self.slider.blockSignals(True)
        self.slider.setRange(0, max(0, length - 1))
        self.slider.setValue(place)
        self.slider.blockSignals(False)
        several = length > 1
        for part in (self.slider, self.play, self.speed):
            part.setEnabled(several)
        self.play.setToolTip("Play the series (P)" if several else "There is only one image in this series.")
        self._number.setText(f"{place + 1:,} / {length:,}" if length else "")

    def set_image(
        self, stored: Any, low: float, high: float, message: str = "", *, meaning: Meaning, keep: bool
    ) -> None:
        """Show stored pixels (H, W, C) with their window, or a message; see `ImageCanvas.set_image`."""
        self._waiting = False
        self.image.set_image(stored, low, high, message, meaning=meaning, keep=keep)
        self.invert.setChecked(self.image.inverted)
        for tool in self._tools:
            tool.setEnabled(stored is not None)
        self._zoom_moved()

    def set_message(self, text: str) -> None:
        """Nothing is shown, and why."""
        self.stop()
        self.set_image(None, 0, 255, text, meaning=Meaning(), keep=False)
        self.set_series(0, 0)

    # -- the user --------------------------------------------------------------------------------------------

    @property
    def playing(self) -> bool:
        """True while the series plays."""
        return self._cine.isActive()

    def toggle_play(self) -> None:
        """Play the series, or stop."""
        if self.playing:
            self.stop()
        elif self._length > 1:
            self._start_cine()

    def stop(self) -> None:
        """Stop playing."""
        self._cine.stop()
        self._show_play()

    def reset(self) -> None:
        """The image's own window, the whole image."""
        self.image.reset()
        self.invert.setChecked(False)

    def toggle_inverted(self) -> None:
        """Swap black and white."""
        self.invert.click()

    def _start_cine(self) -> None:
        self._waiting = False
        self._cine.start(round(1000 / self.speed.value()))
        self._show_play()

    def _next_frame(self) -> None:
        if not self._waiting:  # an image that is not there yet is waited for, never skipped
            self._waiting = True
            self.place_requested.emit((self._place + 1) % self._length)

    def _show_play(self) -> None:
        self.play.setIcon(theme.icon("pause" if self.playing else "play"))
        self.play.setAccessibleName("Stop playing" if self.playing else "Play the series")

    def _slid(self, place: int) -> None:
        self.stop()
        self.place_requested.emit(place)

    def _window_moved(self, low: float, high: float) -> None:
        self.presets.setAccessibleDescription(self.image.meaning.window(low, high))

    def _zoom_moved(self) -> None:
        shown = self.image.geometry_now.scale * self.devicePixelRatioF()
        self._zoom.setText(percent(shown))
