"""Runs as the window sees them: starts jobs, follows them, adopts what they made, and tells it through Qt signals.

The monitor's thread reads run directories; its callbacks arrive here queued, so that everything below runs in the
window's thread. Nothing here waits: writing, starting and adopting go through `Background`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal, Slot

from sslstudio.domain.runs import TRAININGS, Done, Event, Failed, Progress, RunState, Started, Warned
from sslstudio.errors import SSLStudioError
from sslstudio.gui.background import Background, FailedWith
from sslstudio.gui.follow_up import FollowUp
from sslstudio.gui.notifications import Issue, Notifier
from sslstudio.gui.texts import (
    STAGE_TITLES,
    failed_title,
    lost_hint,
    lost_title,
    plain_ending,
    run_title,
    warned_title,
)
from sslstudio.jobs import control
from sslstudio.jobs.control import KeepOnStop
from sslstudio.jobs.launcher import Launcher, LocalLauncher
from sslstudio.jobs.monitor import RunMonitor
from sslstudio.jobs.run_directory import RunDirectory
from sslstudio.session import waiting, workflow
from sslstudio.session.session import Session


@dataclass
class RunStatus:
    """What is known of one run now."""

    run_id: str
    stage: str
    name: str
    state: RunState = RunState.PREPARED
    adopted: bool = False
    progress: Progress | None = None
    failure: Failed | None = None
    warnings: list[Warned] = field(default_factory=list)
    result: dict[str, object] = field(default_factory=dict)
    stopping: bool = False
    held: bool = False

    @property
    def active(self) -> bool:
        """True from the start of the run until the project has taken over its results."""
        return self.state in (RunState.PREPARED, RunState.RUNNING)

    @property
    def fraction(self) -> float:
        """How far the run is, 0 to 1."""
        known = self.progress
        return min(1.0, known.done / known.total) if known is not None and known.total > 0 else 0.0

    def take(self, event: Event) -> None:
        """Fold one event of the run into what is known."""
        if isinstance(event, Started):
            self.failure, self.result, self.stopping = None, {}, False
            self.warnings.clear()
        elif isinstance(event, Progress):
            self.progress = event
        elif isinstance(event, Failed):
            self.failure = event
        elif isinstance(event, Warned):
            self.warnings.append(event)
        elif isinstance(event, Done):
            self.result = dict(event.result)


class JobCenter(QObject):
    """The jobs of one open project.

    ``changed(run_id)`` fires whenever a status changed, ``followed(run_id)`` when a run is followed from its first
    event on (started, resumed or found again), ``events(run_id, list)`` with what it then reports,
    ``adopted(run_id)`` once the results of a successful run belong to the project.
    """

    changed = Signal(str)
    followed = Signal(str)
    events = Signal(str, object)
    adopted = Signal(str)
    _reported = Signal(str, object, object)

    def __init__(
        self,
        session: Session,
        background: Background,
        notify: Notifier,
        parent: QObject | None = None,
        launcher: Launcher | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._background = background
        self._notify = notify
        self._status: dict[str, RunStatus] = {}
        self._follow_up = FollowUp(session.project)
        self._launcher = launcher or LocalLauncher()
        self._reported.connect(self._take, Qt.ConnectionType.QueuedConnection)
        self._monitor = RunMonitor(self._report)
        self._closed = False

    def _report(self, run_id: str, events: Sequence[Event], state: RunState) -> None:
        if not self._closed:
            self._reported.emit(run_id, list(events), state)

    # -- what the window asks ---------------------------------------------------------------------------------

    def status(self, run_id: str) -> RunStatus | None:
        """What is known of a run; None when it was neither started nor found again since the project was opened."""
        return self._status.get(run_id)

    def active(self) -> list[RunStatus]:
        """The runs under way, oldest first."""
        return [status for status in self._status.values() if status.active]

    def busy_with(self, *stages: str) -> RunStatus | None:
        """The first run of these stages that is under way, if any."""
        return next((status for status in self.active() if status.stage in stages), None)

    # -- what the window does ---------------------------------------------------------------------------------

    def launch(
        self,
        prepare: Callable[[], str],
        then: tuple[str, ...] = (),
        failed: FailedWith | None = None,
        *,
        waits: bool = False,
    ) -> None:
        """Prepare a run off the window's thread and start it; a training that `waits` starts when its turn comes.

        `prepare` is one of `workflow.prepare_*` with its arguments bound and returns the run id. `then` names the
        stages to go on with when the run has succeeded ("embed", "map_embeddings"), also after the window was
        closed and opened in between.
        """

        def work() -> str:
            run_id = prepare()
            if then:
                self._follow_up.remember(run_id, then)
            if waits:
                return waiting.enqueue(self._session.project, run_id, self._launcher) or ""
            return self._start(run_id)

        def follow(run_id: str) -> None:
            if run_id:
                self._follow(run_id)
            else:
                self._session.run_was_changed("")

        self._background.run(work, done=follow, failed=failed or self._notify.error)

    def start(self, run_id: str) -> None:
        """Start a prepared run."""
        self._background.run(self._start, run_id, done=self._follow, failed=self._notify.error)

    def cancel(self, run_id: str, keep: KeepOnStop | None = None) -> None:
        """Ask a run to stop; it ends at its next safe point. `keep` says what becomes of a training's weights."""
        status = self._status.get(run_id)
        if status is not None:
            status.stopping = True
            self.changed.emit(run_id)
        self._background.run(control.cancel, self._directory(run_id), keep, failed=self._notify.error)

    def hold(self, run_id: str, held: bool) -> None:
        """Pause a run at its next safe point, or let it go on."""
        status = self._status.get(run_id)
        run = RunDirectory(self._directory(run_id))
        if status is not None:
            status.held = held
            self.changed.emit(run_id)
        self._background.run(run.request_pause if held else run.clear_pause, failed=self._notify.error)

    def kill(self, run_id: str) -> None:
        """End a run that does not obey."""
        self._background.run(control.kill, self._directory(run_id), failed=self._notify.error)

    def resume(self, run_id: str, extend_epochs: int = 0) -> None:
        """Go on with a run that stopped, or train a finished one for more epochs."""

        def work() -> str:
            control.resume(self._directory(run_id), extend_epochs, self._launcher)
            self._session.project.catalogue.set_run_state(run_id, RunState.RUNNING)
            return run_id

        self._notify.remove_issue(f"run:{run_id}")
        self._background.run(work, done=self._follow, failed=self._notify.error)

    def reattach(self) -> None:
        """Follow every run the project does not know the end of, and adopt what ended while no window was open.

        A training that waits is started when none runs, or followed when the worker of the one before has started it.
        """

        def work() -> list[str]:
            if not self._session.project.read_only:
                waiting.advance(self._session.project, self._launcher)
            started = waiting.underway(self._session.project)
            rows = self._session.project.catalogue.runs()
            return [row.run_id for row in rows if row.run_id in started or (row.state.final and _open_ended(row))]

        def follow(run_ids: list[str]) -> None:
            for run_id in run_ids:
                if run_id not in self._status:
                    self._follow(run_id)

        self._background.run(work, done=follow)

    def close(self) -> None:
        """Stop following; the jobs themselves go on."""
        self._closed = True
        self._monitor.close()

    # -- inside -----------------------------------------------------------------------------------------------

    def _directory(self, run_id: str) -> Path:
        return self._session.project.run_dir(run_id)

    def _start(self, run_id: str) -> str:
        self._launcher.start(self._directory(run_id))
        self._session.project.catalogue.set_run_state(run_id, RunState.RUNNING)
        return run_id

    def _follow(self, run_id: str) -> None:
        if self._closed:
            return
        row = self._session.project.catalogue.run(run_id)
        held = RunDirectory(self._directory(run_id)).pause_requested()
        self._status[run_id] = RunStatus(run_id, row.stage, row.name, RunState.RUNNING, held=held)
        self._session.run_was_changed(run_id)
        self.followed.emit(run_id)
        self._monitor.follow(self._directory(run_id))
        self.changed.emit(run_id)

    @Slot(str, object, object)
    def _take(self, run_id: str, events: list[Event], state: RunState) -> None:
        status = self._status.get(run_id)
        if status is None or self._closed:
            return
        for event in events:
            status.take(event)
        ended = state.final and not status.state.final
        status.state = state
        if events:
            self.events.emit(run_id, events)
        if ended:
            self._monitor.unfollow(run_id)
            self._background.run(
                workflow.adopt,
                self._session.project,
                run_id,
                done=lambda result: self._adopted(status, result),
                failed=lambda error: self._not_adopted(status, error),
            )
        self.changed.emit(run_id)

    def _adopted(self, status: RunStatus, result: dict[str, object]) -> None:
        status.adopted, status.result = True, result
        _tell_end(self._notify, status, self.resume)
        self._session.run_was_changed(status.run_id)
        if status.state == RunState.SUCCEEDED:
            if status.stage in ("import_images", "triage"):
                self._session.images_were_changed()
            self.adopted.emit(status.run_id)
            self._background.run(self._follow_up.next_run, status.run_id, done=self._start_next)
        if status.stage in TRAININGS:
            self.reattach()
        self.changed.emit(status.run_id)

    def _start_next(self, run_id: str | None) -> None:
        if run_id is not None:
            self.start(run_id)

    def _not_adopted(self, status: RunStatus, error: SSLStudioError) -> None:
        self._notify.error(error, key=f"run:{status.run_id}")
        self.changed.emit(status.run_id)


