"""The contacts this program has with other computers at this moment; the status bar shows them.

A contact is noted by whoever starts the process that makes it: the window itself opens none.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal


class Connections(QObject):
    """Who is being contacted now; ``changed`` fires when that changes."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._open: dict[int, str] = {}
        self._next = 0

    @property
    def names(self) -> tuple[str, ...]:
        """The names of those being contacted, one for each contact, oldest first."""
        return tuple(self._open.values())

    def opened(self, name: str) -> Callable[[], None]:
        """Note a contact with `name`; returns what ends it, which may be called twice."""
        self._next += 1
        number = self._next
        self._open[number] = name
        self.changed.emit()

        def closed() -> None:
            if self._open.pop(number, None) is not None:
                self.changed.emit()

        return closed
