"""The list of groups with what can be done to them: make anew, split, merge, undo; and what they mostly are."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QInputDialog, QLabel, QMenu, QPushButton, QVBoxLayout, QWidget

from sslstudio.gui.pages.explore import group_texts as texts
from sslstudio.gui.pages.explore.texts import GROUPS_HELP
from sslstudio.gui.widgets.controls import IconButton, Line, PlainButton, Text


class GroupsPanel(QWidget):
    """Stands around the list of groups; hidden as a whole while there are none."""

    anew_requested = Signal(str, int)
    """The way, "kmeans" or "density", and the number of groups (0: suggested)."""
    split_requested = Signal(int)
    merge_requested = Signal()
    undo_requested = Signal()
    column_requested = Signal(str)
    tree_requested = Signal(bool)
    label_requested = Signal()

    def __init__(self, groups: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.list = groups
        self.anew = PlainButton(texts.ANEW, quiet=True)
        self.label = PlainButton(texts.LABEL_GROUP, quiet=True)
        self.split = PlainButton(texts.SPLIT, quiet=True)
        self.merge = PlainButton(texts.MERGE, quiet=True)
        self.undo = PlainButton("", "undo", quiet=True)
        self.undo.setAccessibleName(texts.UNDO)
        self.tree = IconButton("tree", texts.TREE_HELP)
        self.tree.setAccessibleName(texts.TREE)
        self.tree.setAccessibleDescription(texts.TREE_HELP)
        self.tree.setCheckable(True)
        self.columns = QComboBox()
        self.columns.setAccessibleName(texts.MOSTLY_BY)
        self.columns.setAccessibleDescription(texts.MOSTLY_BY_HELP)
        self.columns.setToolTip(texts.MOSTLY_BY_HELP)
        self.note = Text("", "small")
        self._helps = {
            self.anew: texts.ANEW_HELP,
            self.label: texts.LABEL_GROUP_HELP,
            self.split: texts.SPLIT_HELP,
            self.merge: texts.MERGE_HELP,
            self.undo: texts.UNDO_HELP,
        }
        self.anew.setMenu(self._ways())
        self.split.setMenu(self._parts())
        self.merge.clicked.connect(lambda: self.merge_requested.emit())
        self.undo.clicked.connect(lambda: self.undo_requested.emit())
        self.label.clicked.connect(lambda: self.label_requested.emit())
        self.tree.clicked.connect(self.tree_requested)
        self.columns.activated.connect(lambda _: self.column_requested.emit(str(self.columns.currentData())))
        self._build(groups)

    def set_reasons(self, anew: str, split: str, merge: str, undo: str) -> None:
        """Why a button cannot be used now; empty when it can."""
        for button, reason in ((self.anew, anew), (self.split, split), (self.merge, merge), (self.undo, undo)):
            _explain(button, reason, self._helps[button])

    def set_label_reason(self, reason: str) -> None:
        """Why no group can be labelled now; empty when one can."""
        _explain(self.label, reason, self._helps[self.label])

    def set_columns(self, entries: Sequence[tuple[str, str]], current: str) -> None:
        """The columns (key, title) to compare groups with."""
        self.columns.clear()
        for key, title in entries:
            self.columns.addItem(title, key)
        self.columns.setCurrentIndex(max(0, self.columns.findData(current)))

    def set_tree(self, shown: bool) -> None:
        """Whether groups stand under what joins those that are alike."""
        self.tree.setChecked(shown)

    def set_note(self, text: str, origin: str) -> None:
        """The sentence under the list, and how the groups came about, which is told to who asks."""
        self.note.setText(text)
        self.note.setVisible(bool(text))
        for part in (self.note, self.list):
            part.setToolTip(origin)
        self.list.setAccessibleDescription(f"{GROUPS_HELP} {origin}".strip())

    def _ways(self) -> QMenu:
        menu = QMenu(self.anew)
        self._entry(menu, texts.BY_IMAGES, lambda: self.anew_requested.emit("kmeans", 0))
        self._entry(menu, texts.BY_NUMBER, self._ask_number)
        self._entry(menu, texts.BY_DENSITY, lambda: self.anew_requested.emit("density", 0))
        return menu

    def _parts(self) -> QMenu:
        menu = QMenu(self.split)
        for title, parts in texts.SPLIT_IN:
            self._entry(menu, title, lambda wanted=parts: self.split_requested.emit(wanted))
        return menu

    def _entry(self, menu: QMenu, title: str, act: object) -> QAction:
        entry = menu.addAction(title)
        entry.triggered.connect(lambda _=False: act())  # type: ignore[operator]
        return entry

    def _ask_number(self) -> None:
        wanted, given = QInputDialog.getInt(self, texts.ANEW, texts.HOW_MANY, 6, 2, 100)
        if given:
            self.anew_requested.emit("kmeans", wanted)

    def _build(self, groups: QWidget) -> None:
        bar = QHBoxLayout()
        bar.setContentsMargins(4, 4, 4, 0)
        bar.setSpacing(0)
        for button in (self.anew, self.split, self.merge, self.undo):
            bar.addWidget(button)
        bar.addStretch(1)
        bar.addWidget(self.tree)
        label = QLabel(texts.MOSTLY_BY)
        label.setProperty("role", "muted")
        label.setBuddy(self.columns)
        choice = QHBoxLayout()
        choice.setContentsMargins(12, 2, 8, 4)
        choice.setSpacing(8)
        choice.addWidget(label)
        choice.addWidget(self.columns, 1)
        choice.addWidget(self.label)
        foot = QHBoxLayout()
        foot.setContentsMargins(12, 4, 8, 6)
        foot.addWidget(self.note)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(bar)
        column.addLayout(choice)
        column.addWidget(Line())
        column.addWidget(groups, 1)
        column.addWidget(Line())
        column.addLayout(foot)


def _explain(button: QPushButton, reason: str, help_: str) -> None:
    button.setEnabled(not reason)
    button.setToolTip(reason or help_)
    button.setAccessibleDescription(reason or help_)
