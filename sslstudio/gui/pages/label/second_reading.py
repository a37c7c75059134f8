"""Carries a blinded second read through: image after image without label or opinion, then how far the reads agree."""

from __future__ import annotations

import time
from itertools import islice
from typing import Any, Protocol

import numpy as np
from PySide6.QtCore import QObject, Signal, SignalInstance

from sslstudio.errors import SSLStudioError
from sslstudio.gui.item_models.project_images import ProjectImages
from sslstudio.gui.pages.label import audit_texts as texts
from sslstudio.gui.pages.page import Services
from sslstudio.labels import agreement
from sslstudio.session import raters, second_reads
from sslstudio.session.second_reads import SecondRead


class Bar(Protocol):
    """The part of the bar that is driven here."""

    chosen: SignalInstance

    def show_step(self, text: str) -> None: ...
    def show_result(self, text: str, all_: str = "", core: str = "", edge: str = "") -> None: ...
    def hide(self) -> None: ...


class SecondReading(QObject):
    """``case_wanted(image_id)`` asks for an image to be shown alone; ``differences(whys)`` for a list, with reasons.

    While `blind`, labels are answers: they go to the read and leave the labels of the project as they are.
    """

    case_wanted = Signal(int)
    differences = Signal(object)
    changed = Signal()

    def __init__(self, services: Services, bar: Bar, parent: QObject) -> None:
        super().__init__(parent)
        self._services, self._bar = services, bar
        self._images = ProjectImages.of(services)
        self._read: SecondRead | None = None
        self._kept = second_reads.load(services.session.project)
        self.blind = False
        bar.chosen.connect(self._decide)

    def state(self) -> tuple[bool, int, int]:
        """Whether labelled images can be read again now, and how far a read is that was begun (0 of 0: none)."""
        read = self._begun()
        done = (len(read.answers), len(read.images)) if read is not None else (0, 0)
        labels = self._services.session.labels().values()
        known = islice((label for label in labels if label.class_id is not None), second_reads.FEWEST)
        possible = len(list(known)) == second_reads.FEWEST and not self._services.session.project.read_only
        return possible and not self.blind, *done

    def _begun(self) -> SecondRead | None:
        """The read that was begun before and has not ended."""
        return self._kept if self._kept is not None and self._kept.next is not None else None

    def begin(self) -> None:
        """Go on with the read that was begun, or draw a new one."""
        project, session = self._services.session.project, self._services.session
        try:
            self._read = self._begun() or second_reads.draw(session.labels(), time.time_ns(), project.catalogue.author)
            second_reads.store(project, self._read)
        except SSLStudioError as error:
            self._services.notify.error(error)
            return
        self._go_on()

    def answer(self, image_id: int, class_id: int | None) -> None:
        """Take an answer for the image that is shown; one for another image is not asked for."""
        if self._read is None or image_id != self._read.next:
            return
        read = self._read.answered(image_id, class_id)
        try:
            second_reads.store(self._services.session.project, read)
        except SSLStudioError as error:
            self._services.notify.error(error)
            return
        self._read = self._kept = read
        self._go_on()

    def _go_on(self) -> None:
        read = self._read
        if read is None:
            return
        image_id = read.next
        self.blind = image_id is not None
        if image_id is not None:
            self._bar.show_step(texts.second_step(len(read.answers) + 1, len(read.images)))
            self.case_wanted.emit(image_id)
        else:
            self._show_result(read)
        self.changed.emit()

    def _show_result(self, read: SecondRead) -> None:
        pairs = read.pairs()
        unsure = len(read.answers) - len(pairs)
        if not pairs:
            self._bar.show_result(texts.NOTHING_READ)
            return
        _, first, second = (np.asarray(column) for column in zip(*pairs, strict=True))
        patients = np.asarray([self._images.table.subject_of(image_id) for image_id, _, _ in pairs])
        found = agreement.cohen(first, second, patients)
        different = sum(one != other for _, one, other in pairs)
        self._bar.show_result(
            texts.second_result(found, unsure),
            all_=texts.KEEP_READINGS,
            edge=texts.differences(different) if different else "",
        )

    def _keep(self, read: SecondRead) -> None:
        """Keep the answers beside the labels, as those of another reader."""
        session = self._services.session
        labels = session.labels()
        own = {labels[image_id].author for image_id in read.answers if image_id in labels}
        name = read.author or raters.UNNAMED
        name = f"{name} (second read)" if read.author in own else name
        command = raters.keep_readings(labels, read.answers, name, "second read")
        try:
            if command is not None:
                session.apply(command)
        except SSLStudioError as error:
            self._services.notify.error(error)
            return
        self._read = None
        self._bar.hide()
        self._services.notify.undoable(texts.kept_readings(len(read.answers), name), self._undo)
        self.changed.emit()

    def _undo(self) -> None:
        self._services.session.undo()

    def _decide(self, what: str) -> None:
        read, self.blind = self._read, False
        if what == "all" and read is not None:
            self._keep(read)
            return
        if what == "edge" and read is not None:
            classes: dict[int, Any] = dict(self._images.classes())
            whys = {
                image_id: texts.differs(classes[one].name, classes[other].name)
                for image_id, one, other in read.pairs()
                if one != other and {one, other} <= classes.keys()
            }
            self._images.set_listed(tuple(whys), texts.DIFFERENCES_NAME)
            self.differences.emit(whys)
        self._read = None
        self._bar.hide()
        self.changed.emit()
