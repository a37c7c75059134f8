"""The ledger tab: which files are shown, how many of each kind there are, and the pages that come into view."""

from __future__ import annotations

from PySide6.QtCore import QObject

from sslstudio.catalogue.rows import LedgerEntry
from sslstudio.gui.pages.data import texts
from sslstudio.gui.pages.data.view import DataView
from sslstudio.gui.pages.page import Services

ALL, TAKEN, SKIPPED = "", "status:imported", "status:skipped"


class LedgerController(QObject):
    """Connects the ledger of a Data view to the catalogue of one project."""

    def __init__(self, services: Services, view: DataView) -> None:
        super().__init__(view)
        self._background, self._view = services.background, view
        self._catalogue = services.session.project.catalogue
        self._filter = ALL
        self._codes: dict[str, int] = {}
        self._trial = False
        view.ledger.filter_requested.connect(self.set_filter)
        view.ledger.page_requested.connect(self._read_page)

    def set_codes(self, codes: dict[str, int], trial: bool = False) -> bool:
        """How many files have each code, of the list or of a dry run; True when the table starts over."""
        if (codes, trial) == (self._codes, self._trial):
            return False
        self._codes, self._trial = codes, trial
        if self._filter.startswith("code:") and self._filter.removeprefix("code:") not in codes:
            self._filter = ALL
        self._show()
        return True

    def set_filter(self, value: str) -> None:
        """Show only files of one kind."""
        self._filter = value
        self._show()

    def _show(self) -> None:
        taken = sum(number for code, number in self._codes.items() if code in texts.TAKEN)
        total = sum(self._codes.values())
        entries = [(ALL, "All", total), (TAKEN, "Imported", taken), (SKIPPED, "Skipped", total - taken)]
        entries += [
            (f"code:{code}", texts.short_reason(code), number)
            for code, number in sorted(self._codes.items(), key=lambda pair: -pair[1])
            if code not in texts.TAKEN
        ]
        self._view.ledger.set_filters(
            [(value, f"{text}  {number:,}", value == self._filter) for value, text, number in entries]
        )
        self._view.ledger.set_rows(next((number for value, _, number in entries if value == self._filter), total))

    def _read_page(self, page: int, limit: int, offset: int) -> None:
        kind, _, value = self._filter.partition(":")
        asked, codes = self._filter, self._codes

        def read() -> list[LedgerEntry]:
            return self._catalogue.ledger(
                status=value if kind == "status" else "",
                code=value if kind == "code" else "",
                limit=limit,
                offset=offset,
                trial=self._trial,
            )

        def show(entries: list[LedgerEntry]) -> None:
            if asked == self._filter and codes is self._codes:
                self._view.ledger.set_page(page, entries)

        self._background.run(read, done=show)
