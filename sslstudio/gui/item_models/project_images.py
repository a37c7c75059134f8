"""The images of the open project as every view needs them: columns, labels, suggestions, groups, thumbnails.

One object a project, found through `ProjectImages.of`, so that map, galleries and pages read and decode only once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, QTimer, Signal

from sslstudio.domain.labels import ClassInfo, Label
from sslstudio.gui.item_models import image_table
from sslstudio.gui.item_models.arrangement import Facts
from sslstudio.gui.item_models.image_table import ImageTable
from sslstudio.gui.item_models.thumbnails import ThumbnailSource
from sslstudio.session.thumbnails import ProjectThumbnails

if TYPE_CHECKING:
    from sslstudio.gui.pages.page import Services


FIRST_LOOK_MS = 800
"""So long a project of very many images shows its first ones before all are read, which would hold them back."""


LIVE = "live"
"""The source of suggestions by the head that refits while labelling."""


@dataclass(frozen=True)
class Suggestions:
    """What a classifier thinks of images `ids` (M,): `probabilities` (M, K) for the classes `class_ids` (K,). `source`
    is the model's id, or LIVE."""

    ids: npt.NDArray[np.int64]
    probabilities: npt.NDArray[np.float32]
    class_ids: tuple[int, ...]
    source: str = ""


