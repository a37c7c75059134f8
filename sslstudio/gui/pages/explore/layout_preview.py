"""Shows the layout of a map so far while it is being arranged."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QTimer

from sslstudio.domain.specs import MapSpec
from sslstudio.embeddings.map_files import read_map
from sslstudio.errors import SSLStudioError
from sslstudio.gui.item_models.current_map import CurrentMap
from sslstudio.gui.pages.page import Services
from sslstudio.jobs.run_directory import RunDirectory
from sslstudio.session.results import MapData

LOOK_MS = 1000


class LayoutPreview(QObject):
    """Looks once a second, while a map of the network in use is made, for what its run has written.

    `show` gets the layout, and None when the map that is kept is to be shown again.
    """

    def __init__(self, services: Services, show: Callable[[MapData | None], None], parent: QObject) -> None:
        super().__init__(parent)
        self._services, self._show, self._current = services, show, CurrentMap.of(services)
        self.shown = False
        self._written = 0
        self._timer = QTimer(self, singleShot=True, interval=LOOK_MS)
        self._timer.timeout.connect(self._look)
        services.jobs.changed.connect(self._changed)
        self._current.changed.connect(self._settled)

    def _changed(self, _run_id: str) -> None:
        if not self._timer.isActive() and self._services.jobs.busy_with("map_embeddings") is not None:
            self._timer.start()

    def _settled(self) -> None:
        """The project was read again; when nothing is under way any more, what it holds is shown."""
        if self.shown and self._services.jobs.busy_with("map_embeddings") is None:
            self.shown, self._written = False, 0
            self._show(None)

    def _look(self) -> None:
        status, source = self._services.jobs.busy_with("map_embeddings"), self._current.known.current
        if status is None or source is None:
            return
        folder = self._services.session.project.run_dir(status.run_id)
        self._services.background.run(
            read_layout, folder, source.embedding, self._written, done=self._take, key="explore-preview"
        )
        self._timer.start()

    def _take(self, found: tuple[int, MapData] | None) -> None:
        if found is not None and self._services.jobs.busy_with("map_embeddings") is not None:
            self._written, self.shown = found[0], True
            self._show(found[1])


def read_layout(run: Path, embedding: str, seen: int) -> tuple[int, MapData] | None:
    """When the layout in the folder of a run was written, and the layout; None when it was `seen` or is not there,
    or when the map is of another embedding."""
    path = run / "artifacts" / "preview.npz"
    try:
        written = path.stat().st_mtime_ns
        spec = RunDirectory(run).job().spec
        if written == seen or not isinstance(spec, MapSpec) or spec.embedding != embedding:
            return None
        return written, MapData(f"{run.name}, so far", *read_map(path))
    except (OSError, SSLStudioError):  # it is being written, or was taken over meanwhile
        return None
