"""The command palette: every action by a few letters of its name, with its keys and, if it cannot be done, why."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from sslstudio.gui.actions.registry import Action

ROWS = 10


def matches(query: str, title: str) -> int:
    """How well `query` fits `title`: 0 not at all, more is better. Words may come in any order, letters in order."""
    wanted, text = query.lower().split(), title.lower()
    if all(word in text for word in wanted):
        return 3 if text.startswith(query.lower()) else 2
    letters = iter(text)
    return 1 if all(letter in letters for letter in "".join(wanted)) else 0


class CommandPalette(QDialog):
    """A line to type in and the actions that fit. ``chosen(action_id)`` fires on Enter or a click."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Popup | Qt.WindowType.FramelessWindowHint)
        self.setObjectName("palette")
        self.setAccessibleName("Search commands")
        self._actions: list[Action] = []
        self.line = QLineEdit()
        self.line.setPlaceholderText("Search commands")
        self.line.setAccessibleName("Search commands")
        self.line.installEventFilter(self)
        self.list = QListWidget()
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setAccessibleName("Commands")
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(6)
        column.addWidget(self.line)
        column.addWidget(self.list)
        self.line.textChanged.connect(self._filter)
        self.line.returnPressed.connect(self._choose)
        self.list.itemClicked.connect(lambda _: self._choose())

    def open_for(self, actions: Sequence[Action], over: QWidget) -> None:
        """Show the palette at the top of `over` with these actions."""
        self._actions = [action for action in actions if action.in_palette]
        width = min(560, over.width() - 32)
        self.resize(width, 44 + ROWS * 32)
        corner = over.mapToGlobal(over.rect().topLeft())
        self.move(corner.x() + (over.width() - width) // 2, corner.y() + 48)
        self.line.clear()
        self._filter("")
        self.show()
        self.line.setFocus()

    def _filter(self, text: str) -> None:
        scored = [(matches(text, action.title), action) for action in self._actions]
        fitting = sorted((pair for pair in scored if pair[0]), key=lambda pair: -pair[0])
        self.list.clear()
        for _, action in fitting:
            self._add(action)
        if self.list.count():
            self.list.setCurrentRow(0)

    def _add(self, action: Action) -> None:
        reason = action.reason()
        row = QWidget()
        title = QLabel(action.title)
        title.setProperty("role", "muted" if reason else "")
        side = QLabel(reason or QKeySequence(action.keys).toString(QKeySequence.SequenceFormat.NativeText))
        side.setProperty("role", "small")
        side.setMaximumWidth(300)
        line = QHBoxLayout(row)
        line.setContentsMargins(6, 0, 6, 0)
        line.addWidget(title, 1)
        line.addWidget(side)
        entry = QListWidgetItem()
        entry.setSizeHint(QSize(0, 30))
        entry.setData(Qt.ItemDataRole.UserRole, action.id)
        entry.setData(Qt.ItemDataRole.AccessibleTextRole, f"{action.title}. {reason}".strip())
        self.list.addItem(entry)
        self.list.setItemWidget(entry, row)

    def _choose(self) -> None:
        entry = self.list.currentItem()
        if entry is not None:
            self.hide()
            self.chosen.emit(str(entry.data(Qt.ItemDataRole.UserRole)))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Up and Down move in the list while the line keeps the focus."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()), 0)
            if step and self.list.count():
                self.list.setCurrentRow((self.list.currentRow() + step) % self.list.count())
                return True
        return super().eventFilter(watched, event)
