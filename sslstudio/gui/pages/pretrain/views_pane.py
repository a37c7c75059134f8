"""What training does to the images, shown on the user's own: each original beside views as the network gets them."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QVBoxLayout, QWidget

from sslstudio.gui.pages.pretrain import texts
from sslstudio.gui.widgets.controls import EmptyState, PlainButton, SectionTitle, Text, row
from sslstudio.gui.widgets.picture_grid import PictureGrid
from sslstudio.gui.widgets.stack import Stack


class ViewsPane(QWidget):
    """Setters, and ``draw_requested`` (other changes), ``images_requested`` (other images)."""

    draw_requested = Signal()
    images_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = SectionTitle()
        self.about = Text("", "")
        self.never = Text("", "muted")
        self.note = Text("", "small")
        self.again = PlainButton(texts.DRAW_AGAIN, "reset")
        self.again.setToolTip(texts.DRAW_AGAIN_HELP)
        self.again.clicked.connect(lambda: self.draw_requested.emit())
        self.others = PlainButton(texts.OTHER_IMAGES, "image")
        self.others.setToolTip(texts.OTHER_IMAGES_HELP)
        self.others.clicked.connect(lambda: self.images_requested.emit())
        self.grid = PictureGrid(texts.VIEWS_NAME, largest=148)
        self.waiting = EmptyState("image", texts.VIEWS_WAIT_TITLE, texts.VIEWS_WAIT)
        self._stack = Stack()
        self._stack.addWidget(self.waiting)
        self._stack.addWidget(self.grid)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 12, 0, 4)
        column.setSpacing(6)
        column.addWidget(self.title)
        column.addWidget(self.about)
        column.addWidget(self.never)
        column.addWidget(self.note)
        column.addSpacing(4)
        column.addWidget(self._stack, 1)
        column.addWidget(row(self.again, self.others, 1), 0, Qt.AlignmentFlag.AlignLeft)

    def set_preset(self, title: str, about: str, never: str, note: str) -> None:
        """What kind of image this is taken for, what is done to it, what never, and what the method makes of it."""
        self.title.setText(title)
        for part, words in ((self.about, about), (self.never, never), (self.note, note)):
            part.setText(words)
            part.setVisible(bool(words))

    def set_waiting(self, title: str, text: str) -> None:
        """Say in place of the pictures why there are none."""
        self.waiting.title.setText(title)
        self.waiting.text.setText(text)
        self._stack.setCurrentIndex(0)

    def set_pictures(self, originals: Sequence[QImage], views: Sequence[Sequence[QImage]]) -> None:
        """One row for each original, with its views."""
        rows = [[original, *changed] for original, changed in zip(originals, views, strict=True)]
        self.grid.set_pictures(rows, column_titles={0: texts.ORIGINAL, 1: texts.CHANGED}, apart=1)
        self._stack.setCurrentIndex(1)

    def set_busy(self, busy: bool) -> None:
        """Whether pictures are being drawn."""
        for button in (self.again, self.others):
            button.setEnabled(not busy)
            button.setAccessibleDescription(texts.DRAWING if busy else "")
