"""How the window tells the user something: passing toasts and lasting issues; never a dialog that blocks work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QObject, Signal

from sslstudio.errors import SSLStudioError

Severity = Literal["info", "warning", "error"]


@dataclass(frozen=True)
class Message:
    """A toast: it passes by itself. `action` and `callback` are the one thing to do, usually Undo."""

    text: str
    severity: Severity = "info"
    action: str = ""
    callback: Callable[[], None] | None = None


@dataclass(frozen=True)
class Issue:
    """A problem that stays listed until it is dealt with. Issues with the same `key` replace one another."""

    key: str
    text: str
    hint: str = ""
    severity: Severity = "warning"
    action: str = ""
    callback: Callable[[], None] | None = None
    report: str = ""
    """Text for "Copy report"; holds no patient data."""


class Notifier(QObject):
    """Where pages and controllers say things; the window shows them."""

    message = Signal(object)
    issues_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._issues: dict[str, Issue] = {}

    def info(self, text: str, action: str = "", callback: Callable[[], None] | None = None) -> None:
        """Say something in passing, with at most one thing to do."""
        self.message.emit(Message(text, "info", action, callback))

    def warn(self, text: str, hint: str = "") -> None:
        """Say in passing that something did not go as asked."""
        self.message.emit(Message(f"{text} {hint}".strip(), "warning"))

    def undoable(self, text: str, undo: Callable[[], None]) -> None:
        """Say what was done, with Undo beside it."""
        self.message.emit(Message(text, "info", "Undo", undo))

    def error(self, error: SSLStudioError, key: str = "") -> None:
        """Tell a problem: a toast now, and an issue that stays when `key` names it."""
        self.message.emit(Message(str(error), "error"))
        if key:
            self.add_issue(Issue(key, error.message, error.hint, "error"))

    def add_issue(self, issue: Issue) -> None:
        """List a problem until it is dealt with."""
        self._issues[issue.key] = issue
        self.issues_changed.emit()

    def remove_issue(self, key: str) -> None:
        """Take a problem off the list; unknown keys are fine."""
        if self._issues.pop(key, None) is not None:
            self.issues_changed.emit()

    def issues(self) -> list[Issue]:
        """What is listed now, oldest first."""
        return list(self._issues.values())

    def clear(self) -> None:
        """Forget all issues, as when the project is closed."""
        self._issues.clear()
        self.issues_changed.emit()
