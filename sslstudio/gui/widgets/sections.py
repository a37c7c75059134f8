"""The sections of a page as tabs that are known by an id and may carry a count; the page does not know who adds one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QTabWidget, QWidget

from sslstudio.gui import theme

Badge = Callable[[], str]


@dataclass(frozen=True)
class _Section:
    id: str
    title: str
    widget: QWidget
    badge: Badge | None


class Sections(QTabWidget):
    """Tabs by id. Left and Right walk along the tabs, Ctrl+Tab from anywhere inside.

    ``section_changed(id)`` fires when another section comes to the front, by the user or by `show_section`.
    """

    section_changed = Signal(str)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setDocumentMode(True)
        self.setAccessibleName(name)
        self.tabBar().setAccessibleName(name)
        self.setIconSize(QSize(16, 16))
        self._sections: list[_Section] = []
        self._icons: list[str] = []
        self.currentChanged.connect(self._changed)
        theme.on_change(self, self._paint_icons)

    def add_section(
        self, id: str, title: str, icon: str, widget: QWidget, badge: Badge | None = None, help: str = ""
    ) -> None:
        """Add a section behind the others. `badge` answers with a short count, or "" for none; `help` is its tooltip.

        Raises ValueError when there is a section of this id.
        """
        if id in self.section_ids():
            raise ValueError(f"There is a section {id} already.")
        self._sections.append(_Section(id, title, widget, badge))
        self._icons.append(icon)
        if not widget.accessibleName():
            widget.setAccessibleName(title)
        place = self.addTab(widget, title)
        self.setTabToolTip(place, help)
        self._paint_icons()
        self.refresh_badges()

    def hasHeightForWidth(self) -> bool:
        """A section takes the room it gets; hidden ones are not measured for each width that is tried."""
        return False

    def section_ids(self) -> list[str]:
        """The ids in the order of the tabs."""
        return [section.id for section in self._sections]

    def current_section(self) -> str:
        """The id of the section in front, "" when there is none."""
        place = self.currentIndex()
        return self._sections[place].id if 0 <= place < len(self._sections) else ""

    def show_section(self, id: str) -> bool:
        """Bring a section to the front; False when there is none of this id or it is hidden."""
        if id not in self.section_ids() or not self.isTabVisible(self._place(id)):
            return False
        self.setCurrentIndex(self._place(id))
        return True

    def set_section_visible(self, id: str, visible: bool) -> None:
        """Show or hide the tab of a section that has nothing to say at present."""
        self.setTabVisible(self._place(id), visible)

    def refresh_badges(self) -> None:
        """Ask every section for its count again."""
        for place, section in enumerate(self._sections):
            count = section.badge() if section.badge is not None else ""
            text = f"{section.title}  {count}" if count else section.title
            if self.tabText(place) != text:
                self.setTabText(place, text)

    def _place(self, id: str) -> int:
        return self.section_ids().index(id)

    def _changed(self, _place: int) -> None:
        section = self.current_section()
        if section:
            self.section_changed.emit(section)

    def _paint_icons(self) -> None:
        for place, icon in enumerate(self._icons):
            if icon and place < self.count():
                self.setTabIcon(place, theme.icon(icon))
