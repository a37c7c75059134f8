"""The map of images: tools above, points in the middle, legend at the side; knows ids and places, not the project.

The drawing surface (and pyqtgraph with it) is made when the first points arrive, not when the window starts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from sslstudio.gui import theme
from sslstudio.gui.item_models.colouring import Colouring
from sslstudio.gui.item_models.thumbnails import ThumbnailSource
from sslstudio.gui.widgets import map_selection
from sslstudio.gui.widgets.controls import EmptyState, Line
from sslstudio.gui.widgets.legend import Legend
from sslstudio.gui.widgets.map_bar import MapBar
from sslstudio.gui.widgets.map_card import MapCard
from sslstudio.gui.widgets.map_index import Rectangle
from sslstudio.gui.widgets.map_scene import MapScene, Tool
from sslstudio.gui.widgets.stack import Stack

if TYPE_CHECKING:
    from sslstudio.gui.widgets.map_canvas import MapCanvas

_LEGEND, _LEGEND_LEAST = 176, 104
_STRENGTH = (
    "So far out, strength shows how many images lie in a place, and mixed colours are mixed groups. "
    "Zoom in for single images."
)


class MapView(QWidget):
    """Shows points and asks for selections; ids in and out are image ids."""

    selection_requested = Signal(object, str)
    """Image ids (int64 array) and one of replace, toggle, extend, subtract."""
    opened = Signal(int)
    """An image was double-clicked."""
    colouring_requested = Signal(str)
    """Another entry of the "colour by" list was chosen."""
    export_requested = Signal()
    """The map is to be saved as a picture."""
    float_requested = Signal(bool)
    """The map is to have a window of its own (True), or to come back."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.canvas: MapCanvas | None = None
        self.scene: MapScene | None = None
        self._thumbnails: ThumbnailSource | None = None
        self._describe: Callable[[int], str] = str
        self._tool: Tool = "pan"
        self.bar = MapBar()
        self._shown = QLabel()
        self._strength = QLabel(_STRENGTH)
        self.legend = Legend()
        self._legend_title = QLabel()
        self.empty = EmptyState("explore", "No map yet", "")
        self._stack = Stack()
        self._stack.addWidget(self.empty)
        self._build()
        self.legend.hidden_changed.connect(self._hide_categories)
        self.bar.colouring_requested.connect(self.colouring_requested)
        self.bar.tool_chosen.connect(self.set_tool)
        self.bar.fit_requested.connect(self.fit)
        self.bar.export_requested.connect(self.export_requested)
        self.bar.float_requested.connect(self.float_requested)
        theme.on_change(self, self._restyle)

    def set_points(self, ids: npt.NDArray[np.int64], xy: npt.NDArray[np.float32]) -> None:
        """Show images `ids` (N,) at `xy` (N, 2) and fit them into view."""
        canvas = self._ensure_canvas()
        self.scene = MapScene(ids, xy, self._thumbnails)
        canvas.box.scene_data = self.scene
        canvas.box.points.start()
        canvas.box.fit()
        self._stack.setCurrentWidget(canvas)
        self._enable(True)

    def set_empty(self, title: str, text: str, action: str = "") -> None:
        """Show no map, and why."""
        self.empty.title.setText(title)
        self.empty.text.setText(text)
        self.empty.button.setText(action)
        self.empty.button.setVisible(bool(action))
        self.scene = None
        self._stack.setCurrentWidget(self.empty)
        self.legend.set_colouring(Colouring("", np.zeros(0, dtype=np.int32), ()))
        self._shown.clear()
        self._strength.hide()
        self._enable(False)

    def set_colouring(self, colouring: Colouring) -> None:
        """Colour the points; what the legend hid stays hidden while the categories keep their names."""
        if self.scene is None or self.canvas is None:
            return
        old = self.scene.colouring
        hidden_names = {old.categories[place].name for place in self.scene.hidden}
        keep = old.title == colouring.title
        hidden = frozenset(
            place for place, category in enumerate(colouring.categories) if keep and category.name in hidden_names
        )
        self.scene.set_colouring(colouring, hidden)
        self.legend.set_colouring(colouring, hidden)
        self._legend_title.setText(colouring.title)
        self.canvas.box.points.invalidate()

    def set_selection(self, ids: npt.NDArray[np.int64]) -> None:
        """Highlight these images."""
        if self.scene is not None and self.canvas is not None:
            self.scene.set_selection(ids)
            self.canvas.box.points.reselect()

    def set_thumbnails(self, source: ThumbnailSource, describe: Callable[[int], str]) -> None:
        """Where pictures come from, and the lines of the hover card for an image id."""
        self._thumbnails, self._describe = source, describe
        source.ready.connect(self._pictures_came)
        if self.scene is not None:
            self.scene.thumbnails = source

    def set_tool(self, tool: Tool) -> None:
        """Choose move, lasso or box."""
        self._tool = tool
        self.bar.set_tool(tool)
        if self.canvas is not None:
            self.canvas.box.tool = tool
            self.canvas.setCursor(Qt.CursorShape.ArrowCursor if tool == "pan" else Qt.CursorShape.CrossCursor)

    def fit(self) -> None:
        """Show all points."""
        if self.canvas is not None:
            self.canvas.box.fit()
            self.canvas.box.viewed.emit()

    def select_in_view(self) -> None:
        """Ask to select all images in view: the lasso of who uses no mouse."""
        area = self.shown_area()
        if area is not None and self.scene is not None and self.scene.index is not None:
            self.selection_requested.emit(self.scene.ids_of(self.scene.index.rows(area)), "replace")

    def shown_area(self) -> Rectangle | None:
        """The part of the plane that is in view; None while there is no map."""
        return None if self.canvas is None or self.scene is None else self.canvas.box.shown_area()

    def _build(self) -> None:
        side = QWidget()
        side.setMinimumWidth(_LEGEND_LEAST)
        side.setMaximumWidth(_LEGEND)
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 8, 0, 8)
        column.setSpacing(4)
        self._legend_title.setProperty("role", "small")
        self._legend_title.setContentsMargins(8, 0, 8, 0)
        column.addWidget(self._legend_title)
        column.addWidget(self.legend, 1)
        self._shown.setProperty("role", "small")
        self._shown.setWordWrap(True)
        self._shown.setContentsMargins(8, 0, 8, 0)
        self._shown.setAccessibleName("Number of images shown")
        column.addWidget(self._shown)
        self._strength.setProperty("role", "small")
        self._strength.setWordWrap(True)
        self._strength.setContentsMargins(8, 0, 8, 0)
        self._strength.hide()
        column.addWidget(self._strength)
        self._side = side
        middle = QHBoxLayout()
        middle.setSpacing(0)
        self._stack.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        middle.addWidget(self._stack, 3)
        self._rule = Line(vertical=True)
        middle.addWidget(self._rule)
        middle.addWidget(side, 1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self.bar)
        whole.addWidget(Line())
        whole.addLayout(middle, 1)
        self.setMinimumSize(360, 200)
        self.set_tool("pan")
        self._enable(False)

    def _enable(self, on: bool) -> None:
        self.bar.setEnabled(on)
        self._side.setVisible(on)
        self._rule.setVisible(on)

    def _ensure_canvas(self) -> MapCanvas:
        if self.canvas is None:
            from sslstudio.gui.widgets.map_canvas import MapCanvas

            canvas = MapCanvas()
            canvas.setAccessibleName("Map of images")
            canvas.setAccessibleDescription("Arrow keys move, plus and minus zoom, Home shows all")
            canvas.box.outlined.connect(self._outlined)
            canvas.box.picked.connect(self._picked)
            canvas.box.opened.connect(
                lambda row: self.opened.emit(int(self.scene.ids[row])) if self.scene is not None else None
            )
            canvas.box.pointed.connect(self._pointed)
            canvas.box.drawn.connect(self._count)
            self._stack.addWidget(canvas)
            self.canvas = canvas
            self._card = MapCard(canvas)
            self.set_tool(self._tool)
            self.bar.contours_toggled.connect(canvas.box.points.show_contours)
            self.bar.overview_toggled.connect(canvas.overview.set_wanted)
        return self.canvas

    def _restyle(self) -> None:
        if self.canvas is not None:
            self.canvas.restyle()

    def _hide_categories(self, hidden: frozenset[int]) -> None:
        if self.scene is not None and self.canvas is not None:
            self.scene.set_hidden(hidden)
            self.canvas.box.points.invalidate()

    def _outlined(self, tool: str, corners: npt.NDArray[np.float64], mode: str) -> None:
        if self.scene is None or self.scene.index is None:
            return
        rows = map_selection.enclosed(self.scene.index, tool, corners)
        self.selection_requested.emit(self.scene.ids_of(rows), mode)

    def _picked(self, row: int | None, mode: str) -> None:
        if self.scene is None or (row is None and mode != "replace"):
            return
        ids = np.zeros(0, dtype=np.int64) if row is None else self.scene.ids[row : row + 1]
        self.selection_requested.emit(ids, mode)

    def _pointed(self, row: int | None) -> None:
        if row is None or self.scene is None or self.canvas is None:
            self._card.hide()
            return
        image_id = int(self.scene.ids[row])
        picture = self._thumbnails.pixmap(image_id) if self._thumbnails is not None else None
        place = self.canvas.box.to_pixels(self.scene.xy[row])
        self._card.present(image_id, self._describe(image_id), picture, QPoint(round(place.x()), round(place.y())))

    def _pictures_came(self, ids: list[int]) -> None:
        if self.canvas is None:
            return
        if self._card.isVisible() and self._card.image_id in ids and self._thumbnails is not None:
            self._card.set_picture(self._thumbnails.pixmap(int(self._card.image_id or 0)))
        self.canvas.box.points.update()

    def _count(self, in_view: int) -> None:
        if self.scene is None or self.canvas is None:
            return
        self._shown.setText(f"Showing {in_view:,} of {len(self.scene.ids):,}")
        self._strength.setVisible(self.canvas.box.points.counted)
