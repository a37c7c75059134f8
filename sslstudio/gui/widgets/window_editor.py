"""Centre and width of one window, each as a slider and a number; apart because each channel has one."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QDoubleSpinBox, QGridLayout, QHBoxLayout, QLabel, QSlider, QVBoxLayout, QWidget

from sslstudio.gui import theme
from sslstudio.gui.widgets.numbers import Number

CENTRES, WIDTHS = (-1200, 3000), (1, 5000)


class WindowEditor(QWidget):
    """``edited(centre, width)`` fires when the user changes one of them, in `unit`."""

    edited = Signal(float, float)

    def __init__(self, name: str, unit: str, colour: QColor | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(f"Window: {name}")
        self._setting = False
        head = QHBoxLayout()
        head.setSpacing(6)
        if colour is not None:
            dot = QLabel()
            dot.setPixmap(theme.pixmap("dot", colour.name(), 12, self.devicePixelRatioF()))
            head.addWidget(dot)
        self.name = QLabel(name[:1].upper() + name[1:])
        self.ends = QLabel()
        self.ends.setProperty("role", "muted")
        head.addWidget(self.name)
        head.addWidget(self.ends, 1, Qt.AlignmentFlag.AlignRight)
        grid = QGridLayout()
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(1, 1)
        self._unit = unit
        self.centre, self._centre_slider = self._make(grid, 0, name, "Centre", CENTRES)
        self.width_, self._width_slider = self._make(grid, 1, name, "Width", WIDTHS)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 4)
        column.setSpacing(2)
        column.addLayout(head)
        column.addLayout(grid)

    def _make(
        self, grid: QGridLayout, row: int, name: str, what: str, limits: tuple[int, int]
    ) -> tuple[QDoubleSpinBox, QSlider]:
        label = QLabel(what)
        label.setProperty("role", "small")
        slider = QSlider(Qt.Orientation.Horizontal)
        slider.setRange(*limits)
        slider.setPageStep(50)
        number = Number()
        number.setDecimals(0)
        number.setRange(*limits)
        number.setSingleStep(10)
        number.setSuffix(f" {self._unit}" if self._unit else "")
        number.setKeyboardTracking(False)
        number.setMinimumWidth(104)
        label.setBuddy(number)
        for control in (slider, number):
            control.setAccessibleName(f"{what} of the {name} window")
            control.setToolTip(f"{what} of the {name} window, in {self._unit or 'the unit of the image'}")
        slider.valueChanged.connect(lambda value: number.setValue(float(value)))
        number.valueChanged.connect(lambda value: self._changed(slider, value))
        grid.addWidget(label, row, 0)
        grid.addWidget(slider, row, 1)
        grid.addWidget(number, row, 2)
        return number, slider

    def set_window(self, centre: float, width: float) -> None:
        """Show a window without telling anyone."""
        self._setting = True
        self.centre.setValue(centre)
        self.width_.setValue(width)
        self._setting = False
        self._show_ends()

    def window_values(self) -> tuple[float, float]:
        """Centre and width as they stand."""
        return self.centre.value(), self.width_.value()

    def _changed(self, slider: QSlider, value: float) -> None:
        slider.blockSignals(True)
        slider.setValue(round(value))
        slider.blockSignals(False)
        if not self._setting:
            self._show_ends()
            self.edited.emit(*self.window_values())

    def _show_ends(self) -> None:
        centre, width = self.window_values()
        self.ends.setText(f"{centre - width / 2:g} to {centre + width / 2:g} {self._unit}".rstrip())
