"""A job from the terminal: started as a child process, followed by its events, adopted when it has ended."""

from __future__ import annotations

import queue
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sslstudio.cli.output import Output, Result
from sslstudio.domain.runs import Done, Event, Failed, Progress, RunState, Started, Warned
from sslstudio.errors import SSLStudioError
from sslstudio.jobs import control
from sslstudio.jobs.launcher import LocalLauncher
from sslstudio.jobs.monitor import RunMonitor
from sslstudio.session import workflow
from sslstudio.session.project import Project

SECONDS_BETWEEN_LOOKS = 0.5


@contextmanager
def opened(path: Path, *, read_only: bool = False) -> Iterator[Project]:
    """The project at `path`, closed again at the end; raises SSLStudioError when it cannot be opened."""
    project = Project.open(path, read_only=read_only)
    try:
        yield project
    finally:
        project.close()


def carry_out(project: Project, run_id: str, output: Output) -> Result:
    """Start the prepared run `run_id`, follow it to its end and adopt it; the stage's result with `run` added.

    Ctrl+C asks the run to stop, a second one ends it. Raises SSLStudioError when the run did not succeed.
    """
    LocalLauncher().start(project.run_dir(run_id))
    return attend(project, run_id, output)


def attend(project: Project, run_id: str, output: Output) -> Result:
    """Follow a run that has been started, adopt it, and return its result; raises as `carry_out` does."""
    events, state = _until_final(project.run_dir(run_id), output)
    workflow.adopt(project, run_id)
    if state is RunState.SUCCEEDED:
        done = next((event for event in reversed(events) if isinstance(event, Done)), None)
        return {"run": run_id, **({} if done is None else done.result)}
    raise _problem(project, run_id, state, events)


def _until_final(run_dir: Path, output: Output) -> tuple[list[Event], RunState]:
    """Show the events of a run until it is final; returns how its last attempt ended, and the state."""
    news: queue.SimpleQueue[tuple[Sequence[Event], RunState]] = queue.SimpleQueue()
    kept: list[Event] = []
    asked = False
    monitor = RunMonitor(lambda _run_id, events, state: news.put((events, state)))
    monitor.follow(run_dir)
    try:
        while True:
            try:
                events, state = news.get(timeout=SECONDS_BETWEEN_LOOKS)
            except queue.Empty:
                continue
            except KeyboardInterrupt:
                _stop(run_dir, output, at_once=asked)
                asked = True
                continue
            for event in events:
                if isinstance(event, Started):  # what an earlier attempt said is history
                    kept.clear()
                elif isinstance(event, Done | Failed):
                    kept.append(event)
            _show(events, output)
            if state.final:
                return kept, state
    finally:
        monitor.close()


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
