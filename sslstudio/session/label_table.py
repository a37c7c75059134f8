"""Labels from a table: rows matched to images by file name or relative path, one undoable command."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sslstudio.domain.items import Part
from sslstudio.domain.labels import AddClass, Label, SetLabels, Step, Together
from sslstudio.errors import SSLStudioError
from sslstudio.importers.tables import cells
from sslstudio.session.image_matching import Matcher
from sslstudio.session.project import Project
from sslstudio.session.session import next_class

PARTS: dict[str, Part] = {
    "train": "train", "training": "train", "val": "train", "valid": "train", "validation": "train",
    "test": "test", "testing": "test",
}  # fmt: skip
"""Validation images stand on the training side: they are used for choosing, so they cannot test."""


@dataclass(frozen=True, slots=True)
class LabelImport:
    """What a table did. Images: `labelled`, `kept` (a label set by hand stands there), `unchanged`.

    Rows: `unmatched` (no such file), `ambiguous` (several files fit), `blank` (no label given).
    """

    labelled: int
    unmatched: int
    ambiguous: int = 0
    blank: int = 0
    kept: int = 0
    unchanged: int = 0
    new_classes: tuple[str, ...] = ()
    parts: int = 0


@dataclass(frozen=True, slots=True)
class _Row:
    image: str
    label: str
    part: Part


def label_from_table(
    project: Project, table: Path, image_column: str = "image", label_column: str = "label",
    split_column: str | None = None, *, overwrite: bool = False,
) -> LabelImport:  # fmt: skip
    """Give images the labels of a table (CSV, TSV or Parquet), as one command with the origin "import".

    A row names its file by name or by the last parts of its path; several frames of one file share its label. Unknown
    classes are added. Labels set by hand stay unless `overwrite`. With `split_column`, subjects get their part
    first. Raises SSLStudioError with nothing changed: "table_unreadable", "table_columns", "table_split",
    "table_conflict" (one image, two labels), "leaky_split".
    """
    rows = _read(Path(table), image_column, label_column, split_column)
    matcher = Matcher(project.catalogue.paths())
    wanted: dict[int, str] = {}
    parts: dict[int, Part] = {}
    unmatched = ambiguous = blank = 0
    for row in rows:
        ids, unique = matcher.find(row.image)
        unmatched += not ids
        ambiguous += not unique
        if not ids or not unique:
            continue
        blank += not row.label
        for image_id in ids:
            if row.label and wanted.setdefault(image_id, row.label) != row.label:
                raise SSLStudioError(
                    "The table gives one image two different labels.", "Correct the table.", code="table_conflict"
                )
            if row.part and parts.setdefault(image_id, row.part) != row.part:
                raise SSLStudioError("The table puts one image on both sides.", "Correct it.", code="leaky_split")
    if parts:
        project.catalogue.assign_parts(parts)
    added, labelled, kept, unchanged = _label(project, wanted, Path(table).name, overwrite)
    return LabelImport(labelled, unmatched, ambiguous, blank, kept, unchanged, added, len(parts))


def _label(
    project: Project, wanted: dict[int, str], source: str, overwrite: bool
) -> tuple[tuple[str, ...], int, int, int]:
    """Add missing classes and set the labels; returns new classes and counts of labelled, kept, unchanged images."""
    catalogue = project.catalogue
    classes = {info.name.casefold(): info for info in catalogue.classes()}
    added, steps = [], list[Step]()
    for name in sorted(set(wanted.values())):
        if name.casefold() not in classes:
            info = next_class(classes.values(), name)
            steps.append(AddClass(info=info))
            classes[name.casefold()] = info
            added.append(name)
    standing = catalogue.labels()
    changes: list[tuple[int, Label | None]] = []
    kept = unchanged = 0
    for image_id, name in sorted(wanted.items()):
        class_id = classes[name.casefold()].class_id
        old = standing.get(image_id)
        if old is not None and old.class_id == class_id:
            unchanged += 1
        elif old is not None and old.origin == "hand" and not overwrite:
            kept += 1
        else:
            label = Label(image_id=image_id, mark="class", class_id=class_id, origin="import", source=source)
            changes.append((image_id, label))
    text = f"Labels of {len(changes):,} images from a table"
    if changes:
        steps.append(SetLabels(text=text, labels=tuple(changes)))
    if steps:
        catalogue.apply(Together(text=text, steps=tuple(steps)))
    return tuple(added), len(changes), kept, unchanged


def _read(path: Path, image_column: str, label_column: str, split_column: str | None) -> list[_Row]:
    names, rows = cells(path)
    wanted = [image_column, label_column, *([split_column] if split_column else [])]
    missing = [name for name in wanted if name not in names]
    if missing:
        raise SSLStudioError(
            f"The table has no column called {missing[0]}.",
            "Choose one of its columns: " + ", ".join(names or ["(none)"]) + ".",
            code="table_columns",
        )
    places = [names.index(name) for name in wanted]
    picked = [[row[place].strip() for place in places] for row in rows]
    return [_Row(one[0], one[1], _part(one[2] if split_column else "")) for one in picked if one[0]]


def _part(value: str | None) -> Part:
    text = (value or "").strip().casefold()
    if not text:
        return ""
    if text not in PARTS:
        raise SSLStudioError(
            "The split column has a value that is neither train nor test.", "Use train and test.", code="table_split"
        )
    return PARTS[text]
