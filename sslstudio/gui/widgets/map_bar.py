"""The bar above the map: tools, fit and "colour by"; apart so that the map itself stays readable."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QComboBox, QHBoxLayout, QLabel, QToolButton, QWidget

from sslstudio.gui import theme
from sslstudio.gui.widgets.controls import IconButton
from sslstudio.gui.widgets.map_scene import Tool

_TOOLS: tuple[tuple[Tool, str, str, str], ...] = (
    ("pan", "pan", "Move", "Drag to move the map, turn the wheel to zoom"),
    ("lasso", "lasso", "Lasso", "Draw around images to select them\nShift adds, Alt takes away, Ctrl toggles"),
    ("box", "box-select", "Box", "Drag a box over images to select them\nShift adds, Alt takes away, Ctrl toggles"),
)


class MapBar(QWidget):
    """Emits what was chosen; shows what it is told."""

    tool_chosen = Signal(str)
    fit_requested = Signal()
    colouring_requested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
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
        bar.addWidget(fit)
        bar.addStretch(1)
        label = QLabel("Colour by")
        label.setProperty("role", "muted")
        label.setBuddy(self.colour_by)
        self.colour_by.setAccessibleName("Colour by")
        self.colour_by.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.colour_by.activated.connect(lambda _: self.colouring_requested.emit(str(self.colour_by.currentData())))
        bar.addWidget(label)
        bar.addWidget(self.colour_by)

    def set_tool(self, tool: Tool) -> None:
        """Show which tool is in the hand."""
        for button in self._tools.buttons():
            if button.property("tool") == tool:
                button.setChecked(True)

    def set_colourings(self, entries: list[tuple[str, str]], current: str) -> None:
        """The entries (value, name) of the "colour by" list."""
        self.colour_by.clear()
        for value, name in entries:
            self.colour_by.addItem(name, value)
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
