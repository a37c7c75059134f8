"""What the Pretrain page does: starts and follows runs, and keeps the list of runs in step with the project."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QObject, QTimer

from sslstudio.catalogue.rows import Counts, RunRow
from sslstudio.domain.runs import RunState
from sslstudio.domain.specs import EmbedSpec, PretrainSpec
from sslstudio.domain.units import count
from sslstudio.domain.words import percent
from sslstudio.errors import SSLStudioError
from sslstudio.gui import machine
from sslstudio.gui.jobs_bridge import RunStatus
from sslstudio.gui.pages.page import Services
from sslstudio.gui.pages.pretrain import texts
from sslstudio.gui.pages.pretrain.compare_presenter import ComparePresenter
from sslstudio.gui.pages.pretrain.consent import Consent
from sslstudio.gui.pages.pretrain.methods import read_methods
from sslstudio.gui.pages.pretrain.pairs_presenter import PairsPresenter
from sslstudio.gui.pages.pretrain.run_presenter import RunPresenter, run_line
from sslstudio.gui.pages.pretrain.setting_up import SettingUp
from sslstudio.gui.pages.pretrain.start_panel import EarlierRun
from sslstudio.gui.pages.pretrain.trial_presenter import TrialPresenter
from sslstudio.gui.pages.pretrain.view import COMPARE, PAIRS, RUNS, PretrainView
from sslstudio.gui.pages.pretrain.views_presenter import ViewsPresenter
from sslstudio.gui.pages.pretrain.why_presenter import WhyPresenter
from sslstudio.session import planning as plan
from sslstudio.session import workflow
from sslstudio.session.offering import DataFacts, data_facts
from sslstudio.session.recommending import measured_speeds
from sslstudio.session.waiting import queue_of

STAGE = "pretrain"
SPEEDS = plan.SPEEDS


@dataclass(frozen=True)
class _Known:
    """What was read in one go."""

    counts: Counts
    runs: Sequence[RunRow]
    speeds: Mapping[str, float]
    facts: DataFacts
    queue: Sequence[str] = ()


class PretrainController(QObject):
    """Connects the Pretrain view to one open project."""

    def __init__(self, services: Services, view: PretrainView) -> None:
        super().__init__(view)
        self._services, self._view = services, view
        self._project = services.session.project
        self._runs: list[RunRow] = []
        self._speeds: dict[str, float] = {}
        self._queue: Sequence[str] = ()
        self._launching = self._known = False
        self._facts: tuple[tuple[int, int, int], DataFacts] | None = None
        self._timer = QTimer(self, singleShot=True, interval=200)
        self._timer.timeout.connect(self.refresh)
        self._last_state: RunState | None = None
        self._drawing = QTimer(self, singleShot=True, interval=250)
        self._drawing.timeout.connect(self._show_progress)
        self.setting_up = SettingUp(view.setup, view.methods)
        self._consent = Consent(services, view.methods, self.setting_up.set_methods)
        self.views = ViewsPresenter(services, view.views, self.setting_up)
        self.pairs = PairsPresenter(services, view.pairs, self.setting_up)
        self.trial = TrialPresenter(services, view.setup.trial, self.setting_up)
        self.compare = ComparePresenter(services, view.compare)
        self.why = WhyPresenter(services, view.setup, self.setting_up)
        self._presenter = RunPresenter(services, view.run)
        self._connect()
        self._show_reason()
        services.background.run(read_methods, done=self.setting_up.set_methods)
        services.background.run(machine.describe, done=self.setting_up.set_machine)
        self.refresh()

    def _connect(self) -> None:
        jobs, setup = self._services.jobs, self._view.setup
        setup.start_requested.connect(self.start)
        setup.parameters_changed.connect(self._show_reason)
        setup.parameters_changed.connect(self.views.changed)
        self.setting_up.method_changed.connect(self._method_changed)
        self._view.sections.section_changed.connect(lambda _: self._look_again())
        self._view.run_selected.connect(self._presenter.focus)
        self._view.run.head.embed_requested.connect(self._embed)
        jobs.followed.connect(self._followed)
        jobs.changed.connect(self._changed)
        jobs.events.connect(self._presenter.take)
        self._services.level.changed.connect(setup.set_expert)
        setup.set_expert(self._services.level.expert)

    def close(self) -> None:
        """Stop refreshing."""
        self._timer.stop()
        self._drawing.stop()
        self.views.close()
        self.pairs.close()
        self.compare.close()
        self.why.close()
        self._presenter.help.close()

    def badge(self) -> str:
        """How far the running training is, or how many have finished."""
        running = self._services.jobs.busy_with(STAGE)
        if running is not None:
            return percent(running.fraction)
        done = sum(row.state == RunState.SUCCEEDED for row in self._runs)
        return count(done, "run") if done else ""

    def refresh(self) -> None:
        """Read counts and runs again, off the window's thread."""
        self._services.background.run(self._read, done=self._show, key="pretrain overview")

    def _read(self) -> _Known:
        catalogue = self._project.catalogue
        counts = catalogue.counts()
        known = self._facts
        fresh = known is None or known[0] != (counts.images, counts.excluded, counts.subjects)
        facts = data_facts(self._project) if known is None or fresh else known[1]
        runs = [row for row in catalogue.runs() if row.stage == STAGE]
        return _Known(counts, runs, measured_speeds(self._project), facts, queue_of(self._project).state().waiting)

    def _show(self, known: _Known) -> None:
        if known.queue != self._queue:
            self._launching = False
        first, self._known = not self._known, True
        self._speeds, self._queue = dict(known.speeds), known.queue
        self._runs = sorted(known.runs, key=lambda row: row.created, reverse=True)
        self.setting_up.set_data(
            known.counts.images - known.counts.excluded, known.counts.subjects, self._speeds, known.facts
        )
        changed = self._facts is None or self._facts[1] is not known.facts
        self._facts = (known.counts.images, known.counts.excluded, known.counts.subjects), known.facts
        if changed:
            self.views.changed()
            self.pairs.images_changed()
        finished = earlier_runs(self._runs)
        self.setting_up.starting.set_runs(finished)
        self.compare.set_rows(self._runs)
        self._view.sections.set_section_visible(COMPARE, bool(finished))
        self._show_reason()
        self._show_runs()
        if first and self._runs:
            self._view.sections.show_section(RUNS)

    def reason(self) -> str:
        """Why no training can be started now, or ""."""
        if self._project.read_only:
            return texts.READ_ONLY
        if not self._known:
            return texts.LOOKING
        if self._launching:
            return texts.STARTING
        if self.trial.running:
            return texts.TRYING
        return self.setting_up.problem()

    def _show_reason(self) -> None:
        reason, busy = self.reason(), self._services.jobs.busy_with(STAGE) is not None
        self._view.setup.start.set_text(texts.QUEUE if busy else texts.START)
        self._view.setup.set_reason(reason)
        self.trial.changed(reason or (texts.RUNNING if busy else ""))

    def start(self) -> None:
        """Start a training with what stands in the panel."""
        if self.reason():
            return
        spec, weights, project = self.setting_up.specification(), self.setting_up.starting.weights, self._project
        then = ("embed", "map_embeddings") if self._view.setup.then.isChecked() else ()
        self._launching = True
        self._show_reason()
        self._services.jobs.launch(
            lambda: workflow.prepare_pretrain(project, spec, weights),
            then,
            failed=self._not_started,
            waits=self._services.jobs.busy_with(STAGE) is not None,
        )

    def _not_started(self, error: SSLStudioError) -> None:
        self._launching = False
        self._services.notify.error(error)
        self._show_reason()

    def _embed(self) -> None:
        run_id, project = self._presenter.run_id, self._project
        self._services.jobs.launch(
            lambda: workflow.prepare_embed(project, EmbedSpec(source=run_id)), ("map_embeddings",)
        )

    def _followed(self, run_id: str) -> None:
        status = self._services.jobs.status(run_id)
        if status is not None and status.stage == STAGE:
            self._launching = False
            self._presenter.begin(run_id)
            self._view.sections.show_section(RUNS)
            self.refresh()

    def _changed(self, run_id: str) -> None:
        status = self._services.jobs.status(run_id)
        if status is None or status.stage != STAGE:
            self._presenter.show_actions()
            self._show_reason()
            if status is not None and status.stage == "preflight" and status.adopted:
                self._timer.start()
            return
        if status.state.final:
            self._keep_speed(status)
            self._presenter.look(run_id)
            self._timer.start()
        if status.state != self._last_state or status.stopping or status.held:
            self._last_state = status.state
            self._show_progress()
        elif not self._drawing.isActive():
            self._drawing.start()

    def _show_progress(self) -> None:
        self._show_runs()
        self._show_reason()

    def _method_changed(self) -> None:
        method = self.setting_up.method
        self._view.sections.set_section_visible(PAIRS, method is not None and method.requires.bags)
        self._look_again()

    def _look_again(self) -> None:
        self.views.changed()
        self.pairs.changed()
        self.compare.changed()

    def activate(self) -> None:
        """The page has come to the front: make the plots and draw what happened meanwhile."""
        self._view.run.prepare_plots()
        self._look_again()
        self._show_progress()

    def _keep_speed(self, status: RunStatus) -> None:
        story = self._presenter.story(status.run_id)
        row = next((row for row in self._runs if row.run_id == status.run_id), None)
        if story is None or row is None or story.speed <= 0 or self._project.read_only:
            return
        spec = PretrainSpec.model_validate_json(row.spec_json)
        key = plan.speed_key(spec.backbone, spec.image_size, self.setting_up.device(spec.device), spec.depth)
        self._speeds[key] = story.speed
        self._services.background.run(self._project.catalogue.set_setting, SPEEDS, dict(self._speeds))

    def _show_runs(self) -> None:
        jobs = self._services.jobs
        if self._runs and self._presenter.run_id not in {row.run_id for row in self._runs}:
            self._presenter.focus(self._runs[0].run_id)
        self._presenter.set_rows({row.run_id: row for row in self._runs}, self._queue)
        self._view.set_runs(
            [run_line(row, jobs.status(row.run_id), self._queue) for row in self._runs], self._presenter.run_id
        )


def earlier_runs(rows: Sequence[RunRow]) -> list[EarlierRun]:
    """The trainings that a new one can go on from."""
    found = []
    for row in rows:
        if row.state == RunState.SUCCEEDED:
            spec = PretrainSpec.model_validate_json(row.spec_json)
            found.append(EarlierRun(row.run_id, spec.task, spec.backbone, spec.image_size))
    return found
