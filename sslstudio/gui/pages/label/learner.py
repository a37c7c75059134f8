"""Learns from the labels while they arrive: refits in the compute process, gives suggestions and a live accuracy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from PySide6.QtCore import QObject, QTimer, Signal

from sslstudio.classifiers.advising import Gain
from sslstudio.classifiers.refit import Refit, Rung
from sslstudio.errors import SSLStudioError
from sslstudio.gui.item_models.current_map import CurrentMap
from sslstudio.gui.item_models.project_images import ProjectImages, Suggestions
from sslstudio.gui.pages.label import texts
from sslstudio.gui.pages.page import Services

SETTLE_MS = 400
FEWEST_PER_CLASS = 2
MOST_TO_COUNT = 10_000
"""So many images have their neighbours counted unasked, in a second or two; of more, a search on Explore does it."""


@dataclass(frozen=True)
class Learned:
    """What the page says of the live classifier. `value` and its interval are None while there is none.

    `doubts` are (image id, class id given, class id believed, probability) of labels worth a second look, `gains` what
    more labels bring, by class id. `rung` is how it learned, None while it has not; `neighbours_missing` as in `Refit`.
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


@dataclass(frozen=True)
class _Lesson:
    image_ids: list[int]
    targets: list[int]
    groups: list[str]
    class_ids: tuple[int, ...]


class Learner(QObject):
    """Waits until labels settle, then refits. Test patients are never learned from."""

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

        def work() -> Refit:
            result: Refit = compute.submit(
                "sslstudio.classifiers.refit:refit",
                str(folder / f"{source.embedding}.npy"),
                str(folder / f"{source.embedding}.ids.npy"),
                lesson.image_ids,
                lesson.targets,
                lesson.groups,
                len(lesson.class_ids),
            ).result()
            return result

        def done(fitted: Refit) -> None:
            self._take(fitted, lesson)
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
        chosen = []
        for image_id, label in self._images.labels().items():
            row = table.row_of(image_id)
            if row is None or label.class_id is None or table.part[row] == "test":
                continue
            if known is None or image_id in known:
                chosen.append((image_id, label.class_id, table.subject_of(image_id)))
        counts = Counter(class_id for _, class_id, _ in chosen)
        class_ids = tuple(key for key in self._images.classes() if counts[key] >= FEWEST_PER_CLASS)
        chosen = sorted(entry for entry in chosen if entry[1] in class_ids)
        return _Lesson(
            [image_id for image_id, _, _ in chosen],
            [class_ids.index(class_id) for _, class_id, _ in chosen],
            [subject for _, _, subject in chosen],
            class_ids,
        )

    def _take(self, fitted: Refit, lesson: _Lesson) -> None:
        self._images.set_suggestions(Suggestions(fitted.ids, fitted.probabilities, lesson.class_ids, "live"))
        images, patients = len(lesson.image_ids), len(set(lesson.groups))
        if fitted.accuracy is None:
            why = texts.too_few(images)
            self.learned.emit(Learned(None, images=images, patients=patients, why_not=why, rung=fitted.rung))
        else:
            found, named = fitted.accuracy, lesson.class_ids
            doubts = tuple(
                (lesson.image_ids[one.row], named[one.given], named[one.likely], one.share) for one in fitted.doubts
            )
            gains = dict(zip(named, fitted.gains, strict=False))
            told = Learned(found["value"], found["low"], found["high"], images, patients, "", doubts, gains)
            self.learned.emit(replace(told, rung=fitted.rung, neighbours_missing=fitted.neighbours_missing))
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
        if self._images.suggestions is not None and self._images.suggestions.source == "live":
            self._images.set_suggestions(None)
        self.learned.emit(Learned(None, why_not=why))
