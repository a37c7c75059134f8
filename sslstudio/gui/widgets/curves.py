"""Live curves of one training run: loss with its chance level, and how far apart the features stay."""

from __future__ import annotations

from collections.abc import Sequence

import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from sslstudio.gui import theme
from sslstudio.gui.widgets.controls import Text

pg.setConfigOptions(antialias=True)

Points = Sequence[tuple[float, float]]
MOST_POINTS = 2000


class CurvePlot(QWidget):
    """One plot with a grid: a curve over epochs and at most one dashed level with its name."""

    def __init__(
        self, title: str, parent: QWidget | None = None, lowest: float | None = None, highest: float | None = None
    ) -> None:
        super().__init__(parent)
        self.setAccessibleName(title)
        self._plot = pg.PlotWidget()
        self._plot.setMenuEnabled(False)
        self._plot.hideButtons()
        self._plot.setMouseEnabled(x=False, y=False)
        self._plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._curve = self._plot.plot([], [])
        self._smooth = self._plot.plot([], [])
        self._other = self._plot.plot([], [])
        self._level = pg.InfiniteLine(
            angle=0, movable=False, label="", labelOpts={"position": 0.98, "anchors": [(1, 1), (1, 1)]}
        )
        self._level.hide()
        self._plot.addItem(self._level, ignoreBounds=True)
        self._level_value: float | None = None
        self._lowest, self._highest = lowest, highest
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        self._title = Text(title, "small")
        column.addWidget(self._title)
        column.addWidget(self._plot, 1)
        self._plot.setMinimumWidth(120)
        self._plot.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(160)
        theme.on_change(self, self._paint)
        self._paint()

    def set_points(self, points: Points, smooth: Points = ()) -> None:
        """The curve: (epoch, value) pairs in order; `smooth` is drawn stronger on top when given."""
        for curve, pairs in ((self._curve, points), (self._smooth, smooth)):
            step = max(1, len(pairs) // MOST_POINTS)
            thinned = pairs[::step]
            curve.setData([x for x, _ in thinned], [y for _, y in thinned])
        faint = bool(smooth)
        colours = theme.tokens()
        self._curve.setPen(pg.mkPen(colours.muted if faint else colours.accent, width=1 if faint else 2))
        self._fit([y for _, y in (*points, *smooth)], [x for x, _ in points])

    def set_title(self, title: str) -> None:
        """What is drawn, in words."""
        self._title.setText(title)
        self.setAccessibleName(title)

    def set_other(self, points: Points) -> None:
        """A second curve to compare the first with, dashed."""
        self._other.setData([x for x, _ in points], [y for _, y in points])
        xs, ys = self._curve.getData()
        self._fit([*(ys if ys is not None else ()), *(y for _, y in points)], list(xs) if xs is not None else [])

    def set_level(self, value: float | None, name: str = "") -> None:
        """The dashed level, for example chance; None hides it."""
        self._level_value = value
        self._level.setVisible(value is not None)
        if value is not None:
            self._level.setValue(value)
            self._level.label.setFormat(name)

    def set_last_epoch(self, epochs: float) -> None:
        """How far the x axis reaches, so that nothing jumps while the curve grows."""
        self._plot.setXRange(0, max(epochs, 1), padding=0.01)

    def _fit(self, values: Sequence[float], epochs: Sequence[float]) -> None:
        seen = [*values] + ([self._level_value] if self._level_value is not None else [])
        if not seen:
            return
        low, high = min(seen), max(seen)
        low = min(low, self._lowest) if self._lowest is not None else low
        high = max(high, self._highest) if self._highest is not None else high
        margin = max((high - low) * 0.12, 1e-3)
        self._plot.setYRange(low - (0 if self._lowest is not None else margin), high + margin, padding=0)

    def _paint(self) -> None:
        colours = theme.tokens()
        self._plot.setBackground(colours.panel)
        small = QFont(theme.font(colours.small))
        for side in ("left", "bottom"):
            axis = self._plot.getAxis(side)
            axis.setPen(pg.mkPen(colours.line))
            axis.setTextPen(pg.mkPen(colours.muted))
            axis.setTickFont(small)
            axis.setStyle(tickLength=-4)
        self._plot.getAxis("left").setWidth(44)
        self._plot.setLabel("bottom", "epoch", color=colours.muted, **{"font-size": f"{colours.small}px"})
        self._plot.showGrid(x=False, y=True, alpha=0.12)
        self._curve.setPen(pg.mkPen(colours.accent, width=2))
        self._smooth.setPen(pg.mkPen(colours.accent, width=2))
        self._other.setPen(pg.mkPen(colours.text, width=2, style=Qt.PenStyle.DashLine))
        self._level.setPen(pg.mkPen(colours.warning, width=1, style=Qt.PenStyle.DashLine))
        self._level.label.setColor(colours.warning)
        self._level.label.textItem.setFont(small)
