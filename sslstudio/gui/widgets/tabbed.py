"""Panels of a page that scrolls, one at a time under a bar of tabs; only the one in front takes room."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QTabBar, QVBoxLayout, QWidget


class Tabbed(QWidget):
    """Panels by id. Left and Right walk along the tabs. ``shown(id)`` fires when another comes to the front."""

    shown = Signal(str)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.bar = QTabBar()
        self.bar.setAccessibleName(name)
        self.bar.setDrawBase(False)
        self.bar.setExpanding(False)
        self.bar.setUsesScrollButtons(True)
        self._ids: list[str] = []
        self._panels: list[QWidget] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(12)
        self._column.addWidget(self.bar)
        self.bar.currentChanged.connect(self._show)

    def add_panel(self, id: str, title: str, help: str, panel: QWidget) -> None:
        """Add a panel behind the others; `help` is the tooltip of its tab."""
        panel.setAccessibleName(panel.accessibleName() or title)
        self._ids.append(id)
        self._panels.append(panel)
        panel.setVisible(len(self._panels) == 1)
        self._column.addWidget(panel)
        self.bar.setTabToolTip(self.bar.addTab(title), help)

    def current(self) -> str:
        """The id of the panel in front."""
        return self._ids[self.bar.currentIndex()] if self._ids else ""

    def show_panel(self, id: str) -> None:
        """Bring a panel to the front."""
        self.bar.setCurrentIndex(self._ids.index(id))

    def _show(self, place: int) -> None:
        for number, panel in enumerate(self._panels):
            panel.setVisible(number == place)
        if 0 <= place < len(self._ids):
            self.shown.emit(self._ids[place])
