"""The actions of the window itself: projects, views, themes, help. Pages add their own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from sslstudio.gui import theme
from sslstudio.gui.actions.registry import Action

NO_PROJECT = "Open a project first."
THEMES: tuple[tuple[theme.Mode, str], ...] = (
    ("system", "Theme: as the system"),
    ("light", "Theme: light"),
    ("dark", "Theme: dark"),
    ("contrast", "Theme: high contrast"),
)


class Projects(Protocol):
    """What can be asked for with projects."""

    def ask_new(self) -> None: ...
    def ask_open(self) -> None: ...
    def demo(self) -> None: ...
    def close(self) -> None: ...


class Shell(Protocol):
    """What the window can be asked for."""

    def show_page(self, page_id: str) -> None: ...
    def show_palette(self) -> None: ...
    def show_help(self) -> None: ...
    def show_about(self) -> None: ...
    def set_theme(self, mode: theme.Mode) -> None: ...
    def toggle_inspector(self) -> None: ...
    def toggle_issues(self) -> None: ...
    def reset_layout(self) -> None: ...
    def toggle_expert(self) -> None: ...
    def quit(self) -> None: ...


class ShellState(Protocol):
    """What the actions need to know of the window."""

    @property
    def has_project(self) -> bool: ...
    @property
    def inspector_shown(self) -> bool: ...
    @property
    def issues_shown(self) -> bool: ...
    @property
    def expert(self) -> bool: ...


def shell_actions(
    window: Shell, projects: Projects, state: ShellState, steps: Sequence[tuple[str, str, str]]
) -> tuple[Action, ...]:
    """All of them; `steps` are (id, title, icon) of the pages in order, reached by Ctrl+1 and so on."""

    def open_project() -> str:
        return "" if state.has_project else NO_PROJECT

    pages = [
        Action(
            f"go.{page_id}",
            f"Go to {title}",
            _bind(window.show_page, page_id),
            "View",
            f"Ctrl+{place}",
            open_project,
            icon=icon,
        )
        for place, (page_id, title, icon) in enumerate(steps, 1)
    ]
    return (
        Action("file.new", "New project...", projects.ask_new, "File", "Ctrl+N", icon="folder-plus", group=1),
        Action("file.open", "Open project...", projects.ask_open, "File", "Ctrl+O", icon="folder", group=1),
        Action("file.demo", "Try the demo", projects.demo, "File", icon="demo", group=1),
        Action("file.close", "Close project", projects.close, "File", "Ctrl+W", open_project, group=2),
        Action("file.quit", "Quit", window.quit, "File", "Ctrl+Q", group=3),
        Action("go.home", "Home", _bind(window.show_page, "home"), "View", "Ctrl+0", icon="home"),
        *pages,
        *_view_actions(window, state, open_project),
        Action("help.page", "Help and keys for this page", window.show_help, "Help", "F1", icon="help"),
        Action(
            "help.palette",
            "Search commands",
            window.show_palette,
            "Help",
            "Ctrl+Shift+P",
            icon="search",
            in_palette=False,
        ),
        Action("help.about", "About SSL Studio", window.show_about, "Help", group=1),
    )


def _view_actions(window: Shell, state: ShellState, open_project: Callable[[], str]) -> list[Action]:
    themes = [
        Action(
            f"view.theme.{mode}",
            title,
            _bind(window.set_theme, mode),
            "View",
            group=3,
            checked=_is(theme.mode, mode),
        )
        for mode, title in THEMES
    ]
    return [
        Action(
            "view.inspector",
            "Inspector",
            window.toggle_inspector,
            "View",
            "Ctrl+I",
            open_project,
            group=1,
            checked=lambda: state.inspector_shown,
        ),
        Action(
            "view.issues",
            "Problems to look at",
            window.toggle_issues,
            "View",
            "Ctrl+Shift+M",
            group=1,
            checked=lambda: state.issues_shown,
        ),
        Action("view.reset", "Reset the layout", window.reset_layout, "View", group=1),
        Action(
            "view.expert",
            "Expert: show every parameter",
            window.toggle_expert,
            "View",
            "Ctrl+E",
            group=2,
            checked=lambda: state.expert,
        ),
        *themes,
    ]


def _bind(function: Callable[..., None], value: object) -> Callable[[], None]:
    return lambda: function(value)


def _is(current: Callable[[], object], value: object) -> Callable[[], bool]:
    return lambda: current() == value
