"""What can be written, what each form is for and what it holds, and what to know before passing it on."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from sslstudio.gui.pages.export import texts
from sslstudio.gui.widgets.controls import SectionTitle, Segmented, Text


class AboutForms(QWidget):
    """The choice of the form; ``chosen(form)`` when the user picks another."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.form = Segmented([(form.key, form.title) for form in texts.FORMS], texts.FORM)
        self._purpose = Text("", "")
        self._grid = QGridLayout()
        self._lines: list[QWidget] = []
        self._build()
        self.form.chosen.connect(self._choose)
        self._show(self.form.value())

    def set_form(self, key: str) -> None:
        """Show another form without telling anyone."""
        self.form.set_value(key)
        self._show(self.form.value())

    def _choose(self, key: str) -> None:
        self._show(key)
        self.chosen.emit(key)

    def _show(self, key: str) -> None:
        form = texts.form(key)
        self._purpose.setText(form.purpose)
        for old in self._lines:
            self._grid.removeWidget(old)
            old.deleteLater()
        self._lines = []
        for line, (name, what) in enumerate(form.contents):
            title = QLabel(name)
            title.setProperty("role", "strong")
            explained = Text(what)
            self._grid.addWidget(title, line, 0, Qt.AlignmentFlag.AlignTop)
            self._grid.addWidget(explained, line, 1)
            self._lines += [title, explained]

    def _build(self) -> None:
        self._grid.setHorizontalSpacing(16)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnStretch(1, 1)
        left = QVBoxLayout()
        left.setSpacing(8)
        left.addWidget(SectionTitle(texts.HOLDS))
        left.addLayout(self._grid)
        left.addStretch(1)
        right = QVBoxLayout()
        right.setSpacing(8)
        right.addWidget(SectionTitle(texts.PRIVACY_TITLE))
        right.addWidget(Text(texts.PRIVACY))
        right.addStretch(1)
        row = QHBoxLayout()
        row.setSpacing(32)
        row.addLayout(left, 3)
        row.addLayout(right, 2)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(SectionTitle(texts.FORM))
        column.addWidget(self.form)
        column.addWidget(self._purpose)
        column.addSpacing(4)
        column.addLayout(row)
