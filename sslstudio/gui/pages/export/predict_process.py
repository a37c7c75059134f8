"""Prediction on new files as a child process: the same command a terminal runs, followed without blocking."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

from PySide6.QtCore import QObject, QProcess, Signal


class PredictProcess(QObject):
    """``ended(counts)``, what the command says as JSON, or ``failed(sentence)`` once; `stop` ends it."""

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
        """Run `sslstudio` with these arguments."""
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
        """End the child."""
        if self._process is not None:
            self._process.kill()
            self._process.waitForFinished(2000)

    def _finished(self, code: int, _status: object) -> None:
        process = self._process
        if process is None:
            return
        lines = bytes(process.readAllStandardOutput().data()).decode("utf-8", "replace").strip().splitlines()
        self._forget()
        try:
            result = json.loads(lines[-1]) if lines else {}
        except ValueError:
            result = {}
        if code == 0 and "predicted" in result:
            self.ended.emit({name: value for name, value in result.items() if isinstance(value, int)})
        else:
            words = f"{result.get('error', 'The prediction could not finish.')} {result.get('hint', '')}"
            self.failed.emit(words.strip())

    def _broke(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart and self._process is not None:
            self._forget()
            self.failed.emit("The prediction could not be started. Install SSL Studio again.")

    def _forget(self) -> None:
        if self._process is not None:
            self._process.deleteLater()
            self._process = None
