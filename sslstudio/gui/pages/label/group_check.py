"""Asks how a group is to be checked, in answer to Explore or to the Label page's own menu, and begins the check."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from sslstudio.errors import SSLStudioError
from sslstudio.gui.item_models.project_images import ProjectImages
from sslstudio.gui.pages.label import audit_texts as texts
from sslstudio.gui.pages.label import texts as page_texts
from sslstudio.gui.pages.label.auditing import Auditing
from sslstudio.gui.pages.label.check_dialog import CheckDialog
from sslstudio.gui.pages.page import Services
from sslstudio.labels import audit

if TYPE_CHECKING:
    from sslstudio.session.selection import Ids


class GroupCheck(QObject):
    """Listens to the session's `check_asked` until it is closed."""

    _asked = Signal(object, str)

    def __init__(self, services: Services, auditing: Auditing, window: QWidget, parent: QObject) -> None:
        super().__init__(parent)
        self._services, self._auditing, self._window = services, auditing, window
        self._images = ProjectImages.of(services)
        self.dialog: CheckDialog | None = None
        self._asked.connect(self.ask)
        services.session.check_asked.connect(self._asked.emit)

    def close(self) -> None:
        """Let go of the session."""
        self._services.session.check_asked.disconnect(self._asked.emit)

    def ask(self, ids: Ids, group: str) -> None:
        """Select these images and ask as what they are to be labelled and how many are looked at."""
        session, notify = self._services.session, self._services.notify
        if session.project.read_only:
            notify.info(page_texts.READ_ONLY)
            return
        labels = session.labels()
        open_ = [int(image_id) for image_id in ids if int(image_id) not in labels]
        session.select(open_)
        if len(open_) < audit.FEWEST:
            notify.info(texts.too_small(len(open_)))
            return
        classes = [(info.class_id, info.name) for info in self._images.classes().values()]
        self.dialog = CheckDialog(group, len(open_), len(ids) - len(open_), classes, self._window)
        self.dialog.begin_requested.connect(self._begin)
        self.dialog.finished.connect(self._closed)
        self.dialog.open()

    def ask_selected(self) -> None:
        """Ask about the images that are selected."""
        self.ask(self._services.session.selection.ordered, "")

    def _begin(self, class_id: int, name: str, size: int) -> None:
        try:
            wanted = class_id if class_id >= 0 else self._services.session.add_class(name).class_id
        except SSLStudioError as error:
            self._services.notify.error(error)
            return
        self._auditing.begin(wanted, size)

    def _closed(self, *_: object) -> None:
        if self.dialog is not None:
            self.dialog.deleteLater()
        self.dialog = None
