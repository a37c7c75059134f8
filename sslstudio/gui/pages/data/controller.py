"""What the Data page does as a whole: keeps counts, tree and ledger in step with the project."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QObject

from sslstudio.catalogue.rows import Counts, TreeRow
from sslstudio.gui.pages.data import texts
from sslstudio.gui.pages.data.choosing import ChoosingController
from sslstudio.gui.pages.data.importing import STAGE, ImportController
from sslstudio.gui.pages.data.ledger import LedgerController
from sslstudio.gui.pages.data.view import DataView
from sslstudio.gui.pages.page import Services
from sslstudio.gui.texts import count


@dataclass(frozen=True)
class _Overview:
    counts: Counts
    tree: Sequence[TreeRow]
    codes: dict[str, int]
    trial: bool
    fewest: int
    most: int
    section: str


SECTION = "data_section"
"""The project's setting that keeps the section which was in front."""


class DataController(QObject):
    """Connects the Data view to one open project."""

    def __init__(self, services: Services, view: DataView) -> None:
        super().__init__(view)
        self._services, self._view = services, view
        self._images = -1
        self.importing = ImportController(services, view)
        self.ledger = LedgerController(services, view)
        self.choosing = ChoosingController(services, view, self.refresh)
        services.jobs.changed.connect(self._run_changed)
        self._section = ""
        view.sections.section_changed.connect(self._section_chosen)
        self.refresh()

    def close(self) -> None:
        """Let go of the session."""
        self.choosing.close()

    def badge(self) -> str:
        """How many images there are."""
        return count(self._images, "image") if self._images > 0 else ""

    def refresh(self) -> None:
        """Read counts, tree and ledger counts again, off the window's thread."""
        self._services.background.run(self._read, done=self._show, key="data overview")

    def _read(self) -> _Overview:
        catalogue = self._services.session.project.catalogue
        tree = catalogue.tree()
        images: dict[str, int] = {}
        for row in tree:
            images[row.subject] = images.get(row.subject, 0) + row.n_images
        sizes = images.values()
        trial = catalogue.ledger_counts(trial=True)
        return _Overview(
            catalogue.counts(),
            tree,
            trial or catalogue.ledger_counts(),
            bool(trial),
            min(sizes, default=0),
            max(sizes, default=0),
            str(catalogue.setting(SECTION, "")),
        )

    def _show(self, overview: _Overview) -> None:
        view, counts = self._view, overview.counts
        view.set_counts(
            texts.counts_line(counts, overview.fewest, overview.most), texts.grouping_warning(counts, overview.most)
        )
        view.set_has_content(bool(counts.images or overview.codes))
        if counts.images != self._images:
            view.images.set_tree(overview.tree)
        self._images = counts.images
        if not self._section:
            view.sections.show_section(overview.section)
            self._section = view.sections.current_section()
        if self.ledger.set_codes(overview.codes, overview.trial) and not counts.images and overview.codes:
            view.show_ledger()
        view.sections.refresh_badges()

    def _section_chosen(self, section: str) -> None:
        """Keep the section in front with the project, so that it is there again next time."""
        project = self._services.session.project
        if section != self._section and not project.read_only:
            self._services.background.run(project.catalogue.set_setting, SECTION, section, key="data section")
        self._section = section

    def _run_changed(self, run_id: str) -> None:
        status = self._services.jobs.status(run_id)
        if status is not None and status.stage == STAGE and status.adopted:
            self.refresh()
