"""The pairing assistant: which two images of one patient may be compared, shown as a contact sheet of pairs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from sslstudio.domain.specs import Pairing
from sslstudio.gui import theme
from sslstudio.gui.pages.pretrain import pair_texts
from sslstudio.gui.widgets.controls import Chip, FormRow, PlainButton, SectionTitle, Segmented, Text, row
from sslstudio.gui.widgets.flow_layout import FlowLayout
from sslstudio.gui.widgets.numbers import WholeNumber

_SIDE = 104
_ANY = -1


@dataclass(frozen=True)
class PairTile:
    """One pair as it is shown."""

    title: str
    lines: tuple[str, ...]
    images: tuple[QImage, QImage]


class _Pictures(QWidget):
    """Two images side by side on neutral black."""

    def __init__(self, images: tuple[QImage, QImage], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._images = images
        self.setFixedSize(self.sizeHint())

    def sizeHint(self) -> QSize:
        """Two squares and a gap."""
        return QSize(2 * _SIDE + 2, _SIDE)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Each image fitted into its square."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        for place, image in enumerate(self._images):
            square = QRectF(place * (_SIDE + 2), 0, _SIDE, _SIDE)
            painter.fillRect(square, QColor(theme.tokens().image_background))
            if not image.isNull():
                size = image.size().scaled(_SIDE, _SIDE, Qt.AspectRatioMode.KeepAspectRatio)
                target = QRectF(0, 0, size.width(), size.height())
                target.moveCenter(square.center())
                painter.drawImage(target, image)
        painter.end()


class _Tile(QWidget):
    def __init__(self, tile: PairTile, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.setAlignment(Qt.AlignmentFlag.AlignTop)
        column.addWidget(_Pictures(tile.images))
        column.addWidget(Text(tile.title, "strong"))
        for line in tile.lines:
            words = Text(line, "small")
            words.setMaximumWidth(2 * _SIDE)
            column.addWidget(words)
        self.setAccessibleName(", ".join((tile.title, *tile.lines)))


class PairsPane(QWidget):
    """Setters, ``rules_changed`` by the user, and ``others_requested`` for other pairs."""

    rules_changed = Signal()
    others_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.coverage = SectionTitle()
        self.coverage.setWordWrap(True)
        self.about = Text("", "muted")
        self._make_rules()
        self.others = PlainButton(pair_texts.OTHER_PAIRS, "reset")
        self.others.setToolTip(pair_texts.OTHER_PAIRS_HELP)
        self.others.clicked.connect(lambda: self.others_requested.emit())
        self.reset = PlainButton(pair_texts.RESET_RULES, "undo", quiet=True)
        self.reset.setToolTip(pair_texts.RESET_RULES_HELP)
        self.reset.clicked.connect(self._reset)
        self.message = Text("", "muted")
        body = QWidget()
        self._flow = FlowLayout(body, spacing=16, column_width=2 * _SIDE + 2, steady=True)
        scroll = QScrollArea()
        scroll.setObjectName("pageScroll")
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setAccessibleName(pair_texts.PAIRS_NAME)
        scroll.setWidget(body)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 12, 0, 4)
        column.setSpacing(6)
        for part in (self.coverage, self.about, *self._rules, row(self.others, self.reset, 1), self.message):
            column.addWidget(part)
        column.addWidget(scroll, 1)

    def _make_rules(self) -> None:
        self.bag = Segmented(pair_texts.BAGS, pair_texts.BAG)
        self.bag.chosen.connect(lambda _: self.rules_changed.emit())
        self._alike: dict[str, Chip] = {}
        chips = QWidget()
        line = QHBoxLayout(chips)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(6)
        for name, label in pair_texts.ALIKE.items():
            chip = Chip(label, checkable=True)
            chip.setAccessibleName(f"{pair_texts.ALIKE_IN}: {label}")
            chip.clicked.connect(lambda: self.rules_changed.emit())
            self._alike[name] = chip
            line.addWidget(chip)
        self.gap = WholeNumber()
        self.gap.setRange(0, 10_000)
        self.gap.setSuffix(pair_texts.SLICES)
        self.gap.setSpecialValueText(pair_texts.ANY_GAP)
        self.days = WholeNumber()
        self.days.setRange(_ANY, 100_000)
        self.days.setValue(_ANY)
        self.days.setSuffix(pair_texts.DAYS)
        self.days.setSpecialValueText(pair_texts.ANY_DAYS)
        for box, label, words in (
            (self.gap, pair_texts.LEAST_GAP, pair_texts.GAP_HELP),
            (self.days, pair_texts.MOST_DAYS, pair_texts.DAYS_HELP),
        ):
            box.setAccessibleName(label)
            box.setToolTip(words)
            box.setMinimumWidth(140)
            box.valueChanged.connect(lambda _: self.rules_changed.emit())
        apart = row(self.gap, QLabel(pair_texts.MOST_DAYS), self.days, spacing=12)
        self._rules = (
            FormRow(pair_texts.BAG, self.bag),
            FormRow(pair_texts.ALIKE_IN, chips),
            FormRow(pair_texts.LEAST_GAP, apart),
        )

    def pairing(self) -> Pairing:
        """The rules as they stand."""
        return Pairing.model_validate(
            {
                "bag": self.bag.value(),
                "alike": tuple(name for name, chip in self._alike.items() if chip.isChecked()),
                "slice_gap": self.gap.value(),
                "most_days": None if self.days.value() == _ANY else self.days.value(),
            }
        )

    def set_pairing(self, pairing: Pairing) -> None:
        """Show these rules, without telling."""
        self.bag.set_value(pairing.bag)
        for name, chip in self._alike.items():
            chip.setChecked(name in pairing.alike)
        for box, value in ((self.gap, pairing.slice_gap), (self.days, pairing.most_days)):
            box.blockSignals(True)
            box.setValue(_ANY if value is None else value)
            box.blockSignals(False)

    def set_told(self, told: Mapping[str, int]) -> None:
        """How many images tell each fact; what none tells cannot be asked to be alike."""
        for name, chip in self._alike.items():
            known = told.get(name, 0)
            chip.setEnabled(bool(known))
            chip.setToolTip(pair_texts.alike_help(pair_texts.ALIKE[name], known))
            chip.setAccessibleDescription(chip.toolTip())

    def set_coverage(self, words: str, about: str, *, warn: bool) -> None:
        """What the rules leave to be compared."""
        self.coverage.setText(words)
        self.about.setText(about)
        self.about.set_role("warning" if warn else "muted")

    def set_pairs(self, tiles: Sequence[PairTile], message: str = "") -> None:
        """The contact sheet, or a message in its place."""
        clear_flow(self._flow)
        for tile in tiles:
            self._flow.addWidget(_Tile(tile))
        self.message.setText(message)
        self.message.setVisible(bool(message))

    def _reset(self) -> None:
        self.set_pairing(Pairing())
        self.rules_changed.emit()


def clear_flow(flow: FlowLayout) -> None:
    """Take every widget out of `flow` and delete it."""
    while flow.count():
        entry = flow.takeAt(0)
        widget = entry.widget() if entry is not None else None
        if widget is not None:
            widget.hide()
            widget.deleteLater()
