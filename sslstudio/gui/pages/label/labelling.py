"""Giving labels to the images in hand: one or many, by key or button, never over labels set by hand in bulk."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from PySide6.QtCore import QObject, Signal

from sslstudio.domain.labels import MARK_NAMES, Label, Mark, SetLabels
from sslstudio.errors import SSLStudioError
from sslstudio.gui.item_models.project_images import ProjectImages
from sslstudio.gui.notifications import Notifier
from sslstudio.gui.pages.label import audit_texts, texts
from sslstudio.session.session import LabelCounts


class Labelling(QObject):
    """`targets` answers which images the keys act on. ``done()`` fires when a label was stored."""

    done = Signal()

    def __init__(
        self,
        images: ProjectImages,
        notify: Notifier,
        targets: Callable[[], Sequence[int]],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._images, self._notify, self._targets = images, notify, targets
        self.answering: Callable[[int, int | None], None] | None = None
        """Where labels go instead while they are answers of a second read: image id and class id, None for unsure."""

    def reason(self) -> str:
        """Why no label can be given now; "" when one can."""
        if self._images.session.project.read_only:
            return texts.READ_ONLY
        return "" if self._targets() else texts.NOTHING_SELECTED

    def key_reason(self, key: str) -> str:
        """Why the digit `key` does nothing now."""
        if not any(info.key == key for info in self._images.classes().values()):
            return f"No class has the key {key}."
        return self.reason()

    def press(self, key: str) -> None:
        """Label the images in hand as the class with this digit."""
        info = next((info for info in self._images.classes().values() if info.key == key), None)
        if info is not None:
            self.label(info.class_id)

    def label(self, class_id: int, source: str = "") -> None:
        """Label the images in hand as a class; `source` stands with the labels as their reason."""
        info = self._images.classes().get(class_id)
        if info is not None and not self._answered(class_id):
            session = self._images.session
            self._carry_out(info.name, lambda ids: session.label_images(ids, class_id, source=source))

    def mark(self, mark: Mark) -> None:
        """Give the images in hand an answer that is no class."""
        session = self._images.session
        if mark == "uncertain" and self._answered(None):
            return
        self._carry_out(MARK_NAMES[mark], lambda ids: session.mark_images(ids, mark))

    def clear(self) -> None:
        """Take the labels of the images in hand away."""
        session = self._images.session
        self._carry_out("without label", session.clear_labels)

    def accept(self) -> None:
        """Give each image in hand the label the classifier suggests for it."""
        self._carry_out("suggested", self._accept)

    def go_back(self, step: Callable[[], object]) -> None:
        """Undo or redo, whichever `step` is."""
        try:
            step()
        except SSLStudioError as error:
            self._notify.error(error)

    def history(self) -> tuple[str, str]:
        """What can be undone and redone, in words; empty when nothing can."""
        catalogue = self._images.session.project.catalogue
        return catalogue.can_undo() or "", catalogue.can_redo() or ""

    def _accept(self, ids: Sequence[int]) -> LabelCounts:
        labels, session = self._images.labels(), self._images.session
        suggested = {image_id: found[0] for image_id in ids if (found := self._images.suggestion(image_id)) is not None}
        if not suggested:
            waits = any(session.drawing.waits(key, labels) for key in ids)
            raise SSLStudioError(texts.DRAWN_WAITS if waits else texts.NO_SUGGESTION, code="no_suggestion")
        by_hand = [key for key in suggested if key in labels and labels[key].origin == "hand" and len(ids) > 1]
        same = [key for key, class_id in suggested.items() if key in labels and labels[key].class_id == class_id]
        left = {*by_hand, *same}
        new: tuple[tuple[int, Label | None], ...] = tuple(
            (key, Label(image_id=key, mark="class", class_id=class_id, origin="suggestion"))
            for key, class_id in suggested.items()
            if key not in left
        )
        if new:
            session.apply(SetLabels(labels=new))
        return LabelCounts(len(new), len(set(by_hand) - set(same)), len(same))

    def _answered(self, class_id: int | None) -> bool:
        """Whether the image in hand got an answer instead of a label."""
        ids = self._targets()
        if self.answering is None or len(ids) != 1:
            return False
        self.answering(ids[0], class_id)
        return True

    def _carry_out(self, name: str, act: Callable[[Sequence[int]], LabelCounts]) -> None:
        ids = list(self._targets())
        reason = audit_texts.ANSWER if self.answering is not None else self.reason()
        if reason:
            self._notify.info(reason)
            return
        try:
            counts = act(ids)
        except SSLStudioError as error:
            self._notify.error(error)
            return
        if len(ids) > 1:
            self._tell(ids, name, counts)
        if counts.set:
            self.done.emit()

    def _tell(self, ids: Sequence[int], name: str, counts: LabelCounts) -> None:
        if not counts.set:
            self._notify.info(texts.nothing_labelled(name, counts.skipped))
            return
        patients = self._images.table.count_subjects(np.asarray(ids, dtype=np.int64))
        words = texts.labelled(counts.set, patients, name, counts.skipped, counts.unchanged)
        self._notify.undoable(words, self._undo)

    def _undo(self) -> None:
        self._images.session.undo()
