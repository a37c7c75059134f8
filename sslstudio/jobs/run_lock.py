"""The lock a worker holds on its run directory: the best evidence of life, since it dies with the process.

POSIX record locks (`lockf`) and not `flock`: a data-loading child that was forked must not keep the lock of a
worker that was killed. Such a lock is lost when the process closes any descriptor of the file, so inside the
holding process `held` never opens it.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from pathlib import Path

_mine: dict[Path, int] = {}


def acquire(path: Path, patience: float = 1.0) -> bool:
    """Take the lock at `path` for this process; False when another process holds it.

    `patience` seconds are granted for those who merely look whether it is held.
    """
    path = path.resolve()
    if path in _mine:
        return False
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)  # Python opens it closed to children
    until = time.monotonic() + patience
    while not _lock(descriptor):
        if time.monotonic() >= until:
            os.close(descriptor)
            return False
        time.sleep(0.05)
    _mine[path] = descriptor
    return True


def release(path: Path) -> None:
    """Give the lock back; nothing happens when this process does not hold it."""
    descriptor = _mine.pop(path.resolve(), None)
    if descriptor is not None:
        _unlock(descriptor)
        os.close(descriptor)


def displaced(path: Path) -> bool:
    """True when this process holds the lock that stood at `path`, and the file there is gone or another one by now.

    The descriptor that is held keeps the file's number from being given to another file.
    """
    descriptor = _mine.get(path.resolve())
    if descriptor is None:
        return False
    try:
        return not os.path.samestat(os.fstat(descriptor), path.stat())
    except OSError:
        return True


def held(path: Path) -> bool:
    """True when any process holds the lock at `path`."""
    path = path.resolve()
    if path in _mine:
        return True
    try:
        descriptor = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return False
    except PermissionError:
        return sys.platform == "win32"
    try:
        if not _lock(descriptor):
            return True
        _unlock(descriptor)
        return False
    finally:
        os.close(descriptor)


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> bool:
        os.lseek(descriptor, 0, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _unlock(descriptor: int) -> None:
        os.lseek(descriptor, 0, os.SEEK_SET)
        with contextlib.suppress(OSError):
            msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _lock(descriptor: int) -> bool:
        try:
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):
            return False
        return True

    def _unlock(descriptor: int) -> None:
        with contextlib.suppress(OSError):
            fcntl.lockf(descriptor, fcntl.LOCK_UN)
