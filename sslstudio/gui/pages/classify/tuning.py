"""Fine-tuning from the Classify page: starts the job, follows it, tests its model and says whether it is better."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject

from sslstudio.catalogue.rows import ModelRow, RunRow
from sslstudio.domain.runs import Event, Monitor, RunState
from sslstudio.domain.split_plans import SplitPlan
from sslstudio.errors import SSLStudioError
from sslstudio.gui.item_models.current_map import CurrentMap
from sslstudio.gui.item_models.project_images import ProjectImages
from sslstudio.gui.pages.classify import tuning_texts as texts
from sslstudio.gui.pages.classify.tuning_panel import TuningPanel
from sslstudio.gui.pages.page import Services
from sslstudio.gui.texts import time_left
from sslstudio.session import finetuning, leaks, workflow
from sslstudio.session.finetuning import Offer
from sslstudio.session.leaks import Leaks

STAGE = "finetune"
_TRAININGS = ("pretrain", STAGE)
_STOPPED = (RunState.CANCELLED, RunState.FAILED, RunState.LOST)


class Tuning(QObject):
    """`tested()` is called when a model was tested, so that the page shows its figures; `leaking(leaks)` when it was
    not, because the two sides are not apart; it is tested once they are."""

    def __init__(
        self,
        services: Services,
        panel: TuningPanel,
        tested: Callable[[], None],
        parent: QObject | None = None,
        leaking: Callable[[Leaks], None] = lambda found: None,
    ) -> None:
        super().__init__(parent)
        self._services, self._panel, self._tested, self._leaking = services, panel, tested, leaking
        self._current = CurrentMap.of(services)
        self._offer = Offer(texts.NO_EMBEDDING)
        self._points: list[tuple[float, float]] = []
        self._start: float | None = None
        self._run = self._stopped = ""
        self._tried: set[str] = set()
        self._held_back = ""
        """The model that was not tested because the sides leak."""
        ProjectImages.of(services).images_changed.connect(self._try_again)
        self._testing = False
        panel.start_requested.connect(self._begin)
        panel.stop_requested.connect(lambda: self._services.jobs.cancel(self._run))
        panel.resume_requested.connect(lambda: self._services.jobs.resume(self._stopped))
        panel.hold_requested.connect(lambda held: self._services.jobs.hold(self._run, held))
        services.jobs.changed.connect(self._on_job)
        services.jobs.followed.connect(self._on_followed)
        services.jobs.events.connect(self._on_events)
        self._current.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Labels, networks or models may have changed."""
        source, project = self._current.known.current, self._services.session.project
        if source is None or not source.embedding:
            self._take_offer(Offer(texts.NO_EMBEDDING))
        else:
            self._services.background.run(
                finetuning.offer, project, source.embedding, done=self._take_offer, key="classify-tuning"
            )

        def read() -> tuple[list[ModelRow], list[RunRow]]:
            runs = [row for row in project.catalogue.runs() if row.stage == STAGE]
            return project.catalogue.models(), runs

        self._services.background.run(read, done=self._take_models, key="classify-tuned")

    def _begin(self, mode: str, epochs: int) -> None:
        if self._reason():
            return
        project, name = self._services.session.project, self._offer.embedding
        busy = self._services.jobs.busy_with(*_TRAININGS) is not None

        def prepare() -> str:
            return workflow.prepare_finetune(project, name, mode, epochs=epochs)  # type: ignore[arg-type]

        self._services.jobs.launch(prepare, waits=busy)

    def _reason(self) -> str:
        if self._services.session.project.read_only:
            return texts.READ_ONLY
        if self._services.jobs.busy_with(STAGE) is not None:
            return texts.RUNNING
        return texts.TESTING if self._testing else self._offer.reason

    def _take_offer(self, offer: Offer) -> None:
        self._offer = offer
        self._show()

    def _show(self) -> None:
        found = self._offer
        words = "" if found.reason else texts.offer(found.images, found.patients, found.seconds, found.measured)
        self._panel.set_offer(words, self._reason(), transformer=found.family == "vit")

    def _on_followed(self, run_id: str) -> None:
        status = self._services.jobs.status(run_id)
        if status is not None and status.stage == STAGE:
            self._run, self._points, self._start = run_id, [], None
            self._panel.set_curve((), 1, None)

    def _on_events(self, run_id: str, events: Sequence[Event]) -> None:
        if run_id != self._run:
            return
        for event in events:
            score = event.values.get("balanced_accuracy") if isinstance(event, Monitor) else None
            if score is None or not isinstance(event, Monitor):
                continue
            if event.epoch < 0:
                self._start, self._points = score, [(0.0, score)]
            else:
                place = float(event.epoch + 1)
                self._points = [point for point in self._points if point[0] < place] + [(place, score)]
        self._panel.set_curve(self._points, self._panel.epochs.value(), self._start)

    def _on_job(self, run_id: str) -> None:
        status = self._services.jobs.busy_with(STAGE)
        if status is None:
            self._panel.set_running("")
        else:
            self._run = status.run_id
            self._panel.set_resume("")
            known = status.progress
            training = known is not None and known.unit == "epochs"
            words = known.text if known is not None else texts.WAITS
            if known is not None and training:
                words = texts.progress(known.done, known.total, time_left(known))
            self._panel.set_running(words or texts.RUNNING, status.held)
        self._show()

    def _take_models(self, found: tuple[list[ModelRow], list[RunRow]]) -> None:
        """Test what was not tested yet, also what ended while the window was closed; show the newest comparison."""
        models, runs = found
        stopped = runs[-1].run_id if runs and runs[-1].state in _STOPPED else ""
        self._stopped = "" if self._services.session.project.read_only else stopped
        self._panel.set_resume(self._stopped if self._services.jobs.busy_with(STAGE) is None else "")
        known = {row.run_id for row in runs}
        tuned = [model for model in models if model.model_id in known]
        waiting = [model for model in tuned if model.scores is None and model.model_id not in self._tried]
        if waiting and not self._testing and not self._services.session.project.read_only:
            self._test(waiting[-1].model_id)
        compared = [model for model in tuned if model.scores and model.scores.get("against_linear")]
        if compared and compared[-1].scores is not None:
            words = finetuning.sentence(compared[-1].scores["against_linear"])
            self._panel.set_verdict(f"{compared[-1].model_id}: {words}")

    def _test(self, model_id: str) -> None:
        project, compute = self._services.session.project, self._services.compute
        self._tried.add(model_id)
        self._testing = True
        self._show()

        def work() -> tuple[str, Leaks]:
            try:
                found = leaks.look(project, project.catalogue.model(model_id).embedding, SplitPlan(), compute=compute)
                if found.found:
                    return texts.LEAKS, found
                workflow.evaluate(project, model_id, compute)
                workflow.compare_with_linear(project, model_id, compute)
            except SSLStudioError as error:
                if error.code != "no_test_labels":
                    raise
                return texts.NOT_TESTED, Leaks()
            return "", Leaks()

        def done(result: tuple[str, Leaks]) -> None:
            remark, found = result
            self._held_back = model_id if found.found else ""
            self._done(remark)
            if found.found:
                self._leaking(found)

        self._services.background.run(work, done=done, failed=self._failed)

    def _try_again(self) -> None:
        """Images, exclusions or sides have changed: what was held back may be tested now."""
        if self._held_back:
            self._tried.discard(self._held_back)
            self._held_back = ""
            self.refresh()

    def _done(self, remark: str) -> None:
        self._testing = False
        if remark:
            self._panel.set_verdict(remark)
        self.refresh()
        self._tested()

    def _failed(self, error: SSLStudioError) -> None:
        self._testing = False
        self._show()
        self._services.notify.error(error)
