"""The queue: order, one training at a time, and that it goes on without anyone watching."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from sslstudio.domain.runs import RunState
from sslstudio.errors import SSLStudioError
from sslstudio.jobs import control, queueing, run_lock
from sslstudio.jobs.launcher import LocalLauncher
from sslstudio.jobs.queueing import RunQueue
from sslstudio.jobs.run_directory import RunDirectory
from tests.fakes.runs import tiny_run
from tests.fakes.tiny_stages import COMMAND

TINY = LocalLauncher(COMMAND)


class Noted:
    """A launcher that starts nothing and says what it was asked for; names in `refused` cannot be started."""

    def __init__(self, *refused: str) -> None:
        self.started: list[str] = []
        self._refused = refused

    def start(self, run_dir: Path) -> int:
        RunDirectory(run_dir).job()
        if run_dir.name in self._refused:
            raise SSLStudioError("no", code="cannot_start")
        self.started.append(run_dir.name)
        return 0


def queue(root: Path, launcher: Noted, *names: str) -> RunQueue:
    (root / "runs").mkdir(exist_ok=True)
    made = RunQueue(root / "runs", launcher, root / "trainer.lock")
    for name in names:
        tiny_run(root, name)
        made.add(name)
    return made


def test_runs_start_in_order_and_others_wait(tmp_path: Path) -> None:
    launcher = Noted()
    line = queue(tmp_path, launcher, "a", "b", "c")
    line.add("b")
    assert line.state().waiting == ("a", "b", "c")
    line.move("c", 0)
    assert line.remove("b")
    assert not line.remove("b")
    assert line.advance() == "c"
    assert RunQueue(tmp_path / "runs").state().waiting == ("a",)
    with pytest.raises(SSLStudioError) as caught:
        line.move("b", 0)
    assert caught.value.code == "not_waiting"


def test_nothing_starts_while_a_training_runs_here_or_elsewhere_or_the_queue_is_held(tmp_path: Path) -> None:
    launcher = Noted()
    line = queue(tmp_path, launcher, "a")
    busy = tiny_run(tmp_path, "busy")
    for lock in (busy.lock_file, tmp_path / "trainer.lock"):
        assert run_lock.acquire(lock)
        assert line.advance() is None
        run_lock.release(lock)
    line.hold(True)
    assert line.advance() is None
    line.hold(False)
    assert line.advance() == "a"
    assert launcher.started == ["a"]


def test_runs_that_are_gone_or_withdrawn_give_way_and_others_keep_their_place(tmp_path: Path) -> None:
    line = queue(tmp_path, Noted("stuck"), "gone", "cancelled", "stuck", "last")
    (tmp_path / "runs" / "gone" / "job.json").unlink()
    RunDirectory(tmp_path / "runs" / "cancelled").request_cancel()
    assert line.advance() is None
    assert line.state().waiting == ("stuck", "last")


def test_a_damaged_file_is_an_empty_queue(tmp_path: Path) -> None:
    line = queue(tmp_path, Noted(), "a")
    (tmp_path / "runs" / "queue.json").write_text("{")
    assert line.state().waiting == ()
    line.add("a")
    assert line.state().waiting == ("a",)


def test_a_worker_starts_the_next_one_when_it_ends_however_it_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    names = ("hurries-1", "plain_error-2", "hurries-3")
    runs = [tiny_run(tmp_path, name) for name in names]
    line = RunQueue(tmp_path / "runs", TINY)
    for name in names:
        line.add(name)
    assert line.advance() == names[0]
    for run, expected in zip(runs, (RunState.SUCCEEDED, RunState.FAILED, RunState.SUCCEEDED), strict=True):
        deadline = time.monotonic() + 60
        while not run.state().final and time.monotonic() < deadline:
            time.sleep(0.05)
        assert run.state() is expected, run.log_tail()
    assert line.state().waiting == ()
    starts = [run.status().started for run in runs]
    assert starts == sorted(starts)
    for run in runs:
        control.wait(run.path, 10)


def test_what_waits_is_started_although_somebody_looks_at_the_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looking at the lock holds it for a moment: the first tries find it held, as by a training."""
    launcher, looks = Noted(), list[int]()
    queue(tmp_path, launcher, "next")
    ended = tiny_run(tmp_path, "ended")
    monkeypatch.setattr(RunQueue, "busy", lambda self: looks.append(1) or len(looks) < 3)
    monkeypatch.setattr(queueing, "_PAUSE", 0.0)
    queueing.start_next(ended, launcher)
    assert launcher.started == ["next"] and len(looks) == 3
