"""What imports warned of, above the import list; shown again whenever the project is opened, until it is put aside."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from sslstudio.gui.notifications import Issue
from sslstudio.gui.pages.data import ledger_texts as texts
from sslstudio.gui.pages.page import Services
from sslstudio.gui.texts import run_title, warned_title
from sslstudio.gui.widgets.controls import Disclosure, clear
from sslstudio.gui.widgets.issues_panel import IssueRow
from sslstudio.session.import_warnings import ImportWarning, import_warnings, put_aside

FOLDED_FROM = 3
"""So many warnings are folded under their number, so that they leave room for the list."""


class WarningsStrip(QWidget):
    """Setters, and ``dismissed(key)`` where one was taken off."""

    dismissed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        rows = QWidget()
        self._rows = QVBoxLayout(rows)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setSpacing(0)
        self.fold = Disclosure("", rows)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.fold)
        self.hide()

    def set_issues(self, issues: Sequence[Issue], *, removable: bool) -> None:
        """What imports warned of; hidden without any. With `removable` each can be taken off."""
        clear(self._rows)
        for issue in issues:
            row = IssueRow(issue, removable=removable)
            row.dismissed.connect(self.dismissed)
            self._rows.addWidget(row)
        self.fold.set_title(texts.warnings_title(len(issues)))
        self.fold.set_open(len(issues) < FOLDED_FROM)
        self.setVisible(bool(issues))


class WarningsController(QObject):
    """Connects the strip to one project. `actions` as `ImportRuns` has them."""

    def __init__(
        self, services: Services, strip: WarningsStrip, actions: Mapping[str, tuple[str, Callable[[], None]]]
    ) -> None:
        super().__init__(strip)
        self._services, self._strip, self._actions = services, strip, actions
        self._project = services.session.project
        self._shown: list[ImportWarning] = []
        self._trial = False
        strip.dismissed.connect(self._dismiss)

    def read(self, *, trial: bool | None = None) -> None:
        """Read what imports, or with `trial` the latest check, warned of; as before when it is not said which."""
        wanted = self._trial = self._trial if trial is None else trial
        self._services.background.run(
            lambda: import_warnings(self._project, trial=wanted), done=self._show, key="import warnings"
        )

    def _show(self, found: list[ImportWarning]) -> None:
        if found == self._shown:
            return
        self._shown = found
        self._strip.set_issues([self._issue(one) for one in found], removable=not self._project.read_only)

    def _issue(self, one: ImportWarning) -> Issue:
        title = run_title("import_images", one.run_id)
        action, callback = self._actions.get(one.code, ("", None))
        return Issue(one.key, warned_title(title, one.message), one.hint, "warning", action, callback)

    def _dismiss(self, key: str) -> None:
        warning = next((one for one in self._shown if one.key == key), None)
        if warning is not None:
            self._services.notify.remove_issue(f"run:{key}")
            self._services.background.run(put_aside, self._project, warning, done=lambda _: self.read())
