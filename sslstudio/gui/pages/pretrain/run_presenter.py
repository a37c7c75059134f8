"""Keeps the panel of the run in focus in step with its events, whether it runs now or ended long ago."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sslstudio.catalogue.rows import RunRow
from sslstudio.domain.runs import Event, RunState
from sslstudio.domain.specs import PretrainSpec
from sslstudio.gui.jobs_bridge import RunStatus
from sslstudio.gui.pages.page import Services
from sslstudio.gui.pages.pretrain import texts
from sslstudio.gui.pages.pretrain.progress import RunStory, lights
from sslstudio.gui.pages.pretrain.run_panel import RunPanel
from sslstudio.gui.texts import duration, time_left
from sslstudio.jobs.run_directory import RunDirectory

TONES = {
    RunState.SUCCEEDED: "ok",
    RunState.RUNNING: "accent",
    RunState.PREPARED: "muted",
    RunState.CANCELLED: "muted",
    RunState.FAILED: "danger",
    RunState.LOST: "danger",
}


@dataclass(frozen=True)
class RunLine:
    """One row of the list of runs. `tone` is the token that colours its state."""

    run_id: str
    what: str
    state: str
    tone: str
    epochs: str
    loss: str
    started: str

    def cells(self) -> tuple[str, ...]:
        """The texts of the row."""
        return self.run_id, self.what, self.state, self.epochs, self.loss, self.started


class RunPresenter:
    """Shows one run at a time in a `RunPanel`; remembers the stories it has read."""

    def __init__(self, services: Services, panel: RunPanel) -> None:
        self._services, self._panel = services, panel
        self._stories: dict[str, RunStory] = {}
        self._rows: Mapping[str, RunRow] = {}
        self.run_id = ""
        jobs = services.jobs
        panel.stop_requested.connect(lambda: jobs.cancel(self.run_id))
        panel.resume_requested.connect(lambda: jobs.resume(self.run_id))
        panel.extend_requested.connect(lambda epochs: jobs.resume(self.run_id, epochs))

    def story(self, run_id: str) -> RunStory | None:
        """What is known of a run's course."""
        return self._stories.get(run_id)

    def set_rows(self, rows: Mapping[str, RunRow]) -> None:
        """The runs of the project."""
        self._rows = rows
        self.show()

    def begin(self, run_id: str) -> None:
        """A run is followed from its first event on: forget what was known of it, and show it."""
        self._stories[run_id] = RunStory()
        self.run_id = run_id

    def focus(self, run_id: str) -> None:
        """Show this run; its events are read from its folder when they are not known yet."""
        self.run_id = run_id
        if run_id not in self._stories:
            folder = self._services.session.project.run_dir(run_id)
            self._services.background.run(
                lambda: RunDirectory(folder).events().events,
                done=lambda events: self._read(run_id, events),
                failed=lambda _: None,
                key="run story",
            )
        self.show()

    def _read(self, run_id: str, events: Sequence[Event]) -> None:
        story = self._stories.setdefault(run_id, RunStory())
        story.take(events)
        self.show()

    def take(self, run_id: str, events: Sequence[Event]) -> None:
        """News of a run that is followed."""
        if run_id in self._stories:
            self._stories[run_id].take(events)

    def show(self) -> None:
        """Bring the panel up to date."""
        row = self._rows.get(self.run_id)
        if row is None:
            return
        status = self._services.jobs.status(self.run_id)
        story = self._stories.get(self.run_id, RunStory())
        state = status.state if status is not None else row.state
        running = state in (RunState.PREPARED, RunState.RUNNING) and status is not None
        spec = PretrainSpec.model_validate_json(row.spec_json)
        story.epochs = story.epochs or float(spec.epochs)
        title = f"{row.run_id}: {what(spec)}"
        if running and status is not None:
            left = "stopping at the next safe point" if status.stopping else time_left(status.progress)
            progress = status.progress
            if progress is not None and not progress.unit.startswith("epoch"):
                text = texts.preparing_line(progress.text, progress.done, progress.total, progress.unit)
            else:
                text = texts.running_line(story.done, story.epochs, left, story.speed)
            fraction: float | None = status.fraction if progress is not None else -1.0
        else:
            text, fraction = ended_line(row, state), None
        advice = _advice(status)
        self._panel.set_run(title, text, fraction, advice)
        if self._panel.isVisible():
            self._panel.set_story(story, lights(story))
        self.show_actions()

    def show_actions(self) -> None:
        """What can be done with the run in focus."""
        row = self._rows.get(self.run_id)
        if row is None:
            return
        jobs = self._services.jobs
        status = jobs.status(self.run_id)
        state = status.state if status is not None else row.state
        busy = jobs.busy_with("pretrain")
        read_only = texts.READ_ONLY if self._services.session.project.read_only else ""
        elsewhere = read_only or (texts.RUNNING if busy is not None and busy.run_id != self.run_id else "")
        embedding = jobs.busy_with("embed")
        if status is not None and status.active:
            stopping = "It is stopping already." if status.stopping else ""
            self._panel.set_actions(stop=stopping, resume=None, extend=None, embed=None)
        elif state == RunState.SUCCEEDED:
            embed = read_only or ("Images are being embedded." if embedding is not None else "")
            self._panel.set_actions(stop=None, resume=None, extend=elsewhere, embed=embed)
        else:
            self._panel.set_actions(stop=None, resume=elsewhere, extend=None, embed=None)


def _advice(status: RunStatus | None) -> str:
    if status is None:
        return ""
    if status.failure is not None:
        return f"{status.failure.message} {status.failure.hint}".strip()
    if status.warnings:
        return f"{status.warnings[-1].message} {status.warnings[-1].hint}".strip()
    return ""


def what(spec: PretrainSpec) -> str:
    """ "SimCLR, ResNet-18, 64 px"."""
    return f"{texts.method_title(spec.task)}, {texts.backbone_title(spec.backbone)}, {spec.image_size} px"


def ended_line(row: RunRow, state: RunState) -> str:
    """How a run ended, in a line."""
    parts = [texts.STATES[state]]
    epochs, seconds = row.result.get("epochs"), row.result.get("seconds")
    if isinstance(epochs, int | float):
        parts.append(f"{int(epochs)} epochs")
    if isinstance(seconds, int | float):
        parts.append(f"in {duration(float(seconds))}")
    return ", ".join(parts)


def run_line(row: RunRow, status: RunStatus | None) -> RunLine:
    """One row of the list of runs."""
    spec = PretrainSpec.model_validate_json(row.spec_json)
    state = status.state if status is not None else row.state
    done = row.result.get("epochs")
    if status is not None and status.active:
        progress = status.progress
        done = int(progress.done) if progress is not None and progress.unit.startswith("epoch") else None
    loss = row.result.get("loss")
    return RunLine(
        row.run_id,
        what(spec),
        texts.STATES[state],
        TONES[state],
        f"{int(done):,}" if isinstance(done, int | float) else "",
        f"{loss:.2f}" if isinstance(loss, int | float) else "",
        _when(row.created),
    )


def _when(created: str) -> str:
    try:
        return datetime.fromisoformat(created).astimezone().strftime("%d %b %H:%M")
    except ValueError:
        return ""
