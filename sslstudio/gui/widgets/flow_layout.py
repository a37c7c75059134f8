"""A layout that fills rows from left to right and wraps, for chips and cards; Qt has none of its own."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem, QWidget


class FlowLayout(QLayout):
    """Rows of widgets at their preferred size, `spacing` pixels apart, as many rows as the width asks for.

    With `column_width` the widgets become equal columns of at least that width, stretched to fill the row, and the
    widgets of a row share its height. With `steady` the columns are as wide when there are few widgets as with many.
    """

    def __init__(
        self, parent: QWidget | None = None, spacing: int = 8, column_width: int = 0, *, steady: bool = False
    ) -> None:
        super().__init__(parent)
        self._entries: list[QLayoutItem] = []
        self._column_width = column_width
        self._steady = steady
        self._heights: dict[int, int] = {}
        self._smallest: QSize | None = None
        self.setSpacing(spacing)
        self.setContentsMargins(0, 0, 0, 0)

    def addItem(self, item: QLayoutItem) -> None:
        """Add one entry at the end."""
        self._entries.append(item)
        self.invalidate()

    def count(self) -> int:
        """How many entries."""
        return len(self._entries)

    def itemAt(self, index: int) -> QLayoutItem | None:
        """The entry at `index`, or None beyond the end."""
        return self._entries[index] if 0 <= index < len(self._entries) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        """Remove and return the entry at `index`, or None."""
        taken = self._entries.pop(index) if 0 <= index < len(self._entries) else None
        self.invalidate()
        return taken

    def expandingDirections(self) -> Qt.Orientation:
        """Never asks for more than it needs."""
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        """The narrower, the taller."""
        return True

    def invalidate(self) -> None:
        """An entry changed: measure again."""
        self._heights.clear()
        self._smallest = None
        super().invalidate()

    def heightForWidth(self, width: int) -> int:
        """The height all rows need at `width`; layouts around this one ask for it hundreds of times in one pass."""
        height = self._heights.get(width)
        if height is None:
            height = self._heights[width] = self._arrange(QRect(0, 0, width, 0), move=False)
        return height

    def setGeometry(self, rect: QRect) -> None:
        """Place every entry."""
        super().setGeometry(rect)
        self._arrange(rect, move=True)

    def sizeHint(self) -> QSize:
        """The smallest size that shows the widest entry."""
        return self.minimumSize()

    def minimumSize(self) -> QSize:
        """The size of the largest entry."""
        if self._smallest is None:
            size = QSize()
            for entry in self._entries:
                size = size.expandedTo(entry.minimumSize())
            margins = self.contentsMargins()
            self._smallest = size + QSize(margins.left() + margins.right(), margins.top() + margins.bottom())
        return self._smallest

    def _arrange(self, rect: QRect, *, move: bool) -> int:
        margins = self.contentsMargins()
        inside = rect.adjusted(margins.left(), margins.top(), -margins.right(), -margins.bottom())
        shown = [entry for entry in self._entries if (w := entry.widget()) is None or not w.isHidden()]
        y = inside.y()
        for row in self._rows(shown, inside.width()):
            heights = [self._height(entry, width) for entry, width in row]
            x = inside.x()
            for (entry, width), height in zip(row, heights, strict=True):
                if move:
                    tall = max(heights) if self._column_width else height
                    entry.setGeometry(QRect(QPoint(x, y + (max(heights) - tall) // 2), QSize(width, tall)))
                x += width + self.spacing()
            y += max(heights) + self.spacing()
        return y - rect.y() - (self.spacing() if shown else 0) + margins.bottom()

    def _rows(self, shown: list[QLayoutItem], width: int) -> list[list[tuple[QLayoutItem, int]]]:
        gap = self.spacing()
        if self._column_width:
            most = (width + gap) // (self._column_width + gap)
            columns = max(1, most if self._steady else min(len(shown), most))
            each = (width - gap * (columns - 1)) // columns
            return [[(entry, each) for entry in shown[i : i + columns]] for i in range(0, len(shown), columns)]
        rows: list[list[tuple[QLayoutItem, int]]] = []
        used = 0
        for entry in shown:
            wide = min(entry.sizeHint().width(), max(width, 1))
            if not rows or used + gap + wide > width:
                rows.append([])
                used = -gap
            rows[-1].append((entry, wide))
            used += gap + wide
        return rows

    @staticmethod
    def _height(entry: QLayoutItem, width: int) -> int:
        return entry.heightForWidth(width) if entry.hasHeightForWidth() else entry.sizeHint().height()
