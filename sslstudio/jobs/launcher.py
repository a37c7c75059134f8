"""Launchers: how a run directory becomes a running worker. Apart so that a cluster is one more class, not a branch."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, Protocol

from sslstudio.domain.runs import RunState
from sslstudio.errors import SSLStudioError
from sslstudio.jobs import events, processes, run_lock
from sslstudio.jobs.exit_codes import ALREADY_RUNNING, DISPLACED
from sslstudio.jobs.run_directory import RunDirectory, RunStatus


class Launcher(Protocol):
    """Starts workers somewhere."""

    def start(self, run_dir: Path) -> int:
        """Start a worker on `run_dir`; returns its process id. Raises SSLStudioError when it cannot."""


class LocalLauncher:
    """Starts workers on this computer as processes that outlive the window."""

    def __init__(self, command: tuple[str, ...] = ()) -> None:
        self._command = command or worker_command()

    def start(self, run_dir: Path) -> int:
        """Start a worker on `run_dir` and return its process id.

        The worker leads a session of its own and writes to the run's `log.txt`. Raises SSLStudioError:
        "already_running" when a worker holds the run, "not_a_run", "cannot_start".
        """
        run = RunDirectory(Path(run_dir).resolve())
        run.job()
        busy = SSLStudioError(f"{run.run_id} is running already.", "Wait for it, or stop it.", code="already_running")
        if not run_lock.acquire(run.launch_lock_file):
            raise busy
        try:
            if run.alive():
                raise busy
            return self._start(run)
        finally:
            run_lock.release(run.launch_lock_file)

    def _start(self, run: RunDirectory) -> int:
        previous = run.status()
        status = RunStatus(
            state=RunState.PREPARED,
            attempt=previous.attempt + 1,
            first_event=events.end_of_lines(run.events_file),
            launched=time.time(),
            launcher_pid=os.getpid(),
            launcher_started=processes.start_time(os.getpid()),
        )
        run.heartbeat_file.unlink(missing_ok=True)
        run.set_status(status)
        try:
            with run.log_file.open("ab") as log:
                process = subprocess.Popen(
                    [*self._command, str(run.path)],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    env=environment(),
                    cwd=run.path,
                    **_detached(),
                )
        except OSError:
            run.set_status(previous)
            raise SSLStudioError(
                f"{run.run_id} could not be started.", "Check free memory and disk space.", code="cannot_start"
            ) from None
        processes.yield_to_the_window(process.pid)
        # The worker waits for the launch lock before it changes this file.
        known = {"pid": process.pid, "process_started": processes.start_time(process.pid), "host": socket.gethostname()}
        run.set_status(status.model_copy(update=known))
        _reap(process, run, status)
        return process.pid


def worker_command() -> tuple[str, ...]:
    """What starts a worker: the bundled program, or this Python without the current folder on its path."""
    if getattr(sys, "frozen", False):
        return (sys.executable, "run")
    return (sys.executable, "-P", "-m", "sslstudio.jobs.worker")


def environment() -> dict[str, str]:
    """The worker's environment: ours, with output unbuffered and in UTF-8, and our package importable."""
    found = dict(os.environ)
    root = str(Path(__file__).resolve().parents[2])
    paths = [root, *(path for path in found.get("PYTHONPATH", "").split(os.pathsep) if path and path != root)]
    found["PYTHONPATH"] = os.pathsep.join(paths)
    found["PYTHONUNBUFFERED"] = "1"
    found["PYTHONIOENCODING"] = "utf-8"
    for name in ("PYTHONWARNINGS", "PYTHONINSPECT", "PYTHONDEVMODE", "PYTHONSTARTUP"):
        found.pop(name, None)
    return found


def _detached() -> dict[str, Any]:
    if sys.platform == "win32":
        flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
        flags |= subprocess.BELOW_NORMAL_PRIORITY_CLASS
        return {"creationflags": flags}
    return {"start_new_session": True}


def _reap(process: subprocess.Popen[bytes], run: RunDirectory, launched: RunStatus) -> None:
    """Wait for our child in a thread, so that it leaves no zombie, and note its exit code for later readers.

    Nothing is noted where another launch came after, or where another run has taken the folder.
    """

    def wait() -> None:
        code = process.wait()
        status = run.status()
        same = (status.attempt, status.launched) == (launched.attempt, launched.launched)
        if code not in (ALREADY_RUNNING, DISPLACED) and same:
            with contextlib.suppress(OSError):  # the project may be gone by now
                run.set_status(status.model_copy(update={"exit_code": code}))

    threading.Thread(target=wait, name=f"reap {run.run_id}", daemon=True).start()