def _tell_end(notify: Notifier, status: RunStatus, resume: Callable[[str], None]) -> None:
    """Say how a run ended: in passing, or as a problem with what can be done."""
    title = run_title(status.stage, status.run_id)
    key = f"run:{status.run_id}"
    if status.state == RunState.SUCCEEDED:
        notify.remove_issue(key)
        notify.info(plain_ending(status.stage, status.result))
        for warned in status.warnings:
            notify.add_issue(Issue(f"{key}:{warned.code}", warned_title(title, warned.message), warned.hint))
    elif status.state == RunState.CANCELLED:
        notify.info(f"{title} was stopped, as you asked.")
    elif status.state == RunState.LOST:
        can = status.stage in (*TRAININGS, "import_images")
        notify.add_issue(
            Issue(
                key,
                lost_title(status.stage, title, status.progress),
                lost_hint(status.stage),
                "error",
                "Resume" if can else "",
                (lambda: resume(status.run_id)) if can else None,
            )
        )
    else:
        failure = status.failure
        notify.add_issue(
            Issue(
                key,
                failed_title(title, failure.message if failure else ""),
                failure.hint if failure else "",
                "error",
                report=_report(status),
            )
        )


def _open_ended(row: object) -> bool:
    state = RunState(str(getattr(row, "state", RunState.FAILED)))
    return not state.final or (state == RunState.SUCCEEDED and not getattr(row, "adopted", True))


def _report(status: RunStatus) -> str:
    lines = [f"run {status.run_id}", f"stage {STAGE_TITLES.get(status.stage, status.stage)}", f"state {status.state}"]
    if status.failure is not None:
        lines += [f"code {status.failure.code}", status.failure.message, status.failure.hint]
    lines += [f"warning {warned.code}" for warned in status.warnings]
    return "\n".join(lines)
