"""One writer a project: a lock of the operating system that dies with its process, and a note saying who holds it."""

from __future__ import annotations

import contextlib
import getpass
import json
import os
import socket
import sys
from pathlib import Path
from typing import Any, BinaryIO

from sslstudio.errors import SSLStudioError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_LOCKED_BYTE = 1 << 30
"""Windows locks this byte, far behind the note, so that others can still read who holds the project."""


class ProjectLock:
    """Hold the lock at `path` until `release`; raises SSLStudioError (code "locked"), naming the holder."""

    def __init__(self, path: Path) -> None:
        path.touch(exist_ok=True)
        self._stream: BinaryIO = path.open("r+b", buffering=0)
        if not _try_lock(self._stream):
            holder = _read_note(self._stream)
            self._stream.close()
            raise SSLStudioError(
                f"This project is already open{holder}.",
                "Close it there, or open it read-only.",
                code="locked",
            )
        note = {"pid": os.getpid(), "host": socket.gethostname(), "user": _user()}
        self._stream.truncate(0)
        self._stream.write(json.dumps(note).encode("utf-8"))

    def release(self) -> None:
        """Let the project go; safe to call twice. The file stays: removing it would race with the next holder."""
        if self._stream.closed:
            return
        with contextlib.suppress(OSError):
            self._stream.truncate(0)
        _unlock(self._stream)
        self._stream.close()


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return ""


def _read_note(stream: BinaryIO) -> str:
    """Who holds the lock, as the end of a sentence; "" when the note cannot be read."""
    try:
        stream.seek(0)
        note: Any = json.loads(stream.read(4096))
        return f" by {note['user']} on {note['host']} (process {int(note['pid'])})"
    except (OSError, ValueError, KeyError, TypeError):
        return " in another window"


if sys.platform == "win32":

    def _try_lock(stream: BinaryIO) -> bool:
        stream.seek(_LOCKED_BYTE)
        try:
            msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        finally:
            stream.seek(0)
        return True

    def _unlock(stream: BinaryIO) -> None:
        stream.seek(_LOCKED_BYTE)
        with contextlib.suppress(OSError):
            msvcrt.locking(stream.fileno(), msvcrt.LK_UNLCK, 1)

else:

    def _try_lock(stream: BinaryIO) -> bool:
        try:
            fcntl.flock(stream.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    def _unlock(stream: BinaryIO) -> None:
        with contextlib.suppress(OSError):
            fcntl.flock(stream.fileno(), fcntl.LOCK_UN)
