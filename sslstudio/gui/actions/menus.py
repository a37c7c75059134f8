"""Menus and keys made from the action registry; an action that cannot be done now says why instead of doing nothing."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMainWindow, QMenu

from sslstudio.gui import theme
from sslstudio.gui.actions.registry import Action, ActionRegistry

MENUS = ("File", "Edit", "View", "Run", "Help")


class Menus(QObject):
    """Keeps the menu bar and the shortcuts of `window` in step with the registry and the page in front."""

    def __init__(self, window: QMainWindow, registry: ActionRegistry, explain: Callable[[str], None]) -> None:
        super().__init__(window)
        self._window, self._registry, self._explain = window, registry, explain
        self._page = ""
        self._made: dict[str, QAction] = {}
        self._menus = {name: window.menuBar().addMenu(f"&{name}") for name in MENUS}
        for menu in self._menus.values():
            menu.setToolTipsVisible(True)
            menu.aboutToShow.connect(lambda shown=menu: self._refresh(shown))
            menu.aboutToHide.connect(lambda shown=menu: self._enable_all(shown))
        registry.on_change(self.rebuild)
        self.rebuild()

    def set_page(self, page: str) -> None:
        """Give the keys to the page in front."""
        self._page = page
        for action in self._registry.all():
            made = self._made.get(action.id)
            if made is not None:
                self._set_keys(made, action)

    def submenu(self, menu: str, title: str) -> QMenu:
        """A menu inside a menu, for lists that are not actions, such as recent projects."""
        return self._menus[menu].addMenu(title)

    def rebuild(self) -> None:
        """Make the menus anew."""
        wanted = {action.id: action for action in self._registry.all()}
        for identifier in [known for known in self._made if known not in wanted]:
            self._discard(identifier)
        for action in wanted.values():
            if action.id not in self._made:
                self._made[action.id] = self._make(action)
        for name, menu in self._menus.items():
            self._fill(name, menu)

    def _discard(self, identifier: str) -> None:
        made = self._made.pop(identifier)
        self._window.removeAction(made)
        for menu in self._menus.values():
            menu.removeAction(made)
        made.deleteLater()

    def _make(self, action: Action) -> QAction:
        made = QAction(action.title, self)
        made.setCheckable(action.checked is not None)
        if action.icon:
            theme.follow_icon(made, action.icon)
        made.triggered.connect(lambda _=False, asked=action.id: self._trigger(asked))
        self._set_keys(made, action)
        self._window.addAction(made)
        return made

    def _set_keys(self, made: QAction, action: Action) -> None:
        here = not action.page or action.page == self._page
        made.setShortcut(QKeySequence(action.keys) if here and action.keys else QKeySequence())

    def _trigger(self, identifier: str) -> None:
        reason = self._registry.trigger(identifier)
        if reason:
            self._explain(reason)

    def _fill(self, name: str, menu: QMenu) -> None:
        kept = [entry for entry in menu.actions() if entry.menu() is not None]
        for entry in menu.actions():
            menu.removeAction(entry)
            if entry.isSeparator():
                entry.deleteLater()
        group: int | None = None
        members = sorted((a for a in self._registry.all() if a.menu == name), key=lambda a: a.group)
        for action in members:
            if group is not None and action.group != group:
                menu.addSeparator()
            if group is None or action.group != group:
                for entry in kept if action.group == 1 else ():
                    menu.addAction(entry)
            group = action.group
            menu.addAction(self._made[action.id])
        menu.menuAction().setVisible(bool(members))

    def _refresh(self, menu: QMenu) -> None:
        for action in self._registry.all():
            made = self._made.get(action.id)
            if made is None or action.menu != menu.title().lstrip("&"):
                continue
            here = not action.page or action.page == self._page
            reason = action.reason() if here else "Available on its own page."
            made.setEnabled(not reason)
            made.setToolTip(reason or action.title)
            made.setVisible(here)
            if action.checked is not None:
                made.setChecked(action.checked())

    def _enable_all(self, menu: QMenu) -> None:
        for entry in menu.actions():
            entry.setEnabled(True)
