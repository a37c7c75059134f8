"""A DICOM listener: scores the images that are sent to it by C-STORE, and keeps none of them.

Nobody but programs on this computer reaches it unless another address is asked for. No TLS here: a gateway or the
archive's own router belongs before it where images come over a network.
"""

from __future__ import annotations

import contextlib
import queue
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pynetdicom import AE, ALL_TRANSFER_SYNTAXES, AllStoragePresentationContexts, evt, sop_class

from sslstudio.errors import SSLStudioError
from sslstudio.exporters.growing import SETTLE_SECONDS, Growing
from sslstudio.exporters.predictor import AS_THE_PACKAGE, Asked
from sslstudio.exporters.returning import Folders
from sslstudio.importers.discovery import FoundFile
from sslstudio.pacs import quiet
from sslstudio.pacs.associations import Callers
from sslstudio.pacs.files import FREE_BYTES, ReceivingFolder
from sslstudio.pacs.incoming import ObjectSizes, to_disk, unfinished_file

LOOPBACK = "127.0.0.1"
PORT, AE_TITLE = 11113, "SSLSTUDIO"
MOST_BYTES = 2 << 30
"""The largest object that is taken."""
MOST_WAITING = 2_000
"""So many objects may wait to be scored; more are refused until there is room."""
BATCH = 64
_TIMEOUT = 30.0
_SUCCESS, _NO_ROOM, _NOT_DICOM = 0x0000, 0xA700, 0xC000


@dataclass(frozen=True)
class Place:
    """Where to listen, and the title that senders have to call."""

    host: str = LOOPBACK
    port: int = PORT
    title: str = AE_TITLE


def listen(
    source_package: Path,
    output: Path,
    stopped: Callable[[], bool],
    place: Place = Place(),
    *,
    asked: Asked = AS_THE_PACKAGE,
    folders: Folders = Folders(),  # noqa: B008 - frozen
    settle: float = SETTLE_SECONDS,
    free_bytes: int = FREE_BYTES,
    ready: Callable[[int], None] = lambda port: None,
    told: Callable[[dict[str, int]], None] = lambda counts: None,
) -> dict[str, int]:
    """Score what is sent to `place` until `stopped()`, and write tables and reports as `predictor.predict` does.

    `ready` gets the port once it listens. What was received lies in `.NAME.received` beside the table, for its owner
    alone, until it is scored and, where reports are wanted, reported. Raises SSLStudioError as `predictor.predict`, and
    "table_exists", "cannot_listen", "disk_full".
    """
    received = output.with_name(f".{output.name}.received")
    shutil.rmtree(received, ignore_errors=True)
    with Growing(source_package, output, asked, folders, settle=settle) as growing:
        into = ReceivingFolder(received, "The listener", most_bytes=MOST_BYTES, free_bytes=free_bytes)
        try:
            into.prepare()
            with _Receiver(place, into, growing.received) as receiver:
                ready(receiver.port)
                while not stopped():
                    _round(growing, receiver, told)
            while _round(growing, receiver, told):
                continue
            growing.tend(now=True)
            return growing.counts()
        finally:
            shutil.rmtree(received, ignore_errors=True)


def _round(growing: Growing, receiver: _Receiver, told: Callable[[dict[str, int]], None]) -> bool:
    """Score what has arrived, and remove what is not needed any more; False when nothing had."""
    files = receiver.arrived()
    if files and growing.score(files):
        told(growing.counts())
    done = {path for path, _ in growing.tend()} | {file.path for file in files}
    for path in done - growing.needed():
        with contextlib.suppress(OSError):
            Path(path).unlink()
    return bool(files)


class _Receiver:
    """Takes objects into files, numbered after `number`; a context manager. Raises "cannot_listen"."""

    def __init__(self, place: Place, into: ReceivingFolder, number: int) -> None:
        self._into = into
        self._waiting: queue.Queue[FoundFile] = queue.Queue(MOST_WAITING)
        self._number, self._guard = number, threading.Lock()
        self._sizes = ObjectSizes(into.most_bytes)
        self._callers = Callers()
        self._stack = contextlib.ExitStack()
        self._stack.callback(quiet.while_open(self, "pydicom", "pynetdicom"))
        self._stack.enter_context(to_disk(into.parts))
        entity = AE(ae_title=place.title)
        entity.require_called_aet = True
        entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = _TIMEOUT
        entity.maximum_associations = 8
        entity.add_supported_context(str(sop_class.Verification))  # type: ignore[attr-defined]
        for context in AllStoragePresentationContexts:
            entity.add_supported_context(str(context.abstract_syntax), list(ALL_TRANSFER_SYNTAXES))
        handlers = [(evt.EVT_C_STORE, self._store), (evt.EVT_DATA_RECV, self._count), *self._callers.handlers]
        try:
            server: Any = entity.start_server((place.host, place.port), block=False, evt_handlers=handlers)
        except (OSError, UnicodeError):
            self._stack.close()
            raise SSLStudioError(
                f"Port {place.port} of {place.host} cannot be listened at.",
                "Another program may use it: choose another with --port; ports below 1024 need special rights.",
                code="cannot_listen",
            ) from None
        self._server = server
        self.port = int(server.socket.getsockname()[1])

    def __enter__(self) -> _Receiver:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._callers.close()
        self._stack.close()

    def arrived(self) -> list[FoundFile]:
        """What has arrived, waiting half a second for the first."""
        files: list[FoundFile] = []
        with contextlib.suppress(queue.Empty):
            files.append(self._waiting.get(timeout=0.5))
            while len(files) < BATCH:
                files.append(self._waiting.get(timeout=0.05))
        return files

    def _count(self, event: evt.Event) -> None:
        """No object may be larger than anything real."""
        if not self._sizes.add(event):
            event.assoc.abort()

    def _store(self, event: evt.Event) -> int:
        """C-STORE (PS3.4 B.2.3): the object lies in an unfinished file of pynetdicom's; it gets its number or goes."""
        request: Any = event.request
        path = unfinished_file(event)
        self._sizes.restart(event)
        with self._guard:
            self._number += 1
            number = self._number
        try:
            if self._waiting.full():
                return _NO_ROOM
            self._into.check_room()
            sop = str(request.AffectedSOPInstanceUID)
            size = self._into.keep(path, str(number), sop)
            name = f"received-{number:06d}.dcm"  # identifiers stand in no name, no table and no journal
            kept = self._into.path(str(number), sop)
            kept.replace(self._into.folder / name)
            kept.parent.rmdir()
            self._waiting.put_nowait(FoundFile(str(self._into.folder / name), name, size, time.time_ns()))
            return _SUCCESS
        except SSLStudioError as error:
            return _NO_ROOM if error.code in ("disk_full", "folder") else _NOT_DICOM
        except (queue.Full, OSError):
            return _NO_ROOM
        finally:
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
