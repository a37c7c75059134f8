"""Brings the panels beside the map to life, and their actions into menu and command palette."""

from __future__ import annotations

from typing import Any, Protocol

from PySide6.QtCore import QObject

from sslstudio.gui.actions.registry import Action
from sslstudio.gui.item_models.current_map import CurrentMap
from sslstudio.gui.pages.explore import second_map_texts, shortcut_texts
from sslstudio.gui.pages.explore.colourings import COLUMN
from sslstudio.gui.pages.explore.map_presenter import MapPresenter
from sslstudio.gui.pages.explore.second_map_presenter import SecondMapPresenter
from sslstudio.gui.pages.explore.shortcut_presenter import ShortcutPresenter
from sslstudio.gui.pages.explore.side_panels import SECOND_MAP, SHORTCUTS
from sslstudio.gui.pages.page import Services


class View(Protocol):
    """The part of the view that is used here."""

    side: Any
    map: Any


class SidePresenters(QObject):
    """One for each panel; `close` takes the actions away."""

    def __init__(self, services: Services, view: View, map_presenter: MapPresenter, parent: QObject) -> None:
        super().__init__(parent)
        self._side = view.side
        self._current = CurrentMap.of(services)
        self.shortcuts = ShortcutPresenter(
            services, view.side.shortcuts, lambda key: map_presenter.colour_by(COLUMN + key), self
        )
        self.second = SecondMapPresenter(services, view.side.second, view.map, map_presenter, self)
        view.side.opened.connect(lambda name: self.second.set_open(name == SECOND_MAP))
        self._dispose = services.actions.add(
            self._action("explore.shortcuts", SHORTCUTS, shortcut_texts.TITLE),
            self._action("explore.compare_maps", SECOND_MAP, second_map_texts.OPEN),
        )

    def close(self) -> None:
        """Let go of the project."""
        self._dispose()
        self.shortcuts.close()
        self.second.close()

    def _action(self, identifier: str, name: str, title: str) -> Action:
        return Action(
            identifier, title, lambda: self._side.show_panel("" if self._side.current == name else name), menu="View",
            reason=self._reason, page="explore", group=2, checked=lambda: self._side.current == name,
        )  # fmt: skip

    def _reason(self) -> str:
        return "" if self._current.known.map is not None else shortcut_texts.NO_MAP