class ProjectImages(QObject):
    """Signals say what changed; all of them fire in the window's thread."""

    images_changed = Signal()
    labels_changed = Signal(object)
    """frozenset of ids; empty when only classes changed."""
    suggestions_changed = Signal()
    groups_changed = Signal()
    rendering_changed = Signal()
    """What the model sees is another now."""
    _images_stale = Signal()
    _labels_stale = Signal(object)
    _look_stale = Signal()

    def __init__(self, services: Services, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._services = services
        self.session = services.session
        self.table: ImageTable = image_table.EMPTY
        self.loaded = False
        self._store = ProjectThumbnails(self.session.project)
        self.thumbnails = ThumbnailSource(self._store, self, self.session.project.catalogue.pixel_places)
        self.group: npt.NDArray[np.int32] = np.zeros(0, dtype=np.int32)
        self.group_names: dict[int, str] = {}
        self.best: npt.NDArray[np.int64] = np.zeros(0, dtype=np.int64)
        self.confidence: npt.NDArray[np.float64] = np.zeros(0, dtype=np.float64)
        self.suggestions: Suggestions | None = None
        self.listed: tuple[int, ...] = ()
        self.listed_name = ""
        self._groups: tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]] | None = None
        self._classes: dict[int, ClassInfo] | None = None
        self._closed = False
        self._later = QTimer(self, singleShot=True, interval=FIRST_LOOK_MS)
        self._later.timeout.connect(self.reload)
        self._images_stale.connect(self.reload)
        self._labels_stale.connect(self._relabel)
        self._look_stale.connect(self._render_anew)
        self._on_rendering = lambda: self._look_stale.emit()
        self.session.images_changed.connect(self._on_images)
        self.session.rendering_changed.connect(self._on_rendering)
        self.session.labels_changed.connect(self._on_labels)
        self._on_blind = lambda _: self._labels_stale.emit(frozenset())
        self.session.blinding.changed.connect(self._on_blind)

    @classmethod
    def of(cls, services: Services) -> ProjectImages:
        """The one of this project; made and read on the first call, gone with the project."""
        found = services.background.findChild(ProjectImages)
        if isinstance(found, ProjectImages):
            return found
        made = cls(services, services.background)
        if made.session.project.catalogue.has_many_images():
            made._later.start()
        else:
            made.reload()
        return made

    def reload(self) -> None:
        """Read the images again, off the window's thread."""
        self._later.stop()
        self._services.background.run(
            image_table.read, self.session.project.catalogue, done=self._take, key="project-images"
        )

    def labels(self) -> Mapping[int, Label]:
        """The current labels."""
        return self.session.labels()

    def classes(self) -> dict[int, ClassInfo]:
        """The label set by class id, in the order the user gave it."""
        if self._classes is None:
            self._classes = {info.class_id: info for info in self.session.classes()}
        return self._classes

    def facts(self) -> Facts:
        """What filters and sorts look at."""
        return Facts(
            table=self.table,
            labels=self.labels(),
            selection=self.session.selection,
            group=self.group,
            confidence=self.confidence,
            listed=self.listed,
            best=self.best,
            shares=self.suggestions,
            classes=self.classes(),
            group_names=self.group_names,
            drawn=tuple(self.session.drawing.sample(self.labels())),
        )

    def set_groups(self, ids: npt.NDArray[np.int64], clusters: npt.NDArray[np.int32], names: dict[int, str]) -> None:
        """The groups of the map in use: `clusters` (M,) of images `ids` (M,), and the names the user gave."""
        self._groups = (ids, clusters)
        self.group_names = names
        self._align()
        self.groups_changed.emit()

    def clear_groups(self) -> None:
        """There is no map, and so no groups."""
        if self._groups is not None:
            self._groups, self.group_names = None, {}
            self._align()
            self.groups_changed.emit()

    def set_suggestions(self, suggestions: Suggestions | None) -> None:
        """What the classifier thinks now; None takes all suggestions away."""
        self.suggestions = suggestions
        self._align()
        self.suggestions_changed.emit()

    def set_listed(self, ids: tuple[int, ...], name: str) -> None:
        """A list of images in an order of its own, such as those similar to one; galleries can show it."""
        self.listed, self.listed_name = ids, name

    def groups(self) -> list[tuple[int, str]]:
        """Numbers and names of the groups, in order."""
        numbers = [int(number) for number in np.unique(self.group) if number >= 0]
        return [(number, self.group_names.get(number) or f"Group {number + 1}") for number in numbers]

    def suggestion(self, image_id: int) -> tuple[int, float] | None:
        """The class the classifier thinks most likely for an image, and how likely; None when there is none, and for
        images drawn to test until they are labelled."""
        row = self.table.row_of(image_id)
        if self.session.drawing.waits(image_id, self.labels()):
            return None
        if row is None or np.isnan(self.confidence[row]) or int(self.best[row]) not in self.classes():
            return None
        return int(self.best[row]), float(self.confidence[row])

    def close(self) -> None:
        """Let go of the session and stop the thumbnail thread; every page may call it."""
        if self._closed:
            return
        self._closed = True
        self.session.images_changed.disconnect(self._on_images)
        self.session.rendering_changed.disconnect(self._on_rendering)
        self.session.labels_changed.disconnect(self._on_labels)
        self.session.blinding.changed.disconnect(self._on_blind)
        self.thumbnails.close()
        self._store.close()

    def _on_images(self) -> None:
        self._images_stale.emit()

    def _render_anew(self) -> None:
        """What the model sees has changed: thumbnails on the screen first, the others when they are looked at."""
        self._store.look_changed()
        self.thumbnails.forget()
        self.rendering_changed.emit()

    def _on_labels(self, ids: frozenset[int]) -> None:
        self._labels_stale.emit(ids)

    def _relabel(self, ids: frozenset[int]) -> None:
        if not ids:
            self._classes = None
        self.labels_changed.emit(ids)

    def _take(self, table: ImageTable) -> None:
        changed = self.loaded and table.look != self.table.look
        self.table, self.loaded = table, True
        if changed:
            self._render_anew()
        self.thumbnails.set_places(table.places)
        self._align()
        self.images_changed.emit()

    def _align(self) -> None:
        """Bring groups and suggestions into the order of the table."""
        count = len(self.table.ids)
        self.group = np.full(count, -1, dtype=np.int32)
        self.best = np.full(count, -1, dtype=np.int64)
        self.confidence = np.full(count, np.nan)
        if self._groups is not None:
            known, rows = self._known(self._groups[0])
            self.group[rows] = self._groups[1][known]
        if self.suggestions is not None and len(self.suggestions.class_ids):
            known, rows = self._known(self.suggestions.ids)
            share = self.suggestions.probabilities[known]
            self.best[rows] = np.asarray(self.suggestions.class_ids, dtype=np.int64)[share.argmax(axis=1)]
            self.confidence[rows] = share.max(axis=1)

    def _known(self, ids: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.int64]]:
        if not len(self.table.ids):
            return np.zeros(len(ids), dtype=bool), np.zeros(0, dtype=np.int64)
        place = np.minimum(np.searchsorted(self.table.ids, ids), len(self.table.ids) - 1)
        known = self.table.ids[place] == ids
        return known, place[known]
