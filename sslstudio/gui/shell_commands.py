"""What menus and keys do to the window itself: palette, help, themes, panels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication, QMessageBox

import sslstudio
from sslstudio.gui import theme
from sslstudio.gui.texts import APP, OFFLINE_HELP, RESEARCH_ONLY

if TYPE_CHECKING:
    from sslstudio.gui.palette import CommandPalette
    from sslstudio.gui.shortcuts import HelpWindow
    from sslstudio.gui.window import MainWindow

ABOUT = (
    f"<h3>{APP} {sslstudio.__version__}</h3>"
    "<p>From thousands of unlabeled medical images to an honestly evaluated classifier, on your own computer.</p>"
    f"<p><b>{RESEARCH_ONLY}</b></p><p>{OFFLINE_HELP}</p><p>Apache License 2.0. Typeface: Inter (SIL Open Font License)."
    "</p>"
)


class ShellCommands(QObject):
    """Implements `actions.shell.Shell` and `ShellState` for one window."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._palette: CommandPalette | None = None
        self._help: HelpWindow | None = None

    @property
    def has_project(self) -> bool:
        """True while a project is open."""
        return self._window.workspace is not None

    @property
    def inspector_shown(self) -> bool:
        """True while the inspector is shown."""
        dock = self._window.inspector_dock
        return dock is not None and dock.wanted

    @property
    def issues_shown(self) -> bool:
        """True while the list of problems is shown."""
        return self._window.chrome.issues.isVisible()

    @property
    def expert(self) -> bool:
        """True while every parameter is shown."""
        return self._window.level.expert

    def show_page(self, page_id: str) -> None:
        """Bring a page to the front."""
        self._window.show_page(page_id)

    def show_palette(self) -> None:
        """Open the command palette."""
        if self._palette is None:
            from sslstudio.gui.palette import CommandPalette

            self._palette = CommandPalette(self._window)
            self._palette.chosen.connect(self._run)
        self._palette.open_for(self._window.registry.for_page(self._window.page_id), self._window)

    def _run(self, action_id: str) -> None:
        reason = self._window.registry.trigger(action_id)
        if reason:
            self._window.notify.info(reason)

    def show_help(self) -> None:
        """Open the help and the keys of the page in front."""
        if self._help is None:
            from sslstudio.gui.shortcuts import HelpWindow

            self._help = HelpWindow(self._window)
        page = self._window.page_id
        self._help.open_for(page, self._window.page_title(page), self._window.registry.for_page(page))

    def show_about(self) -> None:
        """Say what this is, and that it is for research only."""
        QMessageBox.about(self._window, f"About {APP}", ABOUT)

    def set_theme(self, mode: theme.Mode) -> None:
        """Apply a theme and remember it."""
        app = QApplication.instance()
        if isinstance(app, QApplication):
            self._window.preferences.set_theme(mode)
            theme.apply(app, mode)

    def toggle_inspector(self) -> None:
        """Show or hide the inspector."""
        dock = self._window.inspector_dock
        if dock is not None:
            dock.set_wanted(not dock.wanted)

    def toggle_issues(self) -> None:
        """Show or hide the list of problems."""
        issues = self._window.chrome.issues
        issues.setVisible(not issues.isVisible())

    def reset_layout(self) -> None:
        """Everything back in its place."""
        self._window.reset_layout()

    def toggle_expert(self) -> None:
        """Switch between Basic and Expert."""
        self._window.level.set_expert(not self._window.level.expert)

    def quit(self) -> None:
        """Close the window."""
        self._window.close()
