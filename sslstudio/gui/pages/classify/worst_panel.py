"""The test images, the most confidently wrong first."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from sslstudio.gui.item_models.thumbnails import ThumbnailSource
from sslstudio.gui.item_models.tiles import Tile
from sslstudio.gui.pages.classify import examination_texts as texts
from sslstudio.gui.widgets.controls import PlainButton, Text
from sslstudio.gui.widgets.gallery import GalleryList

_HEIGHT = 440


class WorstPanel(QWidget):
    """A gallery in the order of the loss: ``selection_requested(ids, mode)``, ``opened(id)``, ``all_requested()``."""

    selection_requested = Signal(object, str)
    opened = Signal(int)
    all_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.words = Text("", "")
        self.all = PlainButton(texts.ALL_CASES)
        self.all.setToolTip(texts.ALL_CASES_HELP)
        self.all.hide()
        self.gallery: GalleryList | None = None
        top = QHBoxLayout()
        top.addWidget(self.words, 1)
        top.addWidget(self.all)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(8)
        self._column.addLayout(top)
        self.all.clicked.connect(lambda: self.all_requested.emit())

    def use(self, describe: Callable[[int], Tile], thumbnails: ThumbnailSource) -> None:
        """Where tiles and pictures come from; once, before anything is shown."""
        self.gallery = GalleryList(describe)
        self.gallery.setAccessibleName(texts.WORST)
        self.gallery.set_caption_lines(2)
        self.gallery.set_thumbnails(thumbnails)
        self.gallery.setFixedHeight(_HEIGHT)
        self.gallery.selection_requested.connect(self.selection_requested)
        self.gallery.opened.connect(self.opened)
        self._column.addWidget(self.gallery)
        self._column.addWidget(Text(texts.WORST_HELP_BELOW, "small"))

    def set_words(self, words: str) -> None:
        """Say this, and show no image."""
        self.set_images(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), words, narrowed=False)

    def set_images(
        self, ids: npt.NDArray[np.int64], selected: npt.NDArray[np.int64], words: str, narrowed: bool
    ) -> None:
        """Show these in this order; `narrowed` when they are of one cell of the matrix only."""
        self.words.setText(words)
        self.all.setVisible(narrowed)
        if self.gallery is not None:
            self.gallery.setVisible(bool(len(ids)))
            self.gallery.set_ids(ids, selected)

    def set_selection(self, ids: npt.NDArray[np.int64]) -> None:
        """Show what is selected."""
        if self.gallery is not None:
            self.gallery.set_selection(ids)
