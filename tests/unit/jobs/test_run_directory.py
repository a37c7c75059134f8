"""The files of a run, its lock, and who may start it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sslstudio.domain.runs import Done, RunState
from sslstudio.errors import SSLStudioError
from sslstudio.jobs import processes, run_lock
from sslstudio.jobs.events import EventWriter
from sslstudio.jobs.run_directory import (
    NOTING_SECONDS,
    RunDirectory,
    RunStatus,
    overrides,
    tail,
    write_atomically,
)
from tests.fakes.runs import pretrain_job, tiny_run

HOLD = """
import sys, time
from pathlib import Path
from sslstudio.jobs import run_lock
print(run_lock.acquire(Path(sys.argv[1])), flush=True)
time.sleep(60)
"""


def test_created_complete_and_prepared(tmp_path: Path) -> None:
    run = tiny_run(tmp_path, "simclr-1")
    assert run.job().run_id == run.run_id == "simclr-1"
    assert run.items() == []
    assert run.state() is RunState.PREPARED
    assert run.heartbeat_age() is None
    assert run.log_tail() == ""
    with pytest.raises(SSLStudioError, match="exists"):
        RunDirectory.create(run.path, pretrain_job("simclr-1"))


def test_a_folder_that_is_no_run_is_told(tmp_path: Path) -> None:
    with pytest.raises(SSLStudioError) as caught:
        RunDirectory(tmp_path).job()
    assert caught.value.code == "not_a_run"
    (tmp_path / "job.json").write_text('{"schema_version": 2}')
    (tmp_path / "items.csv").write_text("nonsense\n1\n")
    with pytest.raises(SSLStudioError):
        RunDirectory(tmp_path).job()
    with pytest.raises(SSLStudioError):
        RunDirectory(tmp_path).items()


def test_a_cancel_before_the_start_is_obeyed(tmp_path: Path) -> None:
    run = tiny_run(tmp_path, "simclr-1")
    run.request_cancel()
    assert run.state() is RunState.CANCELLED


def test_pause_comes_and_goes(tmp_path: Path) -> None:
    run = tiny_run(tmp_path, "simclr-1")
    run.request_pause()
    assert run.pause_requested()
    run.clear_pause()
    run.clear_pause()
    assert not run.pause_requested()


def test_damaged_state_file_is_no_obstacle(tmp_path: Path) -> None:
    run = tiny_run(tmp_path, "simclr-1")
    run.state_file.write_bytes(b"\x00\x01")
    assert run.status() == RunStatus()
    with EventWriter(run.events_file) as writer:
        writer.write(Done(at=1, result={"loss": 1.0}))
    assert run.state() is RunState.SUCCEEDED
    assert run.result() == {"loss": 1.0}


def test_a_worker_that_never_came_up_is_lost(tmp_path: Path) -> None:
    run = tiny_run(tmp_path, "simclr-1")
    run.set_status(RunStatus(attempt=1, launched=time.time()))
    assert run.state() is RunState.RUNNING
    run.set_status(RunStatus(attempt=1, launched=time.time() - 1000))
    assert run.state() is RunState.LOST


def test_a_worker_that_has_just_ended_counts_as_running_until_its_launcher_notes_how(tmp_path: Path) -> None:
    run = tiny_run(tmp_path, "simclr-1")
    me = os.getpid()
    ended = RunStatus(
        attempt=1,
        launched=time.time(),
        started=time.time(),
        launcher_pid=me,
        launcher_started=processes.start_time(me),
    )
    run.set_status(ended)
    run.heartbeat_file.touch()
    assert run.state() is RunState.RUNNING and not run.alive()
    run.request_cancel()
    assert run.state() is RunState.CANCELLED, "however it ended"
    run.cancel_file.unlink()
    run.set_status(ended.model_copy(update={"exit_code": 0}))
    assert run.state() is RunState.FAILED
    run.set_status(ended.model_copy(update={"launcher_started": "another process"}))
    assert run.state() is RunState.LOST, "nobody is left who could note anything"
    run.set_status(ended)
    long_ago = time.time() - 2 * NOTING_SECONDS
    os.utime(run.heartbeat_file, (long_ago, long_ago))
    assert run.state() is RunState.LOST, "the launcher could not note it"


def test_the_lock_dies_with_its_process(tmp_path: Path) -> None:
    lock = tmp_path / "worker.lock"
    assert not run_lock.held(lock)
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(lock)], stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline().strip() == "True"
        assert run_lock.held(lock)
        assert not run_lock.acquire(lock, patience=0.1)
        assert processes.start_time(holder.pid)
    finally:
        holder.kill()
        holder.communicate()
    assert not run_lock.held(lock)
    assert run_lock.acquire(lock)
    assert run_lock.held(lock)
    assert not run_lock.acquire(lock), "not twice in one process either"
    run_lock.release(lock)
    run_lock.release(lock)
    assert not run_lock.held(lock)


def test_a_process_is_known_by_its_start(tmp_path: Path) -> None:
    me = os.getpid()
    assert processes.start_time(me) == processes.start_time(me) != ""
    assert processes.same_process(me, processes.start_time(me))
    assert not processes.same_process(me, "another time")
    assert not processes.same_process(me, "")
    assert processes.start_time(0) == ""
    assert processes.start_time(2**30) == ""
    child = subprocess.Popen([sys.executable, "-c", "pass"])
    deadline = time.monotonic() + 20
    while processes.start_time(child.pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert processes.start_time(child.pid) == "", "a process that waits to be reaped is gone"
    child.wait()


def test_atomic_write_and_tail(tmp_path: Path) -> None:
    path = tmp_path / "é" / "state.json"
    path.parent.mkdir()
    write_atomically(path, "one")
    write_atomically(path, "two\nthree\nfour")
    assert tail(path, 2) == "three\nfour"
    assert os.listdir(path.parent) == ["state.json"]  # noqa: PTH208


def test_damaged_overrides_change_nothing(tmp_path: Path) -> None:
    run = tiny_run(tmp_path, "simclr-1")
    assert overrides(run.path) == {}
    for text in ("", "[]", '{"epochs": "many"}', '{"epochs": null}'):
        run.overrides_file.write_text(text)
        assert overrides(run.path) == {}
    run.overrides_file.write_text('{"epochs": 7}')
    assert overrides(run.path) == {"epochs": 7}
