"""The worker process: takes up one run directory, runs its stage, and leaves a plain account however it ends.

`python -m sslstudio.jobs.worker RUN_DIR` and `sslstudio run RUN_DIR` are the same function, `main`.
"""

from __future__ import annotations

import contextlib
import errno
import faulthandler
import json
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

from sslstudio import stages
from sslstudio.domain.runs import TRAININGS, Done, Event, Failed, RunState, Stage, Started
from sslstudio.domain.specs import PretrainSpec, Spec
from sslstudio.errors import SSLStudioError
from sslstudio.jobs import discreet_log, events, exit_codes, processes, queueing, run_lock
from sslstudio.jobs.events import EventWriter
from sslstudio.jobs.launcher import Launcher
from sslstudio.jobs.run_context import RunContext
from sslstudio.jobs.run_directory import RunDirectory, RunStatus, overrides
from sslstudio.stages.context import Cancelled, Displaced

__all__ = ["RunContext", "main"]

HEARTBEAT_SECONDS = 1.0
LARGEST_LOG, KEPT_LOG = 4 << 20, 64 << 10
StageLoader = Callable[[Stage], Callable[..., dict[str, Any]]]


def main(run_dir: Path | str, load: StageLoader = stages.load, launcher: Launcher | None = None) -> int:
    """Run the job of `run_dir` to its end; returns an exit code of `sslstudio.jobs.exit_codes`.

    `load` gives the function of a stage by its name. Behind a training the next one that waits is started, by
    `launcher`. Never raises for what a stage does.
    """
    run = RunDirectory(Path(run_dir).resolve())
    try:
        job = run.job()
    except SSLStudioError as error:
        sys.stderr.write(f"{error}\n")
        return exit_codes.NOT_A_RUN
    if not run_lock.acquire(run.lock_file):
        sys.stderr.write(f"{run.run_id} is running already.\n")
        return exit_codes.ALREADY_RUNNING
    try:
        with discreet_log.installed(), _crash_report(), queueing.training(job):
            return _work(run, load)
    except OSError as error:
        # The disk holds not even one more line; the launcher's note of this exit code is all that remains.
        sys.stderr.write(discreet_log.describe(error))
        return exit_codes.NO_ROOM_FOR_EVENTS
    finally:
        run_lock.release(run.lock_file)
        if job.stage in TRAININGS:
            queueing.start_next(run, launcher)


def _work(run: RunDirectory, load: StageLoader) -> int:
    status = _take_up(run)
    with EventWriter(run.events_file) as writer, _heartbeat(run):
        writer.write(Started(at=time.time(), pid=os.getpid(), attempt=status.attempt))
        last = _end(run, load, writer.write)
        writer.write(last)
        writer.sync()
    if run_lock.displaced(run.lock_file):
        return exit_codes.DISPLACED
    state, code = _outcome(last)
    run.set_status(status.model_copy(update={"state": state, "exit_code": code}))
    return code


def _take_up(run: RunDirectory) -> RunStatus:
    """Note in `state.json` that this process has the run; a run started by hand becomes an attempt of its own."""
    run_lock.acquire(run.launch_lock_file, patience=10.0)  # the launcher may still be writing our process id there
    try:
        return _note(run)
    finally:
        run_lock.release(run.launch_lock_file)


def _note(run: RunDirectory) -> RunStatus:
    status = run.status()
    if status.launched <= status.started:
        first = events.end_of_lines(run.events_file)
        status = RunStatus(attempt=status.attempt + 1, first_event=first, launched=time.time())
    update = {
        "state": RunState.RUNNING,
        "started": max(time.time(), status.launched),
        "pid": os.getpid(),
        "process_started": processes.start_time(os.getpid()),
        "host": socket.gethostname(),
        "exit_code": None,
    }
    status = status.model_copy(update=update)
    run.set_status(status)
    return status


