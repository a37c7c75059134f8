"""Saves what one gallery shows under a name, and shows it again: images, order, groups, tiles or table, colours."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Protocol

import numpy as np
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QMenu

from sslstudio.domain.units import count
from sslstudio.errors import SSLStudioError
from sslstudio.gui.item_models import arrangement
from sslstudio.gui.item_models.arrangement import Arrangement
from sslstudio.gui.item_models.current_map import CurrentMap
from sslstudio.gui.item_models.gallery_columns import GalleryColumns
from sslstudio.gui.item_models.gallery_link import GalleryLink
from sslstudio.gui.item_models.image_table import sorted_ids
from sslstudio.gui.item_models.project_images import ProjectImages
from sslstudio.gui.item_models.view_list import ViewList
from sslstudio.gui.widgets.view_dialogs import ManageViewsDialog, SaveViewDialog
from sslstudio.session.saved_views import MOST_LISTED, SavedView

if TYPE_CHECKING:
    from sslstudio.gui.pages.page import Services
    from sslstudio.gui.widgets.gallery import Gallery

NO_SELECTION = "Nothing is selected."
TOO_MANY = f"More than {MOST_LISTED:,} images are selected; a view keeps no list of so many."
NO_VIEWS = "No view is saved yet"


class Colours(Protocol):
    """The colours of a map, as far as views know of them."""

    def current(self) -> tuple[str, str]:
        """What the map is coloured by: value and name."""

    def choose(self, value: str) -> bool:
        """Colour by this; False when it is not offered."""


class ViewLink(QObject):
    """The menu "Views" of one gallery. `colours` is None on pages without a map."""

    def __init__(
        self,
        gallery: Gallery,
        link: GalleryLink,
        services: Services,
        colours: Colours | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._gallery, self._link, self._services, self._colours = gallery, link, services, colours
        self._images = ProjectImages.of(services)
        self._list = ViewList.of(services)
        self._columns = GalleryColumns.of(services)
        self._expected = ("", "")
        self.menu = QMenu(gallery.bar.views)
        self.menu.setToolTipsVisible(True)
        self.menu.aboutToShow.connect(self._fill)
        gallery.bar.views.setMenu(self.menu)
        self._columns.changed.connect(self._check_sort)

    def save(self, name: str, *, with_selection: bool) -> None:
        """Keep what is shown now."""
        wanted, shown = self._link.wanted, self._filters()
        colour, colour_name = self._colours.current() if self._colours is not None else ("", "")
        data = CurrentMap.of(self._services).known.map
        view = SavedView(
            name=name,
            show=wanted.show,
            show_name=shown.get(wanted.show, ""),
            sort=wanted.sort,
            sort_name=dict(self._columns.sorts()).get(wanted.sort, ""),
            descending=wanted.descending,
            grouping=wanted.grouping,
            mode="table" if self._link.mode == "table" else "gallery",
            side=self._gallery.grid.side,
            colour_by=colour,
            colour_name=colour_name,
            map_id=data.map_id if data is not None else "",
            images=tuple(sorted_ids(self._services.session.selection).tolist()) if with_selection else (),
        )
        try:
            self._list.put(view)
        except SSLStudioError as error:
            self._services.notify.error(error)
            return
        self._services.notify.info(f"Saved the view {name}.")

    def open(self, view: SavedView) -> None:
        """Show what was saved; what is gone meanwhile is told, and the rest shown."""
        problems = self._take_images(view)
        show = self._known_show(view, problems)
        if view.images and view.show in ("selected", "listed"):
            show = "listed"
        self._expected = (view.sort, view.sort_name)
        self._gallery.grid.set_side(view.side)
        self._link.wanted = Arrangement(show, view.sort, view.descending, view.grouping)
        self._link.begin_anew()
        self._link.set_mode(view.mode)
        if self._colours is not None and view.colour_by and not self._colours.choose(view.colour_by):
            name = view.colour_name or view.colour_by
            problems.append(f"The map cannot be coloured by {name} any more; its colours stay as they are.")
        for problem in problems:
            self._services.notify.warn(f"View {view.name}: {problem}")
        self._check_sort()

    def _take_images(self, view: SavedView) -> list[str]:
        if not view.images:
            return []
        kept = self._images.table.rows_of(np.asarray(view.images, dtype=np.int64))
        ids = self._images.table.ids[kept].tolist()
        self._images.set_listed(tuple(ids), f"images of {view.name}")
        self._services.session.select(ids)
        gone = len(view.images) - len(ids)
        if not gone:
            return []
        are = "is" if gone == 1 else "are"
        return [f"{gone:,} of its {count(len(view.images), 'image')} {are} not in this project any more."]

    def _known_show(self, view: SavedView, problems: list[str]) -> str:
        data = CurrentMap.of(self._services).known.map
        name = view.show_name or "a group that is gone"
        if view.show.startswith("group:") and (data is None or data.map_id != view.map_id):
            problems.append(f"It shows {name} of another map; all images are shown instead.")
            return "all"
        if view.show not in self._filters() and not (view.images and view.show == "listed"):
            problems.append(f"It shows {name}, which is gone; all images are shown instead.")
            return "all"
        return view.show

    def _filters(self) -> dict[str, str]:
        images = self._images
        listed = images.listed_name if images.listed else ""
        return dict(arrangement.filters(list(images.classes().values()), images.groups(), listed))

    def _check_sort(self, _key: str = "") -> None:
        """Once the columns are known, tell that the one a view sorts by is gone."""
        sort, name = self._expected
        if not sort or sort != self._link.wanted.sort or not self._columns.loaded:
            return
        self._expected = ("", "")
        if sort not in dict(self._columns.sorts()):
            words = f"The view sorts by {name or sort}, which no image has any more; it is in the order of import."
            self._services.notify.warn(words)
            self._link.set_sort("id")

    def _fill(self) -> None:
        self.menu.clear()
        for view in self._list.views:
            self.menu.addAction(view.name.replace("&", "&&")).triggered.connect(partial(self._open_by_menu, view))
        if not self._list.views:
            self.menu.addAction(NO_VIEWS).setEnabled(False)
        self.menu.addSeparator()
        reason = self._list.reason
        for words, act, why_not in (
            ("Save this view ...", self.ask_name, reason),
            ("Rename or delete ...", self.manage, reason or ("" if self._list.views else NO_VIEWS)),
        ):
            action = self.menu.addAction(words)
            action.triggered.connect(lambda _=False, do=act: do())
            action.setEnabled(not why_not)
            action.setToolTip(why_not)

    def _open_by_menu(self, view: SavedView, _checked: bool = False) -> None:
        self.open(view)

    def ask_name(self) -> SaveViewDialog:
        """Ask under which name to keep what is shown."""
        selected = len(self._services.session.selection)
        why_not = NO_SELECTION if not selected else TOO_MANY if selected > MOST_LISTED else ""
        words = count(selected, "image") if selected else ""
        dialog = SaveViewDialog(lambda name: self._list.find(name) is not None, words, why_not, self._gallery.window())
        dialog.save_requested.connect(lambda name, with_selection: self.save(name, with_selection=with_selection))
        dialog.open()
        return dialog

    def manage(self) -> ManageViewsDialog:
        """Rename and delete views."""
        dialog = ManageViewsDialog(self._gallery.window())
        dialog.set_names([view.name for view in self._list.views])
        dialog.renamed.connect(partial(self._rename, dialog))
        dialog.deleted.connect(partial(self._delete, dialog))
        dialog.open()
        return dialog

    def _rename(self, dialog: ManageViewsDialog, old: str, new: str) -> None:
        try:
            self._list.rename(old, new)
        except SSLStudioError as error:
            self._services.notify.error(error)
        dialog.set_names([view.name for view in self._list.views])

    def _delete(self, dialog: ManageViewsDialog, name: str) -> None:
        before = self._list.views
        self._list.remove(name)
        dialog.set_names([view.name for view in self._list.views])
        self._services.notify.undoable(f"Deleted the view {name}.", lambda: self._list.restore(before))
