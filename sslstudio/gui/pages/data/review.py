"""Looking through findings: which wait, what the user decides, and the job that looks through new images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

from PySide6.QtCore import QObject, Signal

from sslstudio.catalogue.findings import kept, left_out
from sslstudio.catalogue.rows import FindingCount, FindingRow
from sslstudio.domain.findings import Decision, FindingKind
from sslstudio.domain.runs import RunState
from sslstudio.domain.specs import TriageSpec
from sslstudio.errors import SSLStudioError
from sslstudio.gui.pages.data import review_texts as texts
from sslstudio.gui.pages.data.review_model import Entry, entries
from sslstudio.gui.pages.data.review_view import ReviewPane
from sslstudio.gui.pages.page import Services
from sslstudio.gui.texts import time_left
from sslstudio.session import workflow

STAGE = "triage"
AUTO = "triage_after_import"
"""The project's setting that says whether new images are looked through by themselves."""
PAGE = 200
_AT_ONCE = 500
_ORDER: tuple[FindingKind, ...] = get_args(FindingKind)


@dataclass(frozen=True)
class _Waiting:
    counts: tuple[FindingCount, ...]
    kind: FindingKind
    entries: tuple[Entry, ...]
    unseen: int
    auto: bool


class ReviewController(QObject):
    """Connects a Review pane to the findings of one project; `changed` of the session tells everybody else."""

    counted = Signal()

    def __init__(self, services: Services, pane: ReviewPane) -> None:
        super().__init__(pane)
        self._services, self._pane = services, pane
        self._project = services.session.project
        self._kind: FindingKind | None = None
        self._shown: tuple[FindingKind | None, tuple[Entry, ...]] = (None, ())
        self._open = self._unseen = self._place = 0
        self._auto = True
        pane.kind_requested.connect(self._choose)
        pane.current_changed.connect(lambda entry: services.session.select([row.image_id for row in entry.rows]))
        pane.decided.connect(self.decide)
        pane.all_decided.connect(self.decide_all)
        pane.look_requested.connect(self.look)
        pane.stop_requested.connect(self._stop)
        pane.auto_changed.connect(self._set_auto)
        services.jobs.changed.connect(self._show_job)
        services.jobs.adopted.connect(self._adopted)
        self.refresh()

    def badge(self) -> str:
        """How many findings wait."""
        return f"{self._open:,}" if self._open else ""

    def refresh(self) -> None:
        """Read again what waits, off the window's thread."""
        self._services.background.run(self._read, self._kind, done=self._show, key="review")

    def _read(self, kind: FindingKind | None) -> _Waiting:
        catalogue = self._project.catalogue
        found = {one.kind: one for one in catalogue.finding_counts() if one.open}
        counts = tuple(found[name] for name in _ORDER if name in found)
        if kind not in found:
            kind = counts[0].kind if counts else "text"
        rows = catalogue.findings(kind, limit=PAGE) if counts else []
        unseen = catalogue.images_not_looked_at() + catalogue.images_not_searched()
        return _Waiting(counts, kind, tuple(entries(kind, rows)), unseen, bool(catalogue.setting(AUTO, True)))

    def _show(self, waiting: _Waiting) -> None:
        self._kind, self._unseen, self._auto = waiting.kind, waiting.unseen, waiting.auto
        self._open = sum(one.open for one in waiting.counts)
        self._pane.set_counts(waiting.counts, waiting.kind)
        if (waiting.kind, waiting.entries) != self._shown:
            same = waiting.kind == self._shown[0]
            self._shown = (waiting.kind, waiting.entries)
            self._pane.set_entries(waiting.kind, waiting.entries, self._place if same else 0)
        self._pane.set_auto(waiting.auto)
        self.counted.emit()
        self._show_job()
        if self._project.read_only:
            self._pane.set_read_only()

    def _choose(self, kind: str) -> None:
        self._kind = next(name for name in _ORDER if name == kind)
        self._place = 0
        self.refresh()

    # -- deciding --------------------------------------------------------------------------------------------

    def decide(self, action: str) -> None:
        """Decide on the current entry: "leave_out", "keep", "differ" or "first", the main one of its kind."""
        entry, self._place = self._pane.current()
        if entry is None or self._project.read_only or (action == "differ" and entry.kind != "duplicate"):
            return
        if action == "first":
            action = "keep_one" if entry.kind == "duplicate" else "leave_out"
        decisions = decisions_on(entry, action)
        self._store(decisions)

    def decide_all(self, action: str) -> None:
        """Decide on everything of this kind that waits: "keep", "keep_one" or "leave_out"."""
        kind = self._kind
        if kind is None or self._project.read_only:
            return

        def work() -> list[Decision]:
            rows = self._project.catalogue.findings(kind)
            return [one for entry in entries(kind, rows) for one in decisions_on(entry, action)]

        self._place = 0
        self._services.background.run(work, done=self._store, failed=self._services.notify.error)

    def _store(self, decisions: Sequence[Decision], *, told: str = "") -> None:
        def work() -> tuple[Decision, ...]:
            inverse: list[Decision] = []
            for first in range(0, len(decisions), _AT_ONCE):
                inverse += self._project.catalogue.decide(decisions[first : first + _AT_ONCE])
            return tuple(reversed(inverse))

        def done(inverse: tuple[Decision, ...]) -> None:
            self._services.session.images_were_changed()
            self.refresh()
            if told:
                self._services.notify.info(told)
            else:
                again = "Taken back: it waits for you again."
                self._services.notify.undoable(outcome(decisions), lambda: self._store(inverse, told=again))

        if decisions:
            self._services.background.run(work, done=done, failed=self._services.notify.error)

    # -- looking ---------------------------------------------------------------------------------------------

    def look(self, again: bool = False) -> None:
        """Start to look through new images, or through all."""
        if self._project.read_only or self._services.jobs.busy_with(STAGE) is not None:
            return
        self._pane.set_looking(texts.STARTING, -1.0, running=True, unseen=self._unseen)
        spec = TriageSpec(again=again)
        self._services.jobs.launch(lambda: workflow.prepare_triage(self._project, spec), failed=self._not_started)

    def _not_started(self, error: SSLStudioError) -> None:
        if error.code != "nothing_new":
            self._services.notify.error(error)
        self.refresh()

    def _stop(self) -> None:
        running = self._services.jobs.busy_with(STAGE)
        if running is not None:
            self._services.jobs.cancel(running.run_id)

    def _set_auto(self, on: bool) -> None:
        self._auto = on
        self._services.background.run(self._project.catalogue.set_setting, AUTO, on, failed=self._services.notify.error)

    def _adopted(self, run_id: str) -> None:
        """Go on by itself after an import, and after a look during which more images came."""
        status = self._services.jobs.status(run_id)
        if status is None or status.stage not in (STAGE, "import_images"):
            return
        if status.state is RunState.SUCCEEDED and not self._project.read_only:
            self._services.background.run(self._should_look, done=lambda wanted: self.look() if wanted else None)
        self.refresh()

    def _should_look(self) -> bool:
        catalogue = self._project.catalogue
        return bool(catalogue.setting(AUTO, True)) and catalogue.images_not_looked_at() > 0

    def _show_job(self, run_id: str = "") -> None:
        running = self._services.jobs.busy_with(STAGE)
        if running is not None:
            progress = running.progress
            if running.stopping:
                text, fraction = texts.STOPPING, running.fraction
            elif progress is None or not progress.total:
                text, fraction = texts.STARTING, -1.0
            else:
                text = texts.looking(progress.done, progress.total, time_left(progress), progress.text)
                fraction = running.fraction
            self._pane.set_looking(text, fraction, running=True, unseen=self._unseen)
            return
        self._pane.set_looking(texts.unseen(self._unseen), 0.0, running=False, unseen=self._unseen)
        changed = self._services.jobs.status(run_id) if run_id else None
        if changed is not None and changed.stage == STAGE and changed.state.final:
            self.refresh()


def decisions_on(entry: Entry, action: str) -> list[Decision]:
    """What an action means for the findings of one entry."""
    copies = entry.kind == "duplicate"
    waiting: list[FindingRow] = [row for row in entry.rows if row.state == "open"]
    if action == "leave_out":
        return [left_out(row) for row in waiting]
    if action == "keep_one" and copies:
        return [kept(row, state="confirmed") if row == entry.stays else left_out(row) for row in waiting]
    if action == "differ":
        return [kept(row) for row in waiting]
    return [kept(row, state="confirmed" if copies else "dismissed") for row in waiting]


def outcome(decisions: Sequence[Decision]) -> str:
    """What was decided, in a sentence."""
    out = sum(one.state == "confirmed" and one.excluded is not None for one in decisions)
    stay = len(decisions) - out
    parts = [texts.decided("left out", out)] if out else []
    parts += [texts.decided("kept", stay)] if stay else []
    return " ".join(parts)
