"""The history of label commands: one checked line each, and the replay that rebuilds labels and undo from it."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from typing import Literal

from pydantic import ValidationError

from sslstudio.domain.labels import ClassInfo, Label, LabelCommand, Reading
from sslstudio.domain.record import Record
from sslstudio.errors import SSLStudioError
from sslstudio.labels.commands import change

How = Literal["do", "undo", "redo"]
_TAIL = len(b',"crc":"00000000"}')


class Entry(Record):
    """One acknowledged label command: its place in the history, when, by whom, and how it came about.

    `previous` is the mark (see `mark`) of the entry before, or `first_mark` of the project: lines of another project,
    or of another past of this one, do not fit in.
    """

    seq: int
    previous: str
    at: str
    author: str
    how: How
    command: LabelCommand


def encode(entry: Entry) -> bytes:
    """`entry` as one line of JSON without its newline; the CRC-32 of all before it is its last field."""
    body = entry.model_dump_json().encode("utf-8")[:-1]
    return body + b',"crc":"%08x"}' % zlib.crc32(body)


def intact(line: bytes) -> bool:
    """True when the CRC of `line` (written by `encode`) fits; needs no parsing."""
    body = line[:-_TAIL]
    return len(line) > _TAIL and line[-_TAIL:] == b',"crc":"%08x"}' % zlib.crc32(body)


def mark(line: bytes) -> str:
    """What the next entry calls `previous`: the CRC of an intact line, 8 hexadecimal digits."""
    return line[-10:-2].decode("ascii")


def first_mark(project_id: str) -> str:
    """What the first entry of a project calls `previous`."""
    return f"{zlib.crc32(project_id.encode('utf-8')):08x}"


def follows(line: bytes, previous: str) -> bool:
    """True when the intact line follows one with the mark `previous`; needs no parsing."""
    return line.split(b",", 2)[1] == b'"previous":"%s"' % previous.encode("ascii")


def sequence_number(line: bytes) -> int:
    """The `seq` of an intact line, read without parsing the rest; 0 when the line does not start as it should."""
    head, _, _ = line.partition(b",")
    digits = head.removeprefix(b'{"seq":')
    return int(digits) if digits.isdigit() else 0


def decode(line: bytes) -> Entry | None:
    """The entry of a line written by `encode`, or None when the line is damaged."""
    if not intact(line):
        return None
    try:
        return Entry.model_validate_json(line[:-_TAIL] + b"}")
    except ValidationError:
        return None


def chain(lines: Mapping[int, bytes], first: str, others: Mapping[int, bytes] | None = None) -> dict[int, bytes]:
    """The longest unbroken history 1, 2, 3... from the mark `first`; `others` fill in where `lines` do not fit."""
    found: dict[int, bytes] = {}
    previous = first
    while True:
        seq = len(found) + 1
        candidates = [source[seq] for source in (lines, others or {}) if seq in source]
        line = next((c for c in candidates if sequence_number(c) == seq and intact(c) and follows(c, previous)), None)
        if line is None:
            return found
        found[seq] = line
        previous = mark(line)


class LabelHistory:
    """Classes, labels and undo stacks as the commands so far have left them; a pure function of the entries."""

    def __init__(self) -> None:
        self.classes: dict[int, ClassInfo] = {}
        self.labels: dict[int, Label] = {}
        self.readings: dict[tuple[int, str], Reading] = {}
        self.undo: list[LabelCommand] = []
        self.redo: list[LabelCommand] = []
        self.seq = 0

    @classmethod
    def replay(cls, entries: Iterable[Entry]) -> LabelHistory:
        """The history after all `entries`; raises SSLStudioError if one does not follow from those before it."""
        history = cls()
        for entry in entries:
            history.add(entry)
        return history

    def add(self, entry: Entry) -> None:
        """Carry out one entry; raises SSLStudioError, changing nothing, if it is not the next one."""
        if entry.seq != self.seq + 1:
            raise SSLStudioError("The label history has a gap.", "Restore a backup.", code="history_gap")
        inverse = change(self.classes, self.labels, self.readings, entry.command)
        step_stacks(self.undo, self.redo, entry.how, inverse)
        self.seq = entry.seq


def step_stacks(undo: list[LabelCommand], redo: list[LabelCommand], how: How, inverse: LabelCommand) -> None:
    """Move the undo and redo stacks on by one command whose inverse is `inverse`."""
    if how == "undo":
        del undo[-1:]
        redo.append(inverse)
        return
    if how == "redo":
        del redo[-1:]
    else:
        redo.clear()
    undo.append(inverse)
