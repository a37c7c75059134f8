"""A bordered panel that can be chosen; the only box in the window, so that boxes never stand in boxes."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from sslstudio.gui.widgets.controls import Clickable


class Card(QFrame):
    """A panel with a 1 px line around it; add widgets to `body`."""

    def __init__(self, parent: QWidget | None = None, margin: int = 16) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(margin, margin, margin, margin)
        self.body.setSpacing(8)


class ChoiceCard(Clickable):
    """A card that acts as a radio button: ``clicked`` fires on mouse, Enter and Space."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self.setProperty("selectable", True)
        self.setAccessibleName(name)
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(16, 12, 16, 12)
        self.body.setSpacing(4)
        self.body.setAlignment(Qt.AlignmentFlag.AlignTop)

    def set_selected(self, selected: bool) -> None:
        """Mark as the chosen one."""
        self.setProperty("selected", selected)
        self.setAccessibleDescription("Chosen" if selected else "")
        self.style().unpolish(self)
        self.style().polish(self)
