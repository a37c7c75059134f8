"""What the Label page shows of the case in hand and of the progress; apart from what the keys do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Protocol

from PySide6.QtCore import QObject

from sslstudio.domain.labels import MARK_NAMES
from sslstudio.errors import SSLStudioError
from sslstudio.gui.item_models import screen_pixels
from sslstudio.gui.item_models.project_images import ProjectImages
from sslstudio.gui.item_models.screen_pixels import ScreenPixels
from sslstudio.gui.item_models.sides import kept_patients, side
from sslstudio.gui.item_models.tile_texts import tile
from sslstudio.gui.pages.label import files_texts, texts
from sslstudio.gui.pages.label.learner import Learned
from sslstudio.gui.pages.label.side_panel import Progress
from sslstudio.gui.pages.page import Services
from sslstudio.session.session import noted

BLIND = "Kept back while you label blinded."


class CaseView(Protocol):
    """Where the case is shown: `case` has set_image and set_facts, `side` the note."""

    case: Any
    side: Any

    def set_suggestion(self, text: str, available: bool) -> None: ...


class Side(Protocol):
    """Where the progress is shown."""

    def set_progress(self, rows: Sequence[Progress]) -> None: ...
    def set_accuracy(self, value: str, basis: str, advice: str) -> None: ...
    def set_doubts(self, labels: int) -> None: ...
    def set_marks(self, text: str) -> None: ...
    def set_rung(self, text: str) -> None: ...


class CasePresenter(QObject):
    """Follows the labels and suggestions of the image in hand; reads its pixels off the window's thread."""

    def __init__(self, services: Services, view: CaseView, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._services, self._view = services, view
        self._images = ProjectImages.of(services)
        self._shown: int | None = None
        self._drawn: int | None = None
        self.blind = False
        """Whether the label of the image in hand is kept back."""
        self._images.labels_changed.connect(lambda _: self._show_facts())
        self._images.suggestions_changed.connect(self._show_facts)
        self._images.rendering_changed.connect(self._draw_anew)
        view.side.note.written.connect(self._write_note)

    def _draw_anew(self) -> None:
        if self._drawn is not None:
            self._drawn = None
            self.show(self._shown, pixels=True)

    def show(self, image_id: int | None, *, pixels: bool) -> None:
        """Take an image in hand; its picture is only read when `pixels` are wanted and are not there yet."""
        if image_id != self._shown:
            self._view.side.note.finish()  # what was typed belongs to the image that was in hand
        self._shown = image_id
        self._show_facts()
        if not pixels:
            return
        if image_id is None:
            self._drawn = None
            self._view.case.set_image(None, 0, 255, texts.NOTHING_SELECTED)
        elif image_id != self._drawn:
            project = self._services.session.project
            self._services.background.run(
                screen_pixels.read, project, image_id, done=self._show_image, key="label-case"
            )

    def _show_facts(self) -> None:
        """The words around the image in hand; the picture itself is not touched."""
        if self._shown is None:
            self._show_note()
            self._view.case.set_facts("", texts.NOTHING_SELECTED)
            self._view.set_suggestion(texts.NOTHING_SELECTED, False)
            return
        about = tile(self._images, self._shown)
        words = f"{about.label}{', ' + about.origin if about.origin else ''}" if about.label else "no label"
        words = "" if self.blind else words
        self._view.case.set_facts(f"Image {self._shown}  {about.about}".rstrip(), words)
        self._show_note()
        found = self._images.suggestion(self._shown)
        if found is None:
            none = texts.NO_SUGGESTION_YET if self._images.suggestions is None else texts.NO_SUGGESTION
            if self._images.session.drawing.waits(self._shown, self._images.labels()):
                none = texts.DRAWN_WAITS
            self._view.set_suggestion(none, False)
        else:
            name = self._images.classes()[found[0]].name
            self._view.set_suggestion(texts.suggestion(name, found[1]), True)

    def _show_note(self) -> None:
        """The note on the label of the image in hand."""
        label = self._images.labels().get(self._shown) if self._shown is not None else None
        hidden = self.blind or self._images.session.blinding.on
        reason = "" if label is not None else texts.NOTE_NEEDS_LABEL
        if self._images.session.project.read_only:
            reason = texts.READ_ONLY
        self._view.side.note.show_note(
            label.note if label is not None and not hidden else "", BLIND if hidden else reason
        )

    def _write_note(self, text: str) -> None:
        if self._shown is None:
            return
        try:
            command = noted(self._images.labels().get(self._shown), text)
            if command is not None:
                self._images.session.apply(command)
        except SSLStudioError as error:
            self._services.notify.error(error)

    def _show_image(self, found: ScreenPixels) -> None:
        if found.image_id == self._shown:
            self._drawn = found.image_id
            self._view.case.set_image(found.pixels, found.low, found.high, found.message, found.meaning)


class ProgressPresenter(QObject):
    """Counts labels by class and part, and says how well they carry."""

    def __init__(self, side: Side, images: ProjectImages, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._side, self._images = side, images
        self._learned = Learned(None, why_not=texts.FEW)

    def take(self, learned: Learned) -> None:
        """The classifier has learned, or cannot."""
        self._learned = learned
        self.show()

    def doubts(self) -> dict[int, str]:
        """Why each label is worth a second look, by image, the most doubtful first; those changed since left out."""
        labels, classes = self._images.labels(), self._images.classes()
        return {
            image_id: texts.doubted(classes[given].name, classes[likely].name, share)
            for image_id, given, likely, share in self._learned.doubts
            if image_id in labels and labels[image_id].class_id == given and {given, likely} <= classes.keys()
        }

    def show(self) -> None:
        """Count again."""
        table = self._images.table
        counts: Counter[tuple[int, str]] = Counter()
        kept = kept_patients(self._images.session, table)
        for image_id, label in self._images.labels().items():
            row = table.row_of(image_id)
            if row is not None and label.class_id is not None:
                counts[label.class_id, side(table, row, kept)] += 1
        rows = [
            Progress(info.name, info.colour, counts[key, "train"], counts[key, "test"], counts[key, ""])
            for key, info in self._images.classes().items()
        ]
        self._side.set_progress(rows)
        marks = Counter[str](label.mark for label in self._images.labels().values() if label.class_id is None)
        self._side.set_marks(files_texts.without_class({name: marks[mark] for mark, name in MARK_NAMES.items()}))
        known = self._learned
        self._side.set_rung(texts.rung(known.rung, missing=known.neighbours_missing) if known.rung else "")
        gains = [known.gains.get(key) for key in self._images.classes()]
        advice = texts.advice([row.name for row in rows], [row.train + row.undealt for row in rows], gains)
        self._side.set_doubts(len(self.doubts()))
        if known.value is None:
            self._side.set_accuracy("", known.why_not, advice)
        else:
            value = texts.accuracy(known.value, known.low, known.high)
            self._side.set_accuracy(value, texts.accuracy_basis(known.images, known.patients), advice)
