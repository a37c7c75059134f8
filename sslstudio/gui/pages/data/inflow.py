"""All that brings images in, connected: the form, runs under way, the import list, and how patients are told apart."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject
from PySide6.QtGui import QPixmap

from sslstudio.gui.jobs_bridge import RunStatus
from sslstudio.gui.pages.data import identity_texts, texts
from sslstudio.gui.pages.data.changes import ChangesController
from sslstudio.gui.pages.data.import_runs import ImportRuns
from sslstudio.gui.pages.data.import_warnings import WarningsController
from sslstudio.gui.pages.data.importing import ImportController
from sslstudio.gui.pages.data.ledger import LedgerController, Lists
from sslstudio.gui.pages.data.patients import PATIENTS, PatientsController, PatientsPane
from sslstudio.gui.pages.data.view import DataView
from sslstudio.gui.pages.page import Services


class Inflow(QObject):
    """The controllers of one Data view that have to do with importing. `changed` is called when an import has ended."""

    def __init__(
        self,
        services: Services,
        view: DataView,
        thumbnail: Callable[[int], QPixmap | None],
        changed: Callable[[], None],
    ) -> None:
        super().__init__(view)
        self._services, self._view, self._changed = services, view, changed
        self.importing = ImportController(services, view)
        self.changes = ChangesController(services, view, self.importing)
        self.ledger = LedgerController(services, view, thumbnail)
        pane = PatientsPane()
        view.add_section(PATIENTS, identity_texts.TITLE, "patient", pane, help=identity_texts.SECTION_HELP)
        self.patients = PatientsController(services, view, pane)
        actions = self._actions()
        self.runs = ImportRuns(services, view, actions)
        self.warnings = WarningsController(services, view.ledger.warnings, actions)
        self.importing.launched.connect(self.runs.launching)
        self.runs.started.connect(self.importing.started)
        self.runs.progressed.connect(self._refresh_list)
        self.runs.ended.connect(self._ended)
        self.ledger.files_wanted.connect(self.importing.read_again)
        self.ledger.list_shown.connect(lambda trial: self.warnings.read(trial=trial))

    def read_lists(self) -> Lists:
        """How many files have each code; for a background thread."""
        catalogue = self._services.session.project.catalogue
        return Lists(catalogue.ledger_counts(), catalogue.ledger_counts(trial=True))

    def _ended(self, dry_run: bool, status: RunStatus) -> None:
        if dry_run:
            if self.changes.looking:
                self.changes.ended(status)
            else:
                self.importing.check_ended()
            self._view.show_ledger()
        self.warnings.read()
        self._changed()

    def _refresh_list(self) -> None:
        """More rows of an import were stored: show them; the images wait for its end."""

        def show(lists: Lists) -> None:
            self._view.set_has_content(bool(lists.codes or lists.trial))
            self.ledger.set_lists(lists)

        self._services.background.run(self.read_lists, done=show, key="import list counts")

    def _actions(self) -> dict[str, tuple[str, Callable[[], None]]]:
        """What can be done about a warning of an import, by its code."""
        patients = (texts.CHANGE_PATIENTS, self.patients.open)
        about_patients = ("patients_unknown", "folders_as_patients", "one_patient_dominates", "placeholder_ids")
        return {
            **dict.fromkeys(about_patients, patients),
            "no_images": (texts.SHOW_LIST, lambda: self._show_code("")),
            "files_changed": (texts.SHOW_LIST, lambda: self._show_code("changed")),
            "same_image_two_patients": (texts.SHOW_LIST, lambda: self._show_code("duplicate")),
            "folder_empty": (texts.LOCATE, self.importing.locate),
        }

    def _show_code(self, code: str) -> None:
        self._services.navigate("data")
        self.ledger.show_code(code)
