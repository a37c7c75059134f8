"""Calls of the file system that may hang, as on a network drive that has gone: each has a deadline.

A thread that hangs in the system cannot be ended; it is left behind, as a daemon, and another takes its place.
"""

from __future__ import annotations

import hashlib
import os
import queue
import threading
import time
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from sslstudio.importers import containers

Value = TypeVar("Value")

_CHUNK = 1 << 20
_MOST_BYTES = 1 << 40


class Patience:
    """Runs one call at a time in a thread of its own. `check` is called about ten times a second and may raise."""

    def __init__(self, check: Callable[[], None] = lambda: None) -> None:
        self._check = check
        self._calls: queue.SimpleQueue[Callable[[], Any] | None] | None = None
        self._answers: queue.SimpleQueue[tuple[bool, Any]] = queue.SimpleQueue()

    def call(self, seconds: float, function: Callable[..., Value], *args: Any) -> Value:
        """`function(*args)`, or its exception; raises TimeoutError after `seconds`."""
        if self._calls is None:
            self._start()
        assert self._calls is not None
        self._calls.put(lambda: function(*args))
        until = time.monotonic() + seconds
        while True:
            try:
                good, value = self._answers.get(timeout=0.1)
                break
            except queue.Empty:
                try:
                    self._check()
                except BaseException:
                    self.close()
                    raise
                if time.monotonic() > until:
                    self.close()
                    raise TimeoutError from None
        if not good:
            raise value
        found: Value = value
        return found

    def close(self) -> None:
        """Let the thread end when its call returns; a later `call` starts another."""
        if self._calls is not None:
            self._calls.put(None)
            self._calls = None

    def _start(self) -> None:
        self._calls, self._answers = queue.SimpleQueue(), queue.SimpleQueue()
        arguments = (self._calls, self._answers)
        threading.Thread(target=_serve, args=arguments, name="patience", daemon=True).start()


def _serve(calls: queue.SimpleQueue[Callable[[], Any] | None], answers: queue.SimpleQueue[tuple[bool, Any]]) -> None:
    while (call := calls.get()) is not None:
        try:
            answers.put((True, call()))
        except BaseException as error:
            answers.put((False, error))


class Errand(Generic[Value]):
    """`function(*args)` in a thread of its own from now on, to be asked after while other things go on."""

    def __init__(self, function: Callable[..., Value], *args: Any) -> None:
        self._since = time.monotonic()
        self._ended = threading.Event()
        self._value: Value
        self._error: BaseException | None = None
        threading.Thread(target=self._run, args=(function, args), name="errand", daemon=True).start()

    def done(self, seconds: float) -> bool:
        """True once it has come to an end; waits until it is `seconds` old."""
        return self._ended.wait(max(0.0, self._since + seconds - time.monotonic()))

    def result(self) -> Value:
        """What it brought, or its exception. Only after its end."""
        if self._error is not None:
            raise self._error
        return self._value

    def _run(self, function: Callable[..., Value], args: tuple[Any, ...]) -> None:
        try:
            self._value = function(*args)
        except BaseException as error:
            self._error = error
        self._ended.set()


def digest_of(path: str) -> str:
    """The SHA-256 of the content of a file or of a member of an archive, hexadecimal; raises OSError and Refused."""
    found = hashlib.sha256()
    with containers.Reader(_MOST_BYTES) as reader, reader.opened(path) as file:
        while chunk := file.read(_CHUNK):
            found.update(chunk)
    return found.hexdigest()


def readable(folder: str) -> bool:
    """True when the folder, or the file, can be looked into now."""
    try:
        if not os.path.isdir(folder):  # noqa: PTH112
            return os.path.exists(folder)  # noqa: PTH110
        with os.scandir(folder) as entries:
            next(entries, None)
    except OSError:
        return False
    return True
