"""What opens beside the map, one at a time: the shortcut check, and a second map to compare with."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QStackedWidget, QWidget

from sslstudio.gui.pages.explore import second_map_texts, shortcut_texts
from sslstudio.gui.pages.explore.second_map import SecondMap
from sslstudio.gui.pages.explore.shortcut_panel import ShortcutPanel
from sslstudio.gui.widgets.controls import PlainButton

SHORTCUTS, SECOND_MAP = "shortcuts", "second map"
_WIDTHS = {SHORTCUTS: (620, 380), SECOND_MAP: (500, 500)}


class SidePanels(QWidget):
    """The two buttons that open the panels; `beside` puts the panels at the right of the map.

    ``opened(id)`` fires when another panel is in front, "" for none.
    """

    opened = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.shortcuts, self.second = ShortcutPanel(), SecondMap()
        self._panels: dict[str, QWidget] = {SHORTCUTS: self.shortcuts, SECOND_MAP: self.second}
        self._buttons: dict[str, PlainButton] = {}
        self._stack = QStackedWidget()
        self._stack.setMinimumWidth(300)
        self._stack.hide()
        self._splitter: QSplitter | None = None
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(6)
        for name, title, icon, words in (
            (SHORTCUTS, shortcut_texts.TITLE, "check", shortcut_texts.OPEN_HELP),
            (SECOND_MAP, second_map_texts.OPEN, "explore", second_map_texts.OPEN_HELP),
        ):
            button = PlainButton(title, icon)
            button.setCheckable(True)
            button.setToolTip(words)
            button.setAccessibleDescription(words)
            button.clicked.connect(self._asker(name))
            self._buttons[name] = button
            self._stack.addWidget(self._panels[name])
            line.addWidget(button)
        self.shortcuts.close_requested.connect(lambda: self.show_panel(""))
        self.second.close_requested.connect(lambda: self.show_panel(""))

    def beside(self, map_widget: QWidget) -> QSplitter:
        """The map with the panels at its right."""
        self._splitter = QSplitter(Qt.Orientation.Horizontal)
        self._splitter.addWidget(map_widget)
        self._splitter.addWidget(self._stack)
        self._splitter.setStretchFactor(0, 1)
        self._splitter.setChildrenCollapsible(False)
        return self._splitter

    @property
    def current(self) -> str:
        """The panel that is open, "" for none."""
        if self._stack.isHidden():
            return ""
        return next(name for name, panel in self._panels.items() if panel is self._stack.currentWidget())

    def show_panel(self, name: str) -> None:
        """Open a panel in the place of any other; "" closes."""
        if name == self.current:
            return
        for other, button in self._buttons.items():
            button.setChecked(other == name)
        self._stack.setVisible(bool(name))
        if name:
            self._stack.setCurrentWidget(self._panels[name])
            if self._splitter is not None:
                self._splitter.setSizes([part * max(1, self._splitter.width()) // 1000 for part in _WIDTHS[name]])
            self._panels[name].setFocus(Qt.FocusReason.OtherFocusReason)
        self.opened.emit(name)

    def _asker(self, name: str) -> Callable[[], None]:
        return lambda: self.show_panel("" if self.current == name else name)
