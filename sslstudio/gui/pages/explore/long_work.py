"""Numeric work of the Explore page that may take long: in child processes of its own, one at a time, with a stop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject

from sslstudio.errors import SSLStudioError
from sslstudio.gui.pages.explore.finding_line import FindingLine
from sslstudio.gui.pages.page import Services
from sslstudio.jobs.idle_compute import IdleCompute

Call = Callable[..., Any]
KEY = "explore-long-work"
STAGES = "sslstudio.stages."


class LongWork(QObject):
    """A new piece of work takes the place of the one before. Ending the child process is how work is stopped."""

    def __init__(self, services: Services, line: FindingLine, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._services, self._line = services, line
        self._numbers, self._networks = IdleCompute(), IdleCompute()
        self._token: int | None = None
        line.stop_requested.connect(self.stop)

    @property
    def busy(self) -> bool:
        """True while something is worked on."""
        return self._token is not None

    def start(self, sentence: str, work: Callable[[Call], Any], done: Callable[[Any], None]) -> None:
        """Show `sentence` and run ``work(call)`` in a thread, then ``done(result)`` in the window's thread.

        ``call("package.module:function", ...)`` is answered by a child process: stages by one that may load torch,
        everything else by another, because on some systems the libraries of both cannot live in one process.
        """
        if self.busy:
            self.stop()
        self._line.set_busy(sentence)
        numbers, networks = self._numbers, self._networks

        def call(target: str, *args: Any) -> Any:
            return (networks if target.startswith(STAGES) else numbers).call(target, *args)

        def finish(result: Any) -> None:
            self._token = None
            self._line.settle()
            done(result)

        def fail(error: SSLStudioError) -> None:
            self._token = None
            self._line.settle()
            self._services.notify.error(error)

        self._token = self._services.background.run(lambda: work(call), done=finish, failed=fail, key=KEY)

    def stop(self) -> None:
        """End what is worked on; nothing comes of it."""
        if self._token is None:
            return
        self._services.background.drop(self._token)
        self._token = None
        self.close()
        self._numbers, self._networks = IdleCompute(), IdleCompute()
        self._line.settle()

    def close(self) -> None:
        """End the child processes."""
        self._numbers.close()
        self._networks.close()
