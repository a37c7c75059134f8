"""A command as a child process whose last line says its result, whatever its exit code."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

from PySide6.QtCore import QObject, QProcess, Signal


class CommandProcess(QObject):
    """``ended(result)`` or ``failed(sentence)`` once; `stop` ends it."""

    ended = Signal(dict)
    failed = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._process: QProcess | None = None

    @property
    def running(self) -> bool:
        """True while the child is at work."""
        return self._process is not None

    def start(self, arguments: Sequence[str]) -> None:
        """Run `sslstudio` with these arguments; nothing happens while another is at work."""
        if self.running:
            return
        process = QProcess(self)
        self._process = process
        process.setProgram(sys.executable)
        frozen = bool(getattr(sys, "frozen", False))
        process.setArguments([*([] if frozen else ["-m", "sslstudio"]), *arguments, "--json"])
        process.finished.connect(self._finished)
        process.errorOccurred.connect(self._broke)
        process.start()

    def stop(self) -> None:
        """End the child; nothing is said of it."""
        if self._process is not None:
            self._process.kill()
            self._process.waitForFinished(2000)

    def _finished(self, _code: int, _status: object) -> None:
        process = self._process
        if process is None:
            return
        lines = bytes(process.readAllStandardOutput().data()).decode("utf-8", "replace").strip().splitlines()
        self._forget()
        try:
            result = json.loads(lines[-1]) if lines else {"error": "It was stopped."}
        except ValueError:
            result = {"error": "It could not finish."}
        if "error" in result:
            self.failed.emit(f"{result['error']} {result.get('hint', '')}".strip())
        else:
            self.ended.emit(result)

    def _broke(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart and self._process is not None:
            self._forget()
            self.failed.emit("It could not be started. Install SSL Studio again.")

    def _forget(self) -> None:
        if self._process is not None:
            self._process.deleteLater()
            self._process = None
