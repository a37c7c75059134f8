"""What is going on in the open project: selection, labels, signals. Every linked view hangs on this object."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from psygnal import Signal

from sslstudio.domain.labels import (
    OKABE_ITO,
    AddClass,
    ClassInfo,
    Label,
    LabelCommand,
    Mark,
    Origin,
    SetLabels,
    SetReadings,
)
from sslstudio.errors import SSLStudioError
from sslstudio.labels.commands import steps_of
from sslstudio.session.drawing import Drawing
from sslstudio.session.exclusions import Exclusions
from sslstudio.session.filters import FilterState
from sslstudio.session.place import Place
from sslstudio.session.project import Project
from sslstudio.session.selection import Mode, Selection, pick

if TYPE_CHECKING:
    from sslstudio.session.selection import Ids


@dataclass(frozen=True, slots=True)
class LabelCounts:
    """What a labelling did: images set, images skipped because a label set by hand stands there, and unchanged ones."""

    set: int
    skipped: int
    unchanged: int = 0


class Blinding:
    """Whether views keep back whose an image is, its label and what a classifier thinks; ``changed(on)``."""

    changed = Signal(bool)

    def __init__(self) -> None:
        self.on = False

    def set(self, on: bool) -> None:
        """Keep that back, or show it."""
        if on != self.on:
            self.on = on
            self.changed.emit(on)


class Session:
    """The evented state of one project. Signals are emitted in the thread that made the change. `filters` holds what
    the views show of the images, `exclusions` what was left out of training in this sitting, `drawing` what the queue
    drew at random.

    `labels_changed` carries the ids whose label changed (empty when only classes changed); `runs_changed` the run id;
    `rendering_changed` and `images_changed` carry nothing more than that they happened, `selection_changed` the new
    selection.
    """

    selection_changed = Signal(Selection)
    images_changed = Signal()
    labels_changed = Signal(frozenset)
    runs_changed = Signal(str)
    rendering_changed = Signal()
    check_asked = Signal(object, str)
    """Ids of images and the name of their group: a sample of them is to be checked before all get one label."""

    def __init__(self, project: Project, author: str = "") -> None:
        self.project = project
        self.filters = FilterState()
        self._commands = 0
        self.exclusions = Exclusions(project.catalogue, lambda: self._commands)
        self.place = Place(project.path, read_only=project.read_only)
        self.drawing = Drawing(project.catalogue)
        self._selection = Selection()
        self._labels: Mapping[int, Label] | None = None
        self.blinding = Blinding()
        project.catalogue.author = author

    @property
    def selection(self) -> Selection:
        """The ids of the selected images."""
        return self._selection

    def select(self, ids: Iterable[int] | Ids, mode: Mode = "replace") -> None:
        """Point at images, quickest by an array; emits `selection_changed` if the selection is another one now."""
        selection = pick(self._selection, ids, mode)
        if selection != self._selection:
            self._selection = selection
            self.selection_changed.emit(selection)

    def clear(self) -> None:
        """Select nothing."""
        self.select(())

    def labels(self) -> Mapping[int, Label]:
        """The current labels by image id; a snapshot, kept until the next change."""
        if self._labels is None:
            self._labels = MappingProxyType(self.project.catalogue.labels())
        return self._labels

    def classes(self) -> list[ClassInfo]:
        """The label set, in the order in which classes were added."""
        return self.project.catalogue.classes()

    def apply(self, command: LabelCommand) -> LabelCommand:
        """Carry out a label command, stored before this returns; returns its inverse."""
        inverse = self.project.catalogue.apply(command)
        self.was_applied(command)
        return inverse

    def was_applied(self, command: LabelCommand) -> None:
        """Tell every view of a command that a thread has stored through the catalogue."""
        self._commands += 1
        self.exclusions.forget_redo()
        self._changed(command)

    def undo(self) -> LabelCommand | None:
        """Take back the latest label command; None when there is none."""
        return self._step(self.project.catalogue.undo, -1)

    def redo(self) -> LabelCommand | None:
        """Do again what was undone last; None when there is nothing."""
        return self._step(self.project.catalogue.redo, 1)

    def add_class(self, name: str) -> ClassInfo:
        """Add a class called `name` with the next free colour and key."""
        info = next_class(self.classes(), name.strip())
        self.apply(AddClass(info=info))
        return info

    def label_images(
        self, ids: Iterable[int], class_id: int, origin: Origin = "hand", *, overwrite: bool = False, source: str = ""
    ) -> LabelCounts:
        """Give images a class. One image labelled by hand always gets it; see `mark_images` for the rest. `source` is
        what stands with the labels as their reason, such as what a check found."""

        def make(key: int, how: Origin) -> Label:
            return Label(image_id=key, mark="class", class_id=class_id, origin=how, source=source)

        return self._set(ids, make, origin, overwrite)

    def mark_images(
        self, ids: Iterable[int], mark: Mark, origin: Origin = "hand", *, overwrite: bool = False
    ) -> LabelCounts:
        """Give images an answer that is no class, such as uncertain or poor quality.

        Several images at once (stored as "bulk"), suggestions and imports leave labels alone that were set by hand,
        unless `overwrite`; the counts say how many.
        """
        return self._set(ids, lambda key, how: Label(image_id=key, mark=mark, origin=how), origin, overwrite)

    def clear_labels(self, ids: Iterable[int]) -> LabelCounts:
        """Take the labels of images away, those set by hand too: the user asked for exactly this."""
        labels = self.labels()
        return self._set([key for key in ids if key in labels], lambda _key, _how: None, "hand", True)

    def rendering_was_changed(self) -> None:
        """Tell every view that what the model sees is another now."""
        self.rendering_changed.emit()

    def images_were_changed(self) -> None:
        """Tell every view that images, exclusions or parts changed."""
        self.images_changed.emit()

    def run_was_changed(self, run_id: str) -> None:
        """Tell every view that a run changed."""
        self.runs_changed.emit(run_id)

    def _set(
        self,
        ids: Iterable[int],
        make: Callable[[int, Origin], Label | None],
        origin: Origin,
        overwrite: bool,
    ) -> LabelCounts:
        keys = list(dict.fromkeys(ids))
        if not keys:
            raise SSLStudioError("There is no image to label.", "Select images first.", code="no_images")
        single = len(keys) == 1 and origin == "hand"
        how: Origin = "bulk" if origin == "hand" and not single else origin
        before = self.labels()
        changes: list[tuple[int, Label | None]] = []
        skipped = unchanged = 0
        for key in keys:
            old, new = before.get(key), make(key, how)
            if (old is None and new is None) or (
                old is not None and new is not None and (old.mark, old.class_id) == (new.mark, new.class_id)
            ):
                unchanged += 1
            elif old is not None and old.origin == "hand" and not (single or overwrite):
                skipped += 1
            else:
                kept = old.note if old is not None else ""
                changes.append((key, new.model_copy(update={"note": kept}) if new is not None and kept else new))
        if changes:
            self.apply(SetLabels(labels=tuple(changes)))
        return LabelCounts(len(changes), skipped, unchanged)

    def _step(self, step: Callable[[], LabelCommand | None], count: int) -> LabelCommand | None:
        command = step()
        if command is not None:
            self._commands += count
            self._changed(command)
        return command

    def _changed(self, command: LabelCommand) -> None:
        changed: set[int] = set()
        classes = False
        for step in steps_of(command):
            if isinstance(step, SetLabels):
                changed.update(image_id for image_id, _ in step.labels)
            elif isinstance(step, SetReadings):
                changed.update(image_id for image_id, _, _ in step.readings)
            else:
                classes = True
        self._labels = None
        if classes:
            self.labels_changed.emit(frozenset())
        if changed:
            self.labels_changed.emit(frozenset(changed))


def next_class(classes: Iterable[ClassInfo], name: str) -> ClassInfo:
    """A class called `name` with the next free id, colour and key (1-9, then 0)."""
    standing = list(classes)
    class_id = max((info.class_id for info in standing), default=0) + 1
    colours, keys = {info.colour for info in standing}, {info.key for info in standing}
    colour = next((c for c in OKABE_ITO if c not in colours), OKABE_ITO[class_id % len(OKABE_ITO)])
    key = next((k for k in "1234567890" if k not in keys), "")
    return ClassInfo(class_id=class_id, name=name, colour=colour, key=key)


def noted(label: Label | None, note: str) -> SetLabels | None:
    """The command that writes a note on a label, None where it stands already; SSLStudioError "no_label" for none."""
    if label is None:
        raise SSLStudioError("A note stands with a label.", "Label the image first.", code="no_label")
    note = note.strip()[:2000]
    words = "Write a note on 1 image" if note else "Remove the note of 1 image"
    changed = label.model_copy(update={"note": note})
    return SetLabels(text=words, labels=((label.image_id, changed),)) if note != label.note else None
