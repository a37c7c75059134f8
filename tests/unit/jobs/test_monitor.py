"""Following runs from outside, whoever started their workers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from sslstudio.domain.runs import Event, RunState, Started, Warned
from sslstudio.jobs import control, monitor
from sslstudio.jobs.launcher import LocalLauncher
from sslstudio.jobs.monitor import RunMonitor
from sslstudio.jobs.run_directory import RunDirectory
from tests.fakes.runs import tiny_run
from tests.fakes.tiny_stages import COMMAND

LAUNCHER = LocalLauncher(COMMAND)


class Notes:
    """What a monitor told, by run."""

    def __init__(self) -> None:
        self.events: dict[str, list[Event]] = {}
        self.states: dict[str, list[RunState]] = {}
        self.changed = threading.Condition()

    def __call__(self, run_id: str, events: Sequence[Event], state: RunState) -> None:
        with self.changed:
            self.events.setdefault(run_id, []).extend(events)
            self.states.setdefault(run_id, []).append(state)
            self.changed.notify_all()

    def wait_for(self, run_id: str, state: RunState, seconds: float = 30.0) -> float:
        """Wait until `state` is the newest of the run; returns how long it took."""
        begun = time.monotonic()
        with self.changed:
            assert self.changed.wait_for(lambda: self.states.get(run_id, [None])[-1] is state, seconds), self.states
        return time.monotonic() - begun


@pytest.fixture
def notes() -> Notes:
    return Notes()


@pytest.fixture
def watching(notes: Notes) -> Iterator[RunMonitor]:
    found = RunMonitor(notes)
    yield found
    found.close()


def test_two_runs_are_followed_to_their_end(tmp_path: Path, notes: Notes, watching: RunMonitor) -> None:
    runs = [tiny_run(tmp_path, "hurries-1"), tiny_run(tmp_path, "plain_error-1")]
    for run in runs:
        watching.follow(run.path)
        LAUNCHER.start(run.path)
    notes.wait_for("hurries-1", RunState.SUCCEEDED)
    notes.wait_for("plain_error-1", RunState.FAILED)
    for run in runs:
        assert notes.events[run.run_id] == list(run.events().events), "each event once, in order"


def test_a_resumed_run_is_noticed(tmp_path: Path, notes: Notes, watching: RunMonitor) -> None:
    run = tiny_run(tmp_path, "counts-1")
    LAUNCHER.start(run.path)
    watching.follow(run.path)
    notes.wait_for("counts-1", RunState.RUNNING)
    control.cancel(run.path)
    notes.wait_for("counts-1", RunState.CANCELLED)
    control.resume(run.path, launcher=LAUNCHER)
    notes.wait_for("counts-1", RunState.SUCCEEDED)
    assert [event.attempt for event in notes.events["counts-1"] if isinstance(event, Started)] == [1, 2]


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_reattached_to_a_run_that_another_process_started(
    tmp_path: Path, notes: Notes, watching: RunMonitor, root: Path
) -> None:
    run = tiny_run(tmp_path, "counts-1")
    start = "import sys; from pathlib import Path; from tests.fakes.tiny_stages import COMMAND; "
    start += "from sslstudio.jobs.launcher import LocalLauncher; print(LocalLauncher(COMMAND).start(Path(sys.argv[1])))"
    pid = int(
        subprocess.check_output([sys.executable, "-c", start, str(run.path)], cwd=root)
    )  # the launcher is gone now
    watching.follow(run.path)
    notes.wait_for("counts-1", RunState.RUNNING)
    while not any(isinstance(event, Started) for event in run.events().events):
        time.sleep(0.02)
    os.kill(pid, signal.SIGKILL)
    assert notes.wait_for("counts-1", RunState.LOST, 5.0) < 5.0
    control.resume(run.path, launcher=LAUNCHER)
    notes.wait_for("counts-1", RunState.SUCCEEDED)


def test_one_that_does_not_obey_a_cancel_is_ended(
    tmp_path: Path, notes: Notes, watching: RunMonitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control, "CANCEL_SECONDS", 0.5)
    run = tiny_run(tmp_path, "stubborn-1")
    LAUNCHER.start(run.path)
    watching.follow(run.path)
    notes.wait_for("stubborn-1", RunState.RUNNING)
    control.cancel(run.path)
    notes.wait_for("stubborn-1", RunState.CANCELLED, 10)


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_a_silent_worker_is_warned_of_and_not_lost(
    tmp_path: Path, notes: Notes, watching: RunMonitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(monitor, "SILENCE_SECONDS", 2.5)
    run = tiny_run(tmp_path, "stubborn-1")
    pid = LAUNCHER.start(run.path)
    watching.follow(run.path)
    notes.wait_for("stubborn-1", RunState.RUNNING)
    os.kill(pid, signal.SIGSTOP)
    with notes.changed:
        assert notes.changed.wait_for(lambda: any(isinstance(e, Warned) for e in notes.events["stubborn-1"]), 10)
    assert notes.states["stubborn-1"][-1] is RunState.RUNNING
    assert control.kill(run.path)
    notes.wait_for("stubborn-1", RunState.LOST, 5)


def _looks_go_on(monkeypatch: pytest.MonkeyPatch, runs: dict[str, RunDirectory]) -> bool:
    """Wait until the monitor has looked five more times at each run when it had told nothing for long enough."""
    looks: Counter[str] = Counter()
    enough = threading.Event()
    real = RunMonitor._standstill

    def counted(self: RunMonitor, one: Any, state: RunState) -> tuple[Event, ...]:
        found = real(self, one, state)
        run = runs[one.run.run_id]
        looks[one.run.run_id] += time.time() - run.events_file.stat().st_mtime > monitor.STUCK_SECONDS
        if all(looks[name] >= 5 for name in runs):
            enough.set()
        return found

    monkeypatch.setattr(RunMonitor, "_standstill", counted)
    return enough.wait(20)


def test_a_worker_that_lives_but_tells_nothing_is_warned_of_once_unless_it_was_asked_to_wait(
    tmp_path: Path, notes: Notes, watching: RunMonitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(monitor, "STUCK_SECONDS", 0.5)
    held, hanging = tiny_run(tmp_path, "stubborn-1"), tiny_run(tmp_path, "stubborn-2")
    held.request_pause()
    for run in (held, hanging):
        LAUNCHER.start(run.path)
        watching.follow(run.path)

    def warned(name: str) -> list[str]:
        return [event.code for event in notes.events.get(name, ()) if isinstance(event, Warned)]

    with notes.changed:
        assert notes.changed.wait_for(lambda: bool(warned("stubborn-2")), 20)
    assert _looks_go_on(monkeypatch, {"stubborn-1": held, "stubborn-2": hanging})
    assert warned("stubborn-2") == ["no_progress"]
    assert warned("stubborn-1") == []
    for run in (held, hanging):
        assert control.kill(run.path)
        notes.wait_for(run.run_id, RunState.LOST, 10)


def test_a_vanished_run_and_a_broken_callback_stop_nobody_else(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    told = threading.Event()

    def callback(run_id: str, _events: Sequence[Event], _state: RunState) -> None:
        if run_id == "broken-1":
            raise ValueError("CANARY^PATIENT")
        told.set()

    with caplog.at_level("CRITICAL", logger="sslstudio.jobs.monitor"):
        found = RunMonitor(callback)
        found.follow(tiny_run(tmp_path, "broken-1").path)
        found.follow(tiny_run(tmp_path, "hurries-1").path)
        assert told.wait(10)
        found.close()
    assert "CANARY" not in caplog.text


def test_unfollow_and_offset(tmp_path: Path, notes: Notes, watching: RunMonitor) -> None:
    run = tiny_run(tmp_path, "hurries-1")
    LAUNCHER.start(run.path)
    assert control.wait(run.path, 30) is RunState.SUCCEEDED
    size = run.events_file.stat().st_size
    watching.follow(run.path, offset=size)
    notes.wait_for("hurries-1", RunState.SUCCEEDED)
    assert notes.events["hurries-1"] == []
    watching.unfollow("hurries-1")
    watching.unfollow("never heard of")
    RunDirectory(run.path).request_cancel()
