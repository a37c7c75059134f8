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

    def show_step(self, text: str, *, yes_or_no: bool = False) -> None: ...
    def show_result(self, text: str, all_: str = "", core: str = "", edge: str = "") -> None: ...
    def hide(self) -> None: ...


class Auditing(QObject):
    """``case_wanted(image_id)`` asks for an image to be shown alone, ``gallery_wanted(ids)`` for images to be selected,
    ``list_wanted(whys)`` for the list that was made, with the reason of each image by its id.

    `label` gives the images in hand a class, with what stands as the reason of the labels.
    """

    case_wanted = Signal(int)
    gallery_wanted = Signal(object)
    list_wanted = Signal(object)
    changed = Signal()

    def __init__(self, services: Services, bar: Bar, label: Callable[[int, str], None], parent: QObject) -> None:
        super().__init__(parent)
        self._services, self._bar, self._label = services, bar, label
        self._images = ProjectImages.of(services)
        self._current = CurrentMap.of(services)
        self._audit: Audit | None = None
        self._ordered: list[int] = []
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

    def begin(self, class_id: int, size: int = audit.SAMPLE) -> None:
        """Draw a sample of the selected images, to be checked for this class."""
        if self.reason():
            self._services.notify.info(self.reason())
            return
        self._started += 1
        chosen = sorted(self._services.session.selection)
        self._audit = audit.draw(chosen, class_id, self._images.labels(), self._started, size)
        self._ordered = []
        self.go_on()

    def answer(self, what: str) -> None:
        """ "yes" or "no" to the image that is shown; nothing while none is asked for."""
        image_id = self._audit.next(self._images.labels()) if self._audit is not None else None
        if self._audit is None or image_id is None or image_id not in self._services.session.selection:
            return
        if what == "yes":
            self._label(self._audit.class_id, "")
        else:
            self._audit = self._audit.refuse(image_id)
            self.go_on()

    def go_on(self) -> None:
        """Show the next image of the sample, or what was found."""
        if self._audit is None:
            return
        labels, name = self._images.labels(), self._name(self._audit)
        image_id = self._audit.next(labels)
        self._asked = image_id is not None
        if image_id is not None:
            done = self._audit.found(labels).n
            self._bar.show_step(texts.step(done + 1, len(self._audit.sample), name), yes_or_no=True)
            self.case_wanted.emit(image_id)
        else:
            self._show_result(self._audit)
            self.gallery_wanted.emit(self._audit.rest(labels))
            if self._embedding():
                self._order(self._audit, lambda _: self._show_result(self._audit))
        self.changed.emit()

    def _show_result(self, one: Audit | None) -> None:
        if one is None:
            return
        labels, name = self._images.labels(), self._name(one)
        found, rest = one.found(labels), len(one.rest(labels))
        inner = rest // 2
        core = texts.label_core(inner)
        if self._ordered and inner:
            _, of_core = one.core(labels, self._ordered)
            if of_core.n:
                core = texts.label_core(inner, of_core, intervals.exact(of_core.wrong, of_core.n))
        self._bar.show_result(
            texts.result(found, name, intervals.exact(found.wrong, found.n)),
            texts.label_all(rest, name) if rest else "",
            core if inner and self._embedding() else "",
            texts.EDGE if rest and self._embedding() else "",
        )

    def _labels_changed(self) -> None:
        """A class that is gone ends the check; an answer that was taken back is asked for again when one goes on."""
        if self._audit is not None and self._audit.class_id not in self._images.classes():
            self._end()

    def _decide(self, what: str) -> None:
        one = self._audit
        if what in ("yes", "no"):
            self.answer(what)
        elif one is None or what == "end":
            self._end()
        elif what == "all":
            labels = self._images.labels()
            found = one.found(labels)
            self._end()
            told = texts.provenance(found, intervals.exact(found.wrong, found.n), core=False)
            self._label_these(list(one.rest(labels)), one.class_id, told)
        elif what == "core":
            self._order(one, lambda ordered: self._label_core(one, ordered))
        else:
            self._order(one, lambda ordered: self._walk(one, ordered))

    def _order(self, one: Audit, then: Callable[[list[int]], None]) -> None:
        """Find out how far in the images lie, the innermost first, unless that is known, and go on."""
        folder, embedding = self._services.session.project.embeddings_dir, self._embedding()
        if self._ordered or not embedding:
            then(self._ordered)
            return
        compute, placed = self._services.compute, self._current.known.map
        grouped = None if placed is None else (placed.ids, placed.cluster)

        def order() -> list[int]:
            files = str(folder / f"{embedding}.npy"), str(folder / f"{embedding}.ids.npy")
            found: list[int] = compute.submit(
                "sslstudio.classifiers.central:central_first", *files, list(one.ids), grouped
            ).result()
            return found

        def done(ordered: list[int]) -> None:
            if self._audit is not None and self._audit.ids == one.ids:
                self._ordered = ordered
                then(ordered)

        self._services.background.run(order, done=done, failed=self._services.notify.error, key="label-audit")

    def _label_core(self, one: Audit, ordered: list[int]) -> None:
        inner, found = one.core(self._images.labels(), ordered)
        interval = intervals.exact(found.wrong, found.n) if found.n else intervals.Interval(0.0, 1.0)
        self._end()
        self._label_these(list(inner), one.class_id, texts.provenance(found, interval, core=True))

    def _walk(self, one: Audit, ordered: list[int]) -> None:
        rest = set(one.rest(self._images.labels()))
        outer = [image_id for image_id in reversed(ordered) if image_id in rest]
        self._end()
        self._images.set_listed(tuple(outer), texts.EDGE_NAME)
        self.list_wanted.emit({key: texts.from_edge(n, len(outer)) for n, key in enumerate(outer, 1)})

    def _label_these(self, ids: list[int], class_id: int, told: str) -> None:
        self._services.session.select(ids)
        self._label(class_id, told)

    def _end(self) -> None:
        self._audit, self._asked, self._ordered = None, False, []
        self._bar.hide()
        self.changed.emit()

    def _embedding(self) -> str:
        source = self._current.known.current
        return source.embedding if source is not None else ""

    def _name(self, one: Audit) -> str:
        return self._images.classes()[one.class_id].name
