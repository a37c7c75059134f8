"""Finds out whether a run helps: embeds with what is not embedded yet, one after another, then compares in a child."""

from __future__ import annotations

from PySide6.QtCore import QObject

from sslstudio.domain.runs import RunState
from sslstudio.domain.words import percent
from sslstudio.errors import SSLStudioError
from sslstudio.gui.pages.page import Services
from sslstudio.gui.pages.pretrain import help_texts as texts
from sslstudio.gui.pages.pretrain.help_panel import HelpPanel
from sslstudio.jobs.idle_compute import IdleCompute
from sslstudio.session import helping, workflow
from sslstudio.session.helping import Answer, Candidate

JUDGE = "sslstudio.session.helping:judged"


class HelpPresenter(QObject):
    """Answers for one run at a time; the answers of a sitting are kept."""

    def __init__(self, services: Services, panel: HelpPanel) -> None:
        super().__init__(panel)
        self._services, self._panel = services, panel
        self._project = services.session.project
        self.compute = IdleCompute()
        self._shown = ""
        self._asked = ""
        self._embedding = ""
        self._answers: dict[str, tuple[Answer, list[str]]] = {}
        panel.asked.connect(self._ask)
        services.jobs.followed.connect(self._followed)
        services.jobs.changed.connect(self._changed)

    def close(self) -> None:
        """End the child process."""
        self.compute.close()

    def show(self, run_id: str, finished: bool, *, gone: bool = False) -> None:
        """Another run is in focus, or the same one stands otherwise now; `gone` if its weights were thrown away."""
        if run_id != self._shown:
            self._shown = run_id
            self._show_answer()
        embedding = self._services.jobs.busy_with("embed") is not None
        reason = "" if finished else texts.GONE if gone else texts.NOT_DONE
        self._panel.set_reason(reason or (texts.BUSY if self._asked else texts.JOB if embedding else ""))

    def _show_answer(self) -> None:
        known = self._answers.get(self._shown)
        if known is None:
            self._panel.set_answer(texts.ABOUT, (), ())
            return
        found, left_out = known
        rows = [(name, percent(value), texts.interval(low, high)) for name, value, low, high in found.standings]
        self._panel.set_answer(found.words, rows, left_out, role="strong")

    def _ask(self) -> None:
        self._asked = self._shown
        self._go_on()

    def _go_on(self) -> None:
        self._say(texts.READING)
        self._services.background.run(self._look, self._asked, done=self._looked, failed=self._failed)

    def _look(self, run_id: str) -> tuple[list[tuple[Candidate, str | None]], list[str]]:
        labels = self._services.session.labels().values()
        if len({label.class_id for label in labels if label.mark == "class"}) < 2:
            raise SSLStudioError(texts.NO_LABELS, texts.LABEL_FIRST, code="few_labels")
        found, left_out = helping.candidates(self._project, run_id)
        return [(one, helping.embedding_of(self._project, one)) for one in found], left_out

    def _looked(self, looked: tuple[list[tuple[Candidate, str | None]], list[str]]) -> None:
        found, left_out = looked
        missing = next((one for one, embedding in found if embedding is None), None)
        if missing is not None:
            self._say(texts.embedding(missing.title))
            spec = missing.spec
            self._embedding = "asked"
            self._services.jobs.launch(lambda: workflow.prepare_embed(self._project, spec), failed=self._failed)
            return
        named = [(one.title, embedding) for one, embedding in found if embedding is not None]
        run_id = self._asked
        self._say(texts.JUDGING)
        self._services.background.run(
            self._judge, named, done=lambda answer: self._judged(run_id, answer, left_out), failed=self._failed
        )

    def _judge(self, named: list[tuple[str, str]]) -> Answer:
        answer: Answer = self.compute.call(JUDGE, *helping.material(self._project, named))
        return answer

    def _judged(self, run_id: str, answer: Answer, left_out: list[str]) -> None:
        self._answers[run_id] = (answer, left_out)
        self._asked = ""
        self._show_answer()
        self._panel.set_reason("")

    def _followed(self, run_id: str) -> None:
        status = self._services.jobs.status(run_id)
        if self._embedding == "asked" and status is not None and status.stage == "embed":
            self._embedding = run_id

    def _changed(self, run_id: str) -> None:
        status = self._services.jobs.status(run_id)
        if run_id != self._embedding or status is None or not status.state.final:
            return
        if status.state == RunState.SUCCEEDED and status.adopted:
            self._embedding = ""
            self._go_on()
        elif status.state != RunState.SUCCEEDED:
            self._embedding = ""
            failed = status.failure
            self._failed(
                SSLStudioError(failed.message if failed else "The embedding was stopped.", code="not_embedded")
            )

    def _failed(self, error: SSLStudioError) -> None:
        self._asked = self._embedding = ""
        self._panel.set_answer(f"{error.message} {error.hint}".strip(), (), (), role="warning")
        self._panel.set_reason("")

    def _say(self, words: str) -> None:
        if self._shown == self._asked:
            self._panel.set_answer(words, (), ())
            self._panel.set_reason(texts.BUSY)
