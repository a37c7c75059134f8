"""The append-only label journal beside the database: one checked line a command, on the disk before it counts."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from sslstudio.errors import SSLStudioError
from sslstudio.labels import history

if sys.platform == "darwin":
    import fcntl


@dataclass(frozen=True, slots=True)
class JournalText:
    """What a journal file holds: its intact lines by sequence number, and whether anything else was in it.

    `torn` means that only the end is broken, as a crash leaves it; `damaged` that something before the end is.
    `size` is the length in bytes of the leading run of intact lines that count up from one.
    """

    lines: dict[int, bytes]
    size: int
    torn: bool
    damaged: bool


def read(path: Path) -> JournalText:
    """Read and check a journal; a missing file is an empty one."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        data = b""
    lines: dict[int, bytes] = {}
    size = 0
    good_run, odd = True, []
    pieces = data.split(b"\n")
    for place, piece in enumerate(pieces[:-1]):
        seq = history.sequence_number(piece) if history.intact(piece) else 0
        if seq and seq not in lines:
            lines[seq] = piece
        else:
            odd.append(place)
        good_run = good_run and seq == place + 1
        if good_run:
            size += len(piece) + 1
    torn = pieces[-1] != b"" or odd == [len(pieces) - 2]
    damaged = (bool(odd) and odd != [len(pieces) - 2]) or set(lines) != set(range(1, len(lines) + 1))
    return JournalText(lines, size, torn, damaged)


class Journal:
    """The open journal; `append` returns when the line is on the disk.

    `failed` is set when a line could neither be finished nor taken back; nothing may be appended to it then.
    """

    def __init__(self, path: Path) -> None:
        self.failed = False
        self._stream: BinaryIO = path.open("ab", buffering=0)
        try:
            sync(self._stream)
            sync_folder(path.parent)
        except BaseException:
            self._stream.close()
            raise

    def append(self, line: bytes) -> int:
        """Write and sync one line; returns the length of the file before, for `cut`. Undoes itself if it fails."""
        before = self._stream.seek(0, os.SEEK_END)
        try:
            data = memoryview(line + b"\n")
            while data:
                data = data[self._stream.write(data) or 0 :]
            sync(self._stream)
        except OSError:
            self.cut(before)
            raise SSLStudioError(
                "The label could not be stored: the disk took no more data.",
                "Free some space and label again.",
                code="disk_full",
            ) from None
        return before

    def cut(self, size: int) -> None:
        """Take back what was appended after `size` bytes; sets `failed` when that cannot be done."""
        try:
            self._stream.truncate(size)
        except OSError:
            self.failed = True
            return
        with contextlib.suppress(OSError):  # if the line comes back after a power cut, it is one in flight, which may
            sync(self._stream)

    def close(self) -> None:
        """Close the file; safe to call twice."""
        self._stream.close()


def rewrite(path: Path, lines: Iterable[bytes]) -> None:
    """Replace the journal at once by `lines`; a crash leaves the old file or the new one."""
    partial = path.with_name(path.name + ".partial")
    with partial.open("wb") as stream:
        stream.writelines(line + b"\n" for line in lines)
        stream.flush()
        sync(stream)
    partial.replace(path)
    sync_folder(path.parent)


def sync(stream: BinaryIO) -> None:
    """Bring what was written to the disk itself, through the drive's own cache where the system can say so."""
    if sys.platform == "darwin":
        fcntl.fcntl(stream.fileno(), fcntl.F_FULLFSYNC)
    else:
        os.fsync(stream.fileno())


def sync_folder(folder: Path) -> None:
    """Bring new or replaced names in `folder` to the disk; a no-op where folders cannot be opened."""
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def cut_file(path: Path, size: int) -> None:
    """Cut a journal that is not open back to `size` bytes and sync."""
    with path.open("r+b") as stream:
        stream.truncate(size)
        sync(stream)


def set_aside(path: Path) -> Path:
    """Copy a journal to the first free name `NAME.damaged-N`; returns it."""
    number = 1
    while (copy := path.with_name(f"{path.name}.damaged-{number}")).exists():
        number += 1
    shutil.copyfile(path, copy)
    return copy
