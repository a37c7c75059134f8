"""Following a real worker process from the terminal: success, failure, Ctrl+C once and twice."""

from __future__ import annotations

import io
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from sslstudio.cli import follow
from sslstudio.cli.output import Output
from sslstudio.domain.runs import Progress, RunState
from sslstudio.errors import SSLStudioError
from sslstudio.jobs.launcher import LocalLauncher
from sslstudio.jobs.run_directory import RunDirectory
from tests.fakes.runs import tiny_run
from tests.fakes.tiny_stages import COMMAND


class BareProject:
    """A project as far as following needs one."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.adopted: list[str] = []

    def run_dir(self, run_id: str) -> Path:
        return self.path / "runs" / run_id

    def adopt(self, run_id: str) -> dict[str, object]:
        self.adopted.append(run_id)
        return RunDirectory(self.run_dir(run_id)).result()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> BareProject:
    bare = BareProject(tmp_path)
    monkeypatch.setattr(follow.workflow, "adopt", lambda project, run_id: project.adopt(run_id))
    return bare


@pytest.fixture
def output() -> Output:
    return Output(as_json=False, stdout=io.StringIO(), stderr=io.StringIO())


def carry_out(project: BareProject, run_id: str, output: Output) -> dict[str, object]:
    return follow.carry_out(project, run_id, output, LocalLauncher(COMMAND))


def interrupt_when(condition: Callable[[], bool]) -> threading.Thread:
    """Press Ctrl+C once `condition` holds."""

    def wait() -> None:
        deadline = time.monotonic() + 60
        while not condition() and time.monotonic() < deadline:
            time.sleep(0.05)
        signal.raise_signal(signal.SIGINT)

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


def progressing(run: RunDirectory) -> bool:
    return any(isinstance(event, Progress) for event in run.events().events)


def test_a_run_that_ends_well_gives_its_result_and_is_adopted(project: BareProject, output: Output) -> None:
    tiny_run(project.path, "hurries-1")
    result = carry_out(project, "hurries-1", output)
    assert (result["run"], result["answer"]) == ("hurries-1", 42)
    assert project.adopted == ["hurries-1"]


def test_a_run_that_fails_is_told_in_its_own_words(project: BareProject, output: Output) -> None:
    tiny_run(project.path, "plain_error-1")
    with pytest.raises(SSLStudioError) as problem:
        carry_out(project, "plain_error-1", output)
    assert (problem.value.message, problem.value.hint, problem.value.code) == (
        "The moon is full.",
        "Wait a day.",
        "moon",
    )
    assert project.adopted == ["plain_error-1"]


def test_a_run_that_ends_without_a_word_is_told_too(project: BareProject, output: Output) -> None:
    tiny_run(project.path, "exits-1")
    with pytest.raises(SSLStudioError) as problem:
        carry_out(project, "exits-1", output)
    assert problem.value.code == "failed"


def test_ctrl_c_stops_the_run_and_says_how_to_go_on(project: BareProject, output: Output) -> None:
    run = tiny_run(project.path, "counts-1")
    thread = interrupt_when(lambda: progressing(run))
    with pytest.raises(SSLStudioError) as problem:
        carry_out(project, "counts-1", output)
    thread.join()
    assert problem.value.code == "cancelled"
    assert problem.value.hint.endswith(f"sslstudio resume {project.path} counts-1")
    assert run.state() is RunState.CANCELLED


@pytest.mark.slow
def test_a_second_ctrl_c_ends_a_run_that_does_not_listen(project: BareProject, output: Output) -> None:
    run = tiny_run(project.path, "stubborn-1")
    first = interrupt_when(lambda: progressing(run))
    pressed: list[float] = []
    second = interrupt_when(lambda: run.cancel_requested() and not pressed.append(time.monotonic()))
    with pytest.raises(SSLStudioError) as problem:
        carry_out(project, "stubborn-1", output)
    first.join()
    second.join()
    assert problem.value.code == "cancelled"
    assert time.monotonic() - pressed[0] < 8
    assert not run.alive()
