"""Connects the part on cases drawn at random to the project: what is said of them, the list, the choice."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtCore import QObject, Signal, SignalInstance

from sslstudio.classifiers.intervals import wilson
from sslstudio.errors import SSLStudioError
from sslstudio.gui.item_models.project_images import ProjectImages
from sslstudio.gui.pages.label import texts
from sslstudio.gui.pages.label.learner import Drawn, Learned
from sslstudio.gui.pages.page import Services


class Part(Protocol):
    """The part of the panel that is used here."""

    show_requested: SignalInstance
    keep_requested: SignalInstance

    def set_drawn(self, value: str, interval: str, basis: str, images: int) -> None: ...
    def set_kept(self, kept: bool, reason: str) -> None: ...


class DrawnPresenter(QObject):
    """``listed(dict)`` asks to show images, each with its reason."""

    listed = Signal(object)

    def __init__(self, services: Services, part: Part, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._services, self._part = services, part
        self._images = ProjectImages.of(services)
        self._drawn = Drawn()
        part.show_requested.connect(self._show_them)
        part.keep_requested.connect(self._keep)

    def take(self, learned: Learned) -> None:
        """The classifier has learned, or cannot."""
        self._drawn = learned.drawn
        self.show()

    def show(self) -> None:
        """Say it again, after a label or an undo."""
        drawing, labels, judged = self._services.session.drawing, self._images.labels(), self._drawn.judged
        reason = texts.READ_ONLY if self._services.session.project.read_only else ""
        self._part.set_kept(drawing.kept, reason)
        sample = drawing.sample(labels)
        if not sample:
            self._part.set_drawn("", "", texts.DRAWN_NONE if drawing.kept else texts.DRAWN_OFF, 0)
            return
        patients = len({self._images.table.subject_of(key) for key in sample})
        basis = texts.drawn_basis(len(sample), patients, len(labels), judged)
        if not judged:
            self._part.set_drawn("", "", basis, len(sample))
            return
        interval = texts.drawn_range(judged, *wilson(self._drawn.right, judged))
        self._part.set_drawn(texts.drawn_right(judged, self._drawn.right), interval, basis, len(sample))

    def _show_them(self) -> None:
        drawing = self._services.session.drawing
        sample = drawing.sample(self._images.labels())
        whys = {key: texts.why_drawn(drawing.draws[key].images, drawing.draws[key].subjects) for key in sample}
        self._images.set_listed(tuple(sample), texts.DRAWN_LIST)
        self.listed.emit(whys)

    def _keep(self, kept: bool) -> None:
        session = self._services.session
        try:
            session.drawing.keep(kept)  # as quick as a label
        except SSLStudioError as error:
            self._services.notify.error(error)
        else:
            session.images_were_changed()
        self.show()
