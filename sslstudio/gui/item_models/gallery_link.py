"""Keeps one gallery in step with the project: what it shows, in which order, and the one selection both ways."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, Signal, SignalInstance

from sslstudio.gui.item_models import arrangement
from sslstudio.gui.item_models.image_table import sorted_ids
from sslstudio.gui.item_models.project_images import ProjectImages
from sslstudio.session.selection import Mode


class TileList(Protocol):
    """The list inside a gallery, as far as it is driven here."""

    selection_requested: SignalInstance

    def set_ids(self, ids: npt.NDArray[np.int64], selected: npt.NDArray[np.int64]) -> None:
        """Show these images."""

    def set_selection(self, ids: npt.NDArray[np.int64]) -> None:
        """Show what is selected."""

    def set_caption_lines(self, lines: int) -> None:
        """One or two lines below each picture."""

    def refresh_tiles(self, ids: Collection[int] = ()) -> None:
        """Paint these images again, or all."""


class GalleryWidget(Protocol):
    """A gallery, as far as it is driven here."""

    filter_requested: SignalInstance
    sort_requested: SignalInstance

    @property
    def grid(self) -> TileList:
        """The tiles."""

    def set_filters(self, entries: list[tuple[str, str]], current: str) -> None:
        """The entries of "Show"."""

    def set_sorts(self, entries: list[tuple[str, str]], current: str) -> None:
        """The entries of "Sort by"."""

    def set_count(self, text: str) -> None:
        """How many are shown."""

    def set_nothing(self, text: str) -> None:
        """What to say when nothing is shown."""


class GalleryLink(QObject):
    """A label given while a filter by label is on changes the tile but does not take it away under the user's hand;
    the filter is applied again when it is chosen, when the page comes to the front, and when images change.
    """

    _selection_moved = Signal()

    def __init__(
        self, gallery: GalleryWidget, images: ProjectImages, parent: QObject | None = None, show: str = "all"
    ) -> None:
        super().__init__(parent)
        self._gallery, self._images = gallery, images
        self.show, self.sort = show, "id"
        gallery.grid.selection_requested.connect(self._select)
        gallery.filter_requested.connect(self.set_show)
        gallery.sort_requested.connect(self.set_sort)
        gallery.set_sorts(list(arrangement.SORTS), self.sort)
        images.images_changed.connect(self.rearrange)
        images.groups_changed.connect(self._groups_changed)
        images.labels_changed.connect(self._labels_changed)
        images.suggestions_changed.connect(self._suggestions_changed)
        self._selection_moved.connect(self._show_selection)
        images.session.selection_changed.connect(self._on_selection)
        self.rearrange()

    def close(self) -> None:
        """Let go of the session."""
        self._images.session.selection_changed.disconnect(self._on_selection)

    def set_show(self, show: str) -> None:
        """Choose which images are shown."""
        self.show = show
        self.rearrange()

    def set_sort(self, sort: str) -> None:
        """Choose the order."""
        self.sort = sort
        self.rearrange()

    def rearrange(self) -> None:
        """Apply filter and order again."""
        self._fill_filters()
        facts = self._images.facts()
        ids = arrangement.arrange(facts, self.show, self.sort)
        self._gallery.grid.set_ids(ids, sorted_ids(facts.selection))
        total = len(facts.table.ids)
        whole = f"{total:,} images" if len(ids) == total else f"{len(ids):,} of {total:,} images"
        self._gallery.set_count(whole)
        self._gallery.set_nothing(_NOTHING.get(self.show, _NO_MATCH) if self._images.loaded else "Reading images ...")

    def _fill_filters(self) -> None:
        images = self._images
        listed = images.listed_name if images.listed else ""
        entries = arrangement.filters(list(images.classes().values()), images.groups(), listed)
        if self.show not in {value for value, _ in entries}:
            self.show = "all"
        self._gallery.set_filters(entries, self.show)

    def _select(self, ids: npt.NDArray[np.int64], mode: Mode) -> None:
        self._images.session.select([int(image_id) for image_id in ids], mode)

    def _on_selection(self, _selection: frozenset[int]) -> None:
        self._selection_moved.emit()

    def _show_selection(self) -> None:
        if self.show == "selected":
            self.rearrange()
        else:
            self._gallery.grid.set_selection(sorted_ids(self._images.session.selection))

    def _groups_changed(self) -> None:
        if self.show.startswith("group:") or self.sort == "group":
            self.rearrange()
        else:
            self._fill_filters()

    def _labels_changed(self, ids: frozenset[int]) -> None:
        if not ids:
            self._fill_filters()
        self._gallery.grid.refresh_tiles(ids)

    def _suggestions_changed(self) -> None:
        self._gallery.grid.set_caption_lines(2 if self._images.suggestions is not None else 1)
        self._gallery.grid.refresh_tiles()


_NO_MATCH = "No image fits this filter."
_NOTHING = {
    "all": "There are no images yet. Import some on the Data page.",
    "selected": "Nothing is selected. Click images, or draw around them on the map.",
    "unlabelled": "Every image has a label.",
    "labelled": "No image has a label yet.",
}
