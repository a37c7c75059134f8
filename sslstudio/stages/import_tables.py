"""The tables of an import: the one that says whose each file is, and those that chose the files of earlier imports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from sslstudio.domain.specs import ImportSpec
from sslstudio.errors import SSLStudioError
from sslstudio.importers.chosen import ChosenSource
from sslstudio.importers.discovery import FoundFile
from sslstudio.importers.identity import IdentityRules
from sslstudio.importers.patience import Patience
from sslstudio.importers.table_use import Warn
from sslstudio.importers.tables import SubjectTable, is_table

_SECONDS = 120.0


class ImportTables:
    """The sources of one import with their tables.

    In a look for changes (`private["look"]`) a table that was chosen earlier gives the files that it names now and
    says whose they are, and no others'. One that cannot be read any more gives none, and the user is told; when it is
    the only source, SSLStudioError ("table_unreadable") is raised. Tables are read by `patience`: a drive that hangs
    does not keep the import from being cancelled.
    """

    def __init__(self, spec: ImportSpec, private: Mapping[str, Any], warn: Warn, patience: Patience) -> None:
        self._patience = patience
        self.sources = [Path(source) for source in private["sources"]]
        self.naming: dict[str, SubjectTable] = {}
        if private.get("look"):
            self._read_again([ChosenSource(*one) for one in private["chosen"]], warn)
        self.chosen = self._chosen(spec, private, () if private.get("look") else self.sources)

    def rules(self, usual: IdentityRules, file: FoundFile) -> IdentityRules:
        """How the patient of `file` is told: by the table that names it, where no table stands for all."""
        table = self.naming.get(file.named_by) if usual.table is None else None
        return usual if table is None else replace(usual, table=table)

    def _read_again(self, chosen: Sequence[ChosenSource], warn: Warn) -> None:
        lost = 0
        for one in chosen:
            if one.kind != "table":
                continue
            with suppress(SSLStudioError):
                table = self._read(one.path, one.image_column, one.subject_column)
                if table:
                    self.naming[str(one.path)] = table
                    continue
            lost += 1
            self.sources.remove(one.path)
        if not lost:
            return
        tables = "A table" if lost == 1 else f"{lost:,} tables"
        message = f"{tables} that chose files of an earlier import cannot be read now, or no longer name any file."
        hint = "Mend the table and look again; meanwhile nothing is taken in from its folder."
        if not self.sources:
            raise SSLStudioError(message, hint, code="table_unreadable")
        warn("table_unreadable", message, hint)

    def _chosen(self, spec: ImportSpec, private: Mapping[str, Any], sources: Sequence[Path]) -> SubjectTable | None:
        """The table that was chosen, else the first of the sources that is one."""
        columns = (spec.image_column, spec.subject_column)
        if private.get("table"):
            return self._read(Path(private["table"]), *columns)
        for source in sources:
            if is_table(source):
                with suppress(SSLStudioError):
                    return self._read(source, *columns)
        return None

    def _read(self, path: Path, image_column: str, subject_column: str) -> SubjectTable:
        try:
            return self._patience.call(_SECONDS, _regular, path, image_column, subject_column)
        except TimeoutError:
            raise SSLStudioError(
                "The table cannot be read: its drive does not answer.",
                "Connect it again, or copy the table to this computer.",
                code="table_unreadable",
            ) from None


def _regular(path: Path, image_column: str, subject_column: str) -> SubjectTable:
    if path.exists() and not path.is_file():  # a pipe would never end
        raise SSLStudioError("The table is no file.", "Choose a CSV or Parquet file.", code="table_unreadable")
    return SubjectTable.read(path, image_column, subject_column)
