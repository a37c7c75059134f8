"""What a page is to the window, and what the window gives a page; apart so that pages and shell meet only here.

A page module has ``create(services: Services) -> Page``. Pages are made when a project is opened and closed with it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from sslstudio.gui.actions.registry import ActionRegistry
    from sslstudio.gui.background import Background
    from sslstudio.gui.connections import Connections
    from sslstudio.gui.detail_level import DetailLevel
    from sslstudio.gui.jobs_bridge import JobCenter
    from sslstudio.gui.notifications import Notifier
    from sslstudio.gui.preferences import Preferences
    from sslstudio.jobs.compute import ComputeProcess
    from sslstudio.session.session import Session


def _nothing() -> None:
    return None


def _no_badge() -> str:
    return ""


def _no_connections() -> Connections:
    from sslstudio.gui.connections import Connections

    return Connections()


@dataclass
class Page:
    """One step of the rail.

    `badge` is the short text under the step's name ("2,155", "done"), cheap enough to be called often. `refresh`
    is called when the project changed, `activate` each time the page comes to the front, `close` before the
    project goes.
    """

    id: str
    title: str
    icon: str
    widget: QWidget
    badge: Callable[[], str] = _no_badge
    refresh: Callable[[], None] = _nothing
    activate: Callable[[], None] = _nothing
    close: Callable[[], None] = _nothing


@dataclass(frozen=True)
class Services:
    """All that a page may use; passed to it, never global.

    `navigate` brings a page to the front by id. Long reads go through `background`, numeric work through `compute`,
    torch or minutes through `jobs`. Whoever contacts another computer notes it in `connections`.
    """

    session: Session
    background: Background
    jobs: JobCenter
    compute: ComputeProcess
    settings: Preferences
    notify: Notifier
    actions: ActionRegistry
    level: DetailLevel
    navigate: Callable[[str], None]
    connections: Connections = field(default_factory=_no_connections)
