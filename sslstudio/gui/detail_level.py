"""The Basic / Expert switch; apart because every page watches it and none owns it."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal


class DetailLevel(QObject):
    """Basic shows what to do, Expert shows every parameter. ``changed(expert)`` fires on a change."""

    changed = Signal(bool)

    def __init__(self, expert: bool = False, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._expert = expert

    @property
    def expert(self) -> bool:
        """True when every parameter is shown."""
        return self._expert

    def set_expert(self, expert: bool) -> None:
        """Switch; does nothing when it stands so already."""
        if expert != self._expert:
            self._expert = expert
            self.changed.emit(expert)
