"""What F1 shows: the help text of the page in front and every key that works there."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QLabel, QScrollArea, QTextBrowser, QVBoxLayout, QWidget

from sslstudio import resources
from sslstudio.gui.actions.registry import Action
from sslstudio.gui.widgets.controls import PageTitle, PlainButton, SectionTitle, Text


def help_text(page: str) -> str:
    """The help of a page as Markdown; a plain sentence when there is none."""
    try:
        return resources.text(f"help/{page}.md")
    except FileNotFoundError:
        return "There is no help text for this page yet. The keys at the right work here."


class HelpWindow(QDialog):
    """Help at the left, keys at the right; stays open beside the work."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Help")
        self.resize(880, 560)
        self._title = PageTitle()
        self._text = QTextBrowser()
        self._text.setOpenLinks(False)
        self._text.setAccessibleName("Help text")
        self._keys = QWidget()
        self._grid = QGridLayout(self._keys)
        self._grid.setHorizontalSpacing(16)
        self._grid.setVerticalSpacing(6)
        self._grid.setAlignment(Qt.AlignmentFlag.AlignTop)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setWidget(self._keys)
        scroll.setFixedWidth(320)
        right = QVBoxLayout()
        right.addWidget(SectionTitle("Keys on this screen"))
        right.addWidget(scroll, 1)
        middle = QHBoxLayout()
        middle.setSpacing(16)
        middle.addWidget(self._text, 1)
        middle.addLayout(right)
        close = PlainButton("Close")
        close.clicked.connect(self.close)
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(close)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(12)
        column.addWidget(self._title)
        column.addLayout(middle, 1)
        column.addLayout(foot)

    def open_for(self, page: str, title: str, actions: Sequence[Action]) -> None:
        """Show the help and the keys of one page."""
        self._title.setText(title)
        text = help_text(page)
        heading, _, rest = text.partition("\n")
        self._text.setMarkdown(rest.lstrip() if heading.startswith("# ") else text)
        while self._grid.count():
            entry = self._grid.takeAt(0)
            widget = entry.widget() if entry is not None else None
            if widget is not None:
                widget.deleteLater()
        shown = [action for action in actions if action.keys]
        for place, action in enumerate(shown):
            keys = QLabel(QKeySequence(action.keys).toString(QKeySequence.SequenceFormat.NativeText))
            keys.setProperty("role", "strong")
            self._grid.addWidget(keys, place, 0, Qt.AlignmentFlag.AlignTop)
            self._grid.addWidget(Text(action.title), place, 1)
        self._grid.setColumnStretch(1, 1)
        self.show()
        self.raise_()
