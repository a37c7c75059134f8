"""Keeps the looks of one gallery in step with the project's: what stands on tiles, their size, the table's columns; and
copies rows of the table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtGui import QGuiApplication

from sslstudio.domain.units import count
from sslstudio.gui.item_models.gallery_columns import GalleryColumns
from sslstudio.gui.item_models.gallery_link import GalleryLink
from sslstudio.gui.item_models.gallery_look import GalleryLook
from sslstudio.gui.item_models.image_rows import as_text

if TYPE_CHECKING:
    from sslstudio.gui.pages.page import Services
    from sslstudio.gui.widgets.gallery import Gallery


class LookLink(QObject):
    """A change made in one gallery is seen in all of the project."""

    def __init__(self, gallery: Gallery, link: GalleryLink, services: Services, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._gallery, self._link, self._services = gallery, link, services
        self._look = GalleryLook.of(services)
        self._columns = GalleryColumns.of(services)
        gallery.bar.parts_requested.connect(lambda parts: self._look.change(tiles=parts))
        gallery.grid.side_changed.connect(lambda side: self._look.change(side=side))
        gallery.table.columns_requested.connect(lambda keys: self._look.change(columns=keys))
        gallery.table.widths_requested.connect(self._widths_changed)
        gallery.table.copy_requested.connect(self.copy)
        self._look.changed.connect(self._show)
        self._columns.changed.connect(lambda _: self._show())
        link.arranged.connect(self._show_sorted)
        gallery.came_up.connect(self._columns.want)
        self._show()

    def close(self) -> None:
        """Store what was changed a moment ago."""
        self._look.store()

    def copy(self) -> None:
        """Put the selected rows on the clipboard as text, without names and paths."""
        table = self._gallery.table
        ids, columns = table.rows.selected_ids(), table.rows.columns
        if not len(ids):
            self._services.notify.info("Select rows first, then copy them.")
            return

        def put(text: str) -> None:
            QGuiApplication.clipboard().setText(text)
            self._services.notify.info(f"Copied {count(len(ids), 'row')}, with pseudonyms instead of names.")

        self._services.background.run(as_text, columns, ids, done=put, key="copy-rows")

    def _widths_changed(self, widths: dict[str, int]) -> None:
        self._look.change(widths={**self._look.value.widths, **widths})

    def _show(self) -> None:
        look = self._look.value
        self._gallery.bar.set_parts(look.tiles)
        self._gallery.grid.set_parts(look.tiles)
        self._gallery.grid.set_side(look.side)
        self._gallery.table.set_columns(self._columns.table_columns(), look.columns, look.widths)
        self._show_sorted()

    def _show_sorted(self) -> None:
        wanted = self._link.wanted
        self._gallery.table.set_sorted(wanted.sort, wanted.descending)
