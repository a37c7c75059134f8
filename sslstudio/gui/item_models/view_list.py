"""The saved views of the open project, shared by all its galleries; read and stored off the window's thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from sslstudio.session import saved_views
from sslstudio.session.saved_views import SavedView

if TYPE_CHECKING:
    from sslstudio.gui.pages.page import Services

READ_ONLY = "This project is open for reading only."


class ViewList(QObject):
    """`changed` fires when there are other views than before."""

    changed = Signal()

    def __init__(self, services: Services, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._services = services
        self.views: tuple[SavedView, ...] = ()
        self._touched = False
        project = services.session.project
        services.background.run(saved_views.load, project, done=self._take, key="saved-views")

    @classmethod
    def of(cls, services: Services) -> ViewList:
        """The one of this project."""
        found = services.background.findChild(ViewList)
        return found if isinstance(found, ViewList) else cls(services, services.background)

    @property
    def reason(self) -> str:
        """Why views cannot be changed now; empty when they can."""
        return READ_ONLY if self._services.session.project.read_only else ""

    def find(self, name: str) -> SavedView | None:
        """A view by its name, in capitals or not; None when there is none."""
        return next((view for view in self.views if view.name.casefold() == name.casefold()), None)

    def put(self, view: SavedView) -> None:
        """Keep a view; one of the same name gives way. Raises SSLStudioError ("too_many_views")."""
        self._change(saved_views.put(self.views, view))

    def rename(self, old: str, new: str) -> None:
        """Give a view another name. Raises SSLStudioError ("view_exists")."""
        self._change(saved_views.rename(self.views, old, new))

    def remove(self, name: str) -> None:
        """Forget a view."""
        self._change(saved_views.remove(self.views, name))

    def restore(self, views: tuple[SavedView, ...]) -> None:
        """Put back what there was."""
        self._change(views)

    def _change(self, views: tuple[SavedView, ...]) -> None:
        self.views, self._touched = views, True
        project = self._services.session.project
        self._services.background.run(saved_views.store, project, views, failed=self._services.notify.error)
        self.changed.emit()

    def _take(self, views: tuple[SavedView, ...]) -> None:
        if not self._touched:
            self.views = views
            self.changed.emit()
