"""Dividing the labelled images of a project: which ways there are and why not, what each would give, and the folds.

No way puts a patient, or patients who are known to share a picture, on both sides; patients of the frozen test set and
those drawn at random take part in none but the project's own hold-out and the test on what was drawn, and there they
only test.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sslstudio.catalogue.frozen import LabelledRow
from sslstudio.domain.filters import FURTHER
from sslstudio.domain.split_plans import FOLDER, IMPORT, WAYS, SplitPlan, Way
from sslstudio.errors import SSLStudioError
from sslstudio.session import splitting_words as words
from sslstudio.session.columns import Columns, read_column, read_columns
from sslstudio.session.project import Project
from sslstudio.session.results import load_embeddings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sslstudio.classifiers.partitions import Division

FEW_TEST_PATIENTS = 30
"""With fewer test patients an interval is some 15 points wide on each side; cross-validation uses all of them."""
FEW_OF_A_CLASS = 5
_NO_SIDES = ("subject", "study", "series", "part", "size", "position", "row_spacing", "bits")
_MOST_VALUES = 40


@dataclass(frozen=True)
class Value:
    """A value of a column: as a plan holds it, as the screen says it, and its labelled images and patients."""

    key: str
    name: str
    images: int
    patients: int


@dataclass(frozen=True)
class ColumnChoice:
    """A column by which images can be divided; `numbers` (lowest, highest) for one whose numbers have an order."""

    key: str
    title: str
    values: tuple[Value, ...] = ()
    numbers: tuple[float, float] | None = None


@dataclass(frozen=True)
class Choice:
    """One way of dividing; `reason` says why it cannot be used here ("" when it can)."""

    way: Way
    reason: str = ""
    columns: tuple[ColumnChoice, ...] = ()


@dataclass(frozen=True)
class Side:
    """What stands on one side: labelled images and patients, and images by the name of their class."""

    images: int = 0
    patients: int = 0
    classes: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class Preview:
    """What a plan would give. `reason` says why it cannot be carried out, `notes` what is left out, `advice` what would
    be better; with several folds `train` is what the smallest fold learns from and `test` all that is tested."""

    plan: SplitPlan
    train: Side = Side()
    test: Side = Side()
    folds: int = 0
    reason: str = ""
    notes: tuple[str, ...] = ()
    advice: str = ""


@dataclass(frozen=True, eq=False)
class Labelled:
    """Labelled images that may take part, N of them in the order of their ids; `missing` have no embedding."""

    rows: tuple[LabelledRow, ...]
    missing: int = 0

    def ids(self) -> NDArray[np.int64]:
        import numpy as np

        return np.asarray([row.image_id for row in self.rows], dtype=np.int64)

    def groups(self) -> NDArray[np.str_]:
        import numpy as np

        return np.asarray([row.subject for row in self.rows], dtype=np.str_)

    def classes(self) -> NDArray[np.int64]:
        import numpy as np

        return np.asarray([row.class_id for row in self.rows], dtype=np.int64)

    def only(self, mask: Iterable[bool]) -> Labelled:
        return Labelled(tuple(row for row, kept in zip(self.rows, mask, strict=True) if kept), self.missing)


def labelled(project: Project, embedding: str = "") -> Labelled:
    """The labelled images that are not left out; with `embedding` only those that have a vector in it."""
    rows = project.catalogue.labelled_rows()
    if not embedding:
        return Labelled(tuple(rows))
    ids, _ = load_embeddings(project, embedding)
    known = set(ids.tolist())
    kept = tuple(row for row in rows if row.image_id in known)
    return Labelled(kept, len(rows) - len(kept))


def choices(project: Project) -> list[Choice]:
    """All ways, each with the columns it can go by, or why it cannot be used."""
    known = labelled(project)
    if not known.rows:
        return [Choice(way, "" if way == "hold_out" else words.NO_LABELS) for way in WAYS]
    columns = read_columns(project.catalogue)
    sides = _category_choices(project, known, columns)
    dates = _number_choices(project, known, columns)
    whole = _collections(project, known)
    patients = len({row.subject for row in known.rows})
    return [
        Choice("hold_out"),
        Choice("cross", words.ONE_PATIENT if patients < 2 else ""),
        Choice("drawn", "" if any(row.drawn for row in known.rows) else words.NONE_DRAWN),
        Choice("by_value", "" if sides else words.no_column(columns.left_out), tuple(sides)),
        Choice("leave_one_out", "" if sides else words.no_column(columns.left_out), tuple(sides)),
        Choice("from_date", "" if dates else words.no_date(columns.left_out), tuple(dates)),
        Choice("external", "" if whole else words.ONE_COLLECTION, tuple(whole)),
    ]


def divide(project: Project, known: Labelled, plan: SplitPlan, seed: int = 0) -> tuple[Labelled, Division]:
    """The labelled images that take part in a plan, and its folds as rows of them; SSLStudioError "bad_split"."""
    import numpy as np

    from sslstudio.classifiers import partitions

    if plan.way == "hold_out":
        frozen = bool(project.catalogue.held_subjects())
        known = known.only(not (frozen and row.kept and not row.held) for row in known.rows)
        side = np.asarray([{"train": 0, "test": 1}.get(row.part, -1) for row in known.rows], dtype=np.int64)
        units = partitions.units(known.groups())
        return known, partitions.by_side(units, side)
    barred = project.catalogue.held_subjects()
    if plan.way == "drawn":
        known = known.only(row.drawn or not row.kept for row in known.rows)
        barred -= project.catalogue.drawn_subjects()
    else:
        barred |= project.catalogue.drawn_subjects()
    everybody = np.asarray([*known.groups(), *sorted(barred)], dtype=np.str_)
    numbers = partitions.units(everybody, project.catalogue.linked_subjects())
    free = ~np.isin(numbers[: len(known.rows)], numbers[len(known.rows) :])
    known, units = known.only(free.tolist()), numbers[: len(known.rows)][free]
    if plan.way == "drawn":
        return known, partitions.by_side(units, np.asarray([int(row.drawn) for row in known.rows], dtype=np.int64))
    if plan.way == "cross":
        return known, partitions.cross(units, known.classes(), plan.folds, seed, plan.repeats)
    if plan.way == "from_date":
        if plan.since is None:
            raise SSLStudioError("It was not said from when on images test.", "Give a date.", code="bad_split")
        numbers_of = _numbers(project, plan.column, known)
        side = np.where(np.isnan(numbers_of), -1, np.where(numbers_of >= plan.since, 1, 0))
        return known, partitions.by_side(units, side.astype(np.int64))
    codes, values = _values(project, plan.column, known)
    if plan.way == "leave_one_out":
        return known, partitions.leave_one_out(units, codes, values)
    tests = np.isin(codes, [place for place, value in enumerate(values) if value in plan.values])
    side = np.where(codes < 0, -1, tests.astype(np.int64))
    return known, partitions.by_side(units, side)


def preview(project: Project, plan: SplitPlan, embedding: str = "", seed: int = 0) -> Preview:
    """What a plan would give, in numbers and in words; nothing is changed."""
    known = labelled(project, embedding)
    names = {info.class_id: info.name for info in project.catalogue.classes()}
    if plan.way in ("by_value", "external") and not plan.values:
        return Preview(plan, reason=words.CHOOSE_VALUES)
    if plan.way == "from_date" and plan.since is None:
        return Preview(plan, reason=words.CHOOSE_DATE)
    used, found = divide(project, known, plan, seed)
    tested = _side(used, found.tested().tolist(), names)
    none: list[int] = []
    smallest = min((fold.train.tolist() for fold in found.folds), key=len, default=none)
    train = _side(used, smallest, names)
    notes = words.left_out(int(found.torn.sum()), int(found.unknown.sum()), *without(known, used))
    undealt = plan.way == "hold_out" and bool(found.unknown.all())
    if undealt:
        return Preview(plan, notes=(words.NOT_DEALT,))
    reason = _reason(plan, train, tested, len(found.folds))
    advice = ""
    if plan.way == "hold_out":
        fewest = _fewest_patients(used, found.tested().tolist(), names)
        everyone = len({row.subject for row in used.rows if not row.held and not row.kept})
        advice = words.advice(tested.patients, everyone, fewest) if _too_few(tested, fewest) else ""
        notes = (words.some_not_dealt(int(found.unknown.sum())),) if found.unknown.any() else ()
        notes += words.left_out(0, 0, *without(known, used))
    return Preview(plan, train, tested, len(found.folds), reason, notes, advice)


def without(known: Labelled, used: Labelled) -> tuple[int, int]:
    """How many of `known` images take no part: of the frozen test set or linked with it, and drawn at random."""
    taking = {row.image_id for row in used.rows}
    gone = [row for row in known.rows if row.image_id not in taking]
    drawn = sum(row.kept and not row.held for row in gone)
    return len(gone) - drawn, drawn


def number_of(project: Project, column: str, text: str) -> float:
    """What `SplitPlan.since` is for a date ("2021-03-01", "2021") or a number. Raises SSLStudioError "bad_date"."""
    import datetime

    from sslstudio.importers.days import day_number

    try:
        if column != "day":
            return float(text)
        parts = [int(part) for part in text.strip().split("-")]
        when = datetime.date(*[*parts, 1, 1][:3])
        return float(day_number(when, project.pseudonym_key))
    except (ValueError, TypeError):
        raise SSLStudioError("This is no date.", "Give it as 2021-03-01, or a year.", code="bad_date") from None


def text_of(project: Project, column: str, number: float) -> str:
    """A number of a column as a person says it; a day as a date, for the screen of this computer only."""
    from sslstudio.importers.days import date_of

    return date_of(int(number), project.pseudonym_key).isoformat() if column == "day" else f"{number:.6g}"


def fold_names(project: Project, plan: SplitPlan, embedding: str = "") -> list[str]:
    """What each fold of `leave_one_out` leaves out, as the screen says it, in the order of the folds."""
    known, found = divide(project, labelled(project, embedding), plan)
    shown = {value.key: value.name for value in _shown_values(project, plan.column, known)}
    return [shown.get(fold.name, fold.name) for fold in found.folds]


def _reason(plan: SplitPlan, train: Side, test: Side, folds: int) -> str:
    if plan.way == "hold_out":
        return ""  # training says itself what is missing, and an untested classifier is allowed
    if not test.images or not folds:
        return words.NOTHING_TESTS
    if len([count for _, count in train.classes if count >= 2]) < 2:
        return words.FEW_TRAIN
    return ""


def _too_few(test: Side, fewest: tuple[str, int] | None) -> bool:
    return bool(test.images) and (
        test.patients < FEW_TEST_PATIENTS or (fewest is not None and fewest[1] < FEW_OF_A_CLASS)
    )


def _fewest_patients(known: Labelled, rows: Sequence[int], names: Mapping[int, str]) -> tuple[str, int] | None:
    """The class with the fewest test patients, of those that any labelled image has."""
    patients: dict[int, set[str]] = {row.class_id: set() for row in known.rows}
    for row in rows:
        patients[known.rows[row].class_id].add(known.rows[row].subject)
    if not patients:
        return None
    least = min(patients, key=lambda class_id: len(patients[class_id]))
    return names.get(least, ""), len(patients[least])


def _side(known: Labelled, rows: Sequence[int], names: Mapping[int, str]) -> Side:
    chosen = [known.rows[row] for row in rows]
    counts = Counter(row.class_id for row in chosen)
    classes = tuple((names[class_id], counts[class_id]) for class_id in names if counts[class_id])
    return Side(len(chosen), len({row.subject for row in chosen}), classes)


def _category_choices(project: Project, known: Labelled, columns: Columns) -> list[ColumnChoice]:
    infos = [info for info in columns.infos if info.kind == "category" and info.key not in _NO_SIDES]
    infos.sort(key=lambda info: ("site", "scanner").index(info.key) if info.key in ("site", "scanner") else 2)
    found = []
    for info in infos:
        values = _shown_values(project, info.key, known, columns)
        if 2 <= len(values) <= _MOST_VALUES:
            found.append(ColumnChoice(info.key, info.title, values))
    return found


def _number_choices(project: Project, known: Labelled, columns: Columns) -> list[ColumnChoice]:
    import numpy as np

    found = []
    for info in columns.infos:
        if info.key != "day" and not info.key.startswith(FURTHER):
            continue
        numbers = _numbers(project, info.key, known)
        said = numbers[~np.isnan(numbers)]
        if len(said) and len(np.unique(said)) > 1 and len(said) >= len(numbers) // 2:
            found.append(ColumnChoice(info.key, info.title, (), (float(said.min()), float(said.max()))))
    return found


def _collections(project: Project, known: Labelled) -> list[ColumnChoice]:
    found = []
    for key in (IMPORT, FOLDER):
        values = _shown_values(project, key, known)
        if len(values) > 1:
            found.append(ColumnChoice(key, words.COLLECTIONS[key], values))
    return found


def _values(project: Project, column: str, known: Labelled) -> tuple[NDArray[np.int64], list[str]]:
    """(N,) the place of each image's value in the list of values; -1 is not known."""
    import numpy as np

    if column in (IMPORT, FOLDER):
        origin = project.catalogue.origins()[(IMPORT, FOLDER).index(column)]
        said = [origin.get(row.image_id, "") for row in known.rows]
        values = sorted(set(said) - {""})
        place = {value: number for number, value in enumerate(values)}
        return np.asarray([place.get(value, -1) for value in said], dtype=np.int64), values
    info = read_columns(project.catalogue).info(column)
    if info is None:
        raise SSLStudioError(
            "There is no such column by which these images could be divided.", "Choose another.", code="bad_split"
        )
    read = read_column(project.catalogue, info, known.ids())
    assert read is not None
    return read.codes.astype(np.int64), list(read.values)