def _end(run: RunDirectory, load: StageLoader, write: Callable[[Event], None]) -> Done | Failed:
    """Run the stage and say how it ended."""
    try:
        context = RunContext(run, write)
        with _signals(context.stop):
            context.check_cancelled()
            result = load(context.job.stage)(_spec(run, context.job.spec), context)
            return Done(at=time.time(), result=_plain(result))
    except Cancelled:
        return Done(at=time.time(), cancelled=True)
    except Displaced:
        return Failed(at=time.time(), code="displaced", message="The folder of this run is gone, or another run's.")
    except BaseException as error:  # a plugin's SystemExit, or a codec's panic that is no Exception
        sys.stderr.write(discreet_log.describe(error))
        sys.stderr.flush()
        return _failure(error)


def _spec(run: RunDirectory, frozen: Spec) -> Spec:
    """The specification with what was changed since it was frozen: more epochs."""
    epochs = overrides(run.path).get("epochs")
    return frozen.model_copy(update={"epochs": epochs}) if epochs and isinstance(frozen, PretrainSpec) else frozen


def _failure(error: BaseException) -> Failed:
    now = time.time()
    if isinstance(error, SSLStudioError):
        return Failed(at=now, code=error.code, message=error.message, hint=error.hint)
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        message, hint = (
            "The computer has not enough memory for this.",
            "Choose a smaller batch or a smaller image size.",
        )
        return Failed(at=now, code="out_of_memory", message=message, hint=hint)
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Failed(at=now, code="disk_full", message="The disk is full.", hint="Make room on it, then resume.")
    message = f"Something went wrong that SSL Studio did not expect ({type(error).__name__})."
    return Failed(at=now, code="unexpected", message=message, hint="Resume it, or report the problem with its log.")


def _outcome(last: Done | Failed) -> tuple[RunState, int]:
    if isinstance(last, Failed):
        return RunState.FAILED, exit_codes.FAILED
    if last.cancelled:
        return RunState.CANCELLED, exit_codes.CANCELLED
    return RunState.SUCCEEDED, exit_codes.SUCCEEDED


def _plain(result: dict[str, Any]) -> dict[str, object]:
    """The stage's result as plain JSON; numpy scalars become numbers, what is not finite becomes null."""

    def convert(value: Any) -> object:
        if hasattr(value, "item"):
            return value.item()
        raise SSLStudioError("A job gave a result that cannot be stored.", code="bad_result")

    found: dict[str, object] = json.loads(json.dumps(result, default=convert), parse_constant=lambda _: None)
    return found


@contextlib.contextmanager
def _heartbeat(run: RunDirectory) -> Iterator[None]:
    """Touch the run's heartbeat every second from a thread, and keep its log from filling the disk."""
    over = threading.Event()

    def beat() -> None:
        while True:
            if run_lock.displaced(run.lock_file):
                return
            with contextlib.suppress(OSError):
                run.heartbeat_file.touch()
                _trim(run.log_file)
            if over.wait(HEARTBEAT_SECONDS):
                return

    thread = threading.Thread(target=beat, name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _trim(log: Path) -> None:
    """Empty a log that code printed too much to; its last lines stay. Whoever holds it open goes on behind them."""
    if log.stat().st_size <= LARGEST_LOG:
        return
    with log.open("r+b") as stream:
        stream.seek(-KEPT_LOG, os.SEEK_END)
        end = stream.read()
        stream.seek(0)
        stream.write(b"(what was printed before is left out: too much)\n" + end.partition(b"\n")[2])
        stream.truncate()


@contextlib.contextmanager
def _signals(stop: Callable[[], None]) -> Iterator[None]:
    """Within it, a polite signal asks the stage to stop. Only the main thread may listen to signals."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def obey(_number: int, _frame: FrameType | None) -> None:
        stop()

    names = [name for name in ("SIGTERM", "SIGINT", "SIGBREAK") if hasattr(signal, name)]
    before = {name: signal.signal(getattr(signal, name), obey) for name in names}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(getattr(signal, name), handler)


@contextlib.contextmanager
def _crash_report() -> Iterator[None]:
    """Write the Python stack to stderr when native code crashes, unless someone already sees to that."""
    if faulthandler.is_enabled():
        yield
        return
    try:
        faulthandler.enable()
    except (OSError, ValueError, AttributeError, RuntimeError):  # no real stderr
        yield
        return
    try:
        yield
    finally:
        faulthandler.disable()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.stderr.write("usage: python -m sslstudio.jobs.worker RUN_DIR\n")
        sys.exit(2)
    sys.exit(main(sys.argv[1]))
