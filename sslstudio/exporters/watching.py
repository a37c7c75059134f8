"""A watched folder: whatever is copied into it is scored once it is whole."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from sslstudio.errors import SSLStudioError
from sslstudio.exporters.growing import SETTLE_SECONDS, Growing
from sslstudio.exporters.predictor import AS_THE_PACKAGE, Asked
from sslstudio.exporters.returning import Folders
from sslstudio.importers.discovery import Discovery, FoundFile

POLL_SECONDS = 2.0
_SHARE = 4
"""Looking through the folder takes at most one part in so many of the time."""


def watch(
    source_package: Path,
    folder: Path,
    output: Path,
    wait: Callable[[float], bool],
    *,
    asked: Asked = AS_THE_PACKAGE,
    folders: Folders = Folders(),  # noqa: B008 - frozen
    settle: float = SETTLE_SECONDS,
    poll: float = POLL_SECONDS,
    check: Callable[[], None] = lambda: None,
    told: Callable[[dict[str, int]], None] = lambda counts: None,
) -> dict[str, int]:
    """Score what comes into `folder` until `wait(seconds)` says True, and write tables and reports as
    `predictor.predict` does; `told` gets the counts when there are new ones.

    A file is scored once its size and time have not changed for `poll` seconds, and only once, by its content. Raises
    SSLStudioError as `predictor.predict`, and "no_source", "inside_watched", "table_exists".
    """
    _require_apart(folder, output, folders)
    with Growing(source_package, output, asked, folders, settle=settle, check=check) as growing:
        arriving = Arriving(folder)
        while True:
            started = time.monotonic()
            whole = arriving.whole()
            spent = time.monotonic() - started
            if whole and growing.score(whole):
                told(growing.counts())
            growing.tend()
            if wait(max(poll, _SHARE * spent)):
                break
        growing.tend(now=True)
        return growing.counts()


class Arriving:
    """Tells which files in a folder are whole: those that are as they were when they were looked at before."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen: dict[str, tuple[int, int, str]] = {}
        self._given: dict[str, tuple[int, int, str]] = {}

    def whole(self) -> list[FoundFile]:
        """Files that are new or have changed since they were given, and stand still since the last call."""
        now: dict[str, tuple[int, int, str]] = {}
        found = []
        for file in Discovery([self._folder]):
            if file.problem == "missing":
                continue
            mark = now[file.path] = (file.size, file.modified_ns, file.problem)
            if self._seen.get(file.path) == mark and self._given.get(file.path) != mark:
                self._given[file.path] = mark
                found.append(file)
        self._seen = now
        return found


def _require_apart(folder: Path, output: Path, folders: Folders) -> None:
    if not folder.is_dir():
        raise SSLStudioError("The folder to watch is not there.", "Make it, or choose another.", code="no_source")
    watched = folder.resolve()
    for path in filter(None, (output, folders.reports, folders.captures)):
        if path.resolve().is_relative_to(watched):
            raise SSLStudioError(
                "What is written must not lie in the watched folder: it would be taken for new images.",
                "Choose a place outside it for the table and the reports.",
                code="inside_watched",
            )
