"""Keeps one gallery in step with the project: what it shows, in which order, and the one selection both ways."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, Signal, SignalInstance

from sslstudio.gui.item_models import arrangement
from sslstudio.gui.item_models.arrangement import Arranged, Arrangement
from sslstudio.gui.item_models.gallery_columns import GalleryColumns
from sslstudio.gui.item_models.id_rows import IdRows
from sslstudio.gui.item_models.image_table import sorted_ids
from sslstudio.gui.item_models.project_images import ProjectImages
from sslstudio.gui.item_models.sections import GROUPINGS, Sections
from sslstudio.gui.item_models.selection_follower import Seen, SelectionFollower
from sslstudio.gui.item_models.sort_keys import direction
from sslstudio.session.selection import Mode

if TYPE_CHECKING:
    from sslstudio.gui.pages.page import Services

AT_ONCE = 50_000
"""So many images are filtered and sorted within a few milliseconds; more of them in a thread."""


class ImageList(Protocol):
    """What shows the images, as far as it is driven here: the tiles, or the table."""

    selection_requested: SignalInstance

    def set_ids(self, ids: IdRows, selected: npt.NDArray[np.int64], sections: Sections | None = None) -> None:
        """Show these images."""

    def set_selection(self, ids: npt.NDArray[np.int64]) -> None:
        """Show what is selected."""

    def refresh_tiles(self, ids: Collection[int] = ()) -> None:
        """Paint these images again, or all."""

    def scrollToTop(self) -> None:
        """Begin at the first image."""


class TileList(ImageList, Protocol):
    """The tiles."""

    def set_caption_lines(self, lines: int) -> None:
        """One or two lines below each picture."""


class GalleryWidget(Seen, Protocol):
    """A gallery, as far as it is driven here."""

    filter_requested: SignalInstance
    sort_requested: SignalInstance
    direction_requested: SignalInstance
    grouping_requested: SignalInstance
    mode_requested: SignalInstance

    @property
    def grid(self) -> TileList:
        """The tiles."""

    @property
    def table(self) -> ImageList:
        """The table."""

    def set_mode(self, mode: str) -> None:
        """Bring "gallery" or "table" to the front."""

    def set_filters(self, entries: list[tuple[str, str]], current: str) -> None:
        """The entries of "Show"."""

    def set_sorts(self, entries: list[tuple[str, str]], current: str) -> None:
        """The entries of "Sort by"."""

    def set_direction(self, descending: bool, words: str) -> None:
        """Which way round."""

    def set_groupings(self, entries: list[tuple[str, str]], current: str) -> None:
        """The entries of "Group by"."""

    def set_count(self, text: str) -> None:
        """How many are shown."""

    def set_nothing(self, text: str) -> None:
        """What to say when nothing is shown."""


class GalleryLink(QObject):
    """A label given while a filter by label is on changes the tile but does not take it away under the user's hand;
    the filter is applied again when it is chosen, when the page comes to the front, and when images change.

    `wanted` is what was asked for; the table has no headers, and so leaves the grouping out.
    """

    arranged = Signal()
    """The images were put in order anew."""
    _selection_moved = Signal()

    def __init__(self, gallery: GalleryWidget, services: Services, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._gallery, self._services = gallery, services
        self._images = images = ProjectImages.of(services)
        self.columns = GalleryColumns.of(services)
        self.wanted, self.mode = Arrangement(), "gallery"
        self._arranging = -1
        self._anew = False
        for part in (gallery.grid, gallery.table):
            part.selection_requested.connect(self._select)
        gallery.filter_requested.connect(self.set_show)
        gallery.sort_requested.connect(self.set_sort)
        gallery.direction_requested.connect(lambda descending: self.ask(replace(self.wanted, descending=descending)))
        gallery.grouping_requested.connect(lambda kind: self.ask(replace(self.wanted, grouping=kind)))
        gallery.mode_requested.connect(self.set_mode)
        images.images_changed.connect(self.rearrange)
        images.groups_changed.connect(self._groups_changed)
        images.labels_changed.connect(self._labels_changed)
        images.suggestions_changed.connect(self._suggestions_changed)
        self.columns.changed.connect(self._columns_changed)
        self._follower = SelectionFollower(images.session, gallery, self._show_selection, self)
        self.rearrange()

    def close(self) -> None:
        """Let go of the session."""
        self._follower.close()

    def set_show(self, show: str) -> None:
        """Choose which images are shown."""
        self.ask(replace(self.wanted, show=show))

    def set_sort(self, sort: str) -> None:
        """Choose the order; the one in force is turned round."""
        turned = sort == self.wanted.sort and self.mode == "table"
        self.ask(replace(self.wanted, sort=sort, descending=turned and not self.wanted.descending))

    def set_mode(self, mode: str) -> None:
        """Choose between tiles and table."""
        self.mode = mode if mode == "table" else "gallery"
        self._gallery.set_mode(self.mode)
        self.rearrange()

    def ask(self, wanted: Arrangement) -> None:
        """Show other images, or in another order, from the first on."""
        self.wanted = wanted
        self.begin_anew()
        self.rearrange()

    def begin_anew(self) -> None:
        """The next images are shown from the first on, as they are others than before."""
        self._anew = True

    def rearrange(self) -> None:
        """Apply filter, order and grouping again; in a thread when there are very many images."""
        self._fill_choices()
        facts = self._images.facts()
        sort = self.wanted.sort
        values = self.columns.values(sort)
        if values is not None:
            facts = replace(facts, columns={sort: values})
        wanted = replace(self.wanted, grouping="") if self.mode == "table" else self.wanted
        self._services.background.drop(self._arranging)
        if len(facts.table.ids) <= AT_ONCE:
            self._show(arrangement.arrange(facts, wanted))
        else:
            self._gallery.set_count("Sorting ...")
            self._arranging = self._services.background.run(arrangement.arrange, facts, wanted, done=self._show)

    def _show(self, arranged: Arranged) -> None:
        images, ids = self._images, arranged.ids
        front = self._gallery.table if self.mode == "table" else self._gallery.grid
        front.set_ids(arranged.rows, sorted_ids(images.session.selection), arranged.sections)
        if self._anew:
            self._anew = False
            front.scrollToTop()
        total = len(images.table.ids)
        whole = f"{total:,} images" if len(ids) == total else f"{len(ids):,} of {total:,} images"
        self._gallery.set_count(whole)
        nothing = _NOTHING.get(self.wanted.show, _NO_MATCH)
        self._gallery.set_nothing(nothing if images.loaded else "Reading images ...")
        self.arranged.emit()

    def _fill_choices(self) -> None:
        images, wanted = self._images, self.wanted
        listed = images.listed_name if images.listed else ""
        entries = arrangement.filters(list(images.classes().values()), images.groups(), listed)
        if wanted.show not in dict(entries):
            wanted = replace(wanted, show="all")
        sorts = self.columns.sorts()
        self.wanted = wanted
        self._gallery.set_filters(entries, wanted.show)
        self._gallery.set_sorts(sorts, wanted.sort)
        self._gallery.set_direction(wanted.descending, direction(wanted.sort, descending=wanted.descending))
        self._gallery.set_groupings(list(GROUPINGS), wanted.grouping)

    def _select(self, ids: npt.NDArray[np.int64], mode: Mode) -> None:
        self._images.session.select(ids, mode)

    def _show_selection(self) -> None:
        if self.wanted.show == "selected":
            self.rearrange()
        else:
            for part in (self._gallery.grid, self._gallery.table):
                part.set_selection(sorted_ids(self._images.session.selection))

    def _groups_changed(self) -> None:
        if self.wanted.show.startswith("group:") or "group" in (self.wanted.sort, self.wanted.grouping):
            self.rearrange()
        else:
            self._fill_choices()

    def _columns_changed(self, key: str) -> None:
        self._fill_choices()
        if key == self.wanted.sort or (not key and self.wanted.sort in dict(self.columns.further())):
            self.rearrange()
        self._gallery.table.refresh_tiles()

    def _labels_changed(self, ids: frozenset[int]) -> None:
        if not ids:
            self._fill_choices()
        for part in (self._gallery.grid, self._gallery.table):
            part.refresh_tiles(ids)

    def _suggestions_changed(self) -> None:
        self._gallery.grid.set_caption_lines(2 if self._images.suggestions is not None else 1)
        for part in (self._gallery.grid, self._gallery.table):
            part.refresh_tiles()


_NO_MATCH = "No image fits this filter."
_NOTHING = {
    "all": "There are no images yet. Import some on the Data page.",
    "selected": "Nothing is selected. Click images, or draw around them on the map.",
    "unlabelled": "Every image has a label.",
    "labelled": "No image has a label yet.",
}
