"""Which images tree and gallery show, and the one selection; the filter is carried out off the window's thread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, QTimer, Signal

from sslstudio.domain.filters import Filter
from sslstudio.domain.units import count
from sslstudio.errors import SSLStudioError
from sslstudio.gui.item_models import tile_texts
from sslstudio.gui.item_models.image_table import sorted_ids
from sslstudio.gui.item_models.image_tree import PATIENT, SERIES, STUDY, Branch, ImageTree
from sslstudio.gui.item_models.project_images import FIRST_LOOK_MS, ProjectImages
from sslstudio.gui.item_models.selection_follower import SelectionFollower
from sslstudio.gui.item_models.tiles import Tile
from sslstudio.gui.pages.data import browse_texts as texts
from sslstudio.gui.pages.data.images_view import ImagesPane
from sslstudio.gui.pages.page import Services
from sslstudio.session.selection import Mode

Ids = npt.NDArray[np.int64]
AT_ONCE = 20_000
"""So many images are selected without a thread; gathering more would be felt."""
FIRST_SERIES = 100
"""So many series are shown before the whole project has been read."""


@dataclass(frozen=True)
class Browse:
    """What one reading found: the images that fit `filter`, which of them are left out and why, and how many there are
    in all."""

    filter: Filter
    tree: ImageTree
    excluded: dict[int, str]
    mask: npt.NDArray[np.bool_]
    total: int


class BrowseController(QObject):
    """Connects tree, gallery and selection of one project.

    ``browse_changed`` when other images fit or more is known of them, ``focus_moved(id)`` when another image is looked
    at.
    """

    browse_changed = Signal()
    focus_moved = Signal(int)

    def __init__(self, services: Services, view: ImagesPane, images: ProjectImages) -> None:
        super().__init__(view)
        self._services, self._view, self._images = services, view, images
        self._session = services.session
        self._catalogue = services.session.project.catalogue
        empty = ImageTree(np.zeros((0, 2), dtype=np.int64), np.zeros((0, 3), dtype=np.int64))
        self.now = Browse(Filter(), empty, {}, np.zeros(0, dtype=bool), 0)
        self._reading = False
        self._begun = False
        self._gathering = -1
        self._later = QTimer(self, singleShot=True, interval=FIRST_LOOK_MS)
        self._later.timeout.connect(self._read_all)
        view.branches_chosen.connect(self._choose)
        view.tree_model.names_requested.connect(self._read_names)
        view.grid.set_thumbnails(images.thumbnails)
        view.grid.selection_requested.connect(self._select)
        view.grid.current_changed.connect(self.focus_moved)
        view.set_shown("", texts.READING)
        images.images_changed.connect(view.grid.refresh_tiles)
        images.labels_changed.connect(view.grid.refresh_tiles)
        self._follower = SelectionFollower(self._session, view, self._show_selection, self)
        self._session.filters.changed.connect(self._on_filter)

    def close(self) -> None:
        """Let go of the session."""
        self._follower.close()
        self._session.filters.changed.disconnect(self._on_filter)

    # -- reading ---------------------------------------------------------------------------------------------

    def read(self) -> None:
        """Carry the filter out again; a reading under way that has become useless is stopped."""
        if self._reading:
            self._catalogue.interrupt_matches()
        self._reading = True
        first, self._begun = not (self._begun or self._session.filters.value), True
        if first:
            self._services.background.run(self._catalogue.first_images, FIRST_SERIES, done=self._show_first)
        if first and self._catalogue.has_many_images():
            self._later.start()
        else:
            self._read_all()

    def _read_all(self) -> None:
        self._later.stop()
        self._services.background.run(
            self._find, self._session.filters.value, done=self._show, failed=self._failed, key="data images"
        )

    def _show_first(self, found: tuple[Ids, Ids]) -> None:
        """The first images of a project that was just opened, while all of them are still being read."""
        tree = ImageTree(*found)
        if self._reading and not self._session.filters.value and len(tree) and not len(self.now.tree):
            self.now = Browse(Filter(), tree, {}, np.zeros(len(tree), dtype=bool), len(tree))
            self._view.set_tree(tree)
            self._show_gallery()

    def _on_filter(self, _filter: Filter) -> None:
        self.read()

    def _find(self, asked: Filter) -> Browse:
        catalogue = self._catalogue
        tree = ImageTree(catalogue.matches(asked), catalogue.groups())
        excluded = catalogue.excluded()
        mask = np.isin(tree.ids, np.fromiter(excluded, np.int64, len(excluded)))
        total = catalogue.count_matches(Filter()) if asked else len(tree)
        return Browse(asked, tree, excluded, mask, total)

    def _failed(self, error: SSLStudioError) -> None:
        self._reading = False
        if error.code != "interrupted":
            self._services.notify.error(error)

    def _show(self, found: Browse) -> None:
        self._reading = False
        before, self.now = self.now, found
        same = np.array_equal(before.tree.ids, found.tree.ids) and before.total == found.total
        if same:
            self.now = Browse(found.filter, before.tree, found.excluded, found.mask, found.total)
        else:
            self._view.tree_model.forget_names()
            self._view.set_tree(found.tree)
        self._view.tree_model.set_excluded(self.now.mask)
        self._view.filters.set_count(texts.matches_text(len(found.tree), found.total, bool(found.filter)))
        self._view.set_matches(len(found.tree), bool(found.filter))
        if same:
            self._view.grid.refresh_tiles()
        else:
            self._show_gallery()
        self._show_selection()
        self.browse_changed.emit()

    def _read_names(self, level: int, keys: Sequence[int]) -> None:
        catalogue = self._catalogue
        read = {PATIENT: catalogue.subject_names, STUDY: catalogue.study_names, SERIES: catalogue.series_names}[level]
        model = self._view.tree_model
        self._services.background.run(read, keys, done=lambda names: model.set_names(level, names))

    # -- choosing in the tree --------------------------------------------------------------------------------

    def _choose(self, branches: Sequence[Branch]) -> None:
        """Show the images of some branches and select them; all images, and no selection, when none is chosen."""
        ids = self._ids_of(branches)
        self._show_gallery()
        if not branches:
            self._session.clear()
            return
        self._services.background.drop(self._gathering)
        if len(ids) <= AT_ONCE:
            self._session.select(ids.tolist())
        else:
            self._gathering = self._services.background.run(lambda: frozenset(ids.tolist()), done=self._session.select)
        if len(ids):
            self.focus_moved.emit(int(ids[0]))

    def _ids_of(self, branches: Sequence[Branch]) -> Ids:
        tree = self.now.tree
        if not branches:
            return tree.ids
        return np.concatenate([tree.ids[branch.start : branch.end] for branch in branches])

    def _show_gallery(self) -> None:
        branches = self._view.chosen_branches()
        ids = self._ids_of(branches)
        self._view.grid.set_ids(ids, sorted_ids(self._session.selection))
        nothing = ""
        if not len(ids):
            nothing = texts.NO_MATCH if self.now.filter else texts.NO_IMAGES
        where = count(self.now.tree.count_patients(list(branches)), "patient") if branches else "all patients"
        self._view.set_shown(f"{count(len(ids), 'image')}, {where}" if len(ids) else "", nothing)

    # -- the one selection -----------------------------------------------------------------------------------

    def _select(self, ids: Ids, mode: Mode) -> None:
        self._services.background.drop(self._gathering)
        self._session.select(ids.tolist(), mode)

    def _show_selection(self) -> None:
        selection = self._session.selection
        chosen = sorted_ids(selection)
        self._view.grid.set_selection(chosen)
        out = sum(image_id in selection for image_id in self.now.excluded)
        reason = texts.READ_ONLY if self._session.project.read_only else ""
        self._view.set_selected(len(selection), self._images.table.count_subjects(chosen), out, reason)
        if len(selection) == 1:
            self.focus_moved.emit(int(chosen[0]))

    def select_one(self, image_id: int) -> None:
        """Look at another image: it becomes the one selected, unless it is among several that are."""
        if image_id not in self._session.selection:
            self._session.select([image_id])

    def reveal(self, image_id: int) -> None:
        """Bring an image's patient into view in the tree."""
        path = self.now.tree.path(image_id)
        if path is not None:
            self._view.reveal(path)

    def describe(self, image_id: int) -> Tile:
        """What the tile of an image says."""
        number = self.now.tree.number_of(image_id)
        return tile_texts.data_tile(self._images, image_id, self.now.excluded.get(image_id, ""), number)
