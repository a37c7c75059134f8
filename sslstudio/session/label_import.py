"""Labels of another file or another person: compared with those that stand, decided on, and taken over in one step.

Nothing is written before `take_over`. What each rater answered is kept beside the labels (`domain.labels.Reading`), so
that agreement can be measured and disagreements be decided later.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from sslstudio.domain.labels import (
    MARK_NAMES,
    AddClass,
    ClassInfo,
    Label,
    Mark,
    Reading,
    SetLabels,
    SetReadings,
    Step,
    Together,
)
from sslstudio.errors import SSLStudioError
from sslstudio.importers.tables import cells
from sslstudio.session.image_matching import Matcher
from sslstudio.session.project import Project
from sslstudio.session.session import next_class

Verdict = Literal["mine", "theirs", "leave"]
UNNAMED = "unnamed"
"""Who labelled where nobody said a name."""
ADD, SKIP = "add", "skip"
_IMAGE = ("image", "file", "filename", "file_name", "path", "image_id")
_LABEL = ("label", "class", "diagnosis", "finding", "annotation", "target")
_RATER = ("author", "rater", "reader", "annotator")
_MARKS: dict[str, Mark] = {"uncertain": "uncertain", "unsure": "uncertain", "poor": "poor", "poor quality": "poor",
    "not_applicable": "not_applicable", "not applicable": "not_applicable", "excluded": "excluded"}  # fmt: skip


@dataclass(frozen=True)
class Columns:
    """Which columns of the table say what; "" where none does. `image` names a file, or is the `image_id` that an
    export of this project wrote, which then needs `subject` beside it."""

    image: str
    label: str
    rater: str = ""
    mark: str = ""
    note: str = ""
    subject: str = ""
    frame: str = ""


@dataclass(frozen=True)
class Table:
    """A table as read: `name` without folder, column names, and rows of cells as text."""

    name: str
    names: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def guess(self) -> Columns:
        """Which columns are meant, by their names; "" where none fits."""
        by_name = {name.casefold(): name for name in self.names}

        def first(*wanted: str) -> str:
            return next((by_name[name] for name in wanted if name in by_name), "")

        return Columns(
            first(*_IMAGE),
            first(*_LABEL),
            first(*_RATER),
            first("mark"),
            first("note"),
            first("subject"),
            first("frame"),
        )


@dataclass(frozen=True)
class Answer:
    """What a row says of an image: a class by its name, or a mark."""

    mark: Mark
    class_name: str = ""

    @property
    def words(self) -> str:
        """The answer as it is shown."""
        return self.class_name if self.mark == "class" else MARK_NAMES[self.mark]


@dataclass(frozen=True)
class Given:
    """One row that found its image."""

    rater: str
    answer: Answer
    note: str = ""


@dataclass(frozen=True)
class Entry:
    """One image of the table, with all that is said of it there, and its label that stands, None for none."""

    image_id: int
    given: tuple[Given, ...]
    standing: Label | None
    mine: str = ""
    """The standing label in words."""

    @property
    def theirs(self) -> str:
        """What the table says, in words."""
        return ", ".join(dict.fromkeys(one.answer.words for one in self.given))

    @property
    def one_voice(self) -> bool:
        """Whether all rows of the image say the same."""
        return len({_key(one.answer) for one in self.given}) == 1


@dataclass(frozen=True)
class Plan:
    """What taking a table over would do; nothing is written yet.

    `unknown_images` are the cells that name no image of the project, `ambiguous` those that fit several; both name
    files and are for the screen of this computer only. `unknown_classes` counts the images by class name.
    """

    source: str
    new: tuple[Entry, ...] = ()
    same: tuple[Entry, ...] = ()
    conflicts: tuple[Entry, ...] = ()
    unknown_images: tuple[str, ...] = ()
    ambiguous: tuple[str, ...] = ()
    unknown_classes: Mapping[str, int] = field(default_factory=dict)
    blank: int = 0

    @property
    def raters(self) -> tuple[str, ...]:
        """Who answered, in the order of the table."""
        entries = (*self.new, *self.same, *self.conflicts)
        return tuple(dict.fromkeys(one.rater for entry in entries for one in entry.given))


@dataclass(frozen=True)
class Taken:
    """What was taken over: labels set, how many in the place of others, readings kept, images left to be decided."""

    labelled: int
    replaced: int
    readings: int
    to_decide: int
    new_classes: tuple[str, ...] = ()


def read(path: Path) -> Table:
    """The table at `path` (CSV, TSV or Parquet). Raises SSLStudioError "table_unreadable"."""
    names, rows = cells(Path(path))
    return Table(Path(path).name, tuple(names), tuple(tuple(cell.strip() for cell in row) for row in rows))


def compare(project: Project, table: Table, columns: Columns, rater: str) -> Plan:
    """Hold a table against the labels that stand; `rater` is who answered where the table names nobody.

    Raises SSLStudioError: "table_columns", "table_conflict" (one rater says two things of one image).
    """
    missing = [name for name in (columns.image, columns.label) if name not in table.names]
    if missing:
        raise SSLStudioError(
            "It is not clear which columns name the image and its label.", "Choose them.", code="table_columns"
        )
    finder = _Finder(project, columns)
    said: dict[int, dict[str, Given]] = defaultdict(dict)
    unknown: list[str] = []
    ambiguous: list[str] = []
    blank = 0
    for cells_ in table.rows:
        row = dict(zip(table.names, cells_, strict=True))
        ids, unique = finder.find(row)
        answer = _answer(row, columns)
        if not ids or not unique:
            (ambiguous if ids else unknown).append(row[columns.image])
        elif answer is None:
            blank += 1
        else:
            who = row.get(columns.rater, "") or rater or UNNAMED
            for image_id in ids:
                one = Given(who[:200], answer, row.get(columns.note, "")[:2000])
                if _key(said[image_id].setdefault(who, one).answer) != _key(answer):
                    raise SSLStudioError(
                        "The table gives one image two different labels by the same person.",
                        "Correct the table, or choose the column that says who labelled.",
                        code="table_conflict",
                    )
    return _sort(project, table.name, said, unknown, ambiguous, blank)


def take_over(
    standing: Sequence[ClassInfo], plan: Plan, verdicts: Mapping[int, Verdict],
    classes: Mapping[str, str] | None = None,
) -> tuple[Together | None, Taken]:  # fmt: skip
    """The one command that carries a plan out, and one undo takes back, and what it will have done; None for nothing.

    `standing` are the classes of the project.
    `verdicts` says of a conflict, by image, whether the label that stands is kept ("mine"), the table's is taken
    ("theirs") or both wait for a decision ("leave", which is also what holds where nothing is said). `classes` says of
    an unknown class whether it is added (`ADD`, also where nothing is said), left out (`SKIP`), or which class it is,
    by its name.
    """
    steps, named = _classes(standing, plan, classes or {})
    labels: list[tuple[int, Label | None]] = []
    readings: dict[tuple[int, str], Reading] = {}
    replaced = to_decide = 0
    for entry in (*plan.new, *plan.same, *plan.conflicts):
        kept = [one for one in entry.given if one.answer.mark != "class" or one.answer.class_name.casefold() in named]
        if not kept:
            continue
        verdict = _verdict(entry, verdicts)
        first, old = kept[0], entry.standing
        settled = verdict != "leave"
        to_decide += not settled
        author = old.author or UNNAMED if old is not None else ""
        if verdict == "theirs" or (old is None and settled):
            labels.append((entry.image_id, _label(entry.image_id, first, plan.source, named)))
            replaced += old is not None
            if old is not None:
                readings[entry.image_id, author] = _of_label(old, author)
            author = first.rater
        for one in kept:
            same = old is not None and (one.answer.mark, _class_id(one.answer, named)) == (old.mark, old.class_id)
            if one.rater != author or (old is not None and not same and verdict != "theirs"):
                reading = _reading(entry.image_id, one, plan.source, named, settled=settled)
                readings[entry.image_id, one.rater] = reading
    text = f"Labels of {len(labels):,} images from {plan.source}"
    if labels:
        steps.append(SetLabels(text=text, labels=tuple(labels)))
    if readings:
        steps.append(SetReadings(readings=tuple((*key, one) for key, one in readings.items())))
    added = tuple(step.info.name for step in steps if isinstance(step, AddClass))
    command = Together(text=text, steps=tuple(steps)) if steps else None
    return command, Taken(len(labels), replaced, len(readings), to_decide, added)


class _Finder:
    """Finds the images that a row means."""

    def __init__(self, project: Project, columns: Columns) -> None:
        self._project, self._columns = project, columns
        self._own = columns.image.casefold() == "image_id" and bool(columns.subject)
        self._matcher = None if self._own else Matcher(project.catalogue.paths())
        self._subjects = {item.image_id: item.subject for item in project.catalogue.items()} if self._own else {}

    def find(self, row: Mapping[str, str]) -> tuple[list[int], bool]:
        """The ids, none where no image fits, and whether they are frames of one file."""
        value = row[self._columns.image]
        if self._matcher is None:
            number = int(value) if value.isdigit() else -1
            known = self._subjects.get(number) == row[self._columns.subject]
            return ([number] if known else []), True
        ids, unique = self._matcher.find(value) if value else ([], True)
        frame = row.get(self._columns.frame, "")
        if len(ids) > 1 and unique and frame.isdigit():
            ids = [image_id for image_id in ids if self._project.catalogue.image(image_id).frame == int(frame)]
        return ids, unique


def _answer(row: Mapping[str, str], columns: Columns) -> Answer | None:
    text = row[columns.label]
    mark = row.get(columns.mark, "").casefold()
    if text and mark in ("", "class"):
        return Answer("class", text)
    found = _MARKS.get(mark) or _MARKS.get(text.casefold())
    return Answer(found) if found else None


def _sort(
    project: Project, source: str, said: Mapping[int, Mapping[str, Given]], unknown: Sequence[str],
    ambiguous: Sequence[str], blank: int,
) -> Plan:  # fmt: skip
    infos = project.catalogue.classes()
    named = {info.name.casefold(): info.class_id for info in infos}
    names = {info.class_id: info.name for info in infos}
    labels = project.catalogue.labels()
    new: list[Entry] = []
    same: list[Entry] = []
    conflicts: list[Entry] = []
    strange: Counter[str] = Counter()
    spelled: dict[str, str] = {}
    for image_id, of_image in sorted(said.items()):
        given = tuple(_as_mark(one, named) for one in of_image.values())
        old = labels.get(image_id)
        mine = "" if old is None else names.get(old.class_id or 0, "") or MARK_NAMES.get(old.mark, "")
        entry = Entry(image_id, given, old, mine)
        for folded, name in {one.answer.class_name.casefold(): one.answer.class_name for one in given}.items():
            if folded and folded not in named:
                strange[spelled.setdefault(folded, name)] += 1
        if not entry.one_voice or (old is not None and not _agrees(given[0].answer, old, named)):
            conflicts.append(entry)
        else:
            (new if old is None else same).append(entry)
    return Plan(
        source, tuple(new), tuple(same), tuple(conflicts), tuple(unknown), tuple(ambiguous), dict(strange), blank
    )


def _as_mark(one: Given, named: Mapping[str, int]) -> Given:
    """A class that the project does not have and that is the name of a mark is that mark."""
    folded = one.answer.class_name.casefold()
    found = _MARKS.get(folded) if folded not in named else None
    return Given(one.rater, Answer(found), one.note) if found else one


def _agrees(answer: Answer, label: Label, named: Mapping[str, int]) -> bool:
    return answer.mark == label.mark and (
        answer.mark != "class" or named.get(answer.class_name.casefold()) == label.class_id
    )


def _key(answer: Answer) -> tuple[str, str]:
    return answer.mark, answer.class_name.casefold()


def _verdict(entry: Entry, verdicts: Mapping[int, Verdict]) -> Verdict:
    if entry.standing is None and entry.one_voice:
        return "theirs"
    if entry.one_voice and entry.mine and entry.mine.casefold() == entry.theirs.casefold():
        return "mine"
    return verdicts.get(entry.image_id, "leave")


def _classes(standing: Sequence[ClassInfo], plan: Plan, wanted: Mapping[str, str]) -> tuple[list[Step], dict[str, int]]:
    """The steps that add classes, and the class ids by the names (casefolded) that the table uses."""
    infos = list(standing)
    known = {info.name.casefold(): info.class_id for info in infos}
    named = dict(known)
    steps: list[Step] = []
    for name in sorted(plan.unknown_classes):
        choice = wanted.get(name, ADD)
        if choice == ADD:
            info = next_class(infos, name)
            infos.append(info)
            steps.append(AddClass(info=info))
            named[name.casefold()] = info.class_id
        elif choice != SKIP and choice.casefold() in known:
            named[name.casefold()] = known[choice.casefold()]
    return steps, named


def _class_id(answer: Answer, named: Mapping[str, int]) -> int | None:
    return named[answer.class_name.casefold()] if answer.mark == "class" else None


def _label(image_id: int, one: Given, source: str, named: Mapping[str, int]) -> Label:
    class_id = _class_id(one.answer, named)
    return Label(
        image_id=image_id, mark=one.answer.mark, class_id=class_id, origin="import", author=one.rater, note=one.note,
        source=source,
    )  # fmt: skip


def _reading(image_id: int, one: Given, source: str, named: Mapping[str, int], *, settled: bool) -> Reading:
    class_id = _class_id(one.answer, named)
    return Reading(
        image_id=image_id, rater=one.rater, mark=one.answer.mark, class_id=class_id, note=one.note, source=source,
        settled=settled,
    )  # fmt: skip


def _of_label(label: Label, rater: str) -> Reading:
    """A label that another takes the place of, as the reading of whoever gave it."""
    return Reading(
        image_id=label.image_id, rater=rater, mark=label.mark, class_id=label.class_id, at=label.at, note=label.note,
        source=label.source, settled=True,
    )  # fmt: skip
