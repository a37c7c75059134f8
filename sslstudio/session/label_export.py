"""All labels as a table for another program or person: CSV or Parquet, without what may say who a patient is."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sslstudio.errors import SSLStudioError
from sslstudio.session.image_matching import shortest_names
from sslstudio.session.project import Project

COLUMNS = ("image_id", "frame", "subject", "label", "mark", "origin", "author", "at", "split")
READING = "reading"
"""What stands as the origin of an answer that is kept beside the label."""


@dataclass(frozen=True)
class Wanted:
    """What is written besides: names of files (with folders where several have one name), notes (with the names of
    files that labels came from), and what other raters answered. The first two may say who a patient is, so nothing
    of them is written unless asked for."""

    file_names: bool = False
    notes: bool = False
    readings: bool = False


@dataclass(frozen=True)
class Written:
    """How many labels and how many readings beside them."""

    labels: int
    readings: int


def write(project: Project, path: Path, wanted: Wanted | None = None) -> Written:
    """Write one row for each labelled or marked image; Parquet where the name ends so, else CSV.

    The file is whole or not there. Raises SSLStudioError "not_written".
    """
    wanted = wanted or Wanted()
    header = (*(("image",) if wanted.file_names else ()), *COLUMNS, *(("note", "source") if wanted.notes else ()))
    rows = list(_rows(project, wanted))
    partial = path.with_name(path.name + ".partial")
    try:
        if path.suffix.casefold() in (".parquet", ".pq"):
            _write_parquet(partial, header, rows)
        else:
            with partial.open("w", newline="", encoding="utf-8") as stream:
                writer = csv.writer(stream)
                writer.writerow(header)
                writer.writerows(rows)
        partial.replace(path)
    except OSError:
        partial.unlink(missing_ok=True)
        raise SSLStudioError(
            "The labels could not be written.", "Choose another folder, or free some space.", code="not_written"
        ) from None
    readings = sum(row[header.index("origin")] == READING for row in rows)
    return Written(len(rows) - readings, readings)


def _rows(project: Project, wanted: Wanted) -> Iterator[tuple[Any, ...]]:
    catalogue = project.catalogue
    names = {info.class_id: info.name for info in catalogue.classes()}
    labels = catalogue.labels()
    files = shortest_names(catalogue.paths()) if wanted.file_names else {}
    beside: dict[int, list[tuple[Any, ...]]] = {}
    if wanted.readings:
        for (image_id, rater), one in sorted(catalogue.readings().items()):
            name = "" if one.class_id is None else names[one.class_id]
            facts = (name, one.mark, READING, rater, one.at)
            beside.setdefault(image_id, []).append((facts, (one.note, one.source)))
    for image_id in sorted(labels.keys() | beside.keys()):
        image = catalogue.image(image_id)
        answers = list(beside.get(image_id, ()))
        given = labels.get(image_id)
        if given is not None:
            name = "" if given.class_id is None else names[given.class_id]
            facts = (name, given.mark, given.origin, given.author, given.at)
            answers.insert(0, (facts, (given.note, given.source)))
        for facts, words in answers:
            row = (image_id, image.frame, image.subject, *facts, image.part, *(words if wanted.notes else ()))
            yield (files.get(image_id, image.file_name), *row) if wanted.file_names else row


def _write_parquet(path: Path, header: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    import pyarrow
    from pyarrow import parquet

    columns = list(zip(*rows, strict=True)) if rows else [()] * len(header)
    numbers = ("image_id", "frame")
    arrays = [
        pyarrow.array(column, pyarrow.int64() if name in numbers else pyarrow.string())
        for name, column in zip(header, columns, strict=True)
    ]
    parquet.write_table(pyarrow.table(dict(zip(header, arrays, strict=True))), path)
