"""The bar above the map: tools, what else is drawn, "colour by", export; apart so that the map stays readable."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QButtonGroup, QComboBox, QHBoxLayout, QLabel, QSizePolicy, QToolButton, QWidget

from sslstudio.gui import theme
from sslstudio.gui.widgets import grouped_choices
from sslstudio.gui.widgets.controls import IconButton
from sslstudio.gui.widgets.map_scene import Tool

_TOOLS: tuple[tuple[Tool, str, str, str], ...] = (
    ("pan", "pan", "Move", "Drag to move the map, turn the wheel to zoom (M)"),
    ("lasso", "lasso", "Lasso", "Draw around images to select them (L)\nShift adds, Alt takes away, Ctrl toggles"),
    ("box", "box-select", "Box", "Drag a box over images to select them (B)\nShift adds, Alt takes away, Ctrl toggles"),
)
_ROOMY, _WORDS, _LEAST = 660, 460, 360
CONTOURS = "Contours: lines around the densest 25, 50, 75 and 95 % of the images shown"
OVERVIEW = "Overview: all images small in the corner; shown where there is room"
EXPORT = "Save the map as a picture, with its legend"
FLOAT = "Put the map into a window of its own, for a second screen"
RETURN = "Put the map back into this page"

Entry = tuple[str, str]


class MapBar(QWidget):
    """Emits what was chosen; shows what it is told."""

    tool_chosen = Signal(str)
    fit_requested = Signal()
    colouring_requested = Signal(str)
    contours_toggled = Signal(bool)
    overview_toggled = Signal(bool)
    export_requested = Signal()
    float_requested = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumWidth(_LEAST)
        self._tools = QButtonGroup(self)
        self.colour_by = QComboBox()
        bar = QHBoxLayout(self)
        bar.setContentsMargins(8, 4, 8, 4)
        bar.setSpacing(4)
        for tool, icon, name, tip in _TOOLS:
            button = self._tool_button(tool, icon, name, tip)
            self._tools.addButton(button)
            bar.addWidget(button)
        fit = IconButton("zoom-fit", "Show all points (Home)")
        fit.clicked.connect(lambda: self.fit_requested.emit())
        self.contours = _switch("contours", CONTOURS)
        self.contours.toggled.connect(self.contours_toggled)
        self.overview = _switch("overview", OVERVIEW)
        self.overview.setChecked(True)
        self.overview.toggled.connect(self.overview_toggled)
        self.export = IconButton("export", EXPORT)
        self.export.clicked.connect(lambda: self.export_requested.emit())
        self.undock, self.dock = IconButton("undock", FLOAT), IconButton("dock", RETURN)
        self.undock.clicked.connect(lambda: self.float_requested.emit(True))
        self.dock.clicked.connect(lambda: self.float_requested.emit(False))
        self.dock.hide()
        for part in (fit, self.contours, self.overview):
            bar.addWidget(part)
        bar.addStretch(1)
        self._label = QLabel("Colour by")
        self._label.setProperty("role", "muted")
        self._label.setBuddy(self.colour_by)
        self.colour_by.setAccessibleName("Colour by")
        self.colour_by.setToolTip("What the colours and shapes of the points stand for")
        self.colour_by.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.colour_by.setMinimumContentsLength(6)
        self.colour_by.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.colour_by.setMaximumWidth(220)
        self.colour_by.setMaxVisibleItems(24)
        self.colour_by.activated.connect(lambda _: self.colouring_requested.emit(str(self.colour_by.currentData())))
        for other in (self._label, self.colour_by, self.export, self.undock, self.dock):
            bar.addWidget(other)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where there is little room the tools go without their names, then the list without its own."""
        super().resizeEvent(event)
        self._label.setMaximumWidth(16777215 if event.size().width() >= _WORDS else 0)
        roomy = event.size().width() >= _ROOMY
        style = Qt.ToolButtonStyle.ToolButtonTextBesideIcon if roomy else Qt.ToolButtonStyle.ToolButtonIconOnly
        for button in self._tools.buttons():
            if isinstance(button, QToolButton):
                button.setToolButtonStyle(style)

    def set_tool(self, tool: Tool) -> None:
        """Show which tool is in the hand."""
        for button in self._tools.buttons():
            if button.property("tool") == tool:
                button.setChecked(True)

    def set_floats(self, floats: bool) -> None:
        """Show whether the map stands in a window of its own."""
        self.undock.setVisible(not floats)
        self.dock.setVisible(floats)

    def set_colourings(self, groups: Sequence[tuple[str, Sequence[Entry]]], current: str) -> None:
        """The "colour by" list: groups of entries (value, name), each under its title; "" for no title."""
        grouped_choices.fill(self.colour_by, groups)
        self.colour_by.setCurrentIndex(max(0, self.colour_by.findData(current)))

    def _tool_button(self, tool: Tool, icon: str, name: str, tip: str) -> QToolButton:
        button = QToolButton()
        button.setText(name)
        button.setToolTip(tip)
        button.setAccessibleName(f"{name} tool")
        button.setAccessibleDescription(tip)
        button.setCheckable(True)
        button.setAutoRaise(True)
        button.setProperty("tool", tool)
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        theme.follow_icon(button, icon)
        button.clicked.connect(lambda _checked=False: self.tool_chosen.emit(tool))
        return button


def _switch(icon: str, words: str) -> IconButton:
    button = IconButton(icon, words)
    button.setAccessibleName(words.partition(":")[0])
    button.setAccessibleDescription(words)
    button.setCheckable(True)
    return button
