"""Objects that come by C-STORE, for whoever receives them: to the disk as they come, and none without end.

pynetdicom (PS3.8, PS3.4 annex B) hands data over in pieces; its own way is to keep a whole object in memory.
"""

from __future__ import annotations

import contextlib
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pynetdicom import _config, evt

_SLACK = 1 << 20
"""Bytes of a message that are not the object's."""


class ObjectSizes:
    """Counts what each association has sent of its present object; safe to use from several threads."""

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes + _SLACK
        self._bytes: dict[int, int] = {}
        self._guard = threading.Lock()

    def add(self, event: evt.Event) -> bool:
        """Count a piece; False when the object is larger than anything real."""
        place = id(event.assoc)
        with self._guard:
            self._bytes[place] = seen = self._bytes.get(place, 0) + len(event.data)
        return seen <= self._most

    def restart(self, event: evt.Event) -> None:
        """An object is whole: the next one begins."""
        with self._guard:
            self._bytes[id(event.assoc)] = 0


def unfinished_file(event: evt.Event) -> Path:
    """Where pynetdicom has written the object of a C-STORE, closed; the caller removes it."""
    request: Any = event.request
    stream = getattr(request, "_dataset_file", None)
    if stream is not None:
        stream.close()
    return Path(event.dataset_path)


@contextlib.contextmanager
def to_disk(parts: Path) -> Iterator[None]:
    """Within it, pynetdicom writes objects to unfinished files in `parts` as they come, instead of into memory.

    Its switch, and the place for temporary files, hold for the whole process: a job, or one command.
    """
    before = _config.STORE_RECV_CHUNKED_DATASET, tempfile.tempdir
    _config.STORE_RECV_CHUNKED_DATASET, tempfile.tempdir = True, str(parts)
    try:
        yield
    finally:
        _config.STORE_RECV_CHUNKED_DATASET, tempfile.tempdir = before
