"""Fields for numbers with room before the digits, which Qt's own leave out whatever a style sheet says."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QDoubleSpinBox, QSpinBox, QWidget

_ROOM = 5


class WholeNumber(QSpinBox):
    """A field for a whole number."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.lineEdit().setTextMargins(_ROOM, 0, 0, 0)

    def sizeHint(self) -> QSize:
        """As wide as its longest number, and the room."""
        return super().sizeHint() + QSize(_ROOM, 0)


class Number(QDoubleSpinBox):
    """A field for a number with decimals."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.lineEdit().setTextMargins(_ROOM, 0, 0, 0)

    def sizeHint(self) -> QSize:
        """As wide as its longest number, and the room."""
        return super().sizeHint() + QSize(_ROOM, 0)
