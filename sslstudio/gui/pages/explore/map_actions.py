"""What can be done with the map as a whole: its tools by key, saving it as a picture, a window of its own."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from PySide6.QtCore import QObject

from sslstudio.gui.actions.registry import Action
from sslstudio.gui.pages.explore import texts
from sslstudio.gui.pages.explore.map_presenter import MapPresenter
from sslstudio.gui.pages.page import Services

SUFFIXES = (".png", ".svg")


class View(Protocol):
    """The part of the view that is used here."""

    map: Any
    map_place: Any

    def ask_picture_file(self, name: str) -> Path | None: ...


class MapActions(QObject):
    """Adds its actions on creation; `close` takes them away and brings the map back into the page."""

    def __init__(self, services: Services, view: View, presenter: MapPresenter, parent: QObject) -> None:
        super().__init__(parent)
        self._services, self._view, self._presenter = services, view, presenter
        self._closed = False
        view.map.export_requested.connect(self.save)
        view.map_place.changed.connect(self._note_window)
        self._dispose = services.actions.add(*self._actions())
        geometry = services.session.place.map_window
        if geometry:
            view.map_place.set_floating(True, geometry)
            presenter.activate()  # it is seen although the page is not

    def close(self) -> None:
        """Remember where the map's window stands, and let go."""
        self._closed = True
        self._dispose()
        if self._view.map_place.floats:
            self._services.session.place.note(map_window=self._view.map_place.geometry_text())
            self._view.map_place.set_floating(False)

    def save(self) -> None:
        """Ask where to, then write the picture off the window's thread."""
        widget = self._view.map
        area = widget.shown_area()
        if self._reason() or area is None:
            self._services.notify.info(texts.NO_MAP_REASON)
            return
        path = self._view.ask_picture_file(f"map-{self._presenter.colour_name}")
        if path is None:
            return
        if path.suffix.lower() not in SUFFIXES:
            path = path.with_name(f"{path.name}{SUFFIXES[0]}")
        scene, words = widget.scene, self._presenter.said_when_saved
        title = texts.map_title(len(scene.ids), scene.colouring.title)

        def write() -> str:
            from sslstudio.gui.widgets import map_export

            map_export.save(map_export.picture_of(scene, area, title), path)
            return path.name

        self._services.background.run(
            write,
            done=lambda name: self._services.notify.info(words.replace("{name}", name)),
            failed=self._services.notify.error,
            key="map-picture",
        )

    def _actions(self) -> list[Action]:
        bar, own = self._view.map.bar, partial(Action, menu="View", page="explore", group=2)
        tools = [
            own(f"explore.tool.{tool}", title, partial(self._view.map.set_tool, tool), keys=keys, reason=self._reason)
            for tool, title, keys in texts.TOOLS
        ]
        return [
            own("explore.fit", "Show the whole map", self._view.map.fit, keys="Home", icon="zoom-fit"),
            *tools,
            own("explore.select_view", texts.SELECT_VIEW, self._view.map.select_in_view, keys="V", reason=self._reason),
            self._switch(own, "explore.contours", texts.CONTOURS, bar.contours),
            self._switch(own, "explore.overview", texts.OVERVIEW, bar.overview),
            own("explore.save_map", texts.SAVE, self.save, reason=self._reason, icon="export"),
            own(
                "explore.float",
                texts.FLOAT,
                lambda: self._view.map_place.set_floating(not self._view.map_place.floats),
                checked=lambda: bool(self._view.map_place.floats),
            ),
        ]

    def _switch(self, own: Callable[..., Action], identifier: str, title: str, button: Any) -> Action:
        return own(identifier, title, button.toggle, reason=self._reason, checked=button.isChecked)

    def _reason(self) -> str:
        scene = self._view.map.scene
        return "" if scene is not None and scene.index is not None else texts.NO_MAP_REASON

    def _note_window(self, floats: bool) -> None:
        if not self._closed:
            self._services.session.place.note(map_window=self._view.map_place.geometry_text() if floats else "")
