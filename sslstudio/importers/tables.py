"""A user's table that names files: whose each one is, and what else is known of it. CSV, TSV or Parquet.

Files are found in it by their path below the source, by the end of the path, by their name, by their name without
ending, or by a folder they lie in.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sslstudio.errors import SSLStudioError
from sslstudio.importers import table_columns
from sslstudio.importers.table_columns import Fact

TABLE_SUFFIXES = (".csv", ".tsv", ".tab", ".parquet", ".pq")
MOST_ROWS = 2_000_000
_MOST_COLUMNS = 500
_SAMPLE = 2000
_LONG_SUFFIXES = (".nii.gz", ".hdr.gz", ".img.gz", ".dcm.gz", ".ome.tif", ".ome.tiff")


def is_table(path: Path | str) -> bool:
    """True for names that end as tables do."""
    return str(path).lower().endswith(TABLE_SUFFIXES)


@dataclass(frozen=True)
class TableShape:
    """The columns of a table and what each is taken for; `withheld` are left out, with the reason."""

    columns: tuple[str, ...]
    image_column: str
    subject_column: str
    facts: Mapping[str, Fact] = field(default_factory=dict)
    kept: tuple[str, ...] = ()
    withheld: Mapping[str, str] = field(default_factory=dict)
    rows: int = 0


@dataclass(frozen=True)
class TableRow:
    """What a table says of one file. `facts` are the project's own, `columns` the further ones; none is blank."""

    image: str
    subject: str
    facts: Mapping[Fact, str] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)


class SubjectTable:
    """A table that was read; `conflicts` counts files that stand in it again with another patient."""

    def __init__(self, shape: TableShape, rows: Sequence[Sequence[str]]) -> None:
        self.shape = shape
        self.conflicts = 0
        place = {name: number for number, name in reversed(list(enumerate(shape.columns)))}
        wanted = [name for name in (shape.subject_column, *shape.facts, *shape.kept) if name]
        alike: dict[str, str] = {}
        image = place[shape.image_column]
        self._images: list[str] = []
        self._cells: dict[str, list[str]] = {name: [] for name in wanted}
        self._by_path: dict[str, int] = {}
        self._by_stem: dict[str, list[int]] = {}
        for cells in rows:
            path = _path(cells[image])
            if path and self._index(path, cells[place[shape.subject_column]] if shape.subject_column else ""):
                self._images.append(path)
                for name, values in self._cells.items():
                    value = cells[place[name]].strip()
                    values.append(alike.setdefault(value, value))

    def __len__(self) -> int:
        return len(self._images)

    @property
    def images(self) -> Sequence[str]:
        """The files it names, each once, as they stand in it, with forward slashes."""
        return self._images

    def find(self, relative: str) -> str:
        """The patient of the file at `relative` (forward slashes), or ""."""
        number = self.number(relative)
        return "" if number is None or not self.shape.subject_column else self._cells[self.shape.subject_column][number]

    def row(self, relative: str) -> TableRow | None:
        """What is said of the file at `relative`, or None."""
        number = self.number(relative)
        if number is None:
            return None
        shape, cells = self.shape, self._cells
        facts = {fact: table_columns.fact_value(fact, cells[name][number]) for name, fact in shape.facts.items()}
        columns = {name: cells[name][number] for name in shape.kept}
        return TableRow(
            self._images[number],
            cells[shape.subject_column][number] if shape.subject_column else "",
            {fact: value for fact, value in facts.items() if value},
            {name: value for name, value in columns.items() if value},
        )

    def number(self, relative: str) -> int | None:
        """The number of the row of a file, or None. Where several would do and none fits better, there is none."""
        path = relative.casefold()
        number = self._by_path.get(path)
        if number is None:
            number = self._fitting(path)
        while number is None and "/" in path:  # a row may name a folder
            path = path.rpartition("/")[0]
            number = self._by_path.get(path)
            if number is None:
                number = self._ending(path, stems=False)
        return number

    def _index(self, path: str, subject: str) -> bool:
        """Note where a row will stand; False when its file stands in the table already."""
        number = len(self._images)
        first = self._by_path.setdefault(path.casefold(), number)
        if first != number:
            known = self._cells[self.shape.subject_column][first] if self.shape.subject_column else ""
            self.conflicts += subject.strip() != known
            return False
        self._by_stem.setdefault(_stem(path.casefold()), []).append(number)
        return True

    def _fitting(self, path: str) -> int | None:
        number = self._ending(path, stems=False)
        return self._ending(path, stems=True) if number is None else number

    def _ending(self, path: str, *, stems: bool) -> int | None:
        """The one row whose path shares the longest end with `path`, if all of the shorter path is shared."""
        best: list[tuple[int, int]] = []
        for number in self._by_stem.get(_stem(path), ()):
            image = self._images[number].casefold()
            shared = _shared_end(*(map(_without_suffix, (image, path)) if stems else (image, path)))
            if shared:
                best.append((shared, number))
        top = max((shared for shared, _ in best), default=0)
        found = [number for shared, number in best if shared == top]
        return found[0] if len(found) == 1 else None

    @classmethod
    def read(cls, path: Path, image_column: str = "", subject_column: str = "") -> SubjectTable:
        """Read a table; columns that are not named are found by their names. A table of patients without a column of
        files is matched by folders that are called as the patients.

        Raises SSLStudioError `table_unreadable`, `table_columns` (no such column).
        """
        names, rows = cells(path)
        shape = _shape(names, rows, image_column, subject_column)
        if not shape.image_column:
            raise SSLStudioError(
                "The table has no column of files or patients.",
                "Name one column image and one column patient, or choose the columns.",
                code="table_columns",
            )
        return cls(shape, rows)


