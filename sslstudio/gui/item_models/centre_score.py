"""How far each image lies from the middle of its group on the map, computed when somebody first asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, Signal

from sslstudio.errors import SSLStudioError
from sslstudio.gui.item_models.current_map import CurrentMap
from sslstudio.gui.item_models.project_images import ProjectImages
from sslstudio.gui.item_models.sort_keys import Score

if TYPE_CHECKING:
    from sslstudio.gui.pages.page import Services

KEY = "centre"
TITLE = "distance from the middle of the group"
TARGET = "sslstudio.embeddings.centres:distances"


class CentreScore(QObject):
    """`changed` fires when the distances have come, or hold no more."""

    changed = Signal()

    def __init__(self, services: Services, parent: QObject) -> None:
        super().__init__(parent)
        self._services = services
        self._images, self._current = ProjectImages.of(services), CurrentMap.of(services)
        self._score: Score | None = None
        self._token = -1
        self._failed = False
        for signal in (self._images.images_changed, self._images.groups_changed, self._current.changed):
            signal.connect(self._forget)

    @property
    def available(self) -> bool:
        """True when there are groups, and the embedding they were made of."""
        source = self._current.known.current
        return source is not None and bool(source.embedding) and self._current.known.map is not None

    def values(self) -> Score | None:
        """The distances; None while they are being computed, which this begins."""
        if self._score is None and self._token < 0 and not self._failed and self.available:
            self._token = self._services.background.run(self._compute, done=self._take, failed=self._fail)
        return self._score

    def _compute(self) -> Score:
        source, table, group = self._current.known.current, self._images.table, self._images.group
        assert source is not None
        folder = self._services.session.project.embeddings_dir
        ids: npt.NDArray[np.int64] = np.load(folder / f"{source.embedding}.ids.npy", allow_pickle=False)
        rows, known = table.places_of(ids)
        groups = np.full(len(ids), -1, dtype=np.int32)
        groups[known] = group[rows]
        file = str(folder / f"{source.embedding}.npy")
        distances = self._services.compute.submit(TARGET, file, groups).result()
        numbers = np.full(len(table.ids), np.nan)
        numbers[rows] = distances[known]
        return Score(numbers)

    def _take(self, score: Score) -> None:
        self._score, self._token = score, -1
        self.changed.emit()

    def _fail(self, error: SSLStudioError) -> None:
        self._token, self._failed = -1, True
        self._services.notify.error(error)

    def _forget(self) -> None:
        self._services.background.drop(self._token)
        self._score, self._token, self._failed = None, -1, False
        self.changed.emit()
