"""Keeps the panel of the run in focus in step with its events, whether it runs now or ended long ago."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sslstudio.backbones import kept
from sslstudio.backbones.table import sees_volumes
from sslstudio.catalogue.rows import RunRow
from sslstudio.domain.runs import Artifact, Done, Event, Failed, RunState
from sslstudio.domain.specs import PretrainSpec
from sslstudio.gui.jobs_bridge import RunStatus
from sslstudio.gui.pages.page import Services
from sslstudio.gui.pages.pretrain import run_texts, texts
from sslstudio.gui.pages.pretrain.help_presenter import HelpPresenter
from sslstudio.gui.pages.pretrain.progress import RunStory, lights
from sslstudio.gui.pages.pretrain.run_head import Actions
from sslstudio.gui.pages.pretrain.run_panel import RunPanel
from sslstudio.gui.pages.pretrain.run_pictures import Pictures, read_pictures
from sslstudio.gui.texts import duration, time_left
from sslstudio.jobs import control
from sslstudio.jobs.control import KeepOnStop
from sslstudio.jobs.run_directory import RunDirectory
from sslstudio.session import waiting

TONES = {
    RunState.SUCCEEDED: "ok",
    RunState.RUNNING: "accent",
    RunState.PREPARED: "muted",
    RunState.CANCELLED: "muted",
    RunState.FAILED: "danger",
    RunState.LOST: "danger",
}

MOST_NOTICES = 3


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


@dataclass(frozen=True)
class _OnDisk:
    """What a run's folder holds: its events, the weights it can hand on and which they are, the method's pictures.

    `discarded` says that weights were there and were thrown away.
    """

    events: Sequence[Event]
    offered: Mapping[str, Mapping[str, Any]]
    chosen: str
    discarded: bool
    pictures: Pictures

    def line(self, state: RunState) -> str:
        """Which weights are in use, or why none are."""
        if state == RunState.CANCELLED and not self.offered and not self.discarded:
            return run_texts.NO_WEIGHTS
        return run_texts.kept_line(self.offered, self.chosen, discarded=self.discarded)


class RunPresenter:
    """Shows one run at a time in a `RunPanel`; remembers the stories it has read."""

    def __init__(self, services: Services, panel: RunPanel) -> None:
        self._services, self._panel = services, panel
        self._stories: dict[str, RunStory] = {}
        self._rows: Mapping[str, RunRow] = {}
        self._disk: dict[str, _OnDisk] = {}
        self._waiting: Sequence[str] = ()
        self.help = HelpPresenter(services, panel.help)
        self.run_id = ""
        jobs, head = services.jobs, panel.head
        head.stop_requested.connect(lambda keep: jobs.cancel(self.run_id, keep))
        head.hold_requested.connect(lambda held: jobs.hold(self.run_id, held))
        head.resume_requested.connect(lambda: jobs.resume(self.run_id))
        head.extend_requested.connect(lambda epochs: jobs.resume(self.run_id, epochs))
        head.withdraw_requested.connect(self._withdraw)
        head.sooner_requested.connect(self._sooner)
        head.weights_chosen.connect(self._choose_weights)
        panel.notices.enough.connect(lambda: jobs.cancel(self.run_id, "last"))

    def story(self, run_id: str) -> RunStory | None:
        """What is known of a run's course."""
        return self._stories.get(run_id)

    def set_rows(self, rows: Mapping[str, RunRow], waiting: Sequence[str] = ()) -> None:
        """The runs of the project, and those in the queue in their order."""
        self._rows, self._waiting = rows, waiting
        self.show()

    def begin(self, run_id: str) -> None:
        """A run is followed from its first event on: forget what was known of it, and show it."""
        self._stories[run_id] = RunStory()
        self._disk.pop(run_id, None)
        self.run_id = run_id
        self._panel.set_pictures((), ())

    def focus(self, run_id: str) -> None:
        """Show this run; its folder is read when it is not known yet."""
        self.run_id = run_id
        known = self._disk.get(run_id)
        self._panel.set_pictures(*(known.pictures if known is not None else ((), ())))
        if known is None:
            self.look(run_id)
        self.show()

    def look(self, run_id: str) -> None:
        """Read a run's folder, off the window's thread; not while it is settled what becomes of its weights."""
        status = self._services.jobs.status(run_id)
        if status is not None and status.state.final and not status.adopted:
            return
        folder = self._services.session.project.run_dir(run_id)
        self._services.background.run(
            _read_run, folder, done=lambda disk: self._read(run_id, disk), failed=lambda _: None, key=f"run {run_id}"
        )

    def _read(self, run_id: str, disk: _OnDisk) -> None:
        self._disk[run_id] = disk
        if run_id not in self._stories:
            self._stories[run_id] = RunStory()
            self._stories[run_id].take(disk.events)
        if run_id == self.run_id:
            self._panel.set_pictures(*disk.pictures)
            self.show()

    def take(self, run_id: str, events: Sequence[Event]) -> None:
        """News of a run that is followed."""
        if run_id in self._stories:
            self._stories[run_id].take(events)
            if any(isinstance(event, Done | Failed) for event in events):
                self._disk.pop(run_id, None)  # it is read again when the run has been adopted
            elif any(isinstance(event, Artifact) and event.name == "preview.png" for event in events):
                self.look(run_id)

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
        if running and status is not None:
            text = _running_line(status, story, texts.seen_by(spec.backbone))
            fraction: float | None = status.fraction if status.progress is not None else -1.0
        else:
            text, fraction = ended_line(row, state, self._waiting), None
        self._panel.set_run(f"{row.run_id}: {what(spec)}", text, fraction)
        offer = running and "settled" in story.warnings and not (status is not None and status.stopping)
        self._panel.notices.set_notices(_sentences(status, story), offer_stop=offer)
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
        embed = read_only or ("Images are being embedded." if jobs.busy_with("embed") is not None else "")
        disk = self._disk.get(self.run_id)
        gone = disk is not None and disk.discarded
        usable = not gone if state == RunState.SUCCEEDED else bool(disk is not None and disk.chosen)
        self.help.show(self.run_id, usable, gone=gone)
        if self.run_id in self._waiting:
            self._panel.head.set_actions(Actions(waits=not read_only))
            return
        if status is not None and status.active:
            stopping = "It is stopping already." if status.stopping else ""
            self._panel.head.set_actions(Actions(stop=stopping, held=status.held))
            return
        line = disk.line(state) if disk is not None else ""
        weights = tuple(disk.offered) if disk is not None and not read_only else ()
        weights = (*weights, "discard") if weights else ()
        ready = embed if usable else None
        if state == RunState.SUCCEEDED:
            actions = Actions(extend=elsewhere, embed=ready, weights=weights, kept=line)
        else:
            actions = Actions(resume=elsewhere, embed=ready, weights=weights, kept=line)
        self._panel.head.set_actions(actions)

    def _withdraw(self) -> None:
        self._change_queue(waiting.withdraw, self._services.session.project, self.run_id)

    def _sooner(self) -> None:
        queue = waiting.queue_of(self._services.session.project)
        self._change_queue(queue.move, self.run_id, 0)

    def _change_queue(self, change: Callable[..., object], *arguments: object) -> None:
        run_id, session = self.run_id, self._services.session
        self._services.background.run(
            change, *arguments, done=lambda _: session.run_was_changed(run_id), failed=self._services.notify.error
        )

    def _choose_weights(self, keep: KeepOnStop) -> None:
        run_id = self.run_id
        self._services.background.run(
            control.choose_kept, self._services.session.project.run_dir(run_id), keep,
            done=lambda taken: self._chosen(run_id, taken), failed=self._services.notify.error,
        )  # fmt: skip

    def _chosen(self, run_id: str, taken: str) -> None:
        self._services.notify.info(f"{run_id}: {run_texts.HAND_ON[taken] if taken else run_texts.DISCARDED}.")
        self.look(run_id)


