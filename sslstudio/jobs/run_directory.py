"""The run directory: names, readers and writers of its files; the one place that knows the layout.

`docs/architecture.md`, "The run directory", is the contract; a worker of any language could obey it.
"""

from __future__ import annotations

import csv
import json
import os
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from sslstudio.domain.items import Item, read_items, write_items
from sslstudio.domain.record import Record
from sslstudio.domain.runs import Done, Event, Job, RunState
from sslstudio.errors import SSLStudioError
from sslstudio.jobs import events, processes, run_lock, states
from sslstudio.jobs.events import EventBatch

STARTUP_SECONDS = 60.0
"""How long a launch without a known process may take before it counts as lost."""
NOTING_SECONDS = 10.0
"""How long after a worker's last sign of life its launcher may take to note how it ended."""


class RunStatus(Record):
    """`state.json`. `process_started` tells this process from a later one with the same `pid`.

    `attempt` counts launches, 0 before the first; `first_event` is the byte offset in `events.jsonl` where the
    attempt begins. `launched` and `started` are seconds since the epoch; `exit_code` is known where the launcher,
    the process `launcher_pid`, saw the worker end.
    """

    state: RunState = RunState.PREPARED
    attempt: int = 0
    first_event: int = 0
    launched: float = 0.0
    started: float = 0.0
    pid: int = 0
    process_started: str = ""
    host: str = ""
    launcher_pid: int = 0
    launcher_started: str = ""
    exit_code: int | None = None