def _shown_values(project: Project, column: str, known: Labelled, columns: Columns | None = None) -> tuple[Value, ...]:
    codes, values, names = _named_values(project, column, known, columns)
    patients: dict[int, set[str]] = {}
    images = Counter(codes)
    for row, code in zip(known.rows, codes, strict=True):
        patients.setdefault(code, set()).add(row.subject)
    return tuple(
        Value(values[code], names[code], images[code], len(patients[code])) for code in sorted(images) if code >= 0
    )


def _named_values(
    project: Project, column: str, known: Labelled, columns: Columns | None
) -> tuple[list[int], Sequence[str], Sequence[str]]:
    if column in (IMPORT, FOLDER):
        codes, values = _values(project, column, known)
        sources = project.catalogue.source_names() if column == FOLDER else {}
        return codes.tolist(), values, [words.folder(sources.get(value, value)) for value in values]
    info = (columns or read_columns(project.catalogue)).info(column)
    read = None if info is None or info.kind != "category" else read_column(project.catalogue, info, known.ids())
    return ([], (), ()) if read is None else (read.codes.tolist(), read.values, read.names)


def _numbers(project: Project, column: str, known: Labelled) -> NDArray[np.float64]:
    """(N,) the numbers of a column as they are stored, NaN where it says none."""
    import numpy as np

    ids = known.ids()
    found = np.full(len(ids), np.nan)
    if not len(ids):
        return found
    try:
        part = project.catalogue.column_part(column, ids.tolist(), numbers=True)
    except KeyError:
        raise SSLStudioError("There is no such column.", "Choose another.", code="bad_split") from None
    said = dict(zip(part.image_ids, part.values, strict=True))
    for row, image_id in enumerate(ids.tolist()):
        value = said.get(image_id)
        found[row] = np.nan if value is None else float(value)
    return found
