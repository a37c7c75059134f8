"""The colours of the map as saved views know them: what they are, and asking for others."""

from __future__ import annotations

from typing import Any


class MapColours:
    """Works the box "Colour by" of the map's bar, as the user does."""

    def __init__(self, bar: Any) -> None:
        self._bar = bar

    def current(self) -> tuple[str, str]:
        """What the map is coloured by: value and name."""
        return str(self._bar.colour_by.currentData() or ""), str(self._bar.colour_by.currentText())

    def choose(self, value: str) -> bool:
        """Colour by this; False when it is not offered."""
        place = self._bar.colour_by.findData(value)
        if place < 0:
            return False
        self._bar.colour_by.setCurrentIndex(place)
        self._bar.colouring_requested.emit(value)
        return True
