"""`events.jsonl`: the writer a worker has and the reader everyone else has; apart from the run directory's other files.

One event is one line and one `write` to a file opened for appending, so readers in other processes see whole lines.
"""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, NamedTuple

from pydantic import ValidationError

from sslstudio.domain.runs import EVENT, Event, Warned

CHUNK = 4 * 1024 * 1024
UNREADABLE = "unreadable_event"


class EventBatch(NamedTuple):
    """Events read from one place on, and the byte offset to read from next time."""

    events: tuple[Event, ...]
    offset: int


class EventWriter:
    """Appends events to one file. Only the holder of the run's lock writes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        cut_unfinished_line(path)
        binary = getattr(os, "O_BINARY", 0)
        self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | binary, 0o644)

    def write(self, event: Event) -> None:
        """Append one event; raises OSError (disk full), and then no half line is left behind."""
        line = EVENT.dump_json(event) + b"\n"
        before = os.fstat(self._descriptor).st_size
        written = 0
        try:
            written = os.write(self._descriptor, line)
            if written < len(line):
                os.write(self._descriptor, line[written:])
        except OSError:
            if written:
                os.truncate(self._descriptor, before)  # not by path: another run may stand there by now
            raise

    def sync(self) -> None:
        """Make what was written survive a power cut."""
        os.fsync(self._descriptor)

    def close(self) -> None:
        """Close the file; writing afterwards is an error."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> EventWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def read(path: Path, offset: int = 0, limit: int = CHUNK) -> EventBatch:
    """Whole lines from byte `offset` on, at most about `limit` bytes of them; call again from the returned offset.

    An unfinished last line is left for the next call. A line that is no event becomes a `Warned` event with the
    code "unreadable_event" in its place, so that nothing is dropped in silence.
    """
    try:
        with path.open("rb") as stream:
            stream.seek(offset)
            data = stream.read(limit)
            if len(data) == limit and b"\n" not in data:
                data += stream.readline()
    except FileNotFoundError:
        return EventBatch((), offset)
    end = data.rfind(b"\n") + 1
    events = tuple(_parse(line) for line in data[:end].splitlines() if line.strip())
    return EventBatch(events, offset + end)


def read_all(path: Path, offset: int = 0) -> EventBatch:
    """All whole lines from byte `offset` on."""
    events: list[Event] = []
    while (batch := read(path, offset)).offset > offset:
        events.extend(batch.events)
        offset = batch.offset
    return EventBatch(tuple(events), offset)


def last(path: Path, first: int = 0) -> Event | None:
    """The last whole event at or behind byte `first`, read from the end; None when there is none."""
    try:
        with path.open("rb") as stream:
            end = _newline_before(stream, stream.seek(0, os.SEEK_END)) + 1
            if end <= first:
                return None
            start = max(first, _newline_before(stream, end - 1) + 1)
            stream.seek(start)
            return _parse(stream.read(end - start))
    except FileNotFoundError:
        return None


def end_of_lines(path: Path) -> int:
    """Byte offset behind the last whole line; 0 when there is no file."""
    try:
        with path.open("rb") as stream:
            return _newline_before(stream, stream.seek(0, os.SEEK_END)) + 1
    except FileNotFoundError:
        return 0


def _newline_before(stream: BinaryIO, end: int, chunk: int = 8192) -> int:
    """Position of the last newline before byte `end`; -1 when there is none."""
    while end > 0:
        start = max(0, end - chunk)
        stream.seek(start)
        found = stream.read(end - start).rfind(b"\n")
        if found >= 0:
            return start + found
        end = start
    return -1


def cut_unfinished_line(path: Path) -> None:
    """Remove what a writer that was killed left behind the last whole line; it never was an event."""
    if path.exists() and path.stat().st_size > (end := end_of_lines(path)):
        os.truncate(path, end)


def _parse(line: bytes) -> Event:
    try:
        return EVENT.validate_json(line)
    except ValidationError:
        message = "A line of this run's record cannot be read; it was left out."
        return Warned(at=0.0, code=UNREADABLE, message=message)
