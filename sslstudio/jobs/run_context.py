"""The run as a stage sees it: `StageContext` on a run directory. Apart from the worker, which owns the process."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

from sslstudio.domain.items import Item
from sslstudio.domain.runs import Artifact, Event, Job, Metric, Monitor, Progress, Warned
from sslstudio.errors import SSLStudioError
from sslstudio.jobs import run_lock
from sslstudio.jobs.run_directory import RunDirectory
from sslstudio.stages.context import Cancelled, Displaced

PROGRESS_SECONDS = 0.1
LOOK_SECONDS = 0.05


class RunContext:
    """Implements `sslstudio.stages.context.StageContext`. For the worker's main thread."""

    def __init__(self, run: RunDirectory, write: Callable[[Event], None]) -> None:
        self._run = run
        self._write = write
        self._job = run.job()
        self._stop = False
        self._looked = 0.0
        self._pace = Pace()
        self._last = Progress(at=0.0, done=0.0, total=0.0)

    @property
    def run_dir(self) -> Path:
        """The run directory."""
        return self._run.path

    @property
    def job(self) -> Job:
        """The frozen job."""
        return self._job

    @property
    def pixels_dir(self) -> Path:
        """The project's pixel cache folder."""
        return (self._run.path / self._job.pixels).resolve()

    @property
    def private_dir(self) -> Path:
        """Folder for local paths and keys, removed when the catalogue has adopted the run."""
        self._run.private_dir.mkdir(exist_ok=True)
        return self._run.private_dir

    def items(self) -> list[Item]:
        """The frozen item list (`items.csv`)."""
        return self._run.items()

    def artifact_path(self, name: str) -> Path:
        """Path under `artifacts/` for a file called `name`; parent folders exist."""
        self.check_place()
        path = self._run.artifacts_dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def progress(self, done: float, total: float, unit: str = "", text: str = "") -> None:
        """Report progress; at most about ten a second are written, the first and last of a phase always."""
        done, total = _finite(done), _finite(total)
        same_phase = (total, unit) == (self._last.total, self._last.unit) and done >= self._last.done
        now = time.time()
        if same_phase and done < total and text == self._last.text and now - self._last.at < PROGRESS_SECONDS:
            return
        if not same_phase:
            self._pace.restart()
        left = self._pace.seconds_left(time.monotonic(), done, total)
        self._last = Progress(at=now, done=done, total=total, unit=unit, text=text, seconds_left=left)
        self._write(self._last)

    def metric(self, step: int, epoch: int, **values: float) -> None:
        """Report numbers of one optimiser step; values that are not finite are left out."""
        self._write(Metric(at=time.time(), step=int(step), epoch=int(epoch), values=_numbers(values)))

    def monitor(self, epoch: int, **values: float) -> None:
        """Report numbers measured at the end of an epoch; values that are not finite are left out."""
        self._write(Monitor(at=time.time(), epoch=int(epoch), values=_numbers(values)))

    def artifact(self, name: str, path: Path) -> None:
        """Say that a file inside the run directory is complete; raises SSLStudioError "outside_run" for another."""
        try:
            inside = Path(path).resolve().relative_to(self._run.path.resolve())
        except ValueError:
            raise SSLStudioError("A job may only hand back files of its own folder.", code="outside_run") from None
        self._write(Artifact(at=time.time(), name=name, path=inside.as_posix()))

    def warn(self, code: str, message: str, hint: str = "") -> None:
        """Tell the user something without stopping."""
        self._write(Warned(at=time.time(), code=code, message=message, hint=hint))

    def stop(self) -> None:
        """Ask the stage to stop, from within the process (a signal)."""
        self._stop = True

    def cancelled(self) -> bool:
        """True once anyone has asked the run to stop; looks at the disk at most twenty times a second."""
        now = time.monotonic()
        if not self._stop and now - self._looked >= LOOK_SECONDS:
            self._looked = now
            self._stop = self._run.cancel_requested()
        return self._stop

    def check_cancelled(self) -> None:
        """Raise `Cancelled` if the run was asked to stop; also waits here while the run is paused."""
        looks = time.monotonic() - self._looked >= LOOK_SECONDS
        if looks:
            self.check_place()
        if self.cancelled():
            raise Cancelled
        if looks and self._run.pause_requested():
            self._wait()

    def check_place(self) -> None:
        """Raise `Displaced` when the run's folder is no longer this run's; asked before files are replaced there."""
        if run_lock.displaced(self._run.lock_file):
            raise Displaced

    def _wait(self) -> None:
        self._write(self._last.model_copy(update={"at": time.time(), "text": "Paused", "seconds_left": None}))
        while self._run.pause_requested():
            self.check_place()
            if self._stop or self._run.cancel_requested():
                self._stop = True
                raise Cancelled
            time.sleep(LOOK_SECONDS)
        self.check_place()
        self._pace.restart()
        self._write(self._last.model_copy(update={"at": time.time(), "seconds_left": None}))


class Pace:
    """The time left, from the pace of about the last minute."""

    def __init__(self, memory_seconds: float = 60.0) -> None:
        self._memory = memory_seconds
        self._points: deque[tuple[float, float]] = deque()

    def restart(self) -> None:
        """Forget the pace: another phase begins, or time has passed that says nothing."""
        self._points.clear()

    def seconds_left(self, now: float, done: float, total: float) -> float | None:
        """Seconds until `done` reaches `total`; None while the pace is not known."""
        self._points.append((now, done))
        while len(self._points) > 2 and self._points[1][0] < now - self._memory:
            self._points.popleft()
        since, before = self._points[0]
        if done >= total:
            return 0.0
        if now - since < 1.0 or done <= before:
            return None
        return (total - done) * (now - since) / (done - before)


def _numbers(values: dict[str, float]) -> dict[str, float]:
    return {name: float(value) for name, value in values.items() if math.isfinite(value)}


def _finite(value: float) -> float:
    return float(value) if math.isfinite(value) else 0.0
