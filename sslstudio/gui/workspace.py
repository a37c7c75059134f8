"""Everything that lives as long as one project is open: session, threads, jobs, compute process, pages."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Set
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QWidget

from sslstudio.gui.actions.registry import ActionRegistry
from sslstudio.gui.background import Background
from sslstudio.gui.connections import Connections
from sslstudio.gui.detail_level import DetailLevel
from sslstudio.gui.inspector_controller import InspectorController
from sslstudio.gui.jobs_bridge import JobCenter
from sslstudio.gui.notifications import Issue, Notifier
from sslstudio.gui.pages.page import Page, Services
from sslstudio.gui.preferences import Preferences
from sslstudio.gui.undo import undo_actions
from sslstudio.gui.widgets.controls import EmptyState
from sslstudio.gui.widgets.inspector import Inspector
from sslstudio.gui.widgets.stack import Stack
from sslstudio.jobs.compute import ComputeProcess
from sslstudio.jobs.launcher import Launcher
from sslstudio.session.project import Project
from sslstudio.session.session import Session

PageTable = tuple[tuple[str, str, str, str], ...]
"""(id, title, icon, "module:function") for each step, in order."""


@dataclass(frozen=True)
class Shell:
    """What the window lends to the workspace."""

    settings: Preferences
    notify: Notifier
    actions: ActionRegistry
    level: DetailLevel
    navigate: Callable[[str], None]
    inspector: Inspector
    launcher: Launcher | None = None


class Workspace(QObject):
    """One open project in the window. ``badges_changed`` fires when the rail should ask the pages again."""

    badges_changed = Signal()

    def __init__(self, project: Project, table: PageTable, shell: Shell, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.project = project
        self._table = table
        self._shell = shell
        self.session = Session(project, author=shell.settings.value.author)
        self.background = Background(self)
        self.background.unhandled.connect(shell.notify.error)
        self.jobs = JobCenter(self.session, self.background, shell.notify, self, shell.launcher)
        self.compute = ComputeProcess()
        self.connections = Connections(self)
        self.services = Services(
            session=self.session,
            background=self.background,
            jobs=self.jobs,
            compute=self.compute,
            settings=shell.settings,
            notify=shell.notify,
            actions=shell.actions,
            level=shell.level,
            navigate=shell.navigate,
            connections=self.connections,
        )
        self.stack = Stack()
        self._pages: dict[str, Page] = {}
        self._waiting = [entry[0] for entry in table]
        self._dispose = shell.actions.add(*undo_actions(self.session, shell.notify, self.background))
        self._inspector = InspectorController(self.session, self.background, shell.inspector, self)
        self._refresh_timer = QTimer(self, singleShot=True, interval=80)
        self._refresh_timer.timeout.connect(self._refresh)
        self._badge_timer = QTimer(self, singleShot=True, interval=500)
        self._badge_timer.timeout.connect(self.badges_changed)
        self.jobs.changed.connect(self._told)
        self.background.delivered.connect(self._told)
        self._listen(True)
        self._take_up()
        for place, notice in enumerate(project.notices):
            shell.notify.add_issue(Issue(f"notice:{place}", notice))

    def _listen(self, on: bool) -> None:
        for signal in (self.session.images_changed, self.session.labels_changed, self.session.runs_changed):
            if on:
                signal.connect(self._changed)
            else:
                signal.disconnect(self._changed)

    def _changed(self, *_: object) -> None:
        self._refresh_timer.start()

    def _told(self, *_: object) -> None:
        """A job went on, or a page has read something: its badge may say more."""
        if not self._badge_timer.isActive():
            self._badge_timer.start()

    def _take_up(self) -> None:
        """Select the image that was in hand when the project was left, and keep track from now on."""
        place = self.session.place
        image = place.image
        if image is not None and self.project.catalogue.has_image(image):
            self.session.select([image])
        self._saver = ThreadPoolExecutor(1, "place")  # of its own: it must not wait behind reading and searching
        self.session.selection_changed.connect(self._note_image)
        place.changed.connect(self._save_place)

    def _note_image(self, selection: Set[int]) -> None:
        if len(selection) == 1:
            self.session.place.note(image=next(iter(selection)))

    def _save_place(self) -> None:
        self._saver.submit(self.session.place.save)

    def _refresh(self) -> None:
        for page in tuple(self._pages.values()):
            page.refresh()
        self.badges_changed.emit()

    def start(self) -> None:
        """Find running jobs again and make the pages that are not shown yet, one at a time, while nothing happens."""
        self.jobs.reattach()
        QTimer.singleShot(50, self, self._make_next)

    def _make_next(self) -> None:
        if self._waiting:
            self.page(self._waiting[0])
            self.badges_changed.emit()
            QTimer.singleShot(20, self, self._make_next)

    def page(self, page_id: str) -> Page:
        """The page with this id, made on first use. One that cannot be made is a card that says so."""
        if page_id in self._pages:
            return self._pages[page_id]
        title, icon, where = next(entry[1:] for entry in self._table if entry[0] == page_id)
        if page_id in self._waiting:
            self._waiting.remove(page_id)
        page = make_page(page_id, title, icon, where, self.services)
        self._pages[page_id] = page
        self.stack.addWidget(page.widget)
        return page

    def made(self) -> list[Page]:
        """The pages that exist by now."""
        return list(self._pages.values())

    def show(self, page_id: str) -> Page:
        """Bring a page to the front."""
        page = self.page(page_id)
        self.stack.setCurrentWidget(page.widget)
        page.activate()
        self.session.place.note(page=page_id)
        return page

    def close(self) -> None:
        """Let everything go; running jobs go on by themselves."""
        self._refresh_timer.stop()
        self._waiting.clear()
        self._listen(False)
        self.session.selection_changed.disconnect(self._note_image)
        self.session.place.changed.disconnect(self._save_place)
        self._inspector.close()
        for page in self._pages.values():
            page.close()
        self._saver.shutdown(wait=False, cancel_futures=True)
        self.session.place.save()
        self._dispose()
        self.jobs.close()
        self.background.close()
        self.compute.close()
        self.project.close()
        self.stack.hide()
        self.stack.deleteLater()


def make_page(page_id: str, title: str, icon: str, where: str, services: Services) -> Page:
    """Import and create a page; any failure becomes a card in its place, so that one page cannot stop the window."""
    module, _, function = where.partition(":")
    try:
        page = getattr(importlib.import_module(module), function)(services)
    except Exception as error:
        return broken_page(page_id, title, icon, type(error).__name__)
    return page if isinstance(page, Page) else broken_page(page_id, title, icon, "no page")


def broken_page(page_id: str, title: str, icon: str, what: str) -> Page:
    """The card in place of a page that could not be made."""
    card: QWidget = EmptyState(
        "warning",
        f"{title} could not be opened",
        f"This part of SSL Studio did not start ({what}). The other steps work; your images and labels are safe.",
    )
    return Page(page_id, title, icon, card)
