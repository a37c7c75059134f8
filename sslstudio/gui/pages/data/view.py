"""What the Data page looks like: counts, import, and its sections; each section has a module of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from sslstudio.gui.item_models.tiles import Tile
from sslstudio.gui.pages.data import texts
from sslstudio.gui.pages.data.images_view import ImagesPane
from sslstudio.gui.pages.data.import_panel import ImportPanel
from sslstudio.gui.pages.data.ledger_view import LedgerPane
from sslstudio.gui.widgets.controls import PageTitle, Text
from sslstudio.gui.widgets.sections import Badge, Sections

IMAGES, LEDGER = "images", "ledger"


class DataView(QWidget):
    """The parts of the page and what stands above them; more sections come by `add_section`."""

    def __init__(self, thumbnail: Callable[[int], QPixmap | None], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self.panel = ImportPanel()
        self.counts = QLabel()
        self.counts.setProperty("role", "muted")
        self.warning = Text("", "warning")
        self.warning.hide()
        head = QHBoxLayout()
        head.setSpacing(16)
        head.addWidget(PageTitle(texts.TITLE))
        head.addWidget(self.counts, 1, Qt.AlignmentFlag.AlignBottom)
        self.images = ImagesPane(thumbnail, Tile)
        self.ledger = LedgerPane()
        self.sections = Sections("Sections of the data page")
        self.add_section(IMAGES, texts.IMAGES, "image", self.images, help=texts.IMAGES_HELP)
        self.add_section(LEDGER, texts.LEDGER, "table", self.ledger, help=texts.LEDGER_HELP)
        self._spare = QWidget()
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 12, 20, 10)
        column.setSpacing(8)
        column.addLayout(head)
        column.addWidget(self.panel)
        column.addWidget(self.warning)
        column.addWidget(self.sections, 1)
        column.addWidget(self._spare, 1)
        self.set_has_content(False)

    def add_section(
        self, id: str, title: str, icon: str, widget: QWidget, badge: Badge | None = None, help: str = ""
    ) -> None:
        """Add a section behind the others; see `Sections.add_section`. `badge` is asked after every change."""
        self.sections.add_section(id, title, icon, widget, badge, help)

    def set_has_content(self, has: bool) -> None:
        """Show the sections once there is something in them."""
        self.sections.setVisible(has)
        self._spare.setVisible(not has)
        self.panel.title.setText(texts.DROP if has else texts.EMPTY_TITLE)
        self.panel.about.setVisible(not has)
        self.panel.zone.set_compact(has)

    def set_counts(self, text: str, warning: str) -> None:
        """The line beside the title, and a warning about the grouping or ""."""
        self.counts.setText(text)
        self.warning.setText(warning)
        self.warning.setVisible(bool(warning))

    def show_ledger(self) -> None:
        """Bring the import list to the front."""
        self.sections.show_section(LEDGER)

    # -- asking the user -------------------------------------------------------------------------------------

    def ask_folder(self) -> Path | None:
        """A folder of images, or None."""
        chosen = QFileDialog.getExistingDirectory(self, "Add a folder of images")
        return Path(chosen) if chosen else None

    def ask_files(self) -> list[Path]:
        """Image files, or none."""
        chosen, _ = QFileDialog.getOpenFileNames(self, "Add image files")
        return [Path(name) for name in chosen]

    def ask_table(self) -> Path | None:
        """A CSV, or None."""
        chosen, _ = QFileDialog.getOpenFileName(
            self, "Choose a table", "", "Tables (*.csv *.tsv *.tab *.txt *.parquet *.pq)"
        )
        return Path(chosen) if chosen else None
