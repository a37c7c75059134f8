"""What the Home page does: knows which recent projects are there, and passes wishes on to the window."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from sslstudio.gui.background import Background
from sslstudio.gui.pages.home.view import RecentProject
from sslstudio.gui.preferences import Preferences

SUFFIX = ".sslproj"


@dataclass(frozen=True)
class HomeServices:
    """What the window gives the Home page; there need be no project."""

    settings: Preferences
    background: Background
    new: Callable[[], None]
    browse: Callable[[], None]
    demo: Callable[[], None]
    open: Callable[[Path], None]


class View(Protocol):
    """The part of the view the controller uses."""

    new_requested: Any
    browse_requested: Any
    demo_requested: Any
    open_requested: Any
    forget_requested: Any

    def set_recent(self, projects: Sequence[RecentProject]) -> None: ...


class HomeController:
    """Connects a Home view to the window."""

    def __init__(self, services: HomeServices, view: View) -> None:
        self._services, self._view = services, view
        view.new_requested.connect(services.new)
        view.browse_requested.connect(services.browse)
        view.demo_requested.connect(services.demo)
        view.open_requested.connect(lambda path: services.open(Path(path)))
        view.forget_requested.connect(self._forget)

    def refresh(self) -> None:
        """Show the recent projects; their folders are looked at in the background, as a drive may be slow."""
        paths = self._services.settings.value.recent_projects
        self._view.set_recent([describe(path, look=False) for path in paths])
        self._services.background.run(
            lambda: [describe(path, look=True) for path in paths], done=self._view.set_recent, key="recent"
        )

    def _forget(self, path: str) -> None:
        self._services.settings.remove_recent(path)
        self.refresh()


def describe(path: str, *, look: bool) -> RecentProject:
    """What the list says of a project; `look` reads its folder."""
    where = Path(path)
    name = where.name.removesuffix(SUFFIX)
    try:
        home = Path.home()
        folder = f"~/{where.parent.relative_to(home).as_posix()}"
    except (ValueError, RuntimeError):
        folder = str(where.parent)
    if not look:
        return RecentProject(path, name, folder)
    try:
        stamp = (where / "project.sqlite").stat().st_mtime
    except OSError:
        return RecentProject(path, name, folder, missing=True)
    return RecentProject(path, name, folder, datetime.fromtimestamp(stamp).strftime("%d %b %Y, %H:%M"))
