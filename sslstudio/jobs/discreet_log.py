"""What a worker may write to `log.txt`: where and what kind, never a library's own words.

Texts of exceptions, warnings and log records of libraries can hold header values, file names and so patient data.
They are replaced by their type and the place in the code; our own plain sentences pass.
"""

from __future__ import annotations

import contextlib
import linecache
import logging
import sys
import threading
import traceback
import warnings
from collections.abc import Iterator
from types import TracebackType
from typing import TextIO

from sslstudio.errors import SSLStudioError


def describe(error: BaseException) -> str:
    """The traceback of `error` and its causes by module, line and source, with types in place of texts."""
    parts: list[str] = []
    seen: set[int] = set()
    found: BaseException | None = error
    while found is not None and id(found) not in seen:
        seen.add(id(found))
        name = f"{type(found).__name__} ({found.code})" if isinstance(found, SSLStudioError) else type(found).__name__
        parts.append("\n".join([name, *_frames(found.__traceback__)]))
        found = found.__cause__ or (None if found.__suppress_context__ else found.__context__)
    return "\ncaused by ".join(parts) + "\n"


@contextlib.contextmanager
def installed(stream: TextIO | None = None) -> Iterator[None]:
    """Within it, warnings, log records and uncaught errors reach `stream` (stderr) without their text."""
    target = stream or sys.stderr

    def show_warning(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        source = (line or linecache.getline(filename, lineno)).strip()
        target.write(f"warning {category.__name__} at line {lineno}: {source}\n")

    def show_thread_error(found: threading.ExceptHookArgs) -> None:
        if found.exc_value is not None:
            target.write(f"error in a thread: {describe(found.exc_value)}")

    def show_error(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        target.write(describe(error.with_traceback(trace)))

    root, handler = logging.getLogger(), _Handler(target)
    before = warnings.showwarning, threading.excepthook, sys.excepthook
    warnings.showwarning, threading.excepthook, sys.excepthook = show_warning, show_thread_error, show_error
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)
        warnings.showwarning, threading.excepthook, sys.excepthook = before


class _Handler(logging.Handler):
    """Writes our own records whole and those of libraries without their message."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__(logging.WARNING)
        self._stream = stream

    def emit(self, record: logging.LogRecord) -> None:
        text = f": {record.getMessage()}" if record.name.split(".")[0] == "sslstudio" else ""
        self._stream.write(f"{record.levelname.lower()} {record.name} line {record.lineno}{text}\n")


def _frames(trace: TracebackType | None) -> list[str]:
    found = []
    for frame, line_number in traceback.walk_tb(trace):
        code = frame.f_code
        source = linecache.getline(code.co_filename, line_number, frame.f_globals).strip()
        module = frame.f_globals.get("__name__", "?")
        found.append(f"  {module} line {line_number} in {code.co_name}: {source}")
    return found
