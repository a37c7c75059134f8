"""What the Pretrain page does: turns wishes into a specification, starts and follows runs, and judges them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from PySide6.QtCore import QObject, QTimer

from sslstudio.catalogue.rows import Counts, RunRow
from sslstudio.domain.runs import RunState
from sslstudio.domain.specs import EmbedSpec, ParameterValue, PretrainSpec
from sslstudio.errors import SSLStudioError
from sslstudio.gui import machine
from sslstudio.gui.jobs_bridge import RunStatus
from sslstudio.gui.pages.page import Services
from sslstudio.gui.pages.pretrain import plan, texts
from sslstudio.gui.pages.pretrain.methods import Method, read_methods, recommend
from sslstudio.gui.pages.pretrain.progress import RunStory
from sslstudio.gui.pages.pretrain.run_presenter import RunPresenter, run_line
from sslstudio.gui.pages.pretrain.view import PretrainView
from sslstudio.gui.texts import count
from sslstudio.session import workflow

STAGE = "pretrain"
SPEEDS = "training_speeds"


@dataclass(frozen=True)
class _Known:
    """What was read in one go."""

    counts: Counts
    runs: Sequence[RunRow]
    speeds: Mapping[str, float]


class PretrainController(QObject):
    """Connects the Pretrain view to one open project."""

    def __init__(self, services: Services, view: PretrainView) -> None:
        super().__init__(view)
        self._services, self._view = services, view
        self._project = services.session.project
        self._methods: list[Method] = []
        self._method = ""
        self._images = self._patients = 0
        self._speeds: dict[str, float] = {}
        self._runs: list[RunRow] = []
        self._start_from, self._file = "random", Path()
        self._gpu = False
        self._started = False
        self._timer = QTimer(self, singleShot=True, interval=200)
        self._presenter = RunPresenter(services, view.run)
        self._connect()
        background = services.background
        background.run(read_methods, done=self._set_methods)
        background.run(machine.describe, done=self._set_machine)
        self.refresh()

    def _connect(self) -> None:
        setup, run, jobs = self._view.setup, self._view.run, self._services.jobs
        setup.method_chosen.connect(self._choose_method)
        setup.effort_chosen.connect(lambda _: self._apply_effort())
        setup.start_chosen.connect(self._choose_start)
        setup.file_chosen.connect(self._choose_file)
        setup.parameters_changed.connect(self._show_plan)
        setup.reset_requested.connect(self._reset)
        setup.start_requested.connect(self.start)
        self._view.run_selected.connect(self._presenter.focus)
        run.embed_requested.connect(self._embed)
        jobs.followed.connect(self._followed)
        jobs.changed.connect(self._changed)
        jobs.events.connect(self._presenter.take)
        self._services.level.changed.connect(setup.set_expert)
        setup.set_expert(self._services.level.expert)
        self._timer.timeout.connect(self.refresh)

    def close(self) -> None:
        """Stop refreshing."""
        self._timer.stop()

    def badge(self) -> str:
        """How many runs have finished."""
        done = sum(row.state == RunState.SUCCEEDED for row in self._runs)
        running = self._services.jobs.busy_with(STAGE)
        if running is not None:
            return f"{running.fraction:.0%}"
        return count(done, "run") if done else ""

    # -- what is known ---------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Read counts and runs again."""
        self._services.background.run(self._read, done=self._show, key="pretrain overview")

    def _read(self) -> _Known:
        catalogue = self._project.catalogue
        runs = [row for row in catalogue.runs() if row.stage == STAGE]
        return _Known(catalogue.counts(), runs, catalogue.setting(SPEEDS, {}))

    def _show(self, known: _Known) -> None:
        counts = known.counts
        images = counts.images - counts.excluded
        first = not self._images
        changed = (images, counts.subjects) != (self._images, self._patients)
        self._images, self._patients = images, counts.subjects
        self._speeds = dict(known.speeds)
        self._runs = sorted(known.runs, key=lambda row: row.created, reverse=True)
        self._view.setup.set_data(texts.data_line(images, counts.subjects), 0 < images < 1000)
        if changed:
            self._show_methods()
        if first or changed:
            self._apply_effort()
        self._show_plan()
        self._show_runs()

    def _set_methods(self, methods: list[Method]) -> None:
        self._methods = methods
        self._method = recommend(methods, self._images, self._patients)
        self._show_methods()
        self._view.setup.set_method_form(self._chosen())
        self._apply_effort()

    def _show_methods(self) -> None:
        marked = recommend(self._methods, self._images, self._patients)
        why = texts.recommended(self._images, self._patients, marked)
        self._view.setup.set_methods(self._methods, self._method, marked if self._images else "", why)

    def _set_machine(self, text: str) -> None:
        self._gpu = not text.startswith("CPU")
        self._apply_effort()

    def _chosen(self) -> Method | None:
        return next((method for method in self._methods if method.id == self._method), None)

    # -- setting up ------------------------------------------------------------------------------------------

    def _choose_method(self, method_id: str) -> None:
        self._method = method_id
        self._view.setup.set_method(method_id)
        self._view.setup.set_method_form(self._chosen())
        self._apply_effort()

    def _choose_start(self, value: str) -> None:
        self._start_from = value
        self._show_plan()

    def _choose_file(self, file: Path) -> None:
        self._file = file
        self._view.setup.set_file(file.name)
        self._show_plan()

    def _apply_effort(self) -> None:
        chosen = self._chosen()
        effort = cast(plan.Effort, self._view.setup.effort.value())
        made = plan.make_plan(effort, self._images, chosen.recommended_batch if chosen else 0, gpu=self._gpu)
        self._view.setup.set_values(
            {"image_size": made.image_size, "epochs": made.epochs, "batch_size": made.batch_size}
        )
        self._show_plan()

    def _reset(self) -> None:
        self._view.setup.common.reset()
        self._view.setup.rare.reset()
        self._view.setup.reset_method_form()
        self._apply_effort()

    def _device(self, asked: object) -> str:
        return str(asked) if asked != "auto" else ("gpu" if self._gpu else "cpu")

    def _show_plan(self) -> None:
        values = self._view.setup.values()
        size, epochs = int(values["image_size"]), int(values["epochs"])
        device = self._device(values["device"])
        speed, measured = plan.images_per_second(
            self._speeds, str(values["backbone"]), size, device, gpu=device != "cpu"
        )
        lasts = texts.estimate(plan.seconds(self._images, epochs, speed), measured) if self._images else ""
        line = texts.effort_line(size, epochs, int(values["batch_size"]), texts.backbone_title(str(values["backbone"])))
        self._view.setup.set_plan(lasts, line)
        self._view.setup.set_reason(self.reason())

    def reason(self) -> str:
        """Why no training can be started now, or ""."""
        if self._project.read_only:
            return texts.READ_ONLY
        if not self._images:
            return texts.NO_IMAGES
        if self._chosen() is None:
            return texts.NO_METHOD
        if self._services.jobs.busy_with(STAGE) is not None or self._started:
            return texts.RUNNING
        return texts.NO_WEIGHTS if self._start_from == "file" and not self._file.name else ""

    def specification(self) -> PretrainSpec:
        """What would be started now."""
        values: dict[str, ParameterValue | dict[str, ParameterValue]] = dict(self._view.setup.values())
        values["parameters"] = self._view.setup.method_values()
        init = "imagenet" if self._start_from == "imagenet" else "random"
        return PretrainSpec.model_validate({"task": self._method, "init": init, **values})

    # -- running ---------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start a training with what stands in the form."""
        if self.reason():
            return
        spec, project = self.specification(), self._project
        weights = self._file if self._start_from == "file" else None
        then = ("embed", "map_embeddings") if self._view.setup.then.isChecked() else ()
        self._started = True
        self._view.setup.set_reason(texts.RUNNING)
        self._services.jobs.launch(
            lambda: workflow.prepare_pretrain(project, spec, weights), then, failed=self._not_started
        )

    def _not_started(self, error: SSLStudioError) -> None:
        self._started = False
        self._services.notify.error(error)
        self._show_plan()

    def _embed(self) -> None:
        run_id, project = self._presenter.run_id, self._project
        self._services.jobs.launch(
            lambda: workflow.prepare_embed(project, EmbedSpec(source=run_id)), ("map_embeddings",)
        )

    def _followed(self, run_id: str) -> None:
        status = self._services.jobs.status(run_id)
        if status is not None and status.stage == STAGE:
            self._started = False
            self._presenter.begin(run_id)
            self.refresh()

    def _changed(self, run_id: str) -> None:
        status = self._services.jobs.status(run_id)
        if status is None or status.stage != STAGE:
            self._presenter.show_actions()
            return
        self._presenter.show()
        if status.state.final:
            self._keep_speed(status)
            self._timer.start()
        self._show_runs()
        self._view.setup.set_reason(self.reason())

    def _keep_speed(self, status: RunStatus) -> None:
        story: RunStory | None = self._presenter.story(status.run_id)
        row = next((row for row in self._runs if row.run_id == status.run_id), None)
        if story is None or row is None or story.speed <= 0:
            return
        spec = PretrainSpec.model_validate_json(row.spec_json)
        key = plan.speed_key(spec.backbone, spec.image_size, self._device(spec.device))
        self._speeds[key] = story.speed
        catalogue, speeds = self._project.catalogue, dict(self._speeds)
        if not self._project.read_only:
            self._services.background.run(catalogue.set_setting, SPEEDS, speeds)

    def _show_runs(self) -> None:
        jobs = self._services.jobs
        if self._runs and self._presenter.run_id not in {row.run_id for row in self._runs}:
            self._presenter.focus(self._runs[0].run_id)
        self._presenter.set_rows({row.run_id: row for row in self._runs})
        self._view.set_runs([run_line(row, jobs.status(row.run_id)) for row in self._runs], self._presenter.run_id)