def look(path: Path, image_column: str = "", subject_column: str = "") -> TableShape:
    """What the columns of a table are taken for; raises SSLStudioError as `SubjectTable.read`, but for no column."""
    names, rows = cells(path)
    return _shape(names, rows, image_column, subject_column)


def _shape(names: Sequence[str], rows: Sequence[Sequence[str]], image: str, subject: str) -> TableShape:
    for wanted in (image, subject):
        if wanted and wanted not in names:
            raise SSLStudioError(
                f"The table has no column {wanted}.", f"Its columns are {', '.join(names)[:200]}.", code="table_columns"
            )
    image = image or table_columns.file_column([name for name in names if name != subject])
    subject = subject or table_columns.subject_column([name for name in names if name != image])
    image = image or subject
    step = max(1, len(rows) // _SAMPLE)
    samples = {name: [cells[number] for cells in rows[::step]] for number, name in enumerate(names)}
    used = (image, subject)
    kept, withheld = table_columns.kept(names, samples, used)
    facts: dict[str, Fact] = {}
    for name in names:
        fact = table_columns.fact_of(name)
        if fact is not None and name not in used and fact not in facts.values():
            facts[name] = fact
    return TableShape(tuple(names), image, subject, facts, tuple(kept), withheld, len(rows))


def cells(path: Path) -> tuple[list[str], list[list[str]]]:
    """The names of the columns, unique, and the cells of each row as text, all rows of the same length.

    Raises SSLStudioError, code "table_unreadable".
    """
    try:
        with path.open("rb") as file:
            parquet = file.read(4) == b"PAR1"
        names, rows = _load_parquet(path) if parquet else _load_text(path)
    except (OSError, ValueError, csv.Error, MemoryError):
        raise SSLStudioError(
            "The table cannot be read.",
            "Save it as CSV in UTF-8 or as Parquet and choose it again.",
            code="table_unreadable",
        ) from None
    if len(rows) > MOST_ROWS or len(names) > _MOST_COLUMNS:
        raise SSLStudioError(
            f"The table has more than {MOST_ROWS:,} rows or {_MOST_COLUMNS} columns.",
            "Split it, or leave out what the import does not need.",
            code="table_unreadable",
        )
    return names, rows


def _load_text(path: Path) -> tuple[list[str], list[list[str]]]:
    text = _decoded(path.read_bytes())
    if "\0" in text:
        raise ValueError("no text")
    first = text.partition("\n")[0]
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count))
    names = [name.strip() for name in next(lines, [])]
    rows = [(cells + [""] * len(names))[: len(names)] for cells in lines if any(cells)]
    return names, rows


def _decoded(data: bytes) -> str:
    """UTF-8, or UTF-16 with its mark, else the code page of western Windows, in which spreadsheets save CSV."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252")


def _load_parquet(path: Path) -> tuple[list[str], list[list[str]]]:
    import pyarrow
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(path) as file:
            count = file.metadata.num_rows
            if count > MOST_ROWS:
                return [], [[]] * count
            table = file.read()
            columns = [[_cell(value) for value in column.to_pylist()] for column in table.columns]
            return [str(name).strip() for name in table.column_names], [
                list(cells) for cells in zip(*columns, strict=True)
            ]
    except pyarrow.ArrowException:
        raise ValueError("no Parquet") from None


def _cell(value: Any) -> str:
    """A cell as text; whole numbers that were stored as fractions, as beside empty cells, stand as whole numbers."""
    if value is None or value != value:  # what is not a number differs from itself
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    return str(value)


def _path(cell: str) -> str:
    path = cell.strip().replace("\\", "/")
    while path.startswith("./"):
        path = path[2:]
    return path.rstrip("/")


def _stem(name: str) -> str:
    return _without_suffix(name).rpartition("/")[2]


def _without_suffix(path: str) -> str:
    for suffix in _LONG_SUFFIXES:
        if path.endswith(suffix):
            return path[: -len(suffix)]
    folder, slash, name = path.rpartition("/")
    stem, dot, suffix = name.rpartition(".")
    return folder + slash + (stem if dot and stem and not suffix.isdecimal() else name)


def _shared_end(one: str, two: str) -> int:
    """How many parts the shorter path has, if the longer one ends in it; else 0."""
    ours, theirs = one.strip("/").split("/"), two.strip("/").split("/")
    count = min(len(ours), len(theirs))
    return count if ours[-count:] == theirs[-count:] else 0
