"""The button that opens the searches among all images; each entry says why it cannot be used now."""

from __future__ import annotations

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from sslstudio.gui.actions.registry import Action
from sslstudio.gui.pages.explore import finding_texts as texts
from sslstudio.gui.widgets.controls import PlainButton


class FindButton(PlainButton):
    """Its entries are actions of the window, so that they stand in the palette too."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(texts.FIND, "search", parent=parent)
        self.setToolTip(texts.FIND_HELP)
        self.setAccessibleDescription(texts.FIND_HELP)
        self._menu = QMenu(self)
        self._menu.setToolTipsVisible(True)
        self._menu.aboutToShow.connect(self._explain)
        self._entries: list[tuple[QAction, Action, str]] = []
        self.setMenu(self._menu)

    def set_actions(self, entries: list[tuple[Action, str]]) -> None:
        """What can be looked for: actions, each with what it does."""
        self._menu.clear()
        self._entries = []
        for action, help_ in entries:
            entry = self._menu.addAction(action.title)
            entry.triggered.connect(lambda _=False, act=action.callback: act())
            self._entries.append((entry, action, help_))

    def _explain(self) -> None:
        for entry, action, help_ in self._entries:
            reason = action.reason()
            entry.setEnabled(not reason)
            entry.setToolTip(reason or help_)
