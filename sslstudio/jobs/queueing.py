"""Trainings that wait for their turn: an ordered list on the disk, and one training at a time on a computer.

Nobody has to watch over it: the worker of a training starts the next one when it ends, whether a window is open or not.
Whoever opens the project looks again, in case a worker was killed.
"""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import platformdirs

from sslstudio.domain.record import Record
from sslstudio.domain.runs import TRAININGS, Job
from sslstudio.errors import SSLStudioError
from sslstudio.jobs import run_lock
from sslstudio.jobs.launcher import Launcher, LocalLauncher
from sslstudio.jobs.run_directory import RunDirectory, write_atomically

FILE, LOCK = "queue.json", "queue.lock"
_TRIES, _PAUSE = 8, 0.25
_PATIENCE = 10.0
_threads = threading.RLock()


class QueueState(Record):
    """`queue.json`: runs in the order in which they start. While it is `held` none does."""

    waiting: tuple[str, ...] = ()
    held: bool = False


class RunQueue:
    """The waiting trainings of the project whose run directories stand in `runs`. Safe from any thread and process."""

    def __init__(self, runs: Path, launcher: Launcher | None = None, machine_lock: Path | None = None) -> None:
        self._runs = runs
        self._launcher = launcher
        self._machine = machine_lock or trainer_lock()

    def state(self) -> QueueState:
        """What waits now; nothing where the file cannot be read."""
        try:
            return QueueState.model_validate_json((self._runs / FILE).read_bytes())
        except (OSError, ValueError):
            return QueueState()

    def add(self, run_id: str) -> None:
        """Let a prepared run wait as the last one; adding it again changes nothing."""
        self._change(lambda state: state if run_id in state.waiting else _with(state, (*state.waiting, run_id)))

    def remove(self, run_id: str) -> bool:
        """Take a run out of the queue; whether it was in it."""
        before = self.state().waiting
        self._change(lambda state: _with(state, tuple(one for one in state.waiting if one != run_id)))
        return run_id in before

    def move(self, run_id: str, place: int) -> None:
        """Let a waiting run start as number `place`, counted from 0. Raises SSLStudioError "not_waiting"."""

        def moved(state: QueueState) -> QueueState:
            if run_id not in state.waiting:
                raise SSLStudioError(f"{run_id} is not waiting.", "Choose a run that waits.", code="not_waiting")
            rest = [one for one in state.waiting if one != run_id]
            rest.insert(max(0, place), run_id)
            return _with(state, tuple(rest))

        self._change(moved)

    def hold(self, held: bool) -> None:
        """Start no waiting run until told otherwise; what runs goes on."""
        self._change(lambda state: state.model_copy(update={"held": held}))

    def advance(self) -> str | None:
        """Start the first waiting run if no training runs on this computer; returns its id, None when none started.

        A run that is not there any more, or runs already, gives way to the next; one that cannot be started for another
        reason keeps its place.
        """
        if not self.state().waiting or self.state().held:
            return None
        with self._guarded():
            state = self.state()
            if state.held or self.busy():
                return None
            waiting = list(state.waiting)
            started: str | None = None
            while waiting and started is None:
                run = RunDirectory(self._runs / waiting[0])
                try:
                    if not run.cancel_requested():
                        (self._launcher or LocalLauncher()).start(run.path)
                        started = run.run_id
                except SSLStudioError as problem:
                    if problem.code not in ("not_a_run", "already_running"):
                        break
                waiting.pop(0)
            self._write(_with(state, tuple(waiting)))
            return started

    def busy(self) -> bool:
        """Whether a training runs: in this project, or elsewhere on this computer."""
        return run_lock.held(self._machine) or any(_trains(path) for path in self._runs.glob("*/job.json"))

    def _change(self, change: Callable[[QueueState], QueueState]) -> None:
        with self._guarded():
            self._write(change(self.state()))

    def _write(self, state: QueueState) -> None:
        write_atomically(self._runs / FILE, json.dumps(state.model_dump(mode="json")))

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[None]:
        lock = self._runs / LOCK
        with _threads:
            if not run_lock.acquire(lock, patience=_PATIENCE):
                raise SSLStudioError("The queue of trainings is in use.", "Try it again.", code="queue_in_use")
            try:
                yield
            finally:
                run_lock.release(lock)


def trainer_lock() -> Path:
    """The lock that the worker of a training holds, one for each user of a computer."""
    folder = platformdirs.user_state_path("sslstudio", appauthor=False)
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
    return folder / "trainer.lock"


@contextlib.contextmanager
def training(job: Job) -> Iterator[None]:
    """Within it, others know that a training runs on this computer; nothing happens for any other `job`.

    A training that was started although another runs goes on all the same.
    """
    if job.stage not in TRAININGS:
        yield
        return
    lock, mine = trainer_lock(), False
    with contextlib.suppress(OSError):
        mine = run_lock.acquire(lock, patience=0.0)
    try:
        yield
    finally:
        if mine:
            run_lock.release(lock)


def start_next(run: RunDirectory, launcher: Launcher | None = None) -> None:
    """Start what waits behind the training `run`, whose worker has let go of it.

    Tried several times: whoever looks whether a training runs holds its lock for a moment, and so seems to be one.
    """
    queue = RunQueue(run.path.parent, launcher)
    for attempt in range(_TRIES):
        with contextlib.suppress(SSLStudioError, OSError):
            state = queue.state()
            if not state.waiting or state.held or queue.advance() is not None:
                return
        if attempt + 1 < _TRIES:
            time.sleep(_PAUSE)


def _with(state: QueueState, waiting: tuple[str, ...]) -> QueueState:
    return state.model_copy(update={"waiting": waiting})


def _trains(job_file: Path) -> bool:
    run = RunDirectory(job_file.parent)
    try:
        return run.alive() and run.job().stage in TRAININGS
    except SSLStudioError:
        return False
