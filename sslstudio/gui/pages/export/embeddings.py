"""Writing the embeddings behind a classifier as a file, in a thread that can be stopped."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QObject, Signal

from sslstudio.errors import SSLStudioError
from sslstudio.gui.pages.export import texts
from sslstudio.gui.pages.page import Services
from sslstudio.session import embedding_export
from sslstudio.session.embedding_export import Written


class EmbeddingsView(Protocol):
    """The part of the Export view that shows how far it is."""

    def set_progress(self, fraction: float | None, note: str = "") -> None: ...
    def set_written(self, words: str, role: str = "") -> None: ...


class _Stopped(SSLStudioError):  # noqa: N818 - not an error: the user asked for it
    """The user has stopped it."""


class EmbeddingsWriter(QObject):
    """Writes one file at a time; `after` is called when it has ended, however; ``written(paths)`` if they are there."""

    written = Signal(object)
    _progressed = Signal(float)

    def __init__(
        self, services: Services, view: EmbeddingsView, after: Callable[[], None], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._services, self._view, self._after = services, view, after
        self._stop = threading.Event()
        self.running = False
        self._progressed.connect(self._show)

    def write(self, embedding: str, path: Path) -> None:
        """Write the embeddings of a run to `path`."""
        if self.running:
            return
        self.running = True
        self._stop.clear()
        self._view.set_written("")
        self._show(0.0)
        project = self._services.session.project
        told = -1

        def progress(done: int, total: int) -> None:
            nonlocal told
            if total and done * 100 // total != told:
                told = done * 100 // total
                self._progressed.emit(done / total)

        def check() -> None:
            if self._stop.is_set():
                raise _Stopped(texts.STOPPED)

        self._services.background.run(
            lambda: embedding_export.write(project, embedding, path, progress, check),
            done=self._done,
            failed=self._failed,
        )

    def stop(self) -> None:
        """Stop; nothing half written is left."""
        self._stop.set()

    def _show(self, fraction: float) -> None:
        if self.running:
            self._view.set_progress(fraction, texts.WRITING_EMBEDDINGS)

    def _done(self, written: Written) -> None:
        self._end(texts.embeddings_written(written.count, written.dimensions, str(written.file)), "ok")
        self.written.emit([path for path in (written.file, written.ids) if path is not None])

    def _failed(self, error: SSLStudioError) -> None:
        if isinstance(error, _Stopped):
            self._end(error.message, "")
        else:
            self._end(f"{error.message} {error.hint}".strip(), "danger")

    def _end(self, words: str, role: str) -> None:
        self.running = False
        self._view.set_written(words, role)
        self._after()
