"""The section "Patients": how the images in the project were assigned, and changing that without reading them again."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from sslstudio.catalogue.subject_rows import SubjectEffect
from sslstudio.gui.pages.data import identity_texts as texts
from sslstudio.gui.pages.data import preview
from sslstudio.gui.pages.data.identity_view import IdentityForm
from sslstudio.gui.pages.data.importing import take_table
from sslstudio.gui.pages.data.preview import Seen
from sslstudio.gui.pages.data.view import DataView
from sslstudio.gui.pages.page import Services
from sslstudio.gui.widgets.controls import FormRow, PlainButton, ReasonButton, Text
from sslstudio.session import import_words
from sslstudio.session import subjects as telling_apart

PATIENTS = "patients"


class PatientsPane(QWidget):
    """The form with what it would do to the project; ``apply_requested`` and ``undo_requested``."""

    apply_requested = Signal()
    undo_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.identity = IdentityForm()
        self.effect = Text("")
        self.effect.setMinimumWidth(520)
        self.effect.setAccessibleName("What this would do to the project")
        self.apply = ReasonButton(texts.APPLY, "check")
        self.apply.clicked.connect(self.apply_requested)
        self.undo = PlainButton(texts.UNDO, "undo")
        self.undo.clicked.connect(lambda: self.undo_requested.emit())
        inside = QWidget()
        body = QVBoxLayout(inside)
        body.setContentsMargins(0, 8, 8, 8)
        body.setSpacing(8)
        body.addWidget(Text(texts.ABOUT, "muted"))
        body.addWidget(self.identity)
        body.addWidget(FormRow("Effect", self.effect))
        buttons = QHBoxLayout()
        buttons.setContentsMargins(148, 0, 0, 0)
        buttons.addWidget(self.apply)
        buttons.addWidget(self.undo)
        buttons.addStretch(1)
        body.addLayout(buttons)
        body.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setWidget(inside)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(scroll)

    def set_effect(self, text: str, reason: str) -> None:
        """What a change would do, and why it cannot be made ("" when it can)."""
        self.effect.setText(text)
        self.apply.set_reason(reason)

    def set_undo(self, text: str) -> None:
        """What the latest change was; "" when there is none."""
        self.undo.setEnabled(bool(text))
        self.undo.setToolTip(text or texts.NO_UNDO)


class PatientsController(QObject):
    """Connects the section to one project."""

    def __init__(self, services: Services, view: DataView, pane: PatientsPane) -> None:
        super().__init__(view)
        self._services, self._view, self._pane = services, view, pane
        self._project = services.session.project
        self._images = -1
        self._filled = False
        form = pane.identity
        form.changed.connect(self._look)
        form.table_requested.connect(self._ask_table)
        pane.apply_requested.connect(self._apply)
        pane.undo_requested.connect(self._undo)
        view.sections.section_changed.connect(lambda section: self._show() if section == PATIENTS else None)
        pane.set_effect("", texts.NO_IMAGES)
        pane.set_undo("")

    def open(self) -> None:
        """Bring the section to the front."""
        self._services.navigate("data")
        self._view.sections.show_section(PATIENTS)

    def set_images(self, images: int) -> None:
        """How many images there are now; what is shown is read again when it changed and is in view."""
        if images != self._images:
            self._images = images
            if self._view.sections.current_section() == PATIENTS:
                self._show()

    def _show(self) -> None:
        if self._filled:
            self._look()
            return
        self._filled = True

        def fill(kept: dict[str, object]) -> None:
            placeholders = kept.get("placeholders", ())
            self._pane.identity.set_identity(
                str(kept.get("pattern", "")),
                str(kept.get("order", "header")),
                [str(one) for one in placeholders] if isinstance(placeholders, list) else (),
            )
            self._look()

        self._services.background.run(telling_apart.kept_identity, self._project, done=fill)

    def _ask_table(self) -> None:
        chosen = self._view.ask_table()
        if chosen is not None:
            take_table(self._services, chosen, lambda shape: self._pane.identity.set_table(chosen, shape))

    def _look(self) -> None:
        form, project = self._pane.identity, self._project
        if self._images <= 0:
            form.set_message(texts.NO_IMAGES)
            self._pane.set_effect("", texts.NO_IMAGES)
            return
        form.set_message(texts.LOOKING)
        self._pane.set_effect("", texts.LOOKING)
        identity = form.identity()

        def read() -> tuple[Seen, SubjectEffect, str]:
            seen = preview.of_project(project, identity, trial=False)
            return seen, telling_apart.effect(project, identity), project.catalogue.subject_change()

        def show(found: tuple[Seen, SubjectEffect, str]) -> None:
            seen, effect, undo = found
            form.set_seen(seen)
            reason = texts.READ_ONLY if project.read_only else "" if effect.moved else texts.NOTHING
            self._pane.set_effect(import_words.effect_line(effect), reason)
            self._pane.set_undo("" if project.read_only else undo)

        self._services.background.run(
            read,
            done=show,
            failed=lambda error: form.set_message(str(error), "warning"),
            key="patients preview",
        )

    def _apply(self) -> None:
        identity = self._pane.identity.identity()
        self._pane.apply.set_reason(texts.LOOKING)

        def done(effect: SubjectEffect) -> None:
            self._services.notify.undoable(import_words.effect_line(effect), self._undo)
            self._services.session.images_were_changed()
            self._look()

        self._services.background.run(
            telling_apart.change, self._project, identity, done=done, failed=self._services.notify.error
        )

    def _undo(self) -> None:
        def done(images: int) -> None:
            self._services.notify.info(texts.undone(images) if images else texts.NO_UNDO)
            self._services.session.images_were_changed()
            self._filled = False
            self._show()

        self._services.background.run(telling_apart.undo, self._project, done=done, failed=self._services.notify.error)
