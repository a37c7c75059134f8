"""Decisions between readers: image after image on which they differ, blinded or with their answers."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtCore import QObject, Signal, SignalInstance
from PySide6.QtWidgets import QWidget

from sslstudio.domain.labels import MARK_NAMES, Mark
from sslstudio.errors import SSLStudioError
from sslstudio.gui.item_models.project_images import ProjectImages
from sslstudio.gui.pages.label import files_texts as texts
from sslstudio.gui.pages.label import texts as page_texts
from sslstudio.gui.pages.label.readers_dialog import ReadersDialog
from sslstudio.gui.pages.page import Services
from sslstudio.session import raters
from sslstudio.session.raters import Answered, Dispute, Overview


class Bar(Protocol):
    """The part of the bar that is driven here."""

    chosen: SignalInstance

    def show_step(self, text: str) -> None: ...
    def show_result(self, text: str, all_: str = "", core: str = "", edge: str = "") -> None: ...
    def hide(self) -> None: ...


class Adjudicating(QObject):
    """``case_wanted(image_id)`` asks for an image to be shown alone; while `deciding`, labels are decisions."""

    case_wanted = Signal(int)
    changed = Signal()

    def __init__(self, services: Services, bar: Bar, window: QWidget, parent: QObject) -> None:
        super().__init__(parent)
        self._services, self._bar, self._window = services, bar, window
        self._images = ProjectImages.of(services)
        self._waiting: tuple[Dispute, ...] = ()
        self._place = 0
        self._hidden = True
        self.deciding = False
        self.dialog: ReadersDialog | None = None
        bar.chosen.connect(lambda _: self._end())

    @property
    def blind(self) -> bool:
        """Whether the readers' answers are kept back now."""
        return self.deciding and self._hidden

    def show_readers(self) -> None:
        """Open the dialog of the readers and fill it when all is counted."""
        session = self._services.session
        dialog = self.dialog = ReadersDialog(session.project.catalogue.author, self._window)
        dialog.named.connect(self._name)
        dialog.decide_requested.connect(self._decide_from_dialog)
        dialog.finished.connect(self._closed)
        dialog.open()
        self._fill(dialog)

    def begin(self, *, blind: bool) -> None:
        """Go through the images on which readers differ."""
        catalogue = self._services.session.project.catalogue
        self._waiting = raters.disputes(catalogue.labels(), catalogue.readings())
        self._place, self._hidden = 0, blind
        self.deciding = bool(self._waiting)
        if not self.deciding:
            self._services.notify.info(texts.NOTHING_OPEN)
            return
        self._show()

    def answer(self, image_id: int, class_id: int | None) -> None:
        """Take a decision for the image that is shown; None is "nobody can tell"."""
        if not self.deciding or image_id != self._waiting[self._place].image_id:
            return
        session = self._services.session
        mark: Mark = "uncertain" if class_id is None else "class"
        command = raters.decide(
            session.labels().get(image_id), session.project.catalogue.readings(), image_id, mark, class_id
        )  # fmt: skip
        try:
            session.apply(command)
        except SSLStudioError as error:
            self._services.notify.error(error)
            return
        self._place += 1
        self.deciding = self._place < len(self._waiting)
        self._show()

    def _show(self) -> None:
        if self.deciding:
            dispute = self._waiting[self._place]
            said = [] if self._hidden else [(who, self._words(answer)) for who, answer in dispute.answers]
            self._bar.show_step(texts.deciding(self._place + 1, len(self._waiting), said))
            self.changed.emit()
            self.case_wanted.emit(dispute.image_id)
        else:
            self._bar.show_result(texts.DECIDED)
            self.changed.emit()

    def _words(self, answer: Answered) -> str:
        mark, class_id = answer
        info = self._images.classes().get(class_id) if class_id is not None else None
        return info.name if info is not None else MARK_NAMES.get(mark, "")

    def _end(self) -> None:
        self.deciding, self._waiting = False, ()
        self._bar.hide()
        self.changed.emit()

    def _fill(self, dialog: ReadersDialog) -> None:
        project, table = self._services.session.project, self._images.table
        subjects = (
            {int(image_id): table.subject_of(int(image_id)) for image_id in table.ids} if len(table.ids) else None
        )
        names = {class_id: info.name for class_id, info in self._images.classes().items()}
        reason = page_texts.READ_ONLY if project.read_only else ""

        def done(found: Overview) -> None:
            if self.dialog is dialog:
                dialog.set_overview(found, names, reason)

        self._services.background.run(
            raters.overview, project, subjects, done=done, failed=self._services.notify.error, key="label-readers"
        )

    def _name(self, name: str) -> None:
        self._services.session.project.catalogue.author = name
        if self._services.settings is not None:
            self._services.settings.change(author=name)

    def _decide_from_dialog(self, blind: bool) -> None:
        if self.dialog is not None:
            self.dialog.accept()
        self.begin(blind=blind)

    def _closed(self, *_: object) -> None:
        self.dialog = None
