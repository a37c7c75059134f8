"""What the loop tells and asks of its run; the part of a stage's context that training needs, seen from below."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol


class Reporter(Protocol):
    """Progress, numbers, warnings, and the wish to stop. A stage's context is one."""

    def progress(self, done: float, total: float, unit: str = "", text: str = "") -> None:
        """Report progress."""

    def metric(self, step: int, epoch: int, **values: float) -> None:
        """Report numbers of one optimiser step."""

    def monitor(self, epoch: int, **values: float) -> None:
        """Report numbers measured at the end of an epoch."""

    def artifact(self, name: str, path: Path) -> None:
        """Say that a file inside the run directory is complete."""

    def warn(self, code: str, message: str, hint: str = "") -> None:
        """Tell the user something without stopping."""

    def check_place(self) -> None:
        """Raise when the folder of the run is no longer its own; nothing may be written there then."""

    def check_cancelled(self) -> None:
        """Raise when the run shall stop; wait here while it is paused."""
