"""The decoded frames of one file on their way to the import: the first ones in memory, the others in a nameless file.

Apart so that a file of thousands of frames costs the import no more memory than an ordinary one.
"""

from __future__ import annotations

import tempfile
import weakref
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, cast, overload

import numpy as np

from sslstudio.importers.decoding import FrameFacts
from sslstudio.importers.windowing import StoredPixels

IN_MEMORY = 16 << 20
"""Bytes of stored pixels that one file keeps in memory."""


@dataclass(frozen=True, slots=True)
class ReceivedFrame:
    """One decoded frame as it came from a worker: (H, W, C) stored values, facts, thumbnail.

    `plain` says that all values are equal, so that equal pixels prove nothing.
    """

    index: int
    facts: FrameFacts
    pixel_digest: str
    plain: bool
    pixels: StoredPixels
    jpeg: bytes


class FrameSpool(Sequence[ReceivedFrame]):
    """Frames in the order in which they were appended; a frame is read back each time it is asked for.

    `folder` is where the nameless file lies (default: that of the system). It goes when the spool goes.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._frames: list[ReceivedFrame] = []
        self._places: dict[int, tuple[int, tuple[int, ...]]] = {}
        self._bytes = 0
        self._file: BinaryIO | None = None

    @property
    def nbytes(self) -> int:
        """Bytes of stored pixels so far."""
        return self._bytes

    def append(self, frame: ReceivedFrame) -> None:
        """Add a frame; raises OSError when the disk is full."""
        self._bytes += frame.pixels.nbytes
        if self._bytes > IN_MEMORY:
            if self._file is None:
                self._file = cast(BinaryIO, tempfile.TemporaryFile(dir=self._folder))  # noqa: SIM115 - lives with the spool
                weakref.finalize(self, self._file.close)
            self._places[len(self._frames)] = (self._file.seek(0, 2), frame.pixels.shape)
            self._file.write(np.ascontiguousarray(frame.pixels).data)
            frame = replace(frame, pixels=np.empty(0, frame.pixels.dtype))
        self._frames.append(frame)

    def __len__(self) -> int:
        return len(self._frames)

    @overload
    def __getitem__(self, index: int) -> ReceivedFrame: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[ReceivedFrame]: ...
    def __getitem__(self, index: int | slice) -> ReceivedFrame | Sequence[ReceivedFrame]:
        if isinstance(index, slice):
            return [self[n] for n in range(*index.indices(len(self)))]
        return self._whole(range(len(self._frames))[index])

    def __iter__(self) -> Iterator[ReceivedFrame]:
        return map(self._whole, range(len(self._frames)))

    def _whole(self, index: int) -> ReceivedFrame:
        frame = self._frames[index]
        if index not in self._places:
            return frame
        assert self._file is not None
        place, shape = self._places[index]
        self._file.seek(place)
        data = self._file.read(int(np.prod(shape)) * frame.pixels.dtype.itemsize)
        return replace(frame, pixels=np.frombuffer(data, frame.pixels.dtype).reshape(shape))
