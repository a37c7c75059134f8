"""Selecting images in the tree, and leaving them out of training with a reason."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject

from sslstudio.catalogue.rows import TreeRow
from sslstudio.gui.pages.data.view import DataView
from sslstudio.gui.pages.page import Services
from sslstudio.gui.texts import count


class ChoosingController(QObject):
    """Connects the tree of a Data view to the selection of one project; `changed` is called after an exclusion."""

    def __init__(self, services: Services, view: DataView, changed: Callable[[], None]) -> None:
        super().__init__(view)
        self._services, self._view, self._changed = services, view, changed
        self._catalogue = services.session.project.catalogue
        self._series_ids: dict[str, list[int]] | None = None
        view.images.series_selected.connect(self._select)
        view.images.exclude_requested.connect(self.exclude)
        view.images.include_requested.connect(lambda: self.exclude(None))
        services.session.images_changed.connect(self._forget)

    def close(self) -> None:
        """Let go of the session."""
        self._services.session.images_changed.disconnect(self._forget)

    def _forget(self) -> None:
        self._series_ids = None

    def _select(self, rows: Sequence[TreeRow]) -> None:
        self._view.images.set_selected(sum(row.n_images for row in rows), len({row.subject for row in rows}))
        wanted = [row.series for row in rows]
        self._services.background.run(self._ids_of, wanted, done=self._services.session.select, key="data selection")

    def _ids_of(self, series: Sequence[str]) -> list[int]:
        known = self._series_ids
        if known is None:
            known = {}
            for item in self._catalogue.items(include_excluded=True):
                known.setdefault(item.series, []).append(item.image_id)
            self._series_ids = known
        return [image_id for name in series for image_id in known.get(name, ())]

    def exclude(self, reason: str | None) -> None:
        """Leave the selected images out of training for a reason, or take them in again."""
        chosen = tuple(self._services.session.selection)
        if chosen:
            images = count(len(chosen), "image")
            told = f"{images} left out of training." if reason else f"{images} taken in again."
            self._store(chosen, reason, told)

    def _store(self, chosen: tuple[int, ...], reason: str | None, told: str) -> None:
        def done(_: object) -> None:
            self._services.session.images_were_changed()
            self._changed()
            if reason:
                again = "Taken back: the images are in training again."
                self._services.notify.undoable(told, lambda: self._store(chosen, None, again))
            else:
                self._services.notify.info(told)

        self._services.background.run(self._catalogue.set_excluded, chosen, reason, done=done)
