"""The pixel cache: decoded images one behind the other in a shard a run; apart because jobs write it and all read it.

A shard is raw little-endian values without a header; where an image lies is known from its `PixelLocation`.
"""

from __future__ import annotations

import math
import mmap
import os
import threading
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from sslstudio.domain.items import PixelLocation
from sslstudio.errors import SSLStudioError
from sslstudio.importers.windowing import StoredPixels

ALIGNMENT = 64
"""Every image starts at a multiple of this many bytes."""

_DTYPES: dict[str, np.dtype[Any]] = {"uint8": np.dtype("u1"), "uint16": np.dtype("<u2")}
_NAMES = {np.dtype(name): name for name in _DTYPES} | {np.dtype("<u2"): "uint16", np.dtype(">u2"): "uint16"}
_TOGETHER = 1 << 20
"""Bytes of pixels that are written at a time."""


def byte_count(location: PixelLocation) -> int:
    """How many bytes the image at `location` takes."""
    return math.prod((location.height, location.width, location.channels)) * _DTYPES[location.dtype].itemsize


class PixelCacheWriter:
    """Appends decoded images to one shard. One writer a shard; a context manager.

    `keep` is the number of bytes known to be good from an earlier attempt: what lies behind is cut off.
    """

    def __init__(self, path: Path, keep: int = 0) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._file = path.open("r+b" if path.exists() else "w+b", buffering=0)
        self._file.truncate(keep)
        self._end = self._written = self._file.seek(0, os.SEEK_END)
        self._waiting: list[bytes | memoryview] = []

    def append(self, pixels: StoredPixels) -> PixelLocation:
        """Append (H, W, C) uint8 or uint16 values, C 1 or 3. Durable only after `sync`."""
        if pixels.ndim != 3 or pixels.shape[2] not in (1, 3) or pixels.dtype not in _NAMES or not pixels.size:
            raise ValueError("The pixel cache takes (H, W, C) uint8 or uint16 values with 1 or 3 channels.")
        padding = -self._end % ALIGNMENT
        offset = self._end + padding
        name = _NAMES[pixels.dtype]
        data = np.ascontiguousarray(pixels, dtype=_DTYPES[name])
        self._waiting += (b"\0" * padding, data.data)
        self._end = offset + data.nbytes
        if self._end - self._written >= _TOGETHER:
            self.flush()
        height, width, channels = pixels.shape
        return PixelLocation.model_validate(
            {
                "shard": self._path.name,
                "offset": offset,
                "height": height,
                "width": width,
                "channels": channels,
                "dtype": name,
            }
        )

    def flush(self) -> None:
        """Hand all that was appended to the system; raises OSError (disk full), and may then be tried again."""
        if self._waiting:
            data = memoryview(b"".join(self._waiting))
            self._file.seek(self._written)
            while data:
                data = data[self._file.write(data) :]
            self._waiting.clear()
            self._written = self._end

    def settle(self) -> None:
        """Push what the system was handed to the disk; the one method that another thread may call."""
        os.fsync(self._file.fileno())

    def sync(self) -> None:
        """Push all that was appended to the disk."""
        self.flush()
        self.settle()

    def close(self) -> None:
        """Sync and close; closing twice is allowed."""
        if not self._file.closed:
            self.sync()
            self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class PixelCache:
    """Reads images from the shards in `pixels_dir`, memory-mapped; any number of threads may read at once."""

    def __init__(self, pixels_dir: Path) -> None:
        self._dir = pixels_dir
        self._shards: dict[str, mmap.mmap] = {}
        self._lock = threading.Lock()

    def read(self, location: PixelLocation) -> StoredPixels:
        """The image as a read-only (H, W, C) view on the mapped file.

        Raises SSLStudioError `pixels_missing` when its shard is gone, `pixels_damaged` when it is too short.
        """
        end = location.offset + byte_count(location)
        shard = self._shard(location.shard, end)
        dtype = _DTYPES[location.dtype]
        count = byte_count(location) // dtype.itemsize
        flat: StoredPixels = np.frombuffer(shard, dtype, count=count, offset=location.offset)
        return flat.reshape(location.height, location.width, location.channels)

    def close(self) -> None:
        """Let go of the mapped shards; views handed out before stay valid."""
        with self._lock:
            self._shards.clear()

    def _shard(self, name: str, end: int) -> mmap.mmap:
        with self._lock:
            shard = self._shards.get(name)
            if shard is None or len(shard) < end:
                shard = self._shards[name] = self._map(name)
        if end > len(shard) or end <= 0:
            raise SSLStudioError(
                "The stored pixels of this import are damaged: a file is shorter than it should be.",
                "Rebuild them by importing the same folder again.",
                code="pixels_damaged",
            )
        return shard

    def _map(self, name: str) -> mmap.mmap:
        missing = SSLStudioError(
            "The stored pixels of this import are missing.",
            "Rebuild them by importing the same folder again.",
            code="pixels_missing",
        )
        if not name or Path(name).name != name:
            raise missing
        try:
            with (self._dir / name).open("rb") as file:
                return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError):  # ValueError: an empty file cannot be mapped
            raise missing from None
