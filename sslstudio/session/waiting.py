"""The queue of trainings of an open project, joined with its list of runs; see `jobs.queueing` for how it goes on."""

from __future__ import annotations

from sslstudio.domain.runs import RunState
from sslstudio.errors import SSLStudioError
from sslstudio.jobs.launcher import Launcher
from sslstudio.jobs.queueing import RunQueue
from sslstudio.jobs.run_directory import RunDirectory
from sslstudio.session.project import Project


def queue_of(project: Project, launcher: Launcher | None = None) -> RunQueue:
    """The project's queue; to look at it, hold it, or change its order."""
    return RunQueue(project.path / "runs", launcher)


def enqueue(project: Project, run_id: str, launcher: Launcher | None = None) -> str | None:
    """Let a prepared training wait for its turn; returns the run that started now, None when one is running.

    Raises SSLStudioError "cannot_wait" for anything but a pretraining that was not started yet.
    """
    row = project.catalogue.run(run_id)
    if row.stage != "pretrain" or RunDirectory(project.run_dir(run_id)).status().attempt:
        raise SSLStudioError(f"{run_id} cannot wait for its turn.", "Resume it instead.", code="cannot_wait")
    queue_of(project).add(run_id)
    return advance(project, launcher)


def advance(project: Project, launcher: Launcher | None = None) -> str | None:
    """Start the first waiting training if none runs; returns its id. Called when a project is opened or a run ends."""
    started = queue_of(project, launcher).advance()
    if started is not None:
        project.catalogue.set_run_state(started, RunState.RUNNING)
    return started


def withdraw(project: Project, run_id: str) -> None:
    """Take a training out of the queue; it counts as stopped and can still be started. Raises "not_waiting"."""
    if not queue_of(project).remove(run_id):
        raise SSLStudioError(f"{run_id} is not waiting.", "Stop it if it runs.", code="not_waiting")
    project.catalogue.set_run_state(run_id, RunState.CANCELLED)


def underway(project: Project) -> list[str]:
    """Runs that were started and whose end the project does not know yet, also those that a worker started."""
    return [
        row.run_id
        for row in project.catalogue.runs()
        if not row.state.final
        and (row.state is RunState.RUNNING or RunDirectory(project.run_dir(row.run_id)).status().attempt)
    ]
