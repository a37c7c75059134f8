"""The command palette: every action by a few letters of its name, with its keys and, if it cannot be done, why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from PySide6.QtCore import (
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QSignalBlocker,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QKeyEvent, QKeySequence, QPainter
from PySide6.QtWidgets import (
    QDialog,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from sslstudio.gui import theme
from sslstudio.gui.actions.registry import Action

ROWS = 10
_ROW_HEIGHT = 30
_WIDEST_SIDE = 300
_ROW_ROLE = int(Qt.ItemDataRole.UserRole)
Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True)
class _Row:
    """An action and why it cannot be done now, asked once while the palette is open."""

    action: Action
    reason: str

    @property
    def side(self) -> str:
        """What stands at the right: the reason, else the keys."""
        return self.reason or QKeySequence(self.action.keys).toString(QKeySequence.SequenceFormat.NativeText)


def matches(query: str, title: str) -> int:
    """How well `query` fits `title`: 0 not at all, more is better. Words may come in any order, letters in order."""
    wanted, text = query.lower().split(), title.lower()
    if all(word in text for word in wanted):
        return 3 if text.startswith(query.lower()) else 2
    letters = iter(text)
    return 1 if all(letter in letters for letter in "".join(wanted)) else 0


class _RowDelegate(QStyledItemDelegate):
    """Paints title and side text; a widget for each of a hundred rows at every letter would take too long."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """All rows are alike high."""
        return QSize(0, _ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw one row."""
        super().paint(painter, option, index)  # the background as the style sheet has it
        row: _Row | None = index.data(_ROW_ROLE)
        if row is None:
            return
        tokens, view = theme.tokens(), cast(Any, option)
        room: QRect = view.rect.adjusted(12, 0, -12, 0)
        painter.save()
        painter.setFont(theme.font(tokens.small))
        painter.setPen(QColor(tokens.muted))
        taken = _draw_elided(painter, room, row.side, Qt.AlignmentFlag.AlignRight, min(_WIDEST_SIDE, room.width() // 2))
        painter.setFont(theme.font(tokens.body))
        painter.setPen(QColor(tokens.muted if row.reason else tokens.text))
        _draw_elided(painter, room, row.action.title, Qt.AlignmentFlag.AlignLeft, room.width() - taken - 12)
        painter.restore()


def _draw_elided(painter: QPainter, room: QRect, text: str, side: Qt.AlignmentFlag, widest: int) -> int:
    """Draw one line at a side of `room`; returns the width it took."""
    metrics = painter.fontMetrics()
    shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, widest)
    painter.drawText(room, side | Qt.AlignmentFlag.AlignVCenter, shown)
    return metrics.horizontalAdvance(shown)


class CommandPalette(QDialog):
    """A line to type in and the actions that fit. ``chosen(action_id)`` fires on Enter or a click."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Popup | Qt.WindowType.FramelessWindowHint)
        self.setObjectName("palette")
        self.setAccessibleName("Search commands")
        self._rows: list[_Row] = []
        self.line = QLineEdit()
        self.line.setPlaceholderText("Search commands")
        self.line.setAccessibleName("Search commands")
        self.line.installEventFilter(self)
        self.list = QListWidget()
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setAccessibleName("Commands")
        self.list.setUniformItemSizes(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setItemDelegate(_RowDelegate(self.list))
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
        self._rows = [_Row(action, action.reason()) for action in actions if action.in_palette]
        width = min(560, over.width() - 32)
        self.resize(width, 44 + ROWS * (_ROW_HEIGHT + 2))
        corner = over.mapToGlobal(over.rect().topLeft())
        self.move(corner.x() + (over.width() - width) // 2, corner.y() + 48)
        with QSignalBlocker(self.line):
            self.line.clear()
        self._filter("")
        self.show()
        self.line.setFocus()

    def _filter(self, text: str) -> None:
        scored = [(matches(text, row.action.title), row) for row in self._rows]
        fitting = sorted((pair for pair in scored if pair[0]), key=lambda pair: -pair[0])
        self.list.clear()
        for _, row in fitting:
            entry = QListWidgetItem()
            entry.setData(_ROW_ROLE, row)
            entry.setData(Qt.ItemDataRole.AccessibleTextRole, f"{row.action.title}. {row.reason}".strip())
            self.list.addItem(entry)
        if self.list.count():
            self.list.setCurrentRow(0)

    def _choose(self) -> None:
        entry = self.list.currentItem()
        if entry is not None:
            self.hide()
            row: _Row = entry.data(_ROW_ROLE)
            self.chosen.emit(row.action.id)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Up and Down move in the list while the line keeps the focus."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()), 0)
            if step and self.list.count():
                self.list.setCurrentRow((self.list.currentRow() + step) % self.list.count())
                return True
        return super().eventFilter(watched, event)
