"""Leaving images out of training with a reason, and taking them in again: those selected, or all that fit a filter."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QObject

from sslstudio.domain.units import count
from sslstudio.gui.pages.data import browse_texts as texts
from sslstudio.gui.pages.data.browsing import BrowseController
from sslstudio.gui.pages.data.images_view import ImagesPane
from sslstudio.gui.pages.page import Services
from sslstudio.session.exclusions import Exclusion


class ChoosingController(QObject):
    """Connects the buttons below tree and gallery to the exclusions of one session."""

    def __init__(self, services: Services, view: ImagesPane, browse: BrowseController) -> None:
        super().__init__(view)
        self._services, self._view, self._browse = services, view, browse
        self._session = services.session
        view.exclude_requested.connect(lambda reason: self._store(self._session.selection, reason))
        view.include_requested.connect(lambda: self._store(self._session.selection, None))
        view.exclude_matches_requested.connect(lambda reason: self._store_matches(reason))
        view.include_matches_requested.connect(lambda: self._store_matches(None))

    def reason_not(self) -> str:
        """Why the selected images cannot be left out now, or ""."""
        if self._session.project.read_only:
            return texts.READ_ONLY
        return "" if self._session.selection else texts.NOTHING_SELECTED

    def take_in(self) -> None:
        """Take the selected images in again."""
        self._store(self._session.selection, None)

    def _store_matches(self, reason: str | None) -> None:
        """Everything that fits the filter in force when this was asked for."""
        ids = self._browse.now.tree.ids
        if self._browse.now.filter == self._session.filters.value:
            self._store(ids.tolist(), reason)

    def _store(self, image_ids: Iterable[int], reason: str | None) -> None:
        self._services.background.run(
            self._session.exclusions.exclude,
            image_ids,
            reason,
            done=self._told,
            failed=self._services.notify.error,
        )

    def _told(self, made: Exclusion) -> None:
        notify = self._services.notify
        if not made:
            notify.info("Nothing changed: these images stand so already.")
            return
        self._session.images_were_changed()
        images = count(len(made), "image")
        told = f"{images} left out of training: {made.reason}." if made.reason else f"{images} taken in again."
        notify.undoable(told, lambda: self._take_back(made))

    def _take_back(self, made: Exclusion) -> None:
        def done(undone: Exclusion | None) -> None:
            if undone is not None:
                self._session.images_were_changed()
                self._services.notify.info("Taken back.")

        self._services.background.run(
            self._session.exclusions.undo, made, done=done, failed=self._services.notify.error
        )
