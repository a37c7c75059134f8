"""Two maps of the same places that are moved and zoomed as one, so that a case is followed from one to the other."""

from __future__ import annotations

from PySide6.QtCore import QObject, QRectF

from sslstudio.gui.widgets.map_view import MapView


class LinkedMaps(QObject):
    """What the user moves in one map moves the other while `on`; each keeps its own size on the screen."""

    def __init__(self, first: MapView, second: MapView, parent: QObject) -> None:
        super().__init__(parent)
        self._maps = (first, second)
        self._held: set[MapView] = set()
        self.on = True

    def hold(self) -> None:
        """Take up maps whose drawing surface is there now; the second shows what the first does."""
        for view, other in (self._maps, self._maps[::-1]):
            if view.canvas is not None and view not in self._held:
                self._held.add(view)
                view.canvas.box.viewed.connect(lambda view=view, other=other: self._follow(view, other))
        self._follow(*self._maps)

    def set_on(self, on: bool) -> None:
        """Move both as one, or each alone."""
        self.on = on
        self._follow(*self._maps)

    def _follow(self, leader: MapView, other: MapView) -> None:
        if not self.on or leader.canvas is None or other.canvas is None or leader.scene is None or other.scene is None:
            return
        box, moved = leader.canvas.box, other.canvas.box
        centre, (across, down) = box.viewRect().center(), box.pixel()
        width, height = moved.width() * across, moved.height() * down
        moved.setRange(QRectF(centre.x() - width / 2, centre.y() - height / 2, width, height), padding=0)
