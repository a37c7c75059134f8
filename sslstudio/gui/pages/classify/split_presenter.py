"""Connects the panel on who trains and who tests to the project: ways, previews, the frozen test set, leaks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from PySide6.QtCore import QObject, Signal

from sslstudio.catalogue.frozen import FrozenTest
from sslstudio.domain.split_plans import SplitPlan
from sslstudio.errors import SSLStudioError
from sslstudio.gui.item_models.current_map import CurrentMap
from sslstudio.gui.pages.classify import split_texts as texts
from sslstudio.gui.pages.page import Services
from sslstudio.session import leaks, splitting
from sslstudio.session.project import Project
from sslstudio.session.splitting import Choice, Preview

KEPT = "split_plan"


class Panel(Protocol):
    """The part of the panel that is used here."""

    frozen: Any
    leaks: Any
    plan_changed: Any
    since_edited: Any
    stop_requested: Any

    def plan(self) -> SplitPlan: ...
    def current_column(self) -> splitting.ColumnChoice | None: ...
    def set_choices(self, choices: list[Choice], plan: SplitPlan) -> None: ...
    def set_since(self, number: float | None, placeholder: str = "", text: str | None = None) -> None: ...
    def set_remarks(self, notes: tuple[str, ...], advice: str) -> None: ...
    def set_doing(self, text: str) -> None: ...


@dataclass(frozen=True)
class _Known:
    choices: list[Choice]
    plan: SplitPlan
    frozen: FrozenTest
    dealt: bool


class SplitPresenter(QObject):
    """`plan` is what is chosen, `reason` why it cannot be carried out, `summary` what it gives. ``changed`` when one of
    them is another."""

    changed = Signal()
    stop_requested = Signal()

    def __init__(self, services: Services, panel: Panel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._services, self._panel = services, panel
        self._current = CurrentMap.of(services)
        self.plan = SplitPlan()
        self.reason = ""
        self.summary = ""
        self._found: leaks.Leaks = leaks.Leaks()
        self._chosen = False
        panel.plan_changed.connect(self._choose)
        panel.since_edited.connect(self._since)
        panel.stop_requested.connect(self.stop_requested)
        panel.frozen.freeze_requested.connect(self._freeze)
        panel.frozen.thaw_requested.connect(self._thaw)
        panel.leaks.show_requested.connect(self._show_pairs)
        panel.leaks.solve_requested.connect(self._solve)

    def refresh(self) -> None:
        """Labels, images or parts changed: read anew what there is to choose from."""
        self._services.background.run(
            _known, self._services.session.project, done=self._take, failed=self._failed, key="classify-split"
        )

    def show_leaks(self, found: leaks.Leaks) -> None:
        """What stood in the way of the training that was asked for; nothing when it was in order."""
        self._found = found
        self._panel.leaks.set_leaks(found.sentences())

    def show_progress(self, done: int, total: int) -> None:
        """So many classifiers of a training are fitted."""
        self._panel.set_doing(texts.training(done, total))

    def _take(self, known: _Known) -> None:
        plan = self.plan if self._chosen else known.plan
        self._panel.set_choices(known.choices, plan)
        self._show_frozen(known.frozen, known.dealt)
        column = self._panel.current_column()
        if plan.since is not None and column is not None and column.key == plan.column:
            project = self._services.session.project
            self._panel.set_since(plan.since, text=splitting.text_of(project, plan.column, plan.since))
        self._preview()

    def _choose(self) -> None:
        self._chosen = True
        self.show_leaks(leaks.Leaks())
        self._preview()
        if not self._services.session.project.read_only:
            kept = self.plan.model_dump(mode="json")
            self._services.background.run(self._services.session.project.catalogue.set_setting, KEPT, kept)

    def _preview(self) -> None:
        self.plan = self._panel.plan()
        project, plan = self._services.session.project, self.plan
        column = self._panel.current_column()
        if plan.way == "from_date" and column is not None and column.numbers is not None:
            low, high = (splitting.text_of(project, column.key, number) for number in column.numbers)
            self._panel.set_since(plan.since, texts.span(low, high))
        source = self._current.known.current
        embedding = source.embedding if source is not None else ""
        self._services.background.run(
            lambda: splitting.preview(project, plan, embedding),
            done=self._show, failed=self._cannot, key="classify-preview",
        )  # fmt: skip

    def _show(self, found: Preview) -> None:
        self.reason, self.summary = found.reason, texts.summary(found)
        self._panel.set_remarks(found.notes if self.summary else (), found.advice)
        self.changed.emit()

    def _cannot(self, error: SSLStudioError) -> None:
        self.reason, self.summary = error.message, ""
        self._panel.set_remarks((), "")
        self.changed.emit()

    def _since(self, column: str, text: str) -> None:
        project = self._services.session.project
        try:
            number = splitting.number_of(project, column, text) if text.strip() else None
        except SSLStudioError as error:
            self._services.notify.error(error)
            number = None
        self._panel.set_since(number)
        self._choose()

    def _show_frozen(self, state: FrozenTest, dealt: bool) -> None:
        if state.frozen:
            words = texts.frozen(state, datetime.fromisoformat(state.at).astimezone().strftime("%Y-%m-%d"))
        else:
            words = texts.NOT_FROZEN
        reason = "This project is open for reading only." if self._services.session.project.read_only else ""
        if not state.frozen and not dealt:
            reason = reason or texts.NO_PART
        self._panel.frozen.set_state(words + texts.thawed_before(state.thaws), state.frozen, reason)

    def _freeze(self) -> None:
        catalogue = self._services.session.project.catalogue
        self._change(catalogue.freeze_test, texts.FROZEN_NOW)

    def _thaw(self, why: str) -> None:
        catalogue = self._services.session.project.catalogue
        self._change(lambda: catalogue.thaw_test(why), texts.THAWED_NOW)

    def _show_pairs(self) -> None:
        self._services.session.select(self._found.images())
        self._services.navigate("explore")

    def _solve(self, how: leaks.Solution) -> None:
        project, found = self._services.session.project, self._found.found
        identical = how == "differ" and any(leak.kind == "identical" for leak in found)
        said = texts.IDENTICAL_STAY if identical else texts.SOLVED[how]
        self._change(lambda: leaks.solve(project, found, how), said, images=True)

    def _change(self, work: Any, said: str, *, images: bool = False) -> None:
        """Change the project in the background, then say so and look again."""

        def done(_: object) -> None:
            self._services.notify.info(said)
            if images:
                self.show_leaks(leaks.Leaks())
                self._services.session.images_were_changed()
            self.refresh()

        self._services.background.run(work, done=done, failed=self._failed)

    def _failed(self, error: SSLStudioError) -> None:
        self._services.notify.error(error)


def _known(project: Project) -> _Known:
    kept = project.catalogue.setting(KEPT)
    try:
        plan = SplitPlan() if kept is None else SplitPlan.model_validate(kept)
    except ValueError:
        plan = SplitPlan()
    dealt = any(part == "test" for _, _, part in project.catalogue.subjects())
    return _Known(splitting.choices(project), plan, project.catalogue.frozen_test(), dealt)
