"""A job from the terminal: started as a child process, followed by its events, adopted when it has ended."""

from __future__ import annotations

import queue
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sslstudio.cli.output import Output, Result
from sslstudio.domain.runs import Done, Event, Failed, Progress, RunState, Started, Warned
from sslstudio.errors import SSLStudioError
from sslstudio.jobs import control
from sslstudio.jobs.launcher import Launcher, LocalLauncher
from sslstudio.jobs.monitor import RunMonitor
from sslstudio.session import waiting, workflow
from sslstudio.session.project import Project

SECONDS_BETWEEN_LOOKS = 0.25


@contextmanager
def opened(path: Path, *, read_only: bool = False) -> Iterator[Project]:
    """The project at `path`, closed again at the end; raises SSLStudioError when it cannot be opened.

    Runs that ended while nobody looked are adopted first.
    """
    project = Project.open(path, read_only=read_only)
    try:
        if not project.read_only:
            workflow.reattach(project)
            waiting.advance(project)
        yield project
    finally:
        project.close()


def carry_out(project: Project, run_id: str, output: Output, launcher: Launcher | None = None) -> Result:
    """Start the prepared run `run_id`, follow it to its end and adopt it; the stage's result with `run` added.

    Ctrl+C asks the run to stop, a second one ends it. Raises SSLStudioError when the run did not succeed.
    """
    (launcher or LocalLauncher()).start(project.run_dir(run_id))
    return attend(project, run_id, output)


def attend(project: Project, run_id: str, output: Output) -> Result:
    """Follow a run that has been started, adopt it, and return its result; raises as `carry_out` does."""
    events, state = _until_final(project.run_dir(run_id), output)
    result = workflow.adopt(project, run_id)
    if state is RunState.SUCCEEDED:
        return {"run": run_id, **result}
    raise _problem(project, run_id, state, events)


def _until_final(run_dir: Path, output: Output) -> tuple[list[Event], RunState]:
    """Show the events of a run until it is final; returns how its last attempt ended, and the state."""
    news: queue.SimpleQueue[tuple[Sequence[Event], RunState] | None] = queue.SimpleQueue()
    ending: list[Event] = []
    asked = False
    monitor = RunMonitor(lambda _run_id, events, state: news.put((events, state)))
    with _interrupts(lambda: news.put(None)):
        monitor.follow(run_dir)
        try:
            while True:
                try:
                    item = news.get(timeout=SECONDS_BETWEEN_LOOKS)
                except queue.Empty:  # a signal is only seen between calls
                    continue
                if item is None:
                    _stop(run_dir, output, at_once=asked)
                    asked = True
                    continue
                events, state = item
                for event in events:
                    if isinstance(event, Started):  # what an earlier attempt said is history
                        ending.clear()
                    elif isinstance(event, Done | Failed):
                        ending.append(event)
                _show(events, output)
                if state.final:
                    return ending, state
        finally:
            monitor.close()


@contextmanager
def _interrupts(told: Callable[[], None]) -> Iterator[None]:
    """Ctrl+C calls `told` instead of raising somewhere; only the main thread can arrange that, others leave it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, lambda _number, _frame: told())
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _stop(run_dir: Path, output: Output, *, at_once: bool) -> None:
    if at_once:
        output.note("Ending the run now.")
        control.kill(run_dir)
    else:
        output.note("Stopping at the next safe point; press Ctrl+C again to end the run at once.")
        control.cancel(run_dir)


def _show(events: Sequence[Event], output: Output) -> None:
    for event in events:
        if isinstance(event, Progress):
            output.progress(event.done, event.total, event.unit, event.text, event.seconds_left)
        elif isinstance(event, Warned):
            output.note(f"{event.message} {event.hint}".strip())


def _problem(project: Project, run_id: str, state: RunState, events: Sequence[Event]) -> SSLStudioError:
    """Why a run that has ended did not succeed, for the user."""
    go_on = f"Go on with it: sslstudio resume {project.path} {run_id}"
    if state is RunState.CANCELLED:
        return SSLStudioError(f"The run {run_id} was stopped.", go_on, code="cancelled")
    failed = next((event for event in reversed(events) if isinstance(event, Failed)), None)
    if failed is not None:
        return SSLStudioError(failed.message, failed.hint, code=failed.code)
    return SSLStudioError(f"The run {run_id} ended without saying why.", go_on, code=state.value)
