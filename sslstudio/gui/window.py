"""The main window: shows Home or the pages of the open project; knows nothing of what the pages do."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QMainWindow

from sslstudio.gui import machine
from sslstudio.gui.actions.menus import Menus
from sslstudio.gui.actions.registry import ActionRegistry
from sslstudio.gui.actions.shell import shell_actions
from sslstudio.gui.background import Background
from sslstudio.gui.chrome import build_chrome
from sslstudio.gui.detail_level import DetailLevel
from sslstudio.gui.notifications import Notifier
from sslstudio.gui.opening import ProjectOpener, demo_studies
from sslstudio.gui.pages.home.controller import HomeServices
from sslstudio.gui.pages.home.page import create as create_home
from sslstudio.gui.pages.home.view import HomeView
from sslstudio.gui.preferences import Preferences
from sslstudio.gui.shell_commands import ShellCommands
from sslstudio.gui.texts import APP
from sslstudio.gui.widgets.step_rail import Step

if TYPE_CHECKING:
    from sslstudio.gui.inspector_dock import InspectorDock
    from sslstudio.gui.status_presenter import StatusPresenter
    from sslstudio.gui.workspace import Workspace
    from sslstudio.jobs.launcher import Launcher
    from sslstudio.session.project import Project

PAGES: tuple[tuple[str, str, str, str], ...] = tuple(
    (page_id, page_id.capitalize(), page_id, f"sslstudio.gui.pages.{page_id}.page:create")
    for page_id in ("data", "pretrain", "explore", "label", "classify", "export")
)
"""The steps in order: id, title, icon, where the page is made."""

WITHOUT_INSPECTOR = ("home", "data", "pretrain", "export")
"""Pages on which no image can be selected, or that have a viewer of their own; their room is better used."""

_LAYOUT = "window_layout"


class MainWindow(QMainWindow):
    """One window, at most one open project. ``attached(workspace)`` and ``detached()`` follow the project."""

    attached = Signal(object)
    detached = Signal()

    def __init__(self, preferences: Preferences, launcher: Launcher | None = None) -> None:
        super().__init__()
        self.setWindowTitle(APP)
        self.setMinimumSize(960, 600)
        self.resize(1320, 840)
        self.preferences = preferences
        self._launcher = launcher
        self.registry = ActionRegistry()
        self.notify = Notifier(self)
        self.level = DetailLevel(preferences.value.expert, self)
        self.background = Background(self, threads=2)
        self.opener = ProjectOpener(self, self.background, self.notify)
        self.workspace: Workspace | None = None
        self.inspector_dock: InspectorDock | None = None
        self._presenter: StatusPresenter | None = None
        self.page_id = "home"
        steps = [Step("home", "Home", "home", "Ctrl+0")]
        steps += [Step(entry[0], entry[1], entry[2], f"Ctrl+{place}") for place, entry in enumerate(PAGES, 1)]
        self.chrome = build_chrome(self, steps)
        opener = self.opener
        view = HomeView()
        opener.busy.connect(view.set_busy)
        services = HomeServices(preferences, self.background, opener.ask_new, opener.ask_open, opener.demo, opener.open)
        self.home = create_home(services, view)
        self.chrome.stack.addWidget(view)
        self.commands = ShellCommands(self)
        self.menus = Menus(self, self.registry, self.notify.info)
        entries = [entry[:3] for entry in PAGES]
        self.registry.add(*shell_actions(self.commands, opener, self.commands, entries))
        self._connect()
        self._restore_geometry()
        self.show_page("home")

    def _connect(self) -> None:
        chrome = self.chrome
        chrome.rail.step_requested.connect(self.show_page)
        chrome.search.clicked.connect(self.commands.show_palette)
        chrome.detail.set_value("expert" if self.level.expert else "basic")
        chrome.detail.chosen.connect(lambda value: self.level.set_expert(value == "expert"))
        self.level.changed.connect(self._level_changed)
        self.notify.message.connect(chrome.toasts.show_message)
        self.notify.issues_changed.connect(self._issues_changed)
        chrome.issues.dismissed.connect(self.notify.remove_issue)
        chrome.issues.closed.connect(chrome.issues.hide)
        chrome.status.issues_requested.connect(self.commands.toggle_issues)
        chrome.status.set_device(machine.cpu())
        self.preferences.problem.connect(self.notify.error)
        self.background.unhandled.connect(self.notify.error)
        self.opener.opened.connect(self.attach)
        self.opener.demo_opened.connect(self._import_demo)
        self.opener.close_requested.connect(self.detach)
        self.background.run(machine.describe, done=chrome.status.set_device)

    # -- pages -----------------------------------------------------------------------------------------------

    def page_title(self, page_id: str) -> str:
        """The title of a page."""
        return next((entry[1] for entry in PAGES if entry[0] == page_id), "Home")

    def show_page(self, page_id: str) -> None:
        """Bring Home or a step to the front; without a project every step leads Home."""
        if page_id != "home" and self.workspace is None:
            self.notify.info("Open a project first, or try the demo.")
            page_id = "home"
        if page_id == "home" or self.workspace is None:
            self.chrome.stack.setCurrentWidget(self.home.widget)
            self.home.activate()
        else:
            self.chrome.stack.setCurrentWidget(self.workspace.stack)
            self.workspace.show(page_id)
        self.page_id = page_id
        self.chrome.rail.set_current(page_id)
        self.menus.set_page(page_id)
        if self.inspector_dock is not None:
            self.inspector_dock.setVisible(page_id not in WITHOUT_INSPECTOR and self.inspector_dock.wanted)

    # -- projects --------------------------------------------------------------------------------------------

    def attach(self, project: Project) -> None:
        """Show an open project in place of the one before."""
        from sslstudio.gui.inspector_dock import InspectorDock
        from sslstudio.gui.status_presenter import StatusPresenter
        from sslstudio.gui.workspace import Shell, Workspace

        self.detach()
        self.inspector_dock = self.inspector_dock or InspectorDock(self)
        shell = Shell(
            self.preferences,
            self.notify,
            self.registry,
            self.level,
            self.show_page,
            self.inspector_dock.inspector,
            self._launcher,
        )
        self.workspace = Workspace(project, PAGES, shell, self)
        self.chrome.stack.addWidget(self.workspace.stack)
        self.workspace.badges_changed.connect(self._show_badges)
        self._presenter = StatusPresenter(self.workspace, self.chrome.status)
        self.setWindowTitle(f"{project.name} - {APP}")
        self.preferences.add_recent(project.path)
        self._restore_layout(project)
        known = {entry[0] for entry in PAGES}
        place = self.workspace.session.place
        self.show_page(place.page if place.page in known else "data")
        self.workspace.start()
        self.attached.emit(self.workspace)

    def detach(self) -> None:
        """Close the open project, if any; a running job goes on and is found again."""
        workspace = self.workspace
        if workspace is None:
            return
        running = workspace.jobs.active()
        self._save_layout(workspace.project)
        if self._presenter is not None:
            self._presenter.close()
        self.workspace = self._presenter = None
        self.show_page("home")
        self.chrome.stack.removeWidget(workspace.stack)
        workspace.close()
        workspace.deleteLater()
        self.notify.clear()
        self.setWindowTitle(APP)
        for step in PAGES:
            self.chrome.rail.set_badge(step[0], "")
        if running:
            self.notify.info(f"{running[-1].run_id} goes on without the window and is found again in its project.")
        self.detached.emit()

    def _import_demo(self, project: Project) -> None:
        from sslstudio.domain.specs import ImportSpec
        from sslstudio.session import workflow

        workspace = self.workspace
        if workspace is not None:
            workspace.jobs.launch(lambda: workflow.prepare_import(project, [demo_studies(project)], ImportSpec()))

    # -- showing what changed --------------------------------------------------------------------------------

    def _show_badges(self) -> None:
        if self.workspace is not None:
            for page in self.workspace.made():
                text = page.badge()
                self.chrome.rail.set_badge(page.id, text, done=bool(text) and not text.endswith("%"))

    def _issues_changed(self) -> None:
        issues = self.notify.issues()
        before = self.chrome.issues.count
        self.chrome.issues.set_issues(issues)
        self.chrome.status.set_issues(len(issues))
        if not issues:
            self.chrome.issues.hide()
        elif len(issues) > before and any(issue.severity == "error" for issue in issues):
            self.chrome.issues.show()

    def _level_changed(self, expert: bool) -> None:
        self.chrome.detail.set_value("expert" if expert else "basic")
        self.preferences.change(expert=expert)

    # -- layout ----------------------------------------------------------------------------------------------

    def _restore_geometry(self) -> None:
        stored = self.preferences.window_state("geometry")
        if stored:
            self.restoreGeometry(QByteArray(base64.b64decode(stored)))

    def _restore_layout(self, project: Project) -> None:
        stored = project.catalogue.setting(_LAYOUT, {})
        if isinstance(stored, dict) and stored.get("state") and self.inspector_dock is not None:
            self.restoreState(QByteArray(base64.b64decode(str(stored["state"]))))
            self.inspector_dock.wanted = bool(stored.get("inspector", True))

    def _save_layout(self, project: Project) -> None:
        if self.inspector_dock is not None and not project.read_only:
            state = base64.b64encode(self.saveState().data()).decode("ascii")
            project.catalogue.set_setting(_LAYOUT, {"state": state, "inspector": self.inspector_dock.wanted})

    def reset_layout(self) -> None:
        """Inspector at the right in its first size, problems folded."""
        from PySide6.QtCore import Qt

        self.chrome.issues.hide()
        if self.inspector_dock is not None:
            self.inspector_dock.setFloating(False)
            self.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, self.inspector_dock)
            self.resizeDocks([self.inspector_dock], [288], Qt.Orientation.Horizontal)
            self.inspector_dock.set_wanted(True)

    def open_path(self, path: Path) -> None:
        """Open a project given on the command line."""
        self.opener.open(path)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Remember the layout and let everything go; a running job goes on by itself."""
        geometry = base64.b64encode(self.saveGeometry().data()).decode("ascii")
        self.preferences.set_window_state("geometry", geometry)
        self.detach()
        self.background.close()
        super().closeEvent(event)
