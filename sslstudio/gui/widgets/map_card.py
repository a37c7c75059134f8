"""The card that appears beside a point when the pointer rests on it."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QWidget

from sslstudio.gui import theme
from sslstudio.gui.widgets.controls import Text

_SIDE = 96


class MapCard(QFrame):
    """A picture and a few lines, kept inside its parent; never takes the mouse."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._room = parent
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setObjectName("mapCard")
        self._picture = QLabel()
        self._picture.setFixedSize(_SIDE, _SIDE)
        self._picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._text = Text()
        self._text.setFixedWidth(150)
        row = QHBoxLayout(self)
        row.setContentsMargins(6, 6, 8, 6)
        row.setSpacing(8)
        row.addWidget(self._picture)
        row.addWidget(self._text, 1, Qt.AlignmentFlag.AlignTop)
        self.image_id: int | None = None
        self._restyle()
        theme.on_change(self, self._restyle)
        self.hide()

    def present(self, image_id: int, text: str, picture: QPixmap | None, beside: QPoint) -> None:
        """Show the card next to `beside` (in the parent's pixels)."""
        self.image_id = image_id
        self._text.setText(text)
        self.set_picture(picture)
        self.adjustSize()
        room = self._room.size()
        x = beside.x() + 18 if beside.x() + 18 + self.width() < room.width() else beside.x() - 18 - self.width()
        y = min(max(4, beside.y() - self.height() // 2), room.height() - self.height() - 4)
        self.move(max(4, x), max(4, y))
        self.show()
        self.raise_()

    def set_picture(self, picture: QPixmap | None) -> None:
        """Show the picture when it has come."""
        if picture is None:
            self._picture.clear()
            return
        ratio = self.devicePixelRatioF()
        side = round(_SIDE * ratio)
        scaled = picture.scaled(
            side, side, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        )
        scaled.setDevicePixelRatio(ratio)
        self._picture.setPixmap(scaled)

    def _restyle(self) -> None:
        tokens = theme.tokens()
        self.setStyleSheet(
            f"#mapCard {{ background: {tokens.raised}; border: 1px solid {tokens.line}; border-radius: 4px; }}"
        )
        self._picture.setStyleSheet(f"background: {tokens.image_background};")
