"""What the Classify page does: trains and tests in the compute process, shows the scores, selects a cell's images."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from PySide6.QtCore import QObject, SignalInstance

from sslstudio.catalogue.rows import ModelRow
from sslstudio.domain.specs import EmbedSpec
from sslstudio.domain.split_plans import SplitPlan
from sslstudio.gui.actions.registry import Action
from sslstudio.gui.item_models import sides
from sslstudio.gui.item_models.current_map import CurrentMap, Source
from sslstudio.gui.item_models.project_images import ProjectImages, Suggestions
from sslstudio.gui.pages.classify import results, split_texts, texts
from sslstudio.gui.pages.classify.apply_model import Applied
from sslstudio.gui.pages.classify.counting_bar import CountingBar
from sslstudio.gui.pages.classify.examination import Examination
from sslstudio.gui.pages.classify.examination_view import ExaminationView
from sslstudio.gui.pages.classify.result_presenter import ResultPresenter, ResultView
from sslstudio.gui.pages.classify.split_presenter import SplitPresenter
from sslstudio.gui.pages.classify.trainer import Trained, Trainer
from sslstudio.gui.pages.page import Services
from sslstudio.gui.texts import STAGE_DOING, time_left
from sslstudio.gui.widgets.score_table import ScoreRow
from sslstudio.session import workflow
from sslstudio.session.finetuning import recommended


class View(ResultView, Protocol):
    """The part of the view the controller uses."""

    source_requested: SignalInstance
    train_requested: SignalInstance
    compare_requested: SignalInstance
    embed_requested: SignalInstance
    model_requested: SignalInstance
    cell_requested: SignalInstance

    def set_sources(self, entries: Sequence[tuple[str, str]], current: str) -> None: ...
    def set_models(self, entries: Sequence[tuple[str, str]], current: str) -> None: ...
    def set_train_reason(self, reason: str) -> None: ...
    def set_split(self, text: str, caution: str) -> None: ...
    def set_doing(self, text: str) -> None: ...
    def set_paired(self, text: str) -> None: ...
    def set_comparison(self, rows: Sequence[ScoreRow], verdict: str) -> None: ...
    def set_compare_reasons(self, compare: str, embed: str | None) -> None: ...


class ClassifyController(QObject):
    """Connects a Classify view to the project."""

    def __init__(
        self,
        services: Services,
        view: View,
        parent: QObject | None = None,
        examination: ExaminationView | None = None,
        split: SplitPresenter | None = None,
        counting: CountingBar | None = None,
    ) -> None:
        super().__init__(parent)
        self._services, self._view, self._split = services, view, split
        self._images = ProjectImages.of(services)
        self._current = CurrentMap.of(services)
        self._trainer = Trainer(services, self, lambda: SplitPlan() if split is None else split.plan)
        self._kept: Callable[[], frozenset[int]] = lambda: sides.kept_patients(services.session, self._images.table)
        self._models: list[ModelRow] = []
        self._shown = ""
        self._wanted = ""
        self._applied: dict[str, Applied] = {}
        self._examination = Examination(services, examination, self) if examination is not None else None
        self._result = ResultPresenter(services, view, counting, self._examination, self.refresh, self)
        self._connect()
        self._dispose = services.actions.add(
            Action("classify.train", texts.TRAIN, self.train, "Run", "", self._train_reason, "", "classify", 2)
        )
        self.refresh()

    def activate(self) -> None:
        """The page comes to the front."""
        self.refresh()
        if self._shown and self._shown not in self._applied:
            self._apply(self._shown, use=self._images.suggestions is None)

    def refresh(self) -> None:
        """Something in the project changed."""
        self._services.background.run(
            self._services.session.project.catalogue.models, done=self._take_models, key="classify-models"
        )
        if self._split is not None:
            self._split.refresh()
        self._show_state()

    def close(self) -> None:
        """Let go of the project."""
        if self._examination is not None:
            self._examination.close()
        self._dispose()
        self._current.close()
        self._images.close()

    def models(self) -> list[ModelRow]:
        """The classifiers of the project, as last read."""
        return self._models

    def train(self) -> None:
        """Train and test a classifier on the chosen network's view."""
        source = self._current.known.current
        if source is not None and not self._train_reason():
            self._trainer.train([source.embedding])

    def _compare(self) -> None:
        self._trainer.train([source.embedding for source in self._current.known.sources if source.embedding])

    def _embed_starts(self) -> None:
        missing = self._missing_starts()
        if missing:
            project = self._services.session.project
            source = missing[0]
            spec = EmbedSpec(source=source.name, backbone=source.backbone, image_size=source.image_size)
            self._services.jobs.launch(lambda: workflow.prepare_embed(project, spec))

    def _missing_starts(self) -> list[Source]:
        return [s for s in self._current.known.sources if s.name == "random" and not s.embedding]

    def _connect(self) -> None:
        view = self._view
        view.source_requested.connect(self._current.choose)
        view.train_requested.connect(self.train)
        view.compare_requested.connect(self._compare)
        view.embed_requested.connect(self._embed_starts)
        view.model_requested.connect(self._choose_model)
        view.cell_requested.connect(self._select_cell)
        self._trainer.trained.connect(self._take_trained)
        self._trainer.busy_changed.connect(self._show_state)
        if self._split is not None:
            self._trainer.progressed.connect(self._split.show_progress)
            self._split.changed.connect(self._show_state)
            self._trainer.blocked.connect(self._split.show_leaks)
            self._split.stop_requested.connect(self._trainer.stop)
        self._current.changed.connect(self._show_state)
        self._images.images_changed.connect(self._show_state)
        self._services.jobs.changed.connect(lambda _: self._show_state())

    def _train_reason(self) -> str:
        source = self._current.known.current
        if self._services.session.project.read_only:
            return texts.READ_ONLY
        if self._trainer.busy:
            return texts.TRAINING
        if source is None or not source.embedding:
            return texts.NO_EMBEDDING
        counted = results.sides(self._images.table, self._images.labels(), self._kept())
        hold_out = self._split is None or self._split.plan.way == "hold_out"
        if counted.classes < 2 and (hold_out or not self._images.labels()):
            return texts.FEW_LABELS
        return "" if self._split is None else self._split.reason

    def _show_state(self) -> None:
        known, view = self._current.known, self._view
        view.set_sources(
            [(source.name, source.title) for source in known.sources if source.embedding],
            known.current.name if known.current is not None else "",
        )
        reason = self._train_reason()
        view.set_train_reason(reason)
        counted = results.sides(self._images.table, self._images.labels(), self._kept())
        caution = texts.MANY_ONE_IMAGE if counted.one_image_each else ""
        summary = self._split.summary if self._split is not None else ""
        plain = texts.split(counted.train, counted.test) if counted.dealt else texts.NOT_DEALT
        hold_out = self._split is None or self._split.plan.way == "hold_out"
        view.set_split(summary or (plain if hold_out else ""), caution)
        view.set_doing(split_texts.training(0, 1) if self._trainer.busy else "")
        missing = self._missing_starts()
        busy = self._services.jobs.busy_with("embed")
        embed: str | None = None
        if missing:
            embed = f"{STAGE_DOING['embed']} {time_left(busy.progress)}".strip() if busy is not None else ""
        view.set_compare_reasons(reason, embed)
        self._show_comparison()

    def _take_models(self, models: list[ModelRow]) -> None:
        self._models = models
        titles = {source.embedding: source.title for source in self._current.known.sources if source.embedding}
        entries = [
            (model.model_id, f"{model.model_id}: {titles.get(model.embedding, model.embedding)}")
            for model in reversed(models)
        ]
        if self._shown not in {model.model_id for model in models}:
            self._shown = recommended(models)
        self._view.set_models(entries, self._shown)
        if self._shown:
            self._show_model(self._shown)
        if self._wanted and self._wanted == self._shown:
            self._wanted = ""
            self._apply(self._shown)

    def _take_trained(self, made: list[Trained]) -> None:
        if any(one.not_tested for one in made):
            self._services.notify.warn(texts.NO_TEST)
        if len(made) == 1:
            self._shown = made[0].model_id
        self._wanted = self._shown or made[-1].model_id
        self.refresh()

    def _show_model(self, model_id: str) -> None:
        model = next((entry for entry in self._models if entry.model_id == model_id), None)
        if model is None:
            return
        self._shown = model_id
        self._result.show(model)
        if model.scores is not None:
            self._examine(model, model.scores)
        self._show_comparison()

    def _examine(self, model: ModelRow, scores: Mapping[str, Any]) -> None:
        """The panels that need more than the scores, and the newest classifier of each other network beside it."""
        if self._examination is None:
            return
        self._examination.show(model.model_id, model.classes, scores.get("created"))
        title, others = results.rivals(self._current.known.sources, self._models, model)
        self._view.set_paired("")
        if others:
            self._examination.compare(others, title, self._view.set_paired)

    def _choose_model(self, model_id: str) -> None:
        """The user asked for this one: show it, and let its opinion be the suggestion everywhere."""
        self._show_model(model_id)
        self._apply(model_id)

    def _show_comparison(self) -> None:
        found = results.compare(self._current.known.sources, self._models, self._shown)
        self._view.set_comparison(found.rows, found.verdict)

    def _apply(self, model_id: str, *, use: bool = True) -> None:
        """Look at all images with a classifier: for the cells of the matrix and, with `use`, as the suggestions."""
        project, compute = self._services.session.project, self._services.compute
        folder, embeddings = str(project.models_dir / model_id), str(project.embeddings_dir)

        def work() -> Applied:
            found: Applied = compute.submit(
                "sslstudio.gui.pages.classify.apply_model:apply_model", folder, embeddings
            ).result()
            return found

        def keep(applied: Applied) -> None:
            self._applied = {model_id: applied}
            if use:
                self._images.set_suggestions(
                    Suggestions(applied.ids, applied.probabilities, applied.class_ids, model_id)
                )

        self._services.background.run(work, done=keep, failed=self._services.notify.error, key="classify-apply")

    def _select_cell(self, true: int, predicted: int) -> None:
        self._result.select_cell(self._applied.get(self._shown), true, predicted)
