"""What a stage may ask of the run it belongs to; the jobs layer implements it, tests use a fake."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from sslstudio.domain.items import Item
from sslstudio.domain.runs import Job


class Cancelled(Exception):  # noqa: N818 - not an error: the user asked for it
    """Raised by `StageContext.check_cancelled`; ends the run as CANCELLED."""


class Displaced(Exception):  # noqa: N818 - nobody is to be told: the run is no more
    """Raised when the run's folder was removed, or holds another run by now; nothing may be written there."""


class StageContext(Protocol):
    """The run, seen from inside a stage. Every method is safe to call from the stage's main thread."""

    @property
    def run_dir(self) -> Path:
        """The run directory."""

    @property
    def job(self) -> Job:
        """The frozen job."""

    @property
    def pixels_dir(self) -> Path:
        """The project's pixel cache folder."""

    @property
    def private_dir(self) -> Path:
        """Folder for local paths and keys, removed when the catalogue has adopted the run."""

    def items(self) -> list[Item]:
        """The frozen item list (`items.csv`)."""

    def artifact_path(self, name: str) -> Path:
        """Path under `artifacts/` for a file called `name`; parent folders exist."""

    def progress(self, done: float, total: float, unit: str = "", text: str = "") -> None:
        """Report progress; rate-limited to about ten a second, the time left is derived."""

    def metric(self, step: int, epoch: int, **values: float) -> None:
        """Report numbers of one optimiser step."""

    def monitor(self, epoch: int, **values: float) -> None:
        """Report numbers measured at the end of an epoch."""

    def artifact(self, name: str, path: Path) -> None:
        """Say that a file inside the run directory is complete."""

    def warn(self, code: str, message: str, hint: str = "") -> None:
        """Tell the user something without stopping."""

    def cancelled(self) -> bool:
        """True once anyone has asked the run to stop."""

    def check_cancelled(self) -> None:
        """Raise `Cancelled` if the run was asked to stop; also waits here while the run is paused."""

    def check_place(self) -> None:
        """Raise `Displaced` when the run's folder is no longer this run's; asked before files are replaced there."""
