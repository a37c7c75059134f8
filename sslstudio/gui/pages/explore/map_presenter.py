"""Keeps map and group list in step with the project: points, colours, groups, selection."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, Signal, SignalInstance

from sslstudio.gui.item_models import tile_texts
from sslstudio.gui.item_models.current_map import CurrentMap
from sslstudio.gui.item_models.group_table import GroupRow, group_rows
from sslstudio.gui.item_models.image_table import sorted_ids
from sslstudio.gui.item_models.project_images import ProjectImages
from sslstudio.gui.pages.explore import colourings, texts
from sslstudio.session.selection import Mode


class MapWidget(Protocol):
    """The map, as far as it is driven here."""

    selection_requested: SignalInstance
    colouring_requested: SignalInstance
    bar: Any

    def set_points(self, ids: npt.NDArray[np.int64], xy: npt.NDArray[np.float32]) -> None: ...
    def set_colouring(self, colouring: Any) -> None: ...
    def set_selection(self, ids: npt.NDArray[np.int64]) -> None: ...
    def set_thumbnails(self, source: Any, describe: Callable[[int], str]) -> None: ...


class GroupView(Protocol):
    """Where the groups are listed."""

    group_requested: SignalInstance
    rename_requested: SignalInstance

    def set_groups(self, rows: list[GroupRow]) -> None: ...


class MapPresenter(QObject):
    """The map is drawn when the page first comes to the front (`activate`), not before."""

    _selection_moved = Signal()

    def __init__(
        self, map_widget: MapWidget, groups: GroupView, images: ProjectImages, current: CurrentMap, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._map, self._groups, self._images, self._current = map_widget, groups, images, current
        self._shown = ""
        self._colour_by = "group"
        self._active = False
        map_widget.set_thumbnails(images.thumbnails, partial(tile_texts.card, images))
        map_widget.bar.set_colourings(list(texts.COLOURINGS), self._colour_by)
        map_widget.selection_requested.connect(self._select)
        map_widget.colouring_requested.connect(self.colour_by)
        groups.group_requested.connect(self._select_group)
        groups.rename_requested.connect(current.rename_group)
        current.changed.connect(self._show_points)
        images.images_changed.connect(self._groups_changed)
        images.groups_changed.connect(self._groups_changed)
        images.labels_changed.connect(self._labels_changed)
        images.suggestions_changed.connect(self._suggestions_changed)
        images.session.selection_changed.connect(self._on_selection)
        self._selection_moved.connect(self._show_selection)

    def activate(self) -> None:
        """The page comes to the front."""
        self._active = True
        self._show_points()
        self.show_groups()

    def close(self) -> None:
        """Let go of the session."""
        self._images.session.selection_changed.disconnect(self._on_selection)

    def colour_by(self, kind: str) -> None:
        """Colour the points by another thing."""
        self._colour_by = kind
        self._recolour()

    def show_groups(self) -> None:
        """Count what is in each group."""
        images = self._images
        self._groups.set_groups(group_rows(images.facts(), images.groups(), images.classes()))

    def _on_selection(self, _selection: frozenset[int]) -> None:
        self._selection_moved.emit()

    def _show_selection(self) -> None:
        self._map.set_selection(sorted_ids(self._images.session.selection))

    def _select(self, ids: npt.NDArray[np.int64], mode: Mode) -> None:
        self._images.session.select([int(image_id) for image_id in ids], mode)

    def _select_group(self, number: int, mode: Mode) -> None:
        self._select(self._images.table.ids[self._images.group == number], mode)

    def _show_points(self) -> None:
        data = self._current.known.map
        if data is None:
            self._shown = ""
        elif self._active and data.map_id != self._shown:
            self._shown = data.map_id
            self._map.set_points(data.ids, data.xy)
            self._recolour()
            self._show_selection()

    def _recolour(self) -> None:
        data = self._current.known.map
        if data is None or data.map_id != self._shown:
            return
        images = self._images
        columns: dict[str, npt.NDArray[np.generic]] = {
            "group": images.group,
            "best": images.best,
            "confidence": images.confidence,
        }
        self._map.set_colouring(
            colourings.make(
                self._colour_by, data.ids, images.table, images.labels(), images.classes(), columns, images.group_names
            )
        )

    def _groups_changed(self) -> None:
        self.show_groups()
        if self._colour_by == "group":
            self._recolour()

    def _labels_changed(self, _ids: object) -> None:
        if self._active:
            self.show_groups()
        if self._colour_by in ("label", "prediction"):
            self._recolour()

    def _suggestions_changed(self) -> None:
        if self._colour_by in ("prediction", "confidence"):
            self._recolour()
