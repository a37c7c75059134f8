"""The import list: which files are shown, how many of each kind there are, the pages in view, and what can be done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import QObject, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QPixmap

from sslstudio.catalogue.rows import LedgerEntry, LedgerQuery
from sslstudio.gui.pages.data import ledger_texts, texts
from sslstudio.gui.pages.data.ledger_model import SORTS
from sslstudio.gui.pages.data.ledger_view import LIST, TRIAL
from sslstudio.gui.pages.data.view import DataView
from sslstudio.gui.pages.page import Services
from sslstudio.importers.path_text import from_text, one_line
from sslstudio.session.import_table import write_import_list

ALL, TAKEN, SKIPPED = "", "status:imported", "status:skipped"


@dataclass(frozen=True)
class Lists:
    """How many files have each code: in the project's list and in that of the latest dry run."""

    codes: dict[str, int]
    trial: dict[str, int]


class LedgerController(QObject):
    """Connects the import list of a Data view to the catalogue of one project.

    ``files_wanted(action, trial, numbers)`` asks to read or settle files, an action of `ledger_texts`;
    ``list_shown(trial)`` tells which list is in front, whenever it has changed.
    """

    files_wanted = Signal(str, bool, object)
    list_shown = Signal(bool)

    def __init__(self, services: Services, view: DataView, thumbnail: Callable[[int], QPixmap | None]) -> None:
        super().__init__(view)
        self._services, self._background, self._view = services, services.background, view
        self._pane = view.ledger
        self._catalogue = services.session.project.catalogue
        self._thumbnail = thumbnail
        self._query = LedgerQuery()
        self._filter = ALL
        self._lists = Lists({}, {})
        self._numbers: Sequence[int] = ()
        pane = self._pane
        pane.filter_requested.connect(self.set_filter)
        pane.page_requested.connect(self._read_page)
        pane.list_requested.connect(self._choose_list)
        pane.search_requested.connect(self._search)
        pane.sort_requested.connect(self._sort)
        pane.selection_changed.connect(lambda _: self._show_chosen())
        pane.action_requested.connect(self._act)
        pane.export_requested.connect(self._export)

    @property
    def shows_trial(self) -> bool:
        """True while the list of the latest dry run is shown."""
        return self._query.trial

    def set_lists(self, lists: Lists) -> bool:
        """How many files have each code; True when that has changed and the table starts over."""
        if lists == self._lists:
            return False
        fresh_trial = bool(lists.trial) and lists.trial != self._lists.trial
        self._lists = lists
        shown = (
            TRIAL if (fresh_trial or (self._query.trial and lists.trial) or not lists.codes) and lists.trial else LIST
        )
        self._query = replace(self._query, trial=shown == TRIAL)
        if self._filter.startswith("code:") and self._filter.removeprefix("code:") not in self._codes:
            self._filter = ALL
        self._pane.set_lists(bool(lists.trial), shown)
        self._show()
        return True

    @property
    def _codes(self) -> dict[str, int]:
        return self._lists.trial if self._query.trial else self._lists.codes

    def set_filter(self, value: str) -> None:
        """Show only files of one kind."""
        self._filter = value
        self._show()

    def show_code(self, code: str) -> None:
        """Bring the files of one code of the project's list to the front."""
        self._query = replace(self._query, trial=False)
        self._pane.set_lists(bool(self._lists.trial), LIST)
        self._filter = f"code:{code}" if code in self._lists.codes else ALL
        self._view.show_ledger()
        self._show()

    def _choose_list(self, which: str) -> None:
        self._query = replace(self._query, trial=which == TRIAL)
        self._filter = ALL
        self._show()

    def _search(self, text: str) -> None:
        self._query = replace(self._query, text=text.strip())
        self._read_numbers()

    def _sort(self, column: int, descending: bool) -> None:
        sort = SORTS[column] if 0 <= column < len(SORTS) else ""
        self._query = replace(self._query, sort=sort, descending=descending and bool(sort))
        self._read_numbers()

    def _show(self) -> None:
        self.list_shown.emit(self._query.trial)
        codes = self._codes
        taken = sum(number for code, number in codes.items() if code in texts.TAKEN)
        total = sum(codes.values())
        entries = [(ALL, "All", total), (TAKEN, "Imported", taken), (SKIPPED, "Skipped", total - taken)]
        entries += [
            (f"code:{code}", texts.short_reason(code), number)
            for code, number in sorted(codes.items(), key=lambda pair: -pair[1])
            if code not in ("imported", "ready")
        ]
        self._pane.set_filters(
            [(value, f"{text}  {number:,}", value == self._filter) for value, text, number in entries]
        )
        kind, _, value = self._filter.partition(":")
        self._query = replace(
            self._query, status=value if kind == "status" else "", code=value if kind == "code" else ""
        )
        self._read_numbers()

    def _read_numbers(self) -> None:
        asked = self._query

        def show(numbers: Sequence[int]) -> None:
            if asked == self._query:
                self._numbers = numbers
                self._pane.set_numbers(numbers)
                self._pane.set_about(ledger_texts.shown_line(len(numbers), sum(self._codes.values())))
                self._show_chosen()

        self._background.run(self._catalogue.ledger_numbers, asked, done=show, key="import list")

    def _read_page(self, page: int, numbers: Sequence[int]) -> None:
        asked, trial = self._numbers, self._query.trial

        def show(entries: list[LedgerEntry]) -> None:
            if asked is self._numbers:
                self._pane.set_page(page, entries)
                self._show_chosen()

        self._background.run(lambda: self._catalogue.ledger_entries(numbers, trial=trial), done=show)

    # -- what can be done ------------------------------------------------------------------------------------

    def _show_chosen(self) -> None:
        """Say what is selected, or what the filter shows, and offer what can be done about it."""
        rows = self._pane.selected()
        entries = [entry for row in rows[:2] if (entry := self._pane.model.entry(row)) is not None]
        code = self._query.code
        picture = None
        if len(rows) == 1 and entries:
            entry = entries[0]
            title = f"{one_line(entry.file)}: {texts.short_reason(entry.code)}"
            detail = f"{entry.reason} {entry.hint}".strip()
            actions = [ledger_texts.FOLDER, *ledger_texts.ACTIONS_OF.get(entry.code, ())]
            if entry.image_id is not None:
                actions.insert(0, ledger_texts.SHOW)
                picture = self._thumbnail(entry.image_id)
        elif len(rows) > 1 or code:
            same = code or (entries[0].code if entries else "")
            title = ledger_texts.chosen_line(len(rows) or len(self._numbers), texts.short_reason(same))
            detail = "" if code else ledger_texts.MIXED
            actions = list(ledger_texts.ACTIONS_OF.get(code, ()))
        else:
            title, detail, actions = "", "", []
        if self._services.session.project.read_only:
            actions = [one for one in actions if one in (ledger_texts.SHOW, ledger_texts.FOLDER)]
        self._pane.set_actions(title, detail, [(one, *ledger_texts.ACTIONS[one]) for one in actions])
        self._pane.set_picture(picture)

    def _act(self, action: str) -> None:
        rows = self._pane.selected()
        entry = self._pane.model.entry(rows[0]) if rows else None
        if action == ledger_texts.SHOW and entry is not None and entry.image_id is not None:
            self._services.session.select([entry.image_id])
        elif action == ledger_texts.FOLDER and entry is not None:
            path = Path(from_text(entry.path))
            self._background.run(nearest_folder, path, done=_show_folder)
        elif action not in (ledger_texts.SHOW, ledger_texts.FOLDER):
            numbers = [self._pane.model.number(row) for row in rows] or list(self._numbers)
            self.files_wanted.emit(action, self._query.trial, numbers)

    def _export(self, target: Path, paths: bool) -> None:
        project, query = self._services.session.project, self._query
        self._background.run(
            lambda: write_import_list(project, target, query, paths=paths),
            done=lambda files: self._services.notify.info(ledger_texts.exported(files)),
            failed=self._services.notify.error,
        )


def nearest_folder(path: Path) -> QUrl:
    """The folder of a file, or the nearest one above it that is there; asks the disk, which may hang: not for the
    window's thread."""
    folder = path.parent
    while not folder.is_dir() and folder != folder.parent:
        folder = folder.parent
    return QUrl.fromLocalFile(str(folder))


def _show_folder(folder: QUrl) -> None:
    QDesktopServices.openUrl(folder)
