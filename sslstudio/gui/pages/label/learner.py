"""Learns from the labels while they arrive: refits in the compute process, gives suggestions and a live accuracy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Set
from dataclasses import dataclass, field, replace

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from sslstudio.classifiers.advising import Gain
from sslstudio.classifiers.refit import Refit, Rung
from sslstudio.errors import SSLStudioError
from sslstudio.gui.item_models.current_map import CurrentMap
from sslstudio.gui.item_models.project_images import LIVE, ProjectImages, Suggestions
from sslstudio.gui.item_models.sides import kept_patients, teaching
from sslstudio.gui.pages.label import texts
from sslstudio.gui.pages.page import Services

SETTLE_MS = 400
FEWEST_PER_CLASS = 2
MOST_TO_COUNT = 10_000
"""So many images have their neighbours counted unasked, in a second or two; of more, a search on Explore does it."""


@dataclass(frozen=True)
class Drawn:
    """What was drawn at random: `images` labelled by hand, of `patients`, who are kept to test.

    Of `judged` images, one a patient, of classes that the classifier knows and none of them a copy of what it learned
    from, `right` are right.
    """

    images: int = 0
    patients: int = 0
    judged: int = 0
    right: int = 0


@dataclass(frozen=True)
class Learned:
    """What the page says of the live classifier. `value` and its interval are None while there is none.

    `doubts` are (image id, class id given, class id believed, probability) of labels worth a second look, `gains` what
    more labels bring, by class id. `drawn` is how it does on what was drawn at random. `rung` is how it learned, None
    while it has not; `neighbours_missing` as in `Refit`.
    """

    value: float | None
    low: float = 0.0
    high: float = 0.0
    images: int = 0
    patients: int = 0
    why_not: str = ""
    doubts: tuple[tuple[int, int, int, float], ...] = ()
    gains: Mapping[int, Gain] = field(default_factory=dict)
    rung: Rung | None = None
    neighbours_missing: bool = False
    drawn: Drawn = Drawn()


@dataclass(frozen=True)
class _Lesson:
    image_ids: list[int]
    targets: list[int]
    groups: list[str]
    class_ids: tuple[int, ...]


class Learner(QObject):
    """Waits until labels settle, then refits. Patients who test, those drawn at random too, are never learned from."""

    learned = Signal(object)

    def __init__(self, services: Services, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._services = services
        self._images = ProjectImages.of(services)
        self._current = CurrentMap.of(services)
        self._running = self._busy = self._again = False
        self._counted = ""
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SETTLE_MS)
        self._timer.timeout.connect(self.learn)
        self._images.labels_changed.connect(self._later)
        self._images.images_changed.connect(self._later)
        self._current.changed.connect(self._later)
        self._on_drawn = lambda: self._later()
        services.session.drawing.changed.connect(self._on_drawn)

    def close(self) -> None:
        """Follow the draws no longer."""
        self._services.session.drawing.changed.disconnect(self._on_drawn)

    def start(self) -> None:
        """From now on keep the classifier up to date."""
        if not self._running:
            self._running = True
            self._timer.start()

    def _later(self, *_: object) -> None:
        if self._running:
            self._timer.start()

    def learn(self) -> None:
        """Refit now, or as soon as the refit under way has ended: labels that come faster than that do not pile up."""
        if self._busy:
            self._again = True
            return
        source = self._current.known.current
        if source is None or not source.embedding:
            self._nothing(texts.NO_EMBEDDING)
            return
        lesson = self._lesson()
        if len(lesson.class_ids) < 2:
            self._nothing(texts.FEW)
            return
        if self._images.suggestions is None:
            self.learned.emit(Learned(None, why_not=texts.FITTING))
        folder = self._services.session.project.embeddings_dir
        compute = self._services.compute

        catalogue = self._services.session.project.catalogue

        def work() -> tuple[Refit, set[int]]:
            result: Refit = compute.submit(
                "sslstudio.classifiers.refit:refit",
                str(folder / f"{source.embedding}.npy"),
                str(folder / f"{source.embedding}.ids.npy"),
                lesson.image_ids,
                lesson.targets,
                lesson.groups,
                len(lesson.class_ids),
            ).result()
            return result, catalogue.copies_of(lesson.image_ids)

        def done(found: tuple[Refit, set[int]]) -> None:
            self._take(found[0], lesson, found[1])
            self._rest()

        def failed(error: SSLStudioError) -> None:
            self._failed(error)
            self._rest()

        self._busy = True
        self._services.background.run(work, done=done, failed=failed, key="label-refit")

    def _rest(self) -> None:
        """A refit has ended; begin the next one if labels came meanwhile."""
        self._busy, again = False, self._again
        self._again = False
        if again:
            self.learn()

    def _lesson(self) -> _Lesson:
        table, embedded = self._images.table, self._current.known.map
        known = None if embedded is None else {int(image_id) for image_id in embedded.ids}
        kept = kept_patients(self._services.session, table)
        chosen = [
            (image_id, class_id, table.subject_of(image_id))
            for image_id, class_id in teaching(table, self._images.labels(), kept)
            if known is None or image_id in known
        ]
        counts = Counter(class_id for _, class_id, _ in chosen)
        class_ids = tuple(key for key in self._images.classes() if counts[key] >= FEWEST_PER_CLASS)
        chosen = sorted(entry for entry in chosen if entry[1] in class_ids)
        return _Lesson(
            [image_id for image_id, _, _ in chosen],
            [class_ids.index(class_id) for _, class_id, _ in chosen],
            [subject for _, _, subject in chosen],
            class_ids,
        )

    def _judge(self, fitted: Refit | None, class_ids: tuple[int, ...], copies: Set[int]) -> Drawn:
        """How a classifier of these classes does on what was drawn at random."""
        table, labels = self._images.table, self._images.labels()
        sample = self._services.session.drawing.sample(labels)
        patients, judged, right = set[str](), 0, 0
        for image_id in sample:
            patient, class_id = table.subject_of(image_id), labels[image_id].class_id
            first = patient not in patients
            patients.add(patient)
            if not first or fitted is None or class_id not in class_ids or image_id in copies:
                continue
            row = int(np.searchsorted(fitted.ids, image_id))
            if row < len(fitted.ids) and fitted.ids[row] == image_id and image_id not in table.excluded:
                judged += 1
                right += class_ids[int(fitted.probabilities[row].argmax())] == class_id
        return Drawn(len(sample), len(patients), judged, right)

    def _take(self, fitted: Refit, lesson: _Lesson, copies: Set[int]) -> None:
        self._images.set_suggestions(Suggestions(fitted.ids, fitted.probabilities, lesson.class_ids, LIVE))
        images, patients = len(lesson.image_ids), len(set(lesson.groups))
        drawn = self._judge(fitted, lesson.class_ids, copies)
        if fitted.accuracy is None:
            why = texts.too_few(images)
            self.learned.emit(
                Learned(None, images=images, patients=patients, why_not=why, rung=fitted.rung, drawn=drawn)
            )
        else:
            found, named = fitted.accuracy, lesson.class_ids
            doubts = tuple(
                (lesson.image_ids[one.row], named[one.given], named[one.likely], one.share) for one in fitted.doubts
            )
            gains = dict(zip(named, fitted.gains, strict=False))
            told = Learned(found["value"], found["low"], found["high"], images, patients, "", doubts, gains)
            missing = fitted.neighbours_missing
            self.learned.emit(replace(told, rung=fitted.rung, neighbours_missing=missing, drawn=drawn))
        if fitted.neighbours_missing and len(fitted.ids) <= MOST_TO_COUNT:
            self._count_neighbours()

    def _count_neighbours(self) -> None:
        """Count the neighbours of every image once, which propagation needs, and learn anew with them."""
        source = self._current.known.current
        if source is None or source.embedding in ("", self._counted):
            return
        self._counted = source.embedding
        file = str(self._services.session.project.embeddings_dir / f"{source.embedding}.npy")
        compute = self._services.compute

        def work() -> None:
            compute.submit("sslstudio.embeddings.neighbour_graph:graph_of", file).result()

        self._services.background.run(work, done=lambda _: self._later(), failed=lambda _: None, key="label-neighbours")

    def _failed(self, error: SSLStudioError) -> None:
        self._nothing(error.message)

    def _nothing(self, why: str) -> None:
        if self._images.suggestions is not None and self._images.suggestions.source == LIVE:
            self._images.set_suggestions(None)
        self.learned.emit(Learned(None, why_not=why, drawn=self._judge(None, (), set())))
