"""The label tables: rows with their CRC-32, how one command changes them, and how they are checked and rebuilt.

Each label, class and stacked command carries a CRC-32 of its content, and `label_head` the sum of all of them, so that
a flipped bit and a lost row are both seen at the next opening (SQLite's own integrity check misses half of them). What
stands beside the labels (their notes and sources, the readings of other raters) has CRCs and a sum of its own.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pydantic import TypeAdapter, ValidationError

from sslstudio.catalogue.database import Database
from sslstudio.domain.labels import (
    AddClass,
    ClassInfo,
    EditClass,
    Label,
    LabelCommand,
    Reading,
    RemoveClass,
    SetLabels,
    SetReadings,
    Step,
    set_labels,
)
from sslstudio.labels import Entry, LabelHistory, LabelState, describe, history
from sslstudio.labels.commands import Readings, steps_of
from sslstudio.labels.history import How

_CLASS_FIELDS = tuple(ClassInfo.model_fields)
_LABEL_FIELDS = tuple(Label.model_fields)
_READING_FIELDS = tuple(Reading.model_fields)
COMMAND: TypeAdapter[LabelCommand] = TypeAdapter(LabelCommand)


@dataclass(frozen=True, slots=True)
class LabelRows:
    """What the label tables hold. `damaged` counts rows whose CRC does not fit; they are left out of `state`."""

    state: LabelState
    seq: int
    damaged: int
    complete: bool
    """True when no row is damaged or missing, and the history leads without a gap to `seq`."""
    lines: dict[int, bytes]
    first_mark: str


def load(db: Database) -> LabelRows:
    """Read and check all label tables."""
    classes: dict[int, ClassInfo] = {}
    labels: dict[int, Label] = {}
    readings: Readings = {}
    damaged = total = beside = 0
    with db.lock:
        for *values, crc in db.rows("SELECT class_id, name, colour, key, description, crc FROM classes"):
            info = _class(values)
            total += crc
            if info is None or class_crc(info) != crc:
                damaged += 1
            else:
                classes[info.class_id] = info
        for *values, crc, words in db.rows(f"SELECT {', '.join(_LABEL_FIELDS)}, crc, words_crc FROM labels"):
            total, beside = total + crc, beside + words
            label = _label(values)
            if label is not None and (label_crc(label), words_crc(label)) == (crc, words):
                labels[label.image_id] = label
            else:
                damaged += 1
        for *values, crc in db.rows(f"SELECT {', '.join(_READING_FIELDS)}, crc FROM readings"):
            beside += crc
            reading = _reading(values)
            if reading is not None and reading_crc(reading) == crc:
                readings[reading.image_id, reading.rater] = reading
            else:
                damaged += 1
        for stack, command, text, crc in db.rows("SELECT stack, command, text, crc FROM label_commands"):
            total += crc
            damaged += _crc(stack, command, text) != crc
        seq, *sums = db.row("SELECT seq, checksum, beside FROM label_head") or (0, -1, -1)
        lines: dict[int, bytes] = dict(db.rows("SELECT seq, line FROM label_history ORDER BY seq"))
        first_mark = history.first_mark(str(db.value("SELECT value FROM meta WHERE key = 'project_id'")))
    whole = list(lines) == list(range(1, seq + 1)) and len(history.chain(lines, first_mark)) == seq
    complete = damaged == 0 and [total, beside] == sums and whole
    return LabelRows(LabelState(classes, labels, readings), seq, damaged, complete, lines, first_mark)


def store(connection: sqlite3.Connection, entry: Entry, line: bytes, inverse: LabelCommand, after: LabelState) -> None:
    """Carry out one entry in the tables; `after` is the state it leads to."""
    writer = _Writer(connection)
    connection.execute("INSERT INTO label_history VALUES (?, ?)", (entry.seq, line))
    writer.command(entry, after.classes)
    writer.stacks(entry.how, inverse, describe(entry.command, after))
    connection.execute(
        "UPDATE label_head SET seq = ?, checksum = checksum + ?, beside = beside + ?",
        (entry.seq, writer.checksum_change, writer.beside_change),
    )


def rebuild(connection: sqlite3.Connection, lines: Mapping[int, bytes], entries: Iterable[Entry]) -> LabelState:
    """Replace everything in the label tables by a replay of `entries`; labels of unknown images stay out of them."""
    for table in ("label_changes", "label_history", "label_commands", "labels", "readings", "classes"):
        connection.execute(f"DELETE FROM {table}")
    connection.execute("DELETE FROM label_head")
    connection.executemany("INSERT INTO label_history VALUES (?, ?)", sorted(lines.items()))
    past = LabelHistory()
    writer = _Writer(connection)
    texts: dict[How, list[str]] = {"undo": [], "redo": []}
    for entry in entries:
        past.add(entry)
        text = describe(entry.command, LabelState(past.classes, past.labels, past.readings))
        if entry.how == "do":
            texts["redo"].clear()
        else:
            text = texts[entry.how].pop()
        texts["redo" if entry.how == "undo" else "undo"].append(text)
        for part in set_labels(entry.command):
            writer.changes(entry, part, past.classes)
    known = {row[0] for row in connection.execute("SELECT image_id FROM images")}
    labels = {image_id: label for image_id, label in past.labels.items() if image_id in known}
    readings = {key: reading for key, reading in past.readings.items() if key[0] in known}
    for info in past.classes.values():
        writer.put_class(info)
    writer.put_labels(list(labels.values()))
    writer.put_readings(list(readings.values()))
    for stack, commands in (("undo", past.undo), ("redo", past.redo)):
        for command, text in zip(commands, texts["undo" if stack == "undo" else "redo"], strict=True):
            writer.push(stack, command, text)
    sums = (past.seq, writer.checksum_change, writer.beside_change)
    connection.execute("INSERT INTO label_head VALUES (1, ?, ?, ?)", sums)
    return LabelState(dict(past.classes), labels, readings)


class _Writer:
    """Writes label rows and keeps count of how the sums of their CRCs change."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.checksum_change = self.beside_change = 0

    def command(self, entry: Entry, classes: Mapping[int, ClassInfo]) -> None:
        for step in steps_of(entry.command):
            self._step(entry, step, classes)

    def _step(self, entry: Entry, step: Step, classes: Mapping[int, ClassInfo]) -> None:
        match step:
            case SetLabels(labels=labels):
                self._drop_labels([image_id for image_id, _ in labels])
                self.put_labels([label for _, label in labels if label is not None])
                self.changes(entry, step, classes)
            case SetReadings(readings=readings):
                for image_id, rater, _ in readings:
                    self._drop_reading(image_id, rater)
                self.put_readings([reading for _, _, reading in readings if reading is not None])
            case AddClass(info=info):
                self.put_class(info)
            case RemoveClass(class_id=class_id):
                self._drop("classes", "class_id", [class_id])
            case EditClass(info=info):
                self._edit_class(info)

    def stacks(self, how: How, inverse: LabelCommand, text: str) -> None:
        if how == "do":
            self._drop_commands("stack = 'redo'")
        else:
            row = self._connection.execute(
                "SELECT position, text FROM label_commands WHERE stack = ? ORDER BY position DESC LIMIT 1", (how,)
            ).fetchone()
            text = row[1]
            self._drop_commands("position = ?", row[0])
        self.push("redo" if how == "undo" else "undo", inverse, text)

    def push(self, stack: str, command: LabelCommand, text: str) -> None:
        dumped = COMMAND.dump_json(command).decode("utf-8")
        crc = _crc(stack, dumped, text)
        self._connection.execute(
            "INSERT INTO label_commands (stack, command, text, crc) VALUES (?, ?, ?, ?)", (stack, dumped, text, crc)
        )
        self.checksum_change += crc

    def put_class(self, info: ClassInfo) -> None:
        crc = class_crc(info)
        self._connection.execute(
            "INSERT INTO classes VALUES (?, ?, ?, ?, ?, ?)",
            (info.class_id, info.name, info.colour, info.key, info.description, crc),
        )
        self.checksum_change += crc

    def put_labels(self, labels: list[Label]) -> None:
        columns = (*_LABEL_FIELDS, "crc", "words_crc")
        rows = [(*(getattr(x, name) for name in _LABEL_FIELDS), label_crc(x), words_crc(x)) for x in labels]
        self._connection.executemany(f"INSERT INTO labels ({', '.join(columns)}) VALUES ({_holes(columns)})", rows)
        self.checksum_change += sum(row[-2] for row in rows)
        self.beside_change += sum(row[-1] for row in rows)

    def put_readings(self, readings: list[Reading]) -> None:
        columns = (*_READING_FIELDS, "crc")
        rows = [(*(getattr(x, name) for name in _READING_FIELDS), reading_crc(x)) for x in readings]
        self._connection.executemany(f"INSERT INTO readings ({', '.join(columns)}) VALUES ({_holes(columns)})", rows)
        self.beside_change += sum(row[-1] for row in rows)

    def _drop_reading(self, image_id: int, rater: str) -> None:
        where, key = "readings WHERE image_id = ? AND rater = ?", (image_id, rater)
        found = self._connection.execute(f"SELECT coalesce(sum(crc), 0) FROM {where}", key).fetchone()
        self._connection.execute(f"DELETE FROM {where}", key)
        self.beside_change -= found[0]

    def changes(self, entry: Entry, command: SetLabels, classes: Mapping[int, ClassInfo]) -> None:
        """Note each image's change for its own history, with the class name as it was then."""
        rows: list[tuple[object, ...]] = []
        for image_id, label in command.labels:
            if label is None:
                rows.append((image_id, entry.seq, None, "", None, entry.author, entry.at, entry.how, "", ""))
                continue
            name = classes[label.class_id].name if label.class_id is not None else ""
            at, author = (label.at, label.author) if entry.how == "do" else (entry.at, entry.author)
            said = (label.note, label.source)
            rows.append((image_id, entry.seq, label.mark, name, label.origin, author, at, entry.how, *said))
        self._connection.executemany("INSERT OR REPLACE INTO label_changes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)

    def _edit_class(self, info: ClassInfo) -> None:
        (old,) = self._connection.execute("SELECT crc FROM classes WHERE class_id = ?", (info.class_id,)).fetchone()
        crc = class_crc(info)
        self._connection.execute(
            "UPDATE classes SET name = ?, colour = ?, key = ?, description = ?, crc = ? WHERE class_id = ?",
            (info.name, info.colour, info.key, info.description, crc, info.class_id),
        )
        self.checksum_change += crc - old

    def _drop_labels(self, image_ids: list[int]) -> None:
        words = "SELECT coalesce(sum(words_crc), 0) FROM labels WHERE image_id IN (SELECT value FROM json_each(?))"
        self.beside_change -= self._connection.execute(words, (json.dumps(image_ids),)).fetchone()[0]
        self._drop("labels", "image_id", image_ids)

    def _drop(self, table: str, key: str, values: list[int]) -> None:
        where = f"{table} WHERE {key} IN (SELECT value FROM json_each(?))"
        listed = (json.dumps(values),)
        found = self._connection.execute(f"SELECT coalesce(sum(crc), 0) FROM {where}", listed).fetchone()
        self._connection.execute(f"DELETE FROM {where}", listed)
        self.checksum_change -= found[0]

    def _drop_commands(self, where: str, *parameters: int) -> None:
        found = self._connection.execute(
            f"SELECT coalesce(sum(crc), 0) FROM label_commands WHERE {where}", parameters
        ).fetchone()
        self._connection.execute(f"DELETE FROM label_commands WHERE {where}", parameters)
        self.checksum_change -= found[0]


def label_crc(label: Label) -> int:
    """CRC-32 of a label's content, without its note and source."""
    return _crc("label", label.image_id, label.mark, label.class_id, label.origin, label.author, label.at)


def words_crc(label: Label) -> int:
    """CRC-32 of a label's note and source; 0 where there are none."""
    return _crc("words", label.image_id, label.note, label.source) if label.note or label.source else 0


def reading_crc(reading: Reading) -> int:
    """CRC-32 of a reading's content."""
    return _crc("reading", *(getattr(reading, name) for name in _READING_FIELDS))


def class_crc(info: ClassInfo) -> int:
    """CRC-32 of a class's content."""
    return _crc("class", info.class_id, info.name, info.colour, info.key, info.description)


def _holes(columns: tuple[str, ...]) -> str:
    return ", ".join("?" * len(columns))


def _crc(*values: object) -> int:
    return zlib.crc32("\x1f".join(map(str, values)).encode("utf-8", "surrogatepass"))


def _class(values: list[object]) -> ClassInfo | None:
    try:
        return ClassInfo.model_validate(dict(zip(_CLASS_FIELDS, values, strict=True)))
    except ValidationError:
        return None


def _reading(values: list[object]) -> Reading | None:
    try:
        given = dict(zip(_READING_FIELDS, values, strict=True))
        return Reading.model_validate({**given, "settled": bool(given["settled"])})
    except ValidationError:
        return None


def _label(values: list[object]) -> Label | None:
    try:
        return Label.model_validate(dict(zip(_LABEL_FIELDS, values, strict=True)))
    except ValidationError:
        return None
