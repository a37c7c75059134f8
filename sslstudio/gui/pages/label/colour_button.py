"""A button that shows a class's colour and opens the colours to choose from, a dialog being the last resort."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QColor, QIcon
from PySide6.QtWidgets import QColorDialog, QMenu, QToolButton, QWidget

from sslstudio.domain.labels import OKABE_ITO
from sslstudio.gui import theme
from sslstudio.gui.pages.label import texts

_NAMES = ("Blue", "Orange", "Green", "Vermilion", "Purple", "Sky blue", "Yellow", "Grey")


class ColourButton(QToolButton):
    """``chosen(colour)`` as #RRGGBB."""

    chosen = Signal(str)

    def __init__(self, colour: str, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._colour = colour
        self.setIcon(self._dot(colour))
        self.setAutoRaise(True)
        self.setAccessibleName(f"Colour of class {name}")
        self.setToolTip(texts.COLOUR_HELP)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self)
        for title, value in zip(_NAMES, OKABE_ITO, strict=True):
            entry = menu.addAction(self._dot(value), title)
            entry.triggered.connect(lambda _=False, wanted=value: self.chosen.emit(wanted))
        menu.addSeparator()
        menu.addAction(texts.OTHER_COLOUR).triggered.connect(lambda _=False: self._ask())
        self.setMenu(menu)

    def _dot(self, colour: str) -> QIcon:
        return QIcon(theme.pixmap("dot", colour, 12, self.devicePixelRatioF()))

    def _ask(self) -> None:
        found = QColorDialog.getColor(QColor(self._colour), self, texts.OTHER_COLOUR.rstrip(" ."))
        if found.isValid():
            self.chosen.emit(found.name().upper())
