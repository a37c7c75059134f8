"""Follows running jobs from outside: one thread that reads run directories, whoever started their workers."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sslstudio.domain.runs import Event, RunState, Warned
from sslstudio.jobs import control, events
from sslstudio.jobs.run_directory import RunDirectory
from sslstudio.jobs.states import SILENCE_SECONDS

POLL_SECONDS = 0.2
FINAL_POLL_SECONDS = 1.0
SILENT = "not_responding"
STUCK = "no_progress"
STUCK_SECONDS = 600.0
"""A worker that lives but has told nothing for so long hangs: slow steps and waiting for drives are told."""

Callback = Callable[[str, Sequence[Event], RunState], None]
logger = logging.getLogger(__name__)


@dataclass
class _Followed:
    """How far one run has been read."""

    run: RunDirectory
    offset: int
    state: RunState | None = None
    looked: float = 0.0
    warned_silent: bool = False
    warned_stuck: bool = False


class RunMonitor:
    """Calls `callback(run_id, events, state)` in its own thread when a followed run has news.

    The first call after `follow` gives all events from its offset on, also when there are none. A run stays
    followed when it is final, in case it is resumed; a worker killed with -9 is reported LOST within a second.
    A worker that does not obey a cancel for 8 seconds is ended; of one that is silent for a minute, or lives and has
    told nothing for ten, a warning is given.
    """

    def __init__(self, callback: Callback, poll_seconds: float = POLL_SECONDS) -> None:
        self._callback = callback
        self._poll = poll_seconds
        self._followed: dict[str, _Followed] = {}
        self._guard = threading.Lock()
        self._wake = threading.Event()
        self._closed = False
        self._thread = threading.Thread(target=self._follow_all, name="run monitor", daemon=True)
        self._thread.start()

    def follow(self, run_dir: Path, offset: int = 0) -> None:
        """Follow a run from byte `offset` of its events on; following it again starts over."""
        run = RunDirectory(run_dir)
        with self._guard:
            self._followed[run.run_id] = _Followed(run, offset)
        self._wake.set()

    def unfollow(self, run_id: str) -> None:
        """Follow a run no longer; at most a call that is under way still comes."""
        with self._guard:
            self._followed.pop(run_id, None)

    def close(self) -> None:
        """End the thread; no call comes afterwards. Jobs go on."""
        self._closed = True
        self._wake.set()
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _follow_all(self) -> None:
        while not self._closed:
            self._wake.clear()
            with self._guard:
                followed = list(self._followed.items())
            for run_id, one in followed:
                if self._closed:
                    return
                try:
                    self._look(run_id, one)
                except Exception as error:  # a project that vanished, or a callback's bug: the others go on
                    logger.error("run %s could not be followed (%s)", run_id, type(error).__name__)
                    self.unfollow(run_id)
            self._wake.wait(self._poll if followed else None)

    def _look(self, run_id: str, one: _Followed) -> None:
        now = time.monotonic()
        final = one.state is not None and one.state.final
        if final and now - one.looked < FINAL_POLL_SECONDS:
            return
        one.looked = now
        state = one.run.state()
        if not state.final:
            self._escalate(one.run)
        news = [*self._silence(one, state), *self._standstill(one, state)]
        while not self._closed:
            batch = events.read(one.run.events_file, one.offset)
            read_all = batch.offset == one.offset
            one.offset = batch.offset
            news.extend(batch.events)
            if read_all:
                break
        if news or state != one.state:
            one.state = state
            with self._guard:
                wanted = self._followed.get(run_id) is one
            if wanted and not self._closed:
                self._callback(run_id, news, state)

    def _silence(self, one: _Followed, state: RunState) -> tuple[Event, ...]:
        age = one.run.heartbeat_age() if state is RunState.RUNNING else None
        silent = age is not None and age > SILENCE_SECONDS
        if silent == one.warned_silent:
            return ()
        one.warned_silent = silent
        if not silent:
            return ()
        message = f"{one.run.run_id} has not answered for a minute."
        return (Warned(at=time.time(), code=SILENT, message=message, hint="Wait, or stop it and resume it."),)

    def _standstill(self, one: _Followed, state: RunState) -> tuple[Event, ...]:
        """A warning when a living worker has written no event for ten minutes and is not asked to wait."""
        stuck = False
        if state is RunState.RUNNING and not one.run.pause_requested():
            with contextlib.suppress(OSError):
                stuck = time.time() - one.run.events_file.stat().st_mtime > STUCK_SECONDS
        if stuck == one.warned_stuck:
            return ()
        one.warned_stuck = stuck
        if not stuck or one.warned_silent:
            return ()
        message = f"{one.run.run_id} is alive but has made no progress for ten minutes."
        return (Warned(at=time.time(), code=STUCK, message=message, hint="Wait, or stop it and resume it."),)

    def _escalate(self, run: RunDirectory) -> None:
        with contextlib.suppress(OSError):
            if time.time() - run.cancel_file.stat().st_mtime > control.CANCEL_SECONDS:
                control.kill(run.path)
