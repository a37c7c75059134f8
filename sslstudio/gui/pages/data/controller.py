"""What the Data page does as a whole: keeps counts, images and ledger in step with the project."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QObject

from sslstudio.catalogue.rows import Counts
from sslstudio.domain.units import count
from sslstudio.gui.item_models.project_images import ProjectImages
from sslstudio.gui.pages.data import texts
from sslstudio.gui.pages.data.browsing import BrowseController
from sslstudio.gui.pages.data.choosing import ChoosingController
from sslstudio.gui.pages.data.filtering import FilterController
from sslstudio.gui.pages.data.inflow import Inflow
from sslstudio.gui.pages.data.ledger import Lists
from sslstudio.gui.pages.data.view import DataView
from sslstudio.gui.pages.data.viewing import ViewController
from sslstudio.gui.pages.page import Services

SECTION = "data_section"
"""The project's setting that keeps the section which was in front."""
_OF_LABELS = ("label", "labelled")


@dataclass(frozen=True)
class _Overview:
    counts: Counts
    lists: Lists
    fewest: int
    most: int
    section: str


class DataController(QObject):
    """Connects the Data view to one open project."""

    def __init__(self, services: Services, view: DataView) -> None:
        super().__init__(view)
        self._services, self._view = services, view
        self._session = services.session
        self._images = -1
        self._section = ""
        self._stale = True
        pane = view.images
        images = ProjectImages.of(services)
        self.inflow = Inflow(services, view, images.thumbnails.pixmap, self._imported)
        self.browse = BrowseController(services, pane, images)
        pane.grid.tiles.set_describe(self.browse.describe)
        self.filters = FilterController(services, pane.filters)
        self.viewing = ViewController(services, pane, self.browse)
        self.choosing = ChoosingController(services, pane, self.browse)
        self.viewing.moved.connect(self._looked_at)
        pane.grid.opened.connect(lambda _: pane.viewer.image.setFocus())
        view.sections.section_changed.connect(self._section_chosen)
        self._session.images_changed.connect(self._images_changed)
        self.refresh()

    def close(self) -> None:
        """Let go of the session."""
        self._session.images_changed.disconnect(self._images_changed)
        self._view.images.viewer.stop()
        self.browse.close()
        self.filters.close()

    def badge(self) -> str:
        """How many images there are."""
        return count(self._images, "image") if self._images > 0 else ""

    def activate(self) -> None:
        """The page has come to the front: labels may have changed what fits a filter by label."""
        if any(term.column in _OF_LABELS for term in self._session.filters.value.terms):
            self.browse.read()

    def refresh(self) -> None:
        """Read counts, images and ledger counts again if images have changed, off the window's thread."""
        if self._stale:
            self._stale = False
            self._services.background.run(self._read, done=self._show, key="data overview")
            self.browse.read()
            self.filters.refresh()

    def _images_changed(self) -> None:
        self._stale = True

    def _read(self) -> _Overview:
        catalogue = self._session.project.catalogue
        fewest, most = catalogue.images_a_subject()
        section = str(catalogue.setting(SECTION, ""))
        return _Overview(catalogue.counts(), self.inflow.read_lists(), fewest, most, section)

    def _show(self, overview: _Overview) -> None:
        view, counts = self._view, overview.counts
        view.set_counts(
            texts.counts_line(counts, overview.fewest, overview.most), texts.grouping_warning(counts, overview.most)
        )
        lists = overview.lists
        view.set_has_content(bool(counts.images or lists.codes or lists.trial))
        self.inflow.patients.set_images(counts.images)
        self._images = counts.images
        if not self._section:
            view.sections.show_section(overview.section)
            self._section = view.sections.current_section()
        if self.inflow.ledger.set_lists(lists) and not counts.images:
            view.show_ledger()
        view.sections.refresh_badges()

    def _section_chosen(self, section: str) -> None:
        """Keep the section in front with the project, so that it is there again next time."""
        project = self._session.project
        if section != self._section and not project.read_only:
            self._services.background.run(project.catalogue.set_setting, SECTION, section, key="data section")
        self._section = section
        self._view.images.viewer.stop()

    def _looked_at(self, image_id: int) -> None:
        self._view.images.grid.set_current(image_id)
        self.browse.select_one(image_id)

    def _imported(self) -> None:
        self._stale = True
        self.refresh()
