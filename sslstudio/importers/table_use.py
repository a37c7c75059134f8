"""How well a user's table fits the files of an import: what is in one and not in the other, counted and told."""

from __future__ import annotations

from collections.abc import Callable

from sslstudio.importers.tables import SubjectTable

Warn = Callable[[str, str, str], None]


class TableUse:
    """Told every file found by `meet`, every imported one by `note`; `warn` tells the user what did not fit."""

    def __init__(self, table: SubjectTable) -> None:
        self._table = table
        self._used = bytearray(len(table))
        self.unmatched = 0
        self.files = 0

    def meet(self, relative: str) -> None:
        """Note that a file is there, by its path below its source."""
        number = self._table.number(relative)
        if number is not None:
            self._used[number] = 1

    def note(self, relative: str) -> None:
        """Count one imported file, by its path below its source."""
        self.files += 1
        self.unmatched += self._table.number(relative) is None

    @property
    def unused(self) -> int:
        """How many rows name a file that was not found."""
        return len(self._used) - sum(self._used)

    def warn(self, warn: Warn) -> None:
        """Tell the user, once for each kind of doubt."""
        if self.unmatched:
            warn(
                "files_not_in_table",
                f"{_count(self.unmatched, 'image file')} of {self.files:,} stand in no row of the table.",
                "Their patients were found without it. Check how the table names the files.",
            )
        if self.unused:
            warn(
                "rows_without_file",
                f"{_count(self.unused, 'row')} of the table name files that were not found.",
                "Check that the chosen folders hold them, and how the table names the files.",
            )
        if self._table.conflicts:
            warn(
                "rows_in_conflict",
                f"{_count(self._table.conflicts, 'row')} of the table give a file another patient than an earlier row.",
                "The first row of each file counts. Mend the table and import again if that is wrong.",
            )
        for name, why in self._table.shape.withheld.items():
            warn(
                "column_withheld",
                f'The column "{name}" of the table was left out: it {why}.',
                "A project keeps nothing that could name a person. Rename the column if it does not.",
            )


def _count(number: int, noun: str) -> str:
    return f"1 {noun}" if number == 1 else f"{number:,} {noun}s"
