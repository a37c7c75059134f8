"""Two runs beside each other: curves laid over one another, maps side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from sslstudio.gui.pages.pretrain import compare_texts as texts
from sslstudio.gui.widgets.controls import PlainButton, SectionTitle, Text, row
from sslstudio.gui.widgets.paired_maps import PairedMaps

if TYPE_CHECKING:
    from sslstudio.gui.widgets.curves import CurvePlot

_PLOT_HEIGHT = 190


class ComparePane(QWidget):
    """Setters, ``chosen(first, second)`` and ``moved_requested``."""

    chosen = Signal(str, str)
    moved_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._plots: tuple[CurvePlot, CurvePlot] | None = None
        self.first, self.second = QComboBox(), QComboBox()
        for box, name in ((self.first, texts.FIRST), (self.second, texts.SECOND)):
            box.setAccessibleName(f"{name}: {texts.COMPARE_HELP}")
            box.setToolTip(texts.COMPARE_HELP)
            box.setMinimumWidth(230)
            box.activated.connect(lambda _: self.chosen.emit(*self.choice()))
        self.kept = SectionTitle()
        self.kept.setWordWrap(True)
        self.message = Text("", "muted")
        self.maps = PairedMaps(texts.MAPS_NAME)
        self.moved = PlainButton(texts.MOVED, "explore")
        self.moved.setToolTip(texts.MOVED_HELP)
        self.moved.clicked.connect(lambda: self.moved_requested.emit())
        self.no_loss = Text(texts.NO_LOSS, "small")
        self._plot_row = QHBoxLayout()
        self._plot_row.setSpacing(12)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 12, 0, 4)
        column.setSpacing(6)
        column.addWidget(row(QLabel(texts.FIRST), self.first, QLabel(texts.SECOND), self.second, 1))
        column.addWidget(self.kept)
        column.addWidget(self.message)
        column.addWidget(self.maps, 3)
        foot = QHBoxLayout()
        foot.setSpacing(12)
        foot.addWidget(self.moved)
        foot.addWidget(Text(texts.COLOURS, "small"), 1)
        column.addLayout(foot)
        column.addLayout(self._plot_row, 2)
        column.addWidget(self.no_loss)
        column.addStretch(0)
        self._column = column
        self.set_message("")

    def choice(self) -> tuple[str, str]:
        """The two that are compared."""
        return str(self.first.currentData() or ""), str(self.second.currentData() or "")

    def set_sources(self, sources: Sequence[tuple[str, str]], first: str, second: str) -> None:
        """What can be compared, as (name, title), and what is."""
        for box, name in ((self.first, first), (self.second, second)):
            if [box.itemData(place) for place in range(box.count())] != [key for key, _ in sources]:
                box.clear()
                for key, title in sources:
                    box.addItem(title, key)
            box.setCurrentIndex(box.findData(name))

    def set_curves(
        self,
        names: tuple[str, str],
        found: tuple[Sequence[tuple[float, float]], Sequence[tuple[float, float]]],
        loss: tuple[Sequence[tuple[float, float]], Sequence[tuple[float, float]]] | None,
        epochs: float,
    ) -> None:
        """The curves of both over their epochs; without `loss` it says why there is none."""
        plots = self._make_plots()
        for plot, title, pair in zip(plots, (texts.FOUND_AGAIN, texts.LOSS), (found, loss or ((), ())), strict=True):
            plot.set_title(texts.legend(title, *names))
            plot.set_last_epoch(epochs)
            plot.set_points(pair[0])
            plot.set_other(pair[1])
        plots[1].setVisible(loss is not None)
        self.no_loss.setVisible(loss is None)

    def set_message(self, message: str, kept: str = "") -> None:
        """What there is to say in place of the maps, or above them."""
        self.message.setText(message)
        self.message.setVisible(bool(message))
        self.kept.setText(kept)
        self.kept.setVisible(bool(kept))
        self.maps.setVisible(bool(kept))
        self._column.setStretch(self._column.count() - 1, 0 if kept else 3)
        self.moved.setEnabled(bool(kept))
        self.moved.setAccessibleDescription("" if kept else texts.NO_MOVED)

    def _make_plots(self) -> tuple[CurvePlot, CurvePlot]:
        """Made on first use: the plotting library is not imported when the window starts."""
        if self._plots is None:
            from sslstudio.gui.widgets.curves import CurvePlot

            self._plots = (CurvePlot(texts.FOUND_AGAIN, lowest=0.0, highest=1.0), CurvePlot(texts.LOSS))
            for plot in self._plots:
                plot.setMaximumHeight(_PLOT_HEIGHT)
                self._plot_row.addWidget(plot, 1)
        return self._plots
