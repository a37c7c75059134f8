"""Keeps map and group list in step with the project: points, colours, groups, selection."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, Signal, SignalInstance

from sslstudio.domain.filters import FURTHER
from sslstudio.gui.item_models import tile_texts
from sslstudio.gui.item_models.colouring import Colouring, by_cluster
from sslstudio.gui.item_models.current_map import CurrentMap
from sslstudio.gui.item_models.group_table import GroupRow, group_rows
from sslstudio.gui.item_models.image_columns import ImageColumns
from sslstudio.gui.item_models.image_table import sorted_ids
from sslstudio.gui.item_models.project_images import ProjectImages
from sslstudio.gui.item_models.selection_follower import Seen, SelectionFollower
from sslstudio.gui.pages.explore import texts
from sslstudio.gui.pages.explore.colourings import COLUMN
from sslstudio.gui.pages.explore.group_likeness import Tree
from sslstudio.gui.pages.explore.map_painter import MapPainter
from sslstudio.gui.pages.page import Services
from sslstudio.session.results import MapData
from sslstudio.session.selection import Mode


class MapWidget(Seen, Protocol):
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

    coloured = Signal()
    """The points have other colours now; `painter` gives the same to another map."""

    def __init__(
        self,
        map_widget: MapWidget,
        groups: GroupView,
        services: Services,
        current: CurrentMap,
        told: Callable[[], tuple[dict[int, str], Tree]],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        images = ProjectImages.of(services)
        self._map, self._groups, self._images, self._current = map_widget, groups, images, current
        self._columns = ImageColumns.of(services)
        self._told = told
        self._previewing = False
        self._shown = ""
        self.painter = MapPainter(services)
        self._active = False
        map_widget.set_thumbnails(images.thumbnails, self.card)
        self._offered: tuple[tuple[str, str], ...] | None = None
        self._offer()
        map_widget.selection_requested.connect(self._select)
        map_widget.colouring_requested.connect(self.colour_by)
        groups.group_requested.connect(self._select_groups)
        groups.rename_requested.connect(current.rename_group)
        current.changed.connect(self._show_points)
        images.images_changed.connect(self._groups_changed)
        images.groups_changed.connect(self._groups_changed)
        images.labels_changed.connect(self._labels_changed)
        images.suggestions_changed.connect(self._suggestions_changed)
        self._columns.changed.connect(self._columns_changed)
        self._follower = SelectionFollower(images.session, map_widget, self._show_selection, self)

    @property
    def colour_name(self) -> str:
        """A short name of what the map is coloured by, for a file."""
        return re.sub(r"[^a-z0-9]+", "-", self.painter.kind.removeprefix(COLUMN).lower()).strip("-")

    @property
    def said_when_saved(self) -> str:
        """What is told when a picture of the map was saved, with {name} for the file's."""
        info = self._columns.info(self.painter.kind.removeprefix(COLUMN))
        if info is None or not self.painter.kind.startswith(COLUMN):
            return texts.SAVED
        if info.key in texts.PSEUDONYMS:
            return texts.SAVED_PATIENTS
        return texts.SAVED_COLUMN.replace("{column}", info.title) if info.key.startswith(FURTHER) else texts.SAVED

    def card(self, image_id: int) -> str:
        """The lines of the hover card: what is known of the image, and its value in the column that colours the map."""
        words = tile_texts.card(self._images, image_id)
        row = self._images.table.row_of(image_id)
        if not self.painter.kind.startswith(COLUMN) or row is None:
            return words
        column = self._columns.values(self.painter.kind.removeprefix(COLUMN))
        if column is None or row >= len(column):
            return words
        return f"{words}\n{column.info.title}: {column.text(row) or texts.NOT_KNOWN}"

    def activate(self) -> None:
        """The page comes to the front."""
        self._active = True
        self._offer()
        self._show_points()
        self.show_groups()

    def close(self) -> None:
        """Let go of the session."""
        self._follower.close()

    def colour_by(self, kind: str) -> None:
        """Colour the points by another thing; the bar shows it, wherever it was chosen."""
        self.painter.kind = kind
        if self._map.bar.colour_by.currentData() != kind:
            self._offered = None
            self._offer()
        self._recolour()

    def preview(self, data: MapData | None) -> None:
        """Show a map that is still being made in place of the current one; None shows that again."""
        self._previewing, self._shown = data is not None, ""
        if data is None:
            self._show_points()
        elif self._active:
            self._map.set_points(data.ids, data.xy)
            self._map.set_colouring(by_cluster(data.cluster))

    def show_groups(self) -> None:
        """Count what is in each group."""
        images = self._images
        said, tree = self._told()
        self._groups.set_groups(group_rows(images.facts(), images.groups(), images.classes(), said, tree))

    def _show_selection(self) -> None:
        self._map.set_selection(sorted_ids(self._images.session.selection))

    def _select(self, ids: npt.NDArray[np.int64], mode: Mode) -> None:
        self._images.session.select(ids, mode)

    def _select_groups(self, numbers: tuple[int, ...], mode: Mode) -> None:
        self._select(self._images.table.ids[np.isin(self._images.group, numbers)], mode)

    def _show_points(self) -> None:
        data = self._current.known.map
        if data is None:
            self._shown = ""
        elif self._active and not self._previewing and data.map_id != self._shown:
            self._shown = data.map_id
            self._map.set_points(data.ids, data.xy)
            self._recolour()
            self._show_selection()

    def _recolour(self) -> None:
        data = self._current.known.map
        if data is None or data.map_id != self._shown:
            return

        def show(colours: Colouring) -> None:
            if self._shown == data.map_id:
                self._map.set_colouring(colours)
                self.coloured.emit()

        self.painter.paint(data.ids, show, "map-colours")

    def _offer(self) -> None:
        """Fill the list of what to colour by: groups and labels, then every column there is."""
        columns = tuple((COLUMN + info.key, info.title) for info in self._columns.available())
        if columns == self._offered:
            return
        self._offered = columns
        if self.painter.kind.startswith(COLUMN) and columns and self.painter.kind not in dict(columns):
            self.painter.kind = "group"
            self._recolour()
        self._map.bar.set_colourings((("", texts.COLOURINGS), (texts.COLUMNS, columns)), self.painter.kind)

    def _columns_changed(self, key: str) -> None:
        if not key:
            self._offer()
        if self.painter.kind.startswith(COLUMN) and key in ("", self.painter.kind.removeprefix(COLUMN)):
            self._recolour()

    def _groups_changed(self) -> None:
        self.show_groups()
        if self.painter.kind == "group":
            self._recolour()

    def _labels_changed(self, _ids: object) -> None:
        if self._active:
            self.show_groups()
        if self.painter.kind in ("label", "prediction"):
            self._recolour()

    def _suggestions_changed(self) -> None:
        if self.painter.kind in ("prediction", "confidence"):
            self._recolour()
