"""The window that explains one case; setters and signals only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QImage, QKeySequence, QPixmap, QShortcut
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QScrollArea,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from sslstudio.gui.explain import texts
from sslstudio.gui.widgets.controls import Line, PlainButton, SectionTitle, Text
from sslstudio.gui.widgets.image_meaning import PLAIN, Meaning
from sslstudio.gui.widgets.image_view import ImageView

_SIDE = 84


@dataclass(frozen=True)
class Tile:
    """A small picture with two short lines under it."""

    image_id: int
    lines: tuple[str, ...]


class ExplanationPanel(QDialog):
    """``heat_requested`` asks for the map of a class id, ``closed`` says that the user has seen enough."""

    heat_requested = Signal(int)
    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(texts.TITLE)
        self.resize(1040, 680)
        self.image = ImageView()
        self.title = QLabel()
        self.title.setProperty("role", "strong")
        self.label = Text("", "muted")
        self.notice = Text("", "warning")
        self.show_heat = QCheckBox(texts.SHOW_HEAT)
        self.heat_class = QComboBox()
        self.opacity = QSlider(Qt.Orientation.Horizontal)
        self.map_words = Text("", "small")
        self.caution = Text(texts.CAUTION, "strong")
        self._heat: QImage | None = None
        self.opinion = SectionTitle(texts.OPINION)
        self._opinion = QGridLayout()
        self._sets = Text("", "small")
        self._near = QVBoxLayout()
        self._prior_words = Text("", "small")
        self._prior = QHBoxLayout()
        self._pictures: dict[int, list[QLabel]] = {}
        self._build()
        for key, act in ((texts.KEY, self.close), (texts.HEAT_KEY, self.show_heat.toggle)):
            QShortcut(QKeySequence(key), self).activated.connect(act)
        self.show_heat.toggled.connect(self._toggled)
        self.heat_class.activated.connect(lambda _: self._toggled(self.show_heat.isChecked()))
        self.opacity.valueChanged.connect(lambda _: self._paint())

    def set_case(self, title: str, label: str, stored: Any, low: float, high: float, meaning: Meaning = PLAIN) -> None:
        """Which image it is, with its pixels (None: they are missing)."""
        self.title.setText(title)
        self.label.setText(label)
        self.image.set_image(
            stored, low, high, "" if stored is not None else "The pixels are missing.", meaning=meaning
        )
        self.image.setAccessibleName(f"{title}, {label}")
        self.set_heat(None, "")

    def set_notice(self, text: str) -> None:
        """What to be careful about, or why there is nothing to say."""
        self.notice.setText(text)
        self.notice.setVisible(bool(text))

    def set_opinion(self, entries: Sequence[tuple[int, str, float]], sets: str = "") -> None:
        """Class id, name and probability of each class, the likeliest first; empty when nothing is known. `sets` says
        what cannot be ruled out.
        """
        _empty(self._opinion)
        self._sets.setText(sets)
        self._sets.setVisible(bool(sets))
        self.heat_class.clear()
        for place, (class_id, name, share) in enumerate(entries):
            bar = QProgressBar()
            bar.setRange(0, 100)
            bar.setValue(round(100 * share))
            bar.setTextVisible(False)
            bar.setAccessibleName(f"{name} {100 * share:.0f} %")
            self._opinion.addWidget(QLabel(name), place, 0)
            self._opinion.addWidget(bar, place, 1)
            self._opinion.addWidget(QLabel(f"{100 * share:.0f} %"), place, 2, Qt.AlignmentFlag.AlignRight)
            self.heat_class.addItem(name, class_id)

    def set_map_reason(self, reason: str) -> None:
        """Why no map can be had; "" when one can."""
        for control in (self.show_heat, self.heat_class, self.opacity):
            control.setEnabled(not reason)
        self.show_heat.setToolTip(reason or texts.SHOW_HEAT_TIP)
        if reason:
            self.set_heat(None, reason)

    def set_near(self, rows: Sequence[tuple[str, Sequence[Tile]]]) -> None:
        """For each class its nearest labelled images."""
        self._pictures.clear()
        _empty(self._near)
        for name, tiles in rows:
            line = QHBoxLayout()
            line.setSpacing(4)
            head = Text(name, "strong")
            head.setFixedWidth(92)
            line.addWidget(head)
            for tile in tiles:
                line.addWidget(self._tile(tile))
            if not tiles:
                line.addWidget(Text(texts.NO_NEAREST, "muted"))
            line.addStretch(1)
            self._near.addLayout(line)

    def set_prior(self, words: str, tiles: Sequence[Tile]) -> None:
        """The earlier study; call behind `set_near`."""
        self._prior_words.setText(words)
        _empty(self._prior)
        for tile in tiles:
            self._prior.addWidget(self._tile(tile))
        self._prior.addStretch(1)

    def set_picture(self, image_id: int, pixmap: QPixmap) -> None:
        """A small picture has come."""
        for label in self._pictures.get(image_id, ()):
            ratio = self.devicePixelRatioF()
            scaled = pixmap.scaled(
                round(_SIDE * ratio), round(_SIDE * ratio), Qt.AspectRatioMode.KeepAspectRatio,
                Qt.TransformationMode.SmoothTransformation,
            )  # fmt: skip
            scaled.setDevicePixelRatio(ratio)
            label.setPixmap(scaled)

    def wanted(self) -> list[int]:
        """The images whose small pictures are shown."""
        return list(self._pictures)

    def set_heat(self, heat: QImage | None, words: str) -> None:
        """The map and what it is; None takes it away."""
        self._heat = heat
        self.map_words.setText(words)
        self._paint()

    def reject(self) -> None:
        """Escape, the key and the window's cross all close it; say so."""
        super().reject()
        self.closed.emit()

    def _tile(self, tile: Tile) -> QWidget:
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 0, 4)
        column.setSpacing(1)
        picture = QLabel()
        picture.setFixedSize(_SIDE, _SIDE)
        picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        picture.setAccessibleName(", ".join(tile.lines))
        self._pictures.setdefault(tile.image_id, []).append(picture)
        column.addWidget(picture)
        for words in tile.lines:
            column.addWidget(Text(words, "small"))
        holder.setFixedWidth(_SIDE + 12)
        return holder

    def _toggled(self, on: bool) -> None:
        if on and self.heat_class.count():
            self.heat_requested.emit(int(self.heat_class.currentData()))
        else:
            self.set_heat(None, "")

    def _paint(self) -> None:
        self.image.set_heat(self._heat, self.opacity.value() / 100)

    def _build(self) -> None:
        self.opacity.setRange(10, 100)
        self.opacity.setValue(60)
        self.opacity.setMaximumWidth(120)
        self.opacity.setAccessibleName(texts.OPACITY)
        self.opacity.setToolTip(texts.OPACITY)
        self.show_heat.setToolTip(texts.SHOW_HEAT_TIP)
        self.heat_class.setAccessibleName(texts.HEAT_CLASS)
        self.heat_class.setToolTip(texts.HEAT_CLASS_TIP)
        controls = QHBoxLayout()
        for part in (self.show_heat, self.heat_class, self.opacity):
            controls.addWidget(part)
        controls.addStretch(1)
        left = QVBoxLayout()
        left.setSpacing(6)
        for widget in (self.title, self.label):
            left.addWidget(widget)
        left.addWidget(self.image, 1)
        left.addLayout(controls)
        left.addWidget(self.caution)
        left.addWidget(self.map_words)
        self._opinion.setColumnStretch(1, 1)
        self._prior.setSpacing(6)
        words = QWidget()
        words.setObjectName("panel")
        right = QVBoxLayout(words)
        right.setSpacing(8)
        right.addWidget(self.notice)
        right.addWidget(self.opinion)
        right.addLayout(self._opinion)
        right.addWidget(self._sets)
        right.addWidget(Line())
        right.addWidget(SectionTitle(texts.NEAREST))
        right.addLayout(self._near)
        right.addWidget(Line())
        right.addWidget(SectionTitle(texts.PRIOR))
        right.addWidget(self._prior_words)
        right.addLayout(self._prior)
        right.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setWidget(words)
        scroll.setMinimumWidth(530)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        close = PlainButton(texts.CLOSE)
        close.clicked.connect(self.close)
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(close)
        pair = QHBoxLayout()
        pair.setSpacing(16)
        pair.addLayout(left, 3)
        pair.addWidget(scroll, 4)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(16, 12, 16, 12)
        whole.addLayout(pair, 1)
        whole.addLayout(foot)
        self.notice.hide()


def _empty(layout: QGridLayout | QHBoxLayout | QVBoxLayout) -> None:
    """Take everything out of a layout, what lies in layouts within it too."""
    while layout.count():
        entry = layout.takeAt(0)
        if entry is None:
            return
        widget, inner = entry.widget(), entry.layout()
        if widget is not None:
            widget.hide()
            widget.deleteLater()
        elif isinstance(inner, QHBoxLayout | QVBoxLayout | QGridLayout):
            _empty(inner)
            inner.deleteLater()
