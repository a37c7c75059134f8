"""An import under way: its progress, its rows as they come, its end, and going on with one that stopped."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, Signal

from sslstudio.catalogue.rows import RunRow
from sslstudio.domain.runs import Event, Metric, RunState
from sslstudio.gui.jobs_bridge import RunStatus
from sslstudio.gui.notifications import Issue, Severity
from sslstudio.gui.pages.data import texts
from sslstudio.gui.pages.data.importing import STAGE
from sslstudio.gui.pages.data.view import DataView
from sslstudio.gui.pages.page import Services
from sslstudio.gui.texts import run_title, time_left, warned_title
from sslstudio.session import workflow

RATE_SECONDS = 8.0


class ImportRuns(QObject):
    """Follows the imports of one project for a Data view.

    ``progressed`` fires when more of an import's rows were stored, ``ended(dry_run, status)`` when all were. `actions`
    gives the words and the callback of what can be done about a warning, by its code.
    """

    progressed = Signal()
    started = Signal()
    ended = Signal(bool, object)

    def __init__(self, services: Services, view: DataView, actions: dict[str, tuple[str, Callable[[], None]]]) -> None:
        super().__init__(view)
        self._services, self._panel, self._actions = services, view.panel, actions
        self._project = services.session.project
        self._rate = Rate()
        self._numbers: dict[str, float] = {}
        self._storing = False
        self._unfinished = ""
        view.panel.stop_requested.connect(self._stop)
        view.panel.continue_requested.connect(self._continue)
        view.panel.discard_requested.connect(self._discard)
        services.jobs.changed.connect(self._changed)
        services.jobs.events.connect(self._events)
        self._changed()
        self.look_for_unfinished()

    def launching(self) -> None:
        """A run is about to start."""
        self._rate, self._numbers = Rate(), {}
        self._panel.set_unfinished("")
        self._panel.set_progress("Starting...", -1.0)

    # -- progress --------------------------------------------------------------------------------------------

    def _changed(self, run_id: str = "") -> None:
        running = self._services.jobs.busy_with(STAGE)
        changed = self._services.jobs.status(run_id) if run_id else None
        if running is not None:
            self.started.emit()
            self._show_progress(running)
        elif not run_id:
            self._panel.set_progress("", 0)
        elif changed is not None and changed.stage == STAGE:
            if changed.adopted:
                self._show_end(changed)
            elif changed.state.final:
                self._panel.set_progress(texts.STORING_TEXT, -1.0, texts.STORING, self._outcomes())

    def _show_progress(self, running: RunStatus) -> None:
        progress = running.progress
        phase, fraction = texts.READING, running.fraction
        if running.stopping:
            text = "Stopping; what was read so far is kept."
        elif progress is None:
            text, fraction = "Starting...", -1.0
        elif progress.text.startswith("Waiting"):
            text, phase = f"{progress.text}. {texts.WAITING_HELP}", texts.WAITING
        elif progress.text == "Paused":
            text = progress.text
        else:
            rate = self._rate.update(progress.at, progress.done)
            looking = progress.text.startswith("Looking")
            text = texts.progress_line(progress.done, progress.total, rate, time_left(progress))
            if looking:
                phase, fraction = texts.LOOKING_FOR_FILES, -1.0
                text = f"{progress.text.partition(':')[2].partition(',')[0].strip()}; {text}"
        self._panel.set_progress(text, fraction, phase, self._outcomes())

    def _outcomes(self) -> str:
        codes = {name.removeprefix("code:"): number for name, number in self._numbers.items() if name[:5] == "code:"}
        return texts.outcomes_line({code: number for code, number in codes.items() if number})

    def _events(self, run_id: str, events: Sequence[Event]) -> None:
        status = self._services.jobs.status(run_id)
        if status is None or status.stage != STAGE:
            return
        metrics = [event for event in events if isinstance(event, Metric)]
        if metrics:
            self._numbers = dict(metrics[-1].values)
            self._store(run_id, int(self._numbers.get("ledger_bytes", 0)))

    def _store(self, run_id: str, up_to: int) -> None:
        """Take over what the import has written by now; the project grows while it runs."""
        if self._storing or not up_to or self._project.read_only:
            return
        self._storing = True

        def done(_: object) -> None:
            self._storing = False
            self.progressed.emit()

        def failed(_: object) -> None:
            self._storing = False  # told when the run has ended

        self._services.background.run(
            lambda: workflow.adopt_import(self._project, run_id, up_to=up_to), done=done, failed=failed
        )

    # -- the end ---------------------------------------------------------------------------------------------

    def _show_end(self, status: RunStatus) -> None:
        self._panel.set_progress("", 0)
        self._tell(status)
        self.started.emit()
        self.ended.emit(status.name == "Trial import", status)
        if status.state is not RunState.SUCCEEDED:
            self._services.session.images_were_changed()
            self.look_for_unfinished()

    def _tell(self, status: RunStatus) -> None:
        """The issues of the run, with what can be done about each."""
        title, key = run_title(STAGE, status.run_id), f"run:{status.run_id}"
        notify = self._services.notify
        if status.state is RunState.SUCCEEDED:
            for warned in status.warnings:
                action, callback = self._actions.get(warned.code, ("", None))
                text = warned_title(title, warned.message)
                notify.add_issue(Issue(f"{key}:{warned.code}", text, warned.hint, "warning", action, callback))
        elif status.state in (RunState.CANCELLED, RunState.FAILED):
            cancelled = status.state is RunState.CANCELLED
            failure = status.failure
            text = (
                f"{title} was stopped."
                if cancelled
                else f"{title} could not finish. {failure.message if failure else ''}"
            )
            hint = texts.STOP_HELP if cancelled else (failure.hint if failure else "")
            severity: Severity = "info" if cancelled else "error"
            notify.add_issue(
                Issue(key, text.strip(), hint, severity, texts.CONTINUE, lambda: self._resume(status.run_id))
            )

    # -- going on --------------------------------------------------------------------------------------------

    def look_for_unfinished(self) -> None:
        """Offer to go on with the latest import that stopped."""

        def read() -> list[RunRow]:
            return workflow.unfinished_imports(self._project)

        self._services.background.run(read, done=self._offer, key="unfinished imports")

    def _offer(self, rows: list[RunRow]) -> None:
        if not rows or self._project.read_only or self._services.jobs.busy_with(STAGE) is not None:
            self._panel.set_unfinished("")
            self._unfinished = ""
            return
        self._unfinished = rows[0].run_id
        status = self._services.jobs.status(self._unfinished)
        progress = status.progress if status is not None else None
        done, total = (int(progress.done), int(progress.total)) if progress is not None else (0, 0)
        self._panel.set_unfinished(texts.unfinished_line(self._unfinished, done, total))

    def _continue(self) -> None:
        if self._unfinished:
            self._resume(self._unfinished)

    def _resume(self, run_id: str) -> None:
        if self._services.jobs.busy_with(STAGE) is None:
            self.launching()
            self._services.jobs.resume(run_id)

    def _discard(self) -> None:
        run_id = self._unfinished
        if run_id:
            self._services.notify.remove_issue(f"run:{run_id}")
            self._services.background.run(
                workflow.discard_import, self._project, run_id, done=lambda _: self.look_for_unfinished()
            )

    def _stop(self) -> None:
        running = self._services.jobs.busy_with(STAGE)
        if running is not None:
            self._services.jobs.cancel(running.run_id)


class Rate:
    """Files a second over about the last eight seconds."""

    def __init__(self, seconds: float = RATE_SECONDS) -> None:
        self._seconds = seconds
        self._marks: deque[tuple[float, float]] = deque()

    def update(self, at: float, done: float) -> float:
        """The rate after `done` files at time `at`; 0 while too little is known."""
        if self._marks and done < self._marks[-1][1]:
            self._marks.clear()
        self._marks.append((at, done))
        while len(self._marks) > 2 and self._marks[1][0] < at - self._seconds:
            self._marks.popleft()
        since, before = self._marks[0]
        return (done - before) / (at - since) if at - since > 0.5 else 0.0
