"""Looking for changes in two steps: what has changed since the imports is shown first, and done when it is wanted."""

from __future__ import annotations

from PySide6.QtCore import QObject

from sslstudio.domain.runs import RunState
from sslstudio.domain.specs import ImportSpec
from sslstudio.gui.jobs_bridge import RunStatus
from sslstudio.gui.pages.data import ledger_texts as texts
from sslstudio.gui.pages.data.importing import ImportController
from sslstudio.gui.pages.data.view import DataView
from sslstudio.gui.pages.page import Services
from sslstudio.session import import_words
from sslstudio.session.looking import Look, plan_look

_CHANGES = ("imported", "changed", "moved", "gone")


class ChangesController(QObject):
    """Connects "Look for changes" of the import list to one project. `looking` from the start of a look to its end."""

    def __init__(self, services: Services, view: DataView, importing: ImportController) -> None:
        super().__init__(view)
        self._services, self._importing = services, importing
        self._project = services.session.project
        self._strip = view.ledger.found
        self._look = Look((), ())
        self.looking = False
        view.ledger.changes_requested.connect(self.look)
        self._strip.wanted.connect(self._carry_out)
        self._strip.declined.connect(lambda: self._strip.set_found(""))
        importing.launched.connect(self._launched)

    def look(self) -> None:
        """Look at all that was imported and is there now, as it was chosen then; nothing is changed."""
        if self._importing.reason(with_sources=False):
            return
        self._services.background.run(
            plan_look, self._project, done=self._planned, failed=self._services.notify.error, key="look for changes"
        )

    def _planned(self, look: Look) -> None:
        if not self._importing.reason(with_sources=False):
            self._look = look
            self._start(dry_run=True)

    def ended(self, status: RunStatus) -> None:
        """The look has ended: say what it found, and offer to carry it out."""
        self.looking = False
        if status.state is RunState.SUCCEEDED:
            anything = any(status.result.get(name) for name in _CHANGES)
            line = f"{import_words.changes_line(status.result, dry_run=True)}. {texts.NOT_YET}"
            if not anything:
                line = texts.same(int(str(status.result.get("unchanged", 0))))
            self._strip.set_found(f"{line} {self._look.left_alone}".rstrip(), anything)

    def _launched(self) -> None:
        """Whatever was found is of yesterday once another run reads files."""
        self.looking = False
        self._strip.set_found("")

    def _carry_out(self) -> None:
        if not self._importing.reason(with_sources=False):
            self._start(dry_run=False)

    def _start(self, *, dry_run: bool) -> None:
        self._importing.launch(self._look.sources, self._importing.as_before(ImportSpec(dry_run=dry_run)))
        self.looking = dry_run
