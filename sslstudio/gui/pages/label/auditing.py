"""Carries a check through: draws the sample, shows it blindly, says what it found, and labels what the user decides."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import Protocol

from PySide6.QtCore import QObject, Signal, SignalInstance

from sslstudio.classifiers import intervals
from sslstudio.gui.item_models.current_map import CurrentMap
from sslstudio.gui.item_models.project_images import ProjectImages
from sslstudio.gui.pages.label import audit_texts as texts
from sslstudio.gui.pages.page import Services
from sslstudio.labels import audit
from sslstudio.labels.audit import Audit


class Bar(Protocol):
    """The part of the bar that is driven here."""

    chosen: SignalInstance

    def show_step(self, text: str) -> None: ...
    def show_result(self, text: str, all_: str = "", core: str = "", edge: str = "") -> None: ...
    def hide(self) -> None: ...


class Auditing(QObject):
    """``case_wanted(image_id)`` asks for an image to be shown alone, ``gallery_wanted(ids)`` for images to be selected,
    ``list_wanted()`` for the list that was made."""

    case_wanted = Signal(int)
    gallery_wanted = Signal(object)
    list_wanted = Signal()
    changed = Signal()

    def __init__(self, services: Services, bar: Bar, label: Callable[[int], None], parent: QObject) -> None:
        super().__init__(parent)
        self._services, self._bar, self._label = services, bar, label
        self._images = ProjectImages.of(services)
        self._current = CurrentMap.of(services)
        self._audit: Audit | None = None
        self._started = 0
        self._asked = False
        bar.chosen.connect(self._decide)
        self._images.labels_changed.connect(lambda _: self._labels_changed())

    @property
    def blind(self) -> bool:
        """Whether an image of the sample is to be judged now, without anybody's opinion."""
        return self._audit is not None and self._audit.next(self._images.labels()) is not None

    @property
    def waiting(self) -> bool:
        """Whether the next label is an answer."""
        return self._asked

    def reason(self) -> str:
        """Why no check can begin now; "" when it can."""
        labels = self._images.labels()
        open_ = (image_id for image_id in self._services.session.selection if image_id not in labels)
        enough = len(list(islice(open_, audit.FEWEST))) == audit.FEWEST
        return "" if enough and self._images.classes() else texts.TOO_FEW

    def begin(self, class_id: int) -> None:
        """Draw a sample of the selected images, to be checked for this class."""
        if self.reason():
            self._services.notify.info(self.reason())
            return
        self._started += 1
        chosen = sorted(self._services.session.selection)
        self._audit = audit.draw(chosen, class_id, self._images.labels(), self._started)
        self.go_on()

    def go_on(self) -> None:
        """Show the next image of the sample, or what was found."""
        if self._audit is None:
            return
        labels, name = self._images.labels(), self._name(self._audit)
        image_id = self._audit.next(labels)
        found = self._audit.found(labels)
        self._asked = image_id is not None
        if image_id is not None:
            self._bar.show_step(texts.step(found.n + 1, len(self._audit.sample), name))
            self.case_wanted.emit(image_id)
        else:
            rest = len(self._audit.rest(labels))
            interval = intervals.exact(found.wrong, found.n)
            core = rest // 2
            self._bar.show_result(
                texts.result(found, name, interval),
                texts.label_all(rest, name) if rest else "",
                texts.label_core(core) if core and self._embedding() else "",
                texts.EDGE if rest and self._embedding() else "",
            )
            self.gallery_wanted.emit(self._audit.rest(labels))
        self.changed.emit()

    def _labels_changed(self) -> None:
        """A class that is gone ends the check; an answer that was taken back is asked for again when one goes on."""
        if self._audit is not None and self._audit.class_id not in self._images.classes():
            self._end()

    def _decide(self, what: str) -> None:
        if self._audit is None or what == "end":
            self._end()
            return
        rest, class_id = self._audit.rest(self._images.labels()), self._audit.class_id
        if what == "all":
            self._end()
            self._label_these(list(rest), class_id)
            return
        folder, embedding = self._services.session.project.embeddings_dir, self._embedding()
        if not embedding:
            return
        compute = self._services.compute

        def order() -> list[int]:
            files = str(folder / f"{embedding}.npy"), str(folder / f"{embedding}.ids.npy")
            found: list[int] = compute.submit(
                "sslstudio.classifiers.central:central_first", *files, list(rest)
            ).result()
            return found

        def carry_out(ordered: list[int]) -> None:
            self._end()
            if what == "core":
                self._label_these(ordered[: len(rest) // 2], class_id)
            else:
                self._images.set_listed(tuple(reversed(ordered)), texts.EDGE_NAME)
                self.list_wanted.emit()

        self._services.background.run(order, done=carry_out, failed=self._services.notify.error, key="label-audit")

    def _label_these(self, ids: list[int], class_id: int) -> None:
        self._services.session.select(ids)
        self._label(class_id)

    def _end(self) -> None:
        self._audit, self._asked = None, False
        self._bar.hide()
        self.changed.emit()

    def _embedding(self) -> str:
        source = self._current.known.current
        return source.embedding if source is not None else ""

    def _name(self, one: Audit) -> str:
        return self._images.classes()[one.class_id].name
