"""Opens images of a gallery large, over its page: reads their pixels off the window's thread and steps through them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from sslstudio.gui.item_models import screen_pixels
from sslstudio.gui.item_models.project_images import ProjectImages
from sslstudio.gui.item_models.screen_pixels import ScreenPixels
from sslstudio.gui.item_models.tile_texts import tile

if TYPE_CHECKING:
    from sslstudio.gui.pages.page import Services
    from sslstudio.gui.widgets.gallery import Gallery
    from sslstudio.gui.widgets.large_view import LargeView


class LargeLink(QObject):
    """The image shown large is the one selected: inspector, map and gallery follow it."""

    def __init__(self, view: LargeView, gallery: Gallery, services: Services, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._view, self._gallery, self._services = view, gallery, services
        self._images = ProjectImages.of(services)
        self.shown: int | None = None
        view.step_requested.connect(self.step)
        view.closed.connect(self._closed)
        view.label_requested.connect(self._label)
        self._images.labels_changed.connect(lambda _: self._show_facts())
        self._images.rendering_changed.connect(self._draw)

    def open(self, image_id: int) -> None:
        """Show an image large."""
        self._view.open()
        self._show(image_id)

    def step(self, by: int) -> None:
        """Show the image so many places further on in the gallery's order, or the last one there is."""
        ids = self._gallery.ids
        if self.shown is None or not len(ids):
            return
        row = self._gallery.row_of(self.shown)
        target = min(max(0, (row if row is not None else -1) + by), len(ids) - 1)
        if int(ids[target]) != self.shown:
            self._show(int(ids[target]))

    def _show(self, image_id: int) -> None:
        self.shown = image_id
        self._services.session.select([image_id])
        self._show_facts()
        self._draw()

    def _draw(self) -> None:
        if self.shown is not None:
            project = self._services.session.project
            self._services.background.run(
                screen_pixels.read, project, self.shown, done=self._take, key=f"large-{id(self)}"
            )

    def _show_facts(self) -> None:
        if self.shown is None:
            return
        about, row = tile(self._images, self.shown), self._gallery.row_of(self.shown)
        words = [about.about, about.label or "no label"]
        if about.prediction:
            words.append(f"suggestion {about.prediction} {about.confidence or 0:.2f}")
        place = f"{row + 1:,} of {len(self._gallery.ids):,}" if row is not None else ""
        self._view.set_facts(f"Image {self.shown}", ", ".join(words), place)

    def _take(self, found: ScreenPixels) -> None:
        if found.image_id == self.shown:
            self._view.set_image(found.pixels, found.low, found.high, found.message, found.meaning)

    def _closed(self) -> None:
        if self.shown is not None:
            self._gallery.set_current(self.shown)
        self.shown = None
        self._gallery.front.setFocus()

    def _label(self) -> None:
        self._view.close_view()
        self._services.navigate("label")