def _read_run(folder: Path) -> _OnDisk:
    run = RunDirectory(folder)
    artifacts = run.artifacts_dir
    chosen = kept.in_use(artifacts)
    gone = kept.discarded(artifacts)
    return _OnDisk(run.events().events, kept.offered(artifacts), chosen, gone, read_pictures(artifacts))


def _running_line(status: RunStatus, story: RunStory, seen: str) -> str:
    left = "stopping at the next safe point" if status.stopping else time_left(status.progress)
    left = run_texts.PAUSED if status.held and not status.stopping else left
    progress = status.progress
    if progress is not None and not progress.unit.startswith("epoch"):
        return texts.preparing_line(progress.text, progress.done, progress.total, progress.unit)
    return texts.running_line(story.done, story.epochs, left, story.speed, seen)


def _sentences(status: RunStatus | None, story: RunStory) -> list[str]:
    """Why the run failed, or what it warned of, newest last."""
    if status is not None and status.failure is not None:
        return [f"{status.failure.message} {status.failure.hint}".strip()]
    moot = set() if status is not None and status.active else {"settled"}
    told = [one for code, one in story.warnings.items() if code not in moot]
    return [f"{one.message} {one.hint}".strip() for one in told[-MOST_NOTICES:]]


def what(spec: PretrainSpec) -> str:
    """ "SimCLR, ResNet-18, 64 px"; for volumes also how many slices."""
    slices = f", {spec.depth} slices" if sees_volumes(spec.backbone) else ""
    return f"{texts.method_title(spec.task)}, {texts.backbone_title(spec.backbone)}, {spec.image_size} px{slices}"


def ended_line(row: RunRow, state: RunState, queue: Sequence[str] = ()) -> str:
    """How a run ended, in a line, or when it will begin."""
    if row.run_id in queue:
        return run_texts.waiting(queue.index(row.run_id))
    parts = [texts.STATES[state]]
    epochs, seconds = row.result.get("epochs"), row.result.get("seconds")
    if isinstance(epochs, int | float):
        parts.append(f"{int(epochs)} epochs")
    if isinstance(seconds, int | float):
        parts.append(f"in {duration(float(seconds))}")
    return ", ".join(parts)


def run_line(row: RunRow, status: RunStatus | None, queue: Sequence[str] = ()) -> RunLine:
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
        run_texts.waiting(queue.index(row.run_id)) if row.run_id in queue else texts.STATES[state],
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
