"""The one way off the GUI thread: run a function in a thread, get its result back in the window's thread.

For waiting and reading (files, the catalogue, futures of the compute process). Numeric work belongs in the
compute process and anything with torch in a job: a thread that computes holds the interpreter and stalls the window.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal, Slot

from sslstudio.errors import SSLStudioError

Done = Callable[[Any], None]
FailedWith = Callable[[SSLStudioError], None]


@dataclass(frozen=True)
class _Result:
    token: int
    value: Any
    error: BaseException | None


@dataclass(frozen=True)
class _Pending:
    key: str
    done: Done | None
    failed: FailedWith | None


class Background(QObject):
    """Threads for one open project. `unhandled` receives problems nobody took; bugs go to ``sys.excepthook``.
    ``delivered`` fires behind each result.

    Calls that share a `key` supersede one another: only the result of the newest is delivered. All results of a
    closed or reset Background are dropped.
    """

    unhandled = Signal(object)
    delivered = Signal()
    _arrived = Signal(object)

    def __init__(self, parent: QObject | None = None, threads: int = 6) -> None:
        super().__init__(parent)
        self._pool = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="background")
        self._pending: dict[int, _Pending] = {}
        self._newest: dict[str, int] = {}
        self._next = 0
        self._closed = False
        self._arrived.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    def run(
        self,
        function: Callable[..., Any],
        *args: Any,
        done: Done | None = None,
        failed: FailedWith | None = None,
        key: str = "",
    ) -> int:
        """Call ``function(*args)`` in a thread, then ``done(result)`` or ``failed(error)`` in the window's thread.

        Returns a token for `drop`. With a `key`, earlier calls under the same key that have not been delivered
        are dropped.
        """
        if self._closed:
            return -1
        token = self._note(done, failed, key)
        self._pool.submit(self._call, token, function, args)
        return token

    def wait_for(
        self, future: Future[Any], *, done: Done | None = None, failed: FailedWith | None = None, key: str = ""
    ) -> int:
        """Deliver the result of `future` (for example one of the compute process) in the window's thread.

        No thread is kept waiting for it.
        """
        if self._closed:
            return -1
        token = self._note(done, failed, key)
        future.add_done_callback(lambda ended: self._call(token, ended.result, ()))
        return token

    def _note(self, done: Done | None, failed: FailedWith | None, key: str) -> int:
        self._next += 1
        token = self._next
        if key:
            self._pending.pop(self._newest.get(key, -1), None)
            self._newest[key] = token
        self._pending[token] = _Pending(key, done, failed)
        return token

    def drop(self, token: int) -> None:
        """Forget a call: its result will not be delivered."""
        self._pending.pop(token, None)

    @property
    def busy(self) -> bool:
        """True while any call is waiting for its result."""
        return bool(self._pending)

    def close(self) -> None:
        """Drop all results and stop taking calls; running calls end by themselves."""
        self._closed = True
        self._pending.clear()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _call(self, token: int, function: Callable[..., Any], args: tuple[Any, ...]) -> None:
        if token not in self._pending:
            return
        try:
            result = _Result(token, function(*args), None)
        except CancelledError:
            return  # whoever waited has gone
        except BaseException as error:
            result = _Result(token, None, error)
        try:
            self._arrived.emit(result)
        except RuntimeError:
            return  # the window is gone, and with it whoever waited

    @Slot(object)
    def _deliver(self, result: _Result) -> None:
        pending = self._pending.pop(result.token, None)
        if pending is None or self._closed:
            return
        if result.error is None:
            if pending.done is not None:
                pending.done(result.value)
            self.delivered.emit()
        elif isinstance(result.error, SSLStudioError):
            if pending.failed is not None:
                pending.failed(result.error)
            else:
                self.unhandled.emit(result.error)
        else:
            sys.excepthook(type(result.error), result.error, result.error.__traceback__)
