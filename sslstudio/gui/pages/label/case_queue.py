"""The queue of cases: asks the compute process for the next ones and hands them out with the reason in words."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, Signal

from sslstudio.classifiers.queue import RANDOM_EVERY, Case, Pool
from sslstudio.errors import SSLStudioError
from sslstudio.gui.item_models.current_map import CurrentMap
from sslstudio.gui.item_models.image_table import ImageTable
from sslstudio.gui.item_models.project_images import ProjectImages
from sslstudio.gui.item_models.sides import kept_patients
from sslstudio.gui.pages.label import texts
from sslstudio.gui.pages.page import Services
from sslstudio.session.drawing import lots

BATCH, FEW = 20, 5


class CaseQueue(QObject):
    """``chosen(image_id, why)`` answers `next`; ``ended(sentence)`` when there is no case.

    One case in eight is drawn at random, however often the others are proposed anew; that it was drawn is stored
    before it is shown, because its patient tests from the label on. A case at hand is handed out at once, also when
    labels or groups have changed since it was proposed; newer proposals are asked for meanwhile, so that nobody waits
    for the computer between two cases.
    """

    chosen = Signal(int, str)
    ended = Signal(str)

    def __init__(self, services: Services, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._services = services
        self._images = ProjectImages.of(services)
        self._current = CurrentMap.of(services)
        self._cases: list[Case] = []
        self._drawn: list[Case] = []
        self._since = len(self._images.labels()) % RANDOM_EVERY
        """Cases handed out since one was drawn."""
        self._lots: tuple[tuple[str, ...], Any] = ((), None)
        self._shown = 0
        self._seen: set[int] = set()
        self._stale, self._asking, self._waiting = True, False, False
        self._images.suggestions_changed.connect(self._outdated)
        self._images.groups_changed.connect(self._outdated)
        self._drawing = services.session.drawing
        self._choice = self._drawing.kept

    def next(self) -> None:
        """Hand out the next case that has no label yet."""
        if self._choice != self._drawing.kept:  # what was proposed was drawn by the other rule
            self._choice, self._cases, self._drawn = self._drawing.kept, [], []
        self._keep(self._cases + self._drawn)
        self._waiting = not self._cases and not self._drawn
        if not self._waiting:
            self._hand_out()
        if (self._stale or len(self._cases) < FEW) and not self._asking:
            self._ask()

    def _ask(self) -> None:
        source = self._current.known.current
        if source is None or not source.embedding:
            self._end(texts.NO_EMBEDDING)
            return
        self._stale, self._asking = False, True
        self._services.background.run(
            self._propose, source.embedding, done=self._take, failed=self._failed, key="label-queue"
        )

    def _keep(self, cases: list[Case]) -> None:
        """Keep those without a label, but not the one in hand; what was passed over comes last."""
        labels = self._images.labels()
        open_ = [case for case in cases if case.image_id not in labels and case.image_id != self._shown]
        open_.sort(key=lambda case: case.image_id in self._seen)
        self._cases = [case for case in open_ if case.reason != "random"]
        self._drawn = self._without_known([case for case in open_ if case.reason == "random"])

    def _without_known(self, drawn: list[Case]) -> list[Case]:
        """Without those to test whose patients have got a label meanwhile, and teach by it."""
        if not drawn or not self._choice:
            return drawn
        table, labels = self._images.table, self._images.labels()
        rows = table.rows_of(np.sort(np.fromiter(labels, dtype=np.int64, count=len(labels))))
        known = set(np.unique(table.subject_code[rows]).tolist())
        return [
            case
            for case in drawn
            if (row := table.row_of(case.image_id)) is None or table.subject_code[row] not in known
        ]

    def _propose(self, embedding: str) -> list[Case]:
        folder = self._services.session.project.embeddings_dir
        ids = np.load(folder / f"{embedding}.ids.npy", allow_pickle=False).astype(np.int64)
        pool = self._pool(ids)
        found: list[Case] = self._services.compute.submit(
            "sslstudio.classifiers.queue:propose",
            str(folder / f"{embedding}.npy"),
            pool,
            BATCH,
            int(pool.labelled.sum()),
        ).result()
        return found

    def _pool(self, ids: Any) -> Pool:
        images = self._images
        table, labels, suggestions = images.table, images.labels(), images.suggestions
        place = np.minimum(np.searchsorted(table.ids, ids), max(0, len(table.ids) - 1))
        known = table.ids[place] == ids if len(table.ids) else np.zeros(len(ids), dtype=bool)
        touched = np.isin(ids, np.fromiter(labels, dtype=np.int64, count=len(labels)))
        out = np.isin(ids, np.fromiter(table.excluded, dtype=np.int64, count=len(table.excluded)))
        probabilities, fewest = None, 0
        if suggestions is not None and np.array_equal(suggestions.ids, ids):
            probabilities = suggestions.probabilities
            counts = Counter(label.class_id for label in labels.values())
            fewest = min(counts[class_id] for class_id in suggestions.class_ids)
        return Pool(
            ids=ids,
            patient=table.subject_code[place],
            labelled=touched,
            open=known & ~touched & ~out,
            probabilities=probabilities,
            fewest=fewest,
            lot=self._lot(table)[table.subject_code[place]] if self._choice and len(table.ids) else None,
            kept=np.isin(table.subject_code[place], list(kept_patients(images.session, table)))
            if self._choice
            else None,
        )

    def _lot(self, table: ImageTable) -> Any:
        """(S,) the lot of each patient of the table."""
        if self._lots[0] is not table.subjects:
            key = self._services.session.project.pseudonym_key
            self._lots = (table.subjects, np.fromiter(lots(key, table.subjects), np.float64, len(table.subjects)))
        return self._lots[1]

    def _take(self, cases: list[Case]) -> None:
        self._asking = False
        self._keep(cases)
        if self._waiting and (self._cases or self._drawn):
            self._waiting = False
            self._hand_out()
        elif self._waiting:
            self._end(texts.QUEUE_EMPTY)

    def _end(self, sentence: str) -> None:
        """Say why there is no case, to who waits for one."""
        if self._waiting:
            self._waiting = False
            self.ended.emit(sentence)

    def _hand_out(self) -> None:
        due = self._drawn and (self._since >= RANDOM_EVERY - 1 or not self._cases)
        case = (self._drawn if due else self._cases).pop(0)
        self._since = 0 if due else self._since + 1
        self._shown = case.image_id
        self._seen.add(case.image_id)
        if case.reason == "random" and self._choice and not self._services.session.project.read_only:
            try:
                self._drawing.note(case.image_id, case.stands_for, case.patients)
            except SSLStudioError as error:
                self.ended.emit(error.message)
                return
        self.chosen.emit(case.image_id, self._why(case))

    def _why(self, case: Case) -> str:
        if case.reason == "random":
            return texts.why_drawn(case.stands_for, case.patients) if self._choice else texts.WHY_RANDOM
        if case.reason == "rest":
            return texts.WHY_REST
        if case.reason == "unsure":
            names = [info.name for info in self._classes()]
            if max(case.classes) < len(names):
                first, second = (names[position] for position in case.classes)
                return texts.why_unsure(first, case.shares[0], second, case.shares[1])
        return texts.why_typical(case.stands_for, case.labelled)

    def _classes(self) -> list[Any]:
        suggestions, classes = self._images.suggestions, self._images.classes()
        if suggestions is None:
            return []
        return [classes[class_id] for class_id in suggestions.class_ids if class_id in classes]

    def _outdated(self) -> None:
        self._stale = True

    def _failed(self, error: SSLStudioError) -> None:
        self._asking = False
        self._end(error.message)
