"""The dock that holds the inspector; apart so that the window can start without the image code."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDockWidget, QMainWindow

from sslstudio.gui.widgets.inspector import Inspector


class InspectorDock(QDockWidget):
    """A dock at the right. `wanted` is what the user asked for; Home hides it all the same."""

    def __init__(self, window: QMainWindow) -> None:
        super().__init__("Inspector", window)
        self.setObjectName("inspectorDock")
        self.setAllowedAreas(Qt.DockWidgetArea.LeftDockWidgetArea | Qt.DockWidgetArea.RightDockWidgetArea)
        self.inspector = Inspector()
        self.setWidget(self.inspector)
        self.wanted = True
        window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, self)
        window.resizeDocks([self], [288], Qt.Orientation.Horizontal)

    def set_wanted(self, wanted: bool) -> None:
        """Show or hide, and remember it."""
        self.wanted = wanted
        self.setVisible(wanted)
