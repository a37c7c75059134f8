"""A compute process that is there only while it is needed: started by the first call, ended when nobody calls for a
while. For what takes a library too heavy to keep, such as drawing augmented views with torch."""

from __future__ import annotations

import threading
from typing import Any

from sslstudio.errors import SSLStudioError
from sslstudio.jobs.compute import ComputeProcess

IDLE_SECONDS = 90.0


class IdleCompute:
    """Runs module-level functions, named "package.module:function", in a child process of its own.

    `call` waits for the result, so it belongs in a thread. Safe to use from any thread.
    """

    def __init__(self, idle_seconds: float = IDLE_SECONDS) -> None:
        self._idle_seconds = idle_seconds
        self._guard = threading.Lock()
        self._process: ComputeProcess | None = None
        self._timer: threading.Timer | None = None
        self._calls = 0
        self._closed = False

    @property
    def running(self) -> bool:
        """True while there is a child process."""
        return self._process is not None

    def call(self, target: str, *args: Any) -> Any:
        """What `target` returns; errors are those of `ComputeProcess.submit`, "closed" after `close`."""
        with self._guard:
            if self._closed:
                raise SSLStudioError("The project is closed.", code="closed")
            self._stop_timer()
            if self._process is None:
                self._process = ComputeProcess(warm=False)
            self._calls += 1
            future = self._process.submit(target, *args)
        try:
            return future.result()
        finally:
            with self._guard:
                self._calls -= 1
                if not self._calls and not self._closed:
                    self._timer = threading.Timer(self._idle_seconds, self._end)
                    self._timer.daemon = True
                    self._timer.start()

    def close(self) -> None:
        """End the child without waiting for it; calls under way fail."""
        with self._guard:
            self._closed = True
            self._stop_timer()
            process, self._process = self._process, None
        if process is not None:
            threading.Thread(target=process.close, name="end idle compute", daemon=True).start()

    def _end(self) -> None:
        with self._guard:
            if self._calls:
                return
            process, self._process = self._process, None
        if process is not None:
            process.close()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
