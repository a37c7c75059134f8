"""The user's settings while the window is open: one value that is replaced and saved, and a signal for who cares."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from sslstudio.errors import SSLStudioError
from sslstudio.gui.theme import Mode
from sslstudio.settings import Settings

_CONTRAST = "high_contrast"


class Preferences(QObject):
    """Holds the `Settings` in force. Saving failures are told once through ``problem(error)`` and never lose work."""

    changed = Signal()
    problem = Signal(object)

    def __init__(self, settings: Settings, file: Path | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._settings = settings
        self._file = file
        self._told = False

    @property
    def value(self) -> Settings:
        """The settings now, frozen."""
        return self._settings

    def change(self, **update: Any) -> None:
        """Replace some fields and save."""
        self._put(self._settings.model_copy(update=update))

    @property
    def theme(self) -> Mode:
        """The theme asked for."""
        return "contrast" if self._settings.window.get(_CONTRAST) else self._settings.theme

    def set_theme(self, mode: Mode) -> None:
        """Remember the theme."""
        window = {key: value for key, value in self._settings.window.items() if key != _CONTRAST}
        if mode == "contrast":
            self.change(window={**window, _CONTRAST: "on"})
        else:
            self.change(window=window, theme=mode)

    def window_state(self, key: str) -> str:
        """A remembered geometry, or ""."""
        return self._settings.window.get(key, "")

    def set_window_state(self, key: str, value: str) -> None:
        """Remember a geometry."""
        self.change(window={**self._settings.window, key: value})

    def add_recent(self, project: Path) -> None:
        """Put a project first among the recent ones."""
        self._put(self._settings.with_recent(project))

    def remove_recent(self, project: Path | str) -> None:
        """Forget a recent project."""
        self._put(self._settings.without_recent(project))

    def _put(self, settings: Settings) -> None:
        self._settings = settings
        try:
            settings.save(self._file)
        except SSLStudioError as error:
            if not self._told:
                self._told = True
                self.problem.emit(error)
        self.changed.emit()
