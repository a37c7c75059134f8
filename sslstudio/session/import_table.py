"""The import list as a CSV file, with or without names and paths."""

from __future__ import annotations

import csv
from pathlib import Path, PurePath

from sslstudio.catalogue.rows import LedgerQuery
from sslstudio.errors import SSLStudioError
from sslstudio.importers.path_text import one_line
from sslstudio.session.project import Project

COLUMNS = ("number", "status", "code", "reason", "what_to_do", "images", "modality", "bytes", "type")
PATH_COLUMNS = ("file", "folder")


def write_import_list(
    project: Project,
    target: Path,
    query: LedgerQuery,
    *,
    paths: bool = False,
) -> int:
    """Write the rows that `query` wants; returns how many. File names and folders only with `paths`.

    `type` is the ending of the file's name where it is a usual one. Raises SSLStudioError "not_written".
    """
    partial = target.with_name(target.name + ".partial")
    count = 0
    try:
        with partial.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream)
            writer.writerow((*COLUMNS, *(PATH_COLUMNS if paths else ())))
            for entry in project.catalogue.ledger_rows(query):
                count += 1
                place = (one_line(entry.file), one_line(entry.folder)) if paths else ()
                what = (entry.status, entry.code, entry.reason, entry.hint)
                size = (entry.images, entry.modality, entry.size, _ending(entry.file))
                writer.writerow((entry.number, *what, *size, *place))
        partial.replace(target)
    except OSError:
        partial.unlink(missing_ok=True)
        raise SSLStudioError(
            "The table could not be written.", "Choose a folder you may write to.", code="not_written"
        ) from None
    return count


def _ending(name: str) -> str:
    """The ending of a name as long as it cannot say anything about a person."""
    ending = PurePath(name).suffix.lower().lstrip(".")
    return ending if 0 < len(ending) <= 5 and ending.isalnum() and not ending.isdigit() and ending.isascii() else ""