class RunDirectory:
    """One run directory. Cheap to make; holds no open files."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self.job_file = self.path / "job.json"
        self.items_file = self.path / "items.csv"
        self.events_file = self.path / "events.jsonl"
        self.state_file = self.path / "state.json"
        self.overrides_file = self.path / "overrides.json"
        self.heartbeat_file = self.path / "heartbeat"
        self.lock_file = self.path / "worker.lock"
        self.launch_lock_file = self.path / "launch.lock"
        self.log_file = self.path / "log.txt"
        self.cancel_file = self.path / "cancel"
        self.pause_file = self.path / "pause"
        self.keep_file = self.path / "keep"
        self.checkpoints_dir = self.path / "checkpoints"
        self.artifacts_dir = self.path / "artifacts"
        self.private_dir = self.path / "private"

    @classmethod
    def create(cls, path: Path | str, job: Job, items: Iterable[Item] = ()) -> RunDirectory:
        """Write a new run directory; `job.json` comes last, so a directory with it is complete.

        Raises SSLStudioError "run_exists" when a run stands there already.
        """
        run = cls(path)
        if run.job_file.exists():
            raise SSLStudioError(f"The run {run.run_id} exists already.", "Choose another name.", code="run_exists")
        for folder in (run.path, run.checkpoints_dir, run.artifacts_dir, run.private_dir):
            folder.mkdir(parents=True, exist_ok=True)
        write_items(run.items_file, items)
        run.set_status(RunStatus())
        write_atomically(run.job_file, job.model_dump_json(indent=2))
        return run

    @property
    def run_id(self) -> str:
        """The run's name, which is the folder's."""
        return self.path.name

    def job(self) -> Job:
        """The frozen job; raises SSLStudioError "not_a_run" when there is none that this version understands."""
        try:
            return Job.model_validate_json(self.job_file.read_bytes())
        except (OSError, ValidationError):
            message = f"The run {self.run_id} cannot be read."
            raise SSLStudioError(message, "It may be incomplete or of a newer version.", code="not_a_run") from None

    def items(self) -> list[Item]:
        """The frozen items; raises SSLStudioError "not_a_run" when the list is missing or damaged."""
        try:
            return read_items(self.items_file)
        except (OSError, ValidationError, csv.Error):
            message = f"The list of images of the run {self.run_id} cannot be read."
            raise SSLStudioError(message, "Prepare the run again.", code="not_a_run") from None

    def events(self, offset: int = 0) -> EventBatch:
        """The events from byte `offset` on (0: all), and the offset to go on from."""
        return events.read_all(self.events_file, offset)

    def last_event(self) -> Event | None:
        """The last event of the present attempt; None when it has written none."""
        return events.last(self.events_file, self.status().first_event)

    def result(self) -> dict[str, Any]:
        """The stage's result of the last attempt that ended well; {} when there is none."""
        done = [event for event in self.events().events if isinstance(event, Done) and not event.cancelled]
        return dict(done[-1].result) if done else {}

    def status(self) -> RunStatus:
        """What `state.json` says; a fresh status when it is missing or unreadable. It is no evidence of life."""
        try:
            return RunStatus.model_validate_json(self.state_file.read_bytes())
        except (OSError, ValidationError):
            return RunStatus()

    def set_status(self, status: RunStatus) -> None:
        """Replace `state.json` atomically."""
        write_atomically(self.state_file, status.model_dump_json())

    def state(self) -> RunState:
        """The state by all evidence: events, exit code, the worker's lock, requests. See `jobs.states.classify`."""
        # The order matters: a worker writes its last event before it lets go of its lock.
        status = self.status()
        silent, cancelled = self.heartbeat_age(status), self.cancel_requested()
        alive = self.alive(status) or (not cancelled and _end_will_be_noted(status, silent))
        last = events.last(self.events_file, status.first_event)
        return states.classify(last, status.exit_code, cancelled, silent, alive)

    def worker_holds_lock(self) -> bool:
        """True when a worker process works in this directory now."""
        return run_lock.held(self.lock_file)

    def alive(self, status: RunStatus | None = None) -> bool:
        """True when a worker holds the directory, or was launched moments ago and may not have come up yet."""
        status = status or self.status()
        if self.worker_holds_lock():
            return True
        if status.launched <= status.started or status.exit_code is not None:
            return False
        if status.pid:
            return processes.same_process(status.pid, status.process_started)
        return time.time() - status.launched < STARTUP_SECONDS

    def heartbeat_age(self, status: RunStatus | None = None) -> float | None:
        """Seconds since the worker's last sign of life, or since its launch; None when it was never launched."""
        try:
            return max(0.0, time.time() - self.heartbeat_file.stat().st_mtime)
        except OSError:
            launched = (status or self.status()).launched
            return max(0.0, time.time() - launched) if launched else None

    def request_cancel(self) -> None:
        """Ask the worker to stop at its next safe point."""
        self.cancel_file.touch()

    def cancel_requested(self) -> bool:
        """True when someone has asked the run to stop."""
        return self.cancel_file.exists()

    def request_pause(self) -> None:
        """Ask the worker to wait at its next safe point."""
        self.pause_file.touch()

    def pause_requested(self) -> bool:
        """True while the run is asked to wait."""
        return self.pause_file.exists()

    def clear_pause(self) -> None:
        """Let a waiting worker go on."""
        self.pause_file.unlink(missing_ok=True)

    def log_tail(self, lines: int = 40) -> str:
        """The last `lines` lines of `log.txt`; "" when there is none."""
        return tail(self.log_file, lines)


def _end_will_be_noted(status: RunStatus, silent: float | None) -> bool:
    """True in the moment between the end of a worker and its launcher's note of the exit code."""
    if status.exit_code is not None or silent is None or silent > NOTING_SECONDS:
        return False
    return processes.same_process(status.launcher_pid, status.launcher_started)


def overrides(run_dir: Path) -> dict[str, int]:
    """`overrides.json`: what was changed after the job was frozen ({"epochs": N}, the new total); {} without one."""
    try:
        found = json.loads((run_dir / "overrides.json").read_text(encoding="utf-8"))
        return {str(key): int(value) for key, value in found.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def tail(path: Path, lines: int, limit: int = 65536) -> str:
    """The last `lines` lines within the last `limit` bytes of a text file."""
    try:
        with path.open("rb") as stream:
            stream.seek(max(0, stream.seek(0, os.SEEK_END) - limit))
            text = stream.read().decode("utf-8", errors="replace")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-lines:])


def write_atomically(path: Path, text: str) -> None:
    """Replace a small text file so that a reader, or a power cut, finds the old or the new one and never a part."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    try:
        with temporary.open("w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        _replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _replace(temporary: Path, path: Path) -> None:
    for pause in (0.01, 0.05, 0.2):
        try:
            temporary.replace(path)
            return
        except PermissionError:  # Windows: someone is reading the old file at this moment
            time.sleep(pause)
    temporary.replace(path)
