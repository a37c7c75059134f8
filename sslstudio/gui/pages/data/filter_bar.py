"""The line above tree and gallery: search, filters as chips that can be taken away, and how many images are left."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QSizePolicy, QVBoxLayout, QWidget

from sslstudio.gui.pages.data import browse_texts
from sslstudio.gui.pages.data.filter_popup import FilterPopup
from sslstudio.gui.widgets.controls import Chip, PlainButton
from sslstudio.gui.widgets.flow_layout import FlowLayout

_TYPING_MS = 250


class FilterBar(QWidget):
    """Setters, and a signal for each wish; ``columns_requested`` when the list of properties is opened."""

    search_changed = Signal(str)
    columns_requested = Signal()
    term_removed = Signal(str)
    clear_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.search = QLineEdit()
        self.search.setPlaceholderText(browse_texts.SEARCH_HINT)
        self.search.setAccessibleName(browse_texts.SEARCH_HINT)
        self.search.setToolTip(browse_texts.SEARCH_HELP)
        self.search.setClearButtonEnabled(True)
        self.search.setMaxLength(500)
        self.search.setFixedWidth(236)
        self._typing = QTimer(self, singleShot=True, interval=_TYPING_MS)
        self._typing.timeout.connect(lambda: self.search_changed.emit(self.search.text()))
        self.search.textEdited.connect(lambda _: self._typing.start())
        self.search.returnPressed.connect(self._search_now)
        self.search.textChanged.connect(lambda text: None if text else self._typing.start())
        self.add = PlainButton(browse_texts.ADD_FILTER, "filter")
        self.add.setToolTip(browse_texts.ADD_FILTER_HELP)
        self.add.setAccessibleDescription(browse_texts.ADD_FILTER_HELP)
        self.popup = FilterPopup(self)
        self.add.clicked.connect(self.open_popup)
        self.clear = PlainButton(browse_texts.CLEAR_FILTERS, quiet=True)
        self.clear.clicked.connect(lambda: self.clear_requested.emit())
        self.count = QLabel()
        self.count.setProperty("role", "strong")
        self.count.setAccessibleName("Images shown")
        self.count.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Preferred)
        line = QHBoxLayout()
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(8)
        line.addWidget(self.search)
        line.addWidget(self.add)
        line.addStretch(1)
        line.addWidget(self.count)
        line.addWidget(self.clear)
        self._chips_holder = QWidget()
        self._chips = FlowLayout(self._chips_holder, 6)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(line)
        column.addWidget(self._chips_holder)
        self.set_terms(())

    def set_terms(self, terms: Sequence[tuple[str, str]]) -> None:
        """The filters in force as (column, words)."""
        while (entry := self._chips.takeAt(0)) is not None:
            widget = entry.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for column, words in terms:
            chip = Chip(words, closable=True)
            chip.setToolTip(f"{words}. Press to take this filter away.")
            chip.close_requested.connect(lambda gone=column: self.term_removed.emit(gone))
            self._chips.addWidget(chip)
        self._chips_holder.setVisible(bool(terms))
        self.clear.setVisible(bool(terms))

    def set_search(self, text: str) -> None:
        """What is searched for; left alone while the user types."""
        if not self._typing.isActive() and text != self.search.text().strip():
            self.search.setText(text)
            self._typing.stop()

    def set_count(self, text: str) -> None:
        """How many images are shown, in words."""
        self.count.setText(text)

    def open_popup(self) -> None:
        """Open the list of properties."""
        self.columns_requested.emit()
        self.popup.open_below(self.add)

    def focus_search(self) -> None:
        """Put the cursor into the search field."""
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def _search_now(self) -> None:
        self._typing.stop()
        self.search_changed.emit(self.search.text())
