"""The worker, in its own process: every way to end leaves a plain account."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from sslstudio.domain.runs import Done, Failed, Metric, Progress, RunState, Started, Warned
from sslstudio.errors import SSLStudioError
from sslstudio.jobs import control, exit_codes, processes, worker
from sslstudio.jobs.launcher import LocalLauncher
from sslstudio.jobs.run_directory import RunDirectory, RunStatus
from tests.fakes.runs import tiny_run
from tests.fakes.tiny_stages import COMMAND, ENDINGS

LAUNCHER = LocalLauncher(COMMAND)
posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")


def finished(run: RunDirectory) -> RunState:
    LAUNCHER.start(run.path)
    return control.wait(run.path, 60)


def until(condition: object, seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def progressing(run: RunDirectory) -> bool:
    return sum(isinstance(event, Progress) for event in run.events().events) > 2


def test_success(tmp_path: Path) -> None:
    run = tiny_run(tmp_path, "hurries-1")
    assert finished(run) is RunState.SUCCEEDED
    events = run.events().events
    assert isinstance(events[0], Started) and events[0].attempt == 1
    assert isinstance(events[-1], Done) and run.result() == {"answer": 42, "epochs": 5}
    until(lambda: run.status().exit_code == exit_codes.SUCCEEDED)
    assert run.status().state is RunState.SUCCEEDED
    assert run.log_tail() == ""


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("plain_error", "moon"),
        ("unexpected", "unexpected"),
        ("no_memory", "out_of_memory"),
        ("system_exit", "unexpected"),
    ],
)
def test_errors_in_plain_words(tmp_path: Path, name: str, code: str) -> None:
    run = tiny_run(tmp_path, f"{name}-1")
    assert finished(run) is RunState.FAILED
    last = run.last_event()
    assert isinstance(last, Failed) and last.code == code and last.message
    until(lambda: not run.alive())
    written = b"".join(path.read_bytes() for path in run.path.rglob("*") if path.is_file())
    assert b"CANARY" not in written, "the text of a library's error reached a file"
    assert f"in {name}: " in run.log_tail()


def test_exit_zero_without_done_is_failed(tmp_path: Path) -> None:
    run = tiny_run(tmp_path, "exits-1")
    LAUNCHER.start(run.path)
    until(lambda: run.status().exit_code is not None)
    assert run.state() is RunState.FAILED


def test_cancel_and_resume_go_on_where_it_stopped(tmp_path: Path) -> None:
    run = tiny_run(tmp_path, "counts-1")
    LAUNCHER.start(run.path)
    until(lambda: progressing(run))
    with pytest.raises(SSLStudioError) as caught:
        LAUNCHER.start(run.path)
    assert caught.value.code == "already_running"
    with pytest.raises(SSLStudioError):
        control.resume(run.path, launcher=LAUNCHER)
    control.cancel(run.path)
    assert control.wait(run.path, 10) is RunState.CANCELLED
    control.resume(run.path, launcher=LAUNCHER)
    assert control.wait(run.path, 60) is RunState.SUCCEEDED
    assert run.result()["counted"] == 150
    assert run.result()["from"] > 0
    attempts = [event.attempt for event in run.events().events if isinstance(event, Started)]
    assert attempts == [1, 2]


def test_pause_waits_and_goes_on(tmp_path: Path) -> None:
    run = tiny_run(tmp_path, "counts-1")
    LAUNCHER.start(run.path)
    until(lambda: progressing(run))
    run.request_pause()
    until(lambda: isinstance(last := run.last_event(), Progress) and last.text == "Paused")
    size = run.events_file.stat().st_size
    time.sleep(0.3)
    assert run.events_file.stat().st_size == size
    assert run.state() is RunState.RUNNING
    run.clear_pause()
    until(lambda: run.events_file.stat().st_size > size + 500)
    assert control.stop(run.path) is RunState.CANCELLED


@posix
def test_a_polite_signal_is_a_cancel(tmp_path: Path) -> None:
    run = tiny_run(tmp_path, "counts-1")
    pid = LAUNCHER.start(run.path)
    until(lambda: progressing(run))
    os.kill(pid, signal.SIGTERM)
    assert control.wait(run.path, 10) is RunState.CANCELLED


@posix
@pytest.mark.parametrize("delay", [0.0, 0.05, 0.4, 0.9])
def test_kill_nine_is_lost_and_resumable(tmp_path: Path, delay: float) -> None:
    run = tiny_run(tmp_path, "counts-1")
    pid = LAUNCHER.start(run.path)
    time.sleep(delay)
    os.kill(pid, signal.SIGKILL)
    assert control.wait(run.path, 5) is RunState.LOST
    control.resume(run.path, launcher=LAUNCHER)
    assert control.wait(run.path, 60) is RunState.SUCCEEDED
    assert run.result()["counted"] == 150
    assert not [event for event in run.events().events if isinstance(event, Warned)]


def test_stop_ends_a_worker_that_does_not_listen(tmp_path: Path) -> None:
    run = tiny_run(tmp_path, "stubborn-1")
    pid = LAUNCHER.start(run.path)
    until(lambda: isinstance(run.last_event(), Progress))
    begun = time.monotonic()
    assert control.stop(run.path, seconds=0.3) is RunState.CANCELLED
    assert time.monotonic() - begun < 10
    assert not processes.start_time(pid)


@posix
def test_kill_takes_the_children_along(tmp_path: Path) -> None:
    run = tiny_run(tmp_path, "parent-1")
    LAUNCHER.start(run.path)
    until(lambda: isinstance(run.last_event(), Progress))
    (child,) = [int(event.values["child"]) for event in run.events().events if isinstance(event, Metric)]
    assert processes.start_time(child)
    assert control.kill(run.path)
    until(lambda: not processes.start_time(child))


def test_kill_never_touches_a_process_with_the_number_of_a_dead_worker(tmp_path: Path) -> None:
    run = tiny_run(tmp_path, "counts-1")
    me = os.getpid()
    run.set_status(RunStatus(pid=me, process_started=processes.start_time(me), launched=1.0, started=1.0))
    assert not control.kill(run.path), "nobody holds the lock"
    pid = LAUNCHER.start(run.path)
    until(lambda: progressing(run))
    run.set_status(run.status().model_copy(update={"pid": me, "process_started": "another time"}))
    assert not control.kill(run.path)
    run.set_status(run.status().model_copy(update={"pid": pid, "process_started": processes.start_time(pid)}))
    assert control.kill(run.path)
    assert control.wait(run.path, 5) is RunState.LOST


def test_extend_adds_up(tmp_path: Path) -> None:
    from sslstudio.jobs.run_directory import overrides

    run = tiny_run(tmp_path, "hurries-1")
    assert finished(run) is RunState.SUCCEEDED
    for total in (8, 11):
        control.resume(run.path, extend_epochs=3, launcher=LAUNCHER)
        assert control.wait(run.path, 60) is RunState.SUCCEEDED
        assert overrides(run.path) == {"epochs": total}
        assert run.result()["epochs"] == total, "the stage gets the specification as it stands now"
    with pytest.raises(SSLStudioError) as negative:
        control.resume(run.path, extend_epochs=-1, launcher=LAUNCHER)
    assert negative.value.code == "cannot_extend"
    assert run.status().attempt == 3


def test_in_process_as_the_command_line_runs_it(tmp_path: Path) -> None:
    run = tiny_run(tmp_path, "hurries-1")
    before = signal.getsignal(signal.SIGTERM)
    assert worker.main(run.path, load=lambda _stage: ENDINGS["hurries"]) == exit_codes.SUCCEEDED
    assert run.state() is RunState.SUCCEEDED
    assert signal.getsignal(signal.SIGTERM) is before
    assert worker.main(run.path, load=lambda _stage: ENDINGS["hurries"]) == exit_codes.SUCCEEDED
    assert run.status().attempt == 2


def test_a_folder_that_is_no_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert worker.main(tmp_path) == exit_codes.NOT_A_RUN
    assert "cannot be read" in capsys.readouterr().err


def test_a_worker_that_cannot_start_at_all(tmp_path: Path) -> None:
    run = tiny_run(tmp_path, "hurries-1")
    with pytest.raises(SSLStudioError) as caught:
        LocalLauncher((str(tmp_path / "no such program"),)).start(run.path)
    assert caught.value.code == "cannot_start"
    assert run.state() is RunState.PREPARED
    LocalLauncher((sys.executable, "-c", "import sys; sys.exit(1)")).start(run.path)
    until(lambda: run.state() is RunState.FAILED)
