"""The ledger of one import as it grows: a line a file, chunk by chunk, each chunk on the disk after its pixels.

After a crash the complete lines are the truth: the pixel shard and the thumbnails are cut back to them.
"""

from __future__ import annotations

import hashlib
import os
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import accumulate
from pathlib import Path
from types import TracebackType
from typing import Self

from pydantic import ValidationError

from sslstudio.domain.items import PixelLocation
from sslstudio.domain.ledger import LedgerRow
from sslstudio.importers.pixel_cache import PixelCacheWriter, byte_count
from sslstudio.importers.thumbnails import ThumbnailWriter
from sslstudio.importers.windowing import StoredPixels


def read_ledger(path: Path) -> Iterator[LedgerRow]:
    """The complete rows of a ledger; a line cut by a crash ends it. An absent file has none."""
    for row, _ in _rows_with_ends(path):
        yield row


def _rows_with_ends(path: Path) -> Iterator[tuple[LedgerRow, int]]:
    if not path.exists():
        return
    end = 0
    with path.open("rb") as file:
        for line in file:
            end += len(line)
            if not line.endswith(b"\n"):
                return
            try:
                yield LedgerRow.model_validate_json(line), end
            except ValidationError:
                return


class ImportStore:
    """Ledger, pixel shard and thumbnails of one import, kept in step; a context manager.

    Opening it again after a crash keeps every complete row and drops the rest. `counts` holds the codes of all rows,
    `size` the bytes of the ledger that are on the disk. `note` is told every row that stands or is added. `look` names
    the rendering of the thumbnails.
    """

    def __init__(
        self,
        ledger: Path,
        shard: Path,
        thumbnails: Path,
        *,
        pixels: bool = True,
        note: Callable[[LedgerRow], None] = lambda row: None,
        look: str = "",
    ) -> None:
        self.counts: Counter[str] = Counter()
        self._written: set[int] = set()
        self._note = note
        self._ends = array("Q")
        self._seen: dict[bytes, int] = {}
        self._pending: list[LedgerRow] = []
        self._jpegs: list[tuple[int, bytes]] = []
        self._leaving: list[LedgerRow] = []
        self._left: Future[list[int]] | None = None
        self._disk = ThreadPoolExecutor(1, "ledger")
        self._path = ledger
        keep = good = 0
        for row, end in _rows_with_ends(ledger):
            self._remember(row)
            self._ends.append(end)
            good = end
            if row.status == "imported":
                places = [image.pixels for image in row.images if image.pixels is not None]
                keep = max([keep, *(place.offset + byte_count(place) for place in places)])
        self._ledger = ledger.open("r+b" if ledger.exists() else "w+b", buffering=0)
        self._ledger.truncate(good)
        self._pixels = PixelCacheWriter(shard, keep) if pixels else None
        self._thumbnails = ThumbnailWriter(thumbnails, keep, look) if pixels else None

    @property
    def pending(self) -> int:
        """How many rows wait for the next `commit`."""
        return len(self._pending)

    @property
    def busy(self) -> bool:
        """True while a chunk is on its way to the disk; raises what went wrong with it."""
        if self._left is not None and self._left.done():
            self._settle()
        return self._left is not None

    @property
    def size(self) -> int:
        """Bytes of the ledger that are on the disk, whole rows."""
        return self._ends[-1] if self._ends else 0

    def has(self, path: str) -> bool:
        """True when there is a row for the file at this path (as text)."""
        return _path_key(path) in self._written

    def put(self, pixels: StoredPixels, jpeg: bytes) -> PixelLocation:
        """Append one decoded image; returns where it lies."""
        assert self._pixels is not None
        location = self._pixels.append(pixels)
        self._jpegs.append((location.offset, jpeg))
        return location

    def add(self, row: LedgerRow) -> None:
        """Add a row to the coming chunk."""
        self._pending.append(row)
        self._remember(row)

    def find(self, digest: str, pixel_digests: Iterable[str]) -> LedgerRow | None:
        """The row that imported the same file, or the same pictures from another file; None if there is none."""
        keys = (_file_key(digest), _picture_key(pixel_digests))
        number = next((self._seen[key] for key in keys if key in self._seen), None)
        if number is None:
            return None
        if number >= len(self._ends):
            return [*self._leaving, *self._pending][number - len(self._ends)]
        start = self._ends[number - 1] if number else 0
        with self._path.open("rb") as file:
            file.seek(start)
            return LedgerRow.model_validate_json(file.read(self._ends[number] - start))

    def commit(self) -> None:
        """Put the chunk on the disk: pixels first, then thumbnails, the ledger last."""
        self.start_commit()
        self._settle()

    def start_commit(self) -> None:
        """As `commit`, but by a thread of its own: files can be added meanwhile."""
        self._settle()
        if self._pending:
            if self._pixels is not None:
                self._pixels.flush()
            self._leaving, self._pending = self._pending, []
            jpegs, self._jpegs = self._jpegs, []
            self._left = self._disk.submit(self._write, self._leaving, jpegs, self.size)

    def _write(self, rows: list[LedgerRow], jpegs: list[tuple[int, bytes]], end: int) -> list[int]:
        """Write a chunk whose lines begin at `end`; returns where each of them ends."""
        if self._pixels is not None and self._thumbnails is not None:
            self._pixels.settle()
            self._thumbnails.add(jpegs)
        lines = [row.model_dump_json().encode() + b"\n" for row in rows]
        data = memoryview(b"".join(lines))
        self._ledger.seek(end)
        while data:
            data = data[self._ledger.write(data) :]
        os.fsync(self._ledger.fileno())
        return list(accumulate(map(len, lines), initial=end))[1:]

    def _settle(self) -> None:
        """Wait until the chunk on its way is on the disk. If it was not to be had, nothing more is added to the ledger:
        rows behind a gap would be lost."""
        if self._left is not None:
            self._ends.extend(self._left.result())
            self._left = None
            self._leaving = []

    def close(self) -> None:
        """Close all files; what was not committed is dropped at the next opening."""
        self._disk.shutdown()
        for file in (self._pixels, self._thumbnails, self._ledger):
            if file is not None:
                file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _remember(self, row: LedgerRow) -> None:
        number = self.counts.total()
        self.counts[row.code] += 1
        self._written.add(_path_key(row.path))
        if row.status == "imported" and row.images:
            self._seen.setdefault(_file_key(row.images[0].digest), number)
            self._seen.setdefault(_picture_key(image.pixel_digest for image in row.images), number)
        self._note(row)


def _path_key(path: str) -> int:
    return int.from_bytes(hashlib.blake2b(path.encode(), digest_size=8).digest(), "big")


def _file_key(digest: str) -> bytes:
    return bytes.fromhex(digest)[:16]


def _picture_key(pixel_digests: Iterable[str]) -> bytes:
    return hashlib.sha256("/".join(pixel_digests).encode()).digest()[:16]
