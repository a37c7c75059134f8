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
    QButtonGroup,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from sslstudio.gui import theme
from sslstudio.gui.item_models.colouring import Colouring
from sslstudio.gui.item_models.thumbnails import ThumbnailSource
from sslstudio.gui.widgets import map_selection
from sslstudio.gui.widgets.controls import EmptyState, IconButton, Line
from sslstudio.gui.widgets.legend import Legend
from sslstudio.gui.widgets.map_card import MapCard
from sslstudio.gui.widgets.map_scene import MapScene, Tool

if TYPE_CHECKING:
    from sslstudio.gui.widgets.map_canvas import MapCanvas

_TOOLS: tuple[tuple[Tool, str, str, str], ...] = (
    ("pan", "pan", "Move", "Drag to move the map, turn the wheel to zoom"),
    ("lasso", "lasso", "Lasso", "Draw around images to select them\nShift adds, Alt takes away, Ctrl toggles"),
    ("box", "box-select", "Box", "Drag a box over images to select them\nShift adds, Alt takes away, Ctrl toggles"),
)


class MapView(QWidget):
    """Shows points and asks for selections; ids in and out are image ids."""

    selection_requested = Signal(object, str)
    """Image ids (int64 array) and one of replace, toggle, extend, subtract."""
    opened = Signal(int)
    """An image was double-clicked."""
    colouring_requested = Signal(str)
    """Another entry of the "colour by" list was chosen."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._canvas: MapCanvas | None = None
        self._scene: MapScene | None = None
        self._thumbnails: ThumbnailSource | None = None
        self._describe: Callable[[int], str] = str
        self._tool: Tool = "pan"
        self._tools = QButtonGroup(self)
        self.colour_by = QComboBox()
        self._shown = QLabel()
        self.legend = Legend()
        self._legend_title = QLabel()
        self.empty = EmptyState("explore", "No map yet", "")
        self._stack = QStackedWidget()
        self._stack.addWidget(self.empty)
        self._build()
        self.legend.hidden_changed.connect(self._hide_categories)
        self.colour_by.activated.connect(lambda _: self.colouring_requested.emit(str(self.colour_by.currentData())))
        theme.on_change(self, self._restyle)

    def set_points(self, ids: npt.NDArray[np.int64], xy: npt.NDArray[np.float32]) -> None:
        """Show images `ids` (N,) at `xy` (N, 2) and fit them into view."""
        canvas = self._ensure_canvas()
        self._scene = MapScene(ids, xy, self._thumbnails)
        canvas.box.scene_data = self._scene
        canvas.box.points.invalidate()
        canvas.box.fit()
        self._stack.setCurrentWidget(canvas)
        self._enable(True)

    def set_empty(self, title: str, text: str, action: str = "") -> None:
        """Show no map, and why."""
        self.empty.title.setText(title)
        self.empty.text.setText(text)
        self.empty.button.setText(action)
        self.empty.button.setVisible(bool(action))
        self._scene = None
        self._stack.setCurrentWidget(self.empty)
        self.legend.set_categories(())
        self._shown.clear()
        self._enable(False)

    def set_colourings(self, entries: list[tuple[str, str]], current: str) -> None:
        """The entries (value, name) of the "colour by" list."""
        self.colour_by.clear()
        for value, name in entries:
            self.colour_by.addItem(name, value)
        self.colour_by.setCurrentIndex(max(0, self.colour_by.findData(current)))

    def set_colouring(self, colouring: Colouring) -> None:
        """Colour the points; what the legend hid stays hidden while the categories keep their names."""
        if self._scene is None or self._canvas is None:
            return
        old = self._scene.colouring
        hidden_names = {old.categories[place].name for place in self._scene.hidden}
        keep = old.title == colouring.title
        hidden = frozenset(
            place for place, category in enumerate(colouring.categories) if keep and category.name in hidden_names
        )
        self._scene.set_colouring(colouring, hidden)
        self.legend.set_categories(colouring.categories, hidden)
        self._legend_title.setText(colouring.title)
        self._canvas.box.points.invalidate()

    def set_selection(self, ids: npt.NDArray[np.int64]) -> None:
        """Highlight these images."""
        if self._scene is not None and self._canvas is not None:
            self._scene.set_selection(ids)
            self._canvas.box.points.invalidate()

    def set_thumbnails(self, source: ThumbnailSource, describe: Callable[[int], str]) -> None:
        """Where pictures come from, and the lines of the hover card for an image id."""
        self._thumbnails, self._describe = source, describe
        source.ready.connect(self._pictures_came)
        if self._scene is not None:
            self._scene.thumbnails = source

    def set_tool(self, tool: Tool) -> None:
        """Choose move, lasso or box."""
        self._tool = tool
        for button in self._tools.buttons():
            if button.property("tool") == tool:
                button.setChecked(True)
        if self._canvas is not None:
            self._canvas.box.tool = tool
            self._canvas.setCursor(Qt.CursorShape.ArrowCursor if tool == "pan" else Qt.CursorShape.CrossCursor)

    def fit(self) -> None:
        """Show all points."""
        if self._canvas is not None:
            self._canvas.box.fit()

    @property
    def scene(self) -> MapScene | None:
        """What is shown now."""
        return self._scene

    @property
    def canvas(self) -> MapCanvas | None:
        """The drawing surface, once there were points."""
        return self._canvas

    def _build(self) -> None:
        bar = QHBoxLayout()
        bar.setContentsMargins(8, 4, 8, 4)
        bar.setSpacing(4)
        for tool, icon, name, tip in _TOOLS:
            button = QToolButton()
            button.setText(name)
            button.setToolTip(tip)
            button.setAccessibleName(f"{name} tool")
            button.setAccessibleDescription(tip)
            button.setCheckable(True)
            button.setAutoRaise(True)
            button.setProperty("tool", tool)
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            theme.follow_icon(button, icon)
            button.clicked.connect(lambda _checked=False, chosen=tool: self.set_tool(chosen))
            self._tools.addButton(button)
            bar.addWidget(button)
        fit = IconButton("zoom-fit", "Show all points (Home)")
        fit.clicked.connect(self.fit)
        self._fit = fit
        bar.addWidget(fit)
        bar.addStretch(1)
        label = QLabel("Colour by")
        label.setProperty("role", "muted")
        label.setBuddy(self.colour_by)
        self.colour_by.setAccessibleName("Colour by")
        self.colour_by.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        bar.addWidget(label)
        bar.addWidget(self.colour_by)
        side = QWidget()
        side.setFixedWidth(176)
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 8, 0, 8)
        column.setSpacing(4)
        self._legend_title.setProperty("role", "small")
        self._legend_title.setContentsMargins(8, 0, 8, 0)
        column.addWidget(self._legend_title)
        column.addWidget(self.legend, 1)
        self._shown.setProperty("role", "small")
        self._shown.setContentsMargins(8, 0, 8, 0)
        self._shown.setAccessibleName("Number of images shown")
        column.addWidget(self._shown)
        self._side = side
        middle = QHBoxLayout()
        middle.setSpacing(0)
        self._stack.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        middle.addWidget(self._stack, 1)
        self._rule = Line(vertical=True)
        middle.addWidget(self._rule)
        middle.addWidget(side)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addLayout(bar)
        whole.addWidget(Line())
        whole.addLayout(middle, 1)
        self.setMinimumSize(360, 200)
        self.set_tool("pan")
        self._enable(False)

    def _enable(self, on: bool) -> None:
        for widget in (*self._tools.buttons(), self._fit, self.colour_by):
            widget.setEnabled(on)
        self._side.setVisible(on)
        self._rule.setVisible(on)

    def _ensure_canvas(self) -> MapCanvas:
        if self._canvas is None:
            from sslstudio.gui.widgets.map_canvas import MapCanvas

            canvas = MapCanvas()
            canvas.setAccessibleName("Map of images")
            canvas.setAccessibleDescription("Arrow keys move, plus and minus zoom, Home shows all")
            canvas.box.outlined.connect(self._outlined)
            canvas.box.picked.connect(self._picked)
            canvas.box.opened.connect(self._opened)
            canvas.box.pointed.connect(self._pointed)
            canvas.box.drawn.connect(self._count)
            self._stack.addWidget(canvas)
            self._canvas = canvas
            self._card = MapCard(canvas)
            self.set_tool(self._tool)
        return self._canvas

    def _restyle(self) -> None:
        if self._canvas is not None:
            self._canvas.restyle()

    def _hide_categories(self, hidden: frozenset[int]) -> None:
        if self._scene is not None and self._canvas is not None:
            self._scene.set_hidden(hidden)
            self._canvas.box.points.invalidate()

    def _outlined(self, tool: str, corners: npt.NDArray[np.float64], mode: str) -> None:
        if self._scene is None:
            return
        rows = self._scene.order
        places = self._scene.xy[rows].astype(np.float64)
        if tool == "box":
            first, last = corners[0], corners[-1]
            inside = map_selection.in_box(places, (first[0], first[1]), (last[0], last[1]))
        else:
            inside = map_selection.in_lasso(places, corners)
        self.selection_requested.emit(np.sort(self._scene.ids[rows[inside]]), mode)

    def _picked(self, row: int | None, mode: str) -> None:
        if self._scene is None or (row is None and mode != "replace"):
            return
        ids = np.zeros(0, dtype=np.int64) if row is None else self._scene.ids[row : row + 1]
        self.selection_requested.emit(ids, mode)

    def _opened(self, row: int) -> None:
        if self._scene is not None:
            self.opened.emit(int(self._scene.ids[row]))

    def _pointed(self, row: int | None) -> None:
        if row is None or self._scene is None or self._canvas is None:
            self._card.hide()
            return
        image_id = int(self._scene.ids[row])
        picture = self._thumbnails.pixmap(image_id) if self._thumbnails is not None else None
        place = self._canvas.box.to_pixels(self._scene.xy[row])
        self._card.present(image_id, self._describe(image_id), picture, QPoint(round(place.x()), round(place.y())))

    def _pictures_came(self, ids: list[int]) -> None:
        if self._canvas is None:
            return
        if self._card.isVisible() and self._card.image_id in ids and self._thumbnails is not None:
            self._card.set_picture(self._thumbnails.pixmap(int(self._card.image_id or 0)))
        self._canvas.box.points.update()

    def _count(self, in_view: int) -> None:
        if self._scene is None:
            return
        shown, total = self._scene.shown_count(), len(self._scene.ids)
        self._shown.setText(f"Showing {min(in_view, shown):,} of {total:,}")
