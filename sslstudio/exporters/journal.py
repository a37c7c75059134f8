"""What a prediction under way has scored so far, beside its table, so that it goes on where it was interrupted.

Private to its owner: it holds pseudonyms with the key they were made with, and paths; it is removed at the end. Each
line is whole or does not count.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import secrets
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import numpy as np
from numpy.typing import NDArray

from sslstudio.errors import SSLStudioError
from sslstudio.exporters.cases import Batch

FORMAT = 1
_KINDS: dict[str, type[np.generic]] = {"keys": np.int64, "flags": np.bool_, "shares": np.float32}


@dataclass(frozen=True)
class Chunk:
    """Some files on end, scored: the rows of the image table, the images for the other tables and where each lies
    (path, frame), and the pseudonyms of patients and studies that were new. `first` and `done` are files."""

    first: int
    done: int
    cells: list[list[str]]
    batch: Batch
    places: list[tuple[str, int]]
    patients: Mapping[str, int] = field(default_factory=dict)
    studies: Mapping[str, int] = field(default_factory=dict)
    digests: tuple[str, ...] = ()


class Journal:
    """`.NAME.journal` beside the table NAME; a context manager. It counts only for the same `fingerprint`.

    `key` (hexadecimal) is that of the pseudonyms. Nothing is written before the first `append`.
    """

    def __init__(self, output: Path, fingerprint: str) -> None:
        self.path = output.with_name(f".{output.name}.journal")
        self._fingerprint = fingerprint
        self._stream: IO[bytes] | None = None
        self._whole = 0
        self.key = secrets.token_hex(32)
        self._read = 0
        for head in self._lines():
            if head.get("format") == FORMAT and head.get("fingerprint") == fingerprint:
                self.key = str(head["key"])
                self.found, self._whole = True, self._read
                return
            break
        self.found = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def chunks(self) -> Iterator[Chunk]:
        """What was scored before, in order; ends at what is not whole. To be read to the end before `append`."""
        if not self.found:
            return
        done = 0
        lines = self._lines()
        next(lines, None)
        for line in lines:
            chunk = _chunk(line)
            if chunk is None or chunk.first != done:
                return
            done = chunk.done
            self._whole = self._read
            yield chunk

    def append(self, *chunks: Chunk) -> None:
        """Keep chunks for good; without any it only begins. Raises SSLStudioError ("not_written")."""
        try:
            if self._stream is None:
                self._stream = self._begin()
            self._stream.writelines(_line(_record(chunk)) for chunk in chunks)
            self._stream.flush()
            os.fsync(self._stream.fileno())
        except OSError:
            raise SSLStudioError(
                "The table could not be written.", "Check free space and the rights of the folder.", code="not_written"
            ) from None

    def remove(self) -> None:
        """The tables are written: it is not needed any more."""
        self.__exit__(None, None, None)
        with contextlib.suppress(OSError):
            self.path.unlink(missing_ok=True)

    def _begin(self) -> IO[bytes]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if self.found:
            before = self.path.open("r+b")
            before.truncate(self._whole)
            before.seek(0, os.SEEK_END)
            return before
        self.path.unlink(missing_ok=True)
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        stream = os.fdopen(descriptor, "wb")
        stream.write(_line({"format": FORMAT, "fingerprint": self._fingerprint, "key": self.key}))
        return stream

    def _lines(self) -> Iterator[dict[str, Any]]:
        """The whole lines; `_read` is where the last one given ends."""
        self._read = 0
        try:
            with self.path.open("rb") as stream:
                for line in stream:
                    check, _, content = line.partition(b" ")
                    if not line.endswith(b"\n") or check != _sum(content):
                        return
                    self._read += len(line)
                    yield json.loads(content)
        except (OSError, ValueError):
            return


def _sum(content: bytes) -> bytes:
    return b"%08x" % zlib.crc32(content)


def _line(record: Mapping[str, Any]) -> bytes:
    content = json.dumps(record).encode("ascii") + b"\n"  # lone surrogates of file names are escaped
    return _sum(content) + b" " + content


def _record(chunk: Chunk) -> dict[str, Any]:
    batch = chunk.batch
    return {
        **{name: getattr(chunk, name) for name in ("first", "done", "cells", "places", "digests")},
        "patients": dict(chunk.patients),
        "studies": dict(chunk.studies),
        "files": batch.files,
        **{name: _packed(getattr(batch, name)) for name in _KINDS},
        "reduced": {unit: _packed(values) for unit, values in batch.reduced.items()},
    }


def _chunk(record: Mapping[str, Any]) -> Chunk | None:
    try:
        files = tuple(record["files"])
        arrays = {name: _unpacked(record[name], kind, len(files)) for name, kind in _KINDS.items()}
        reduced = {unit: _unpacked(text, np.float64, len(files)) for unit, text in record["reduced"].items()}
        return Chunk(
            int(record["first"]),
            int(record["done"]),
            record["cells"],
            Batch(files, reduced=reduced, **arrays),
            [(str(path), int(frame)) for path, frame in record["places"]],
            record["patients"],
            record["studies"],
            tuple(record["digests"]),
        )
    except (KeyError, TypeError, ValueError):
        return None


def _packed(values: NDArray[Any]) -> str:
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode("ascii")


def _unpacked(text: str, kind: type[np.generic], rows: int) -> NDArray[Any]:
    found: NDArray[Any] = np.frombuffer(base64.b64decode(text), dtype=kind).reshape(rows, -1 if rows else 0)
    return found
