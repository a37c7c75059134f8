"""Questions to archives, put by a child process: the window's own process opens no connection."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable

from pydantic import ValidationError
from PySide6.QtCore import QObject, QProcess, Signal

from sslstudio.gui.connections import Connections
from sslstudio.pacs.answering import Answer, Question


class ArchiveAsker(QObject):
    """Puts questions one after another; ``answered(Question, Answer)`` once for each that was not dropped.

    Its process is started by `warm` or the first question and ended by `stop` or `close`.
    """

    answered = Signal(object, object)

    def __init__(self, connections: Connections, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._connections = connections
        self._process: QProcess | None = None
        self._waiting: deque[tuple[Question, Callable[[], None]]] = deque()

    @property
    def busy(self) -> bool:
        """True while an answer is awaited."""
        return bool(self._waiting)

    def warm(self) -> None:
        """Start the process, which loads its libraries and contacts nobody."""
        if self._process is not None:
            return
        process = self._process = QProcess(self)
        frozen = bool(getattr(sys, "frozen", False))
        process.setProgram(sys.executable)
        process.setArguments([*([] if frozen else ["-m", "sslstudio"]), "pacs", "ask"])
        process.readyReadStandardOutput.connect(self._read)
        process.finished.connect(lambda *_: self._lost(process))
        process.errorOccurred.connect(lambda _: self._lost(process))
        process.start()

    def ask(self, question: Question) -> None:
        """Put a question, behind those that are not answered yet."""
        self.warm()
        self._waiting.append((question, self._connections.opened(question.node.name)))
        if self._process is not None:
            self._process.write(question.model_dump_json().encode("utf-8") + b"\n")

    def stop(self) -> None:
        """Drop the questions under way; a process that is still at one of them is ended."""
        if self.busy:
            self.close()

    def close(self) -> None:
        """Drop the questions under way and end the process."""
        process, self._process = self._process, None
        for _, closed in self._waiting:
            closed()
        self._waiting.clear()
        if process is not None:
            process.kill()
            process.waitForFinished(1000)
            process.deleteLater()

    def _read(self) -> None:
        while self._process is not None and self._process.canReadLine() and self._waiting:
            line = bytes(self._process.readLine().data())
            question, closed = self._waiting.popleft()
            closed()
            try:
                answer = Answer.model_validate_json(line)
            except ValidationError:
                answer = _LOST
            self.answered.emit(question, answer)

    def _lost(self, process: QProcess) -> None:
        """The process is gone, and not because we ended it: nobody answers what was asked."""
        if process is not self._process:
            return
        self._read()
        waiting = [question for question, _ in self._waiting]
        self.close()
        for question in waiting:
            self.answered.emit(question, _LOST)


_LOST = Answer(
    message="The question could not be put.", hint="Try again, or run `sslstudio doctor`.", code="asking_failed"
)
