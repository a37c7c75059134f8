"""How an import says how far it is: phase, files, rate, and counts by outcome while it runs."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from sslstudio.importers.file_list import FileList
from sslstudio.stages.context import StageContext

CHECK_SECONDS = 0.1
_NUMBERS_SECONDS = 0.5
_RATE_SECONDS = 10.0


class ImportProgress:
    """Reports files done to the run's events; `numbers` gives what is sent beside them twice a second."""

    def __init__(self, context: StageContext, numbers: Callable[[], Mapping[str, float]]) -> None:
        self._context = context
        self._numbers = numbers
        self._done = self._total = 0
        self._complete = False
        self._reported = self._counted = 0.0
        self._marks: list[tuple[float, int]] = []

    def restart(self) -> None:
        """The files are gone through from the start."""
        self._done = self._total = 0
        self._complete = False
        self._marks.clear()

    def found(self, files: FileList) -> None:
        """How many files are known by now; reports while files are looked for."""
        fresh = files.complete and not self._complete
        self._total, self._complete = files.count, files.complete
        if fresh or (not self._complete and time.monotonic() - self._reported >= CHECK_SECONDS):
            self._report()

    def step(self) -> None:
        """One file more is done."""
        self._done += 1
        if time.monotonic() - self._reported >= CHECK_SECONDS:
            self._report()

    def waiting(self, seconds: float) -> None:
        """The drive cannot be read; it is waited for."""
        text = f"Waiting for the drive, {seconds:,.0f} s"
        self._context.progress(self._done, self._total if self._complete else 0, "files", text)
        self._marks.clear()

    def finish(self) -> None:
        """All files are done."""
        self._total, self._complete = self._done, True
        self._counted = 0.0
        self._report()

    def _report(self) -> None:
        self._reported = now = time.monotonic()
        self._marks.append((now, self._done))
        while len(self._marks) > 2 and self._marks[1][0] < now - _RATE_SECONDS:
            self._marks.pop(0)
        (since, before), seconds = self._marks[0], now - self._marks[0][0]
        rate = (self._done - before) / seconds if seconds > 0.5 and since < now else 0.0
        text = "Reading" if self._complete else f"Looking for files: {self._total:,} so far"
        if rate >= 1:
            text += f", {rate:,.0f} files/s"
        self._context.progress(self._done, self._total if self._complete else 0, "files", text)
        if now - self._counted >= _NUMBERS_SECONDS:
            self._counted = now
            self._context.metric(self._done, 0, **self._numbers())


def throttled(context: StageContext) -> Callable[[], None]:
    """`context.check_cancelled`, at most ten times a second."""
    last = 0.0

    def check() -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= CHECK_SECONDS:
            last = now
            context.check_cancelled()

    return check
