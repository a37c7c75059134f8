"""Runs the shortcut check of the map in use and shows what it finds; a click shows a column on the map."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, Signal

from sslstudio.errors import SSLStudioError
from sslstudio.gui.item_models.current_map import CurrentMap
from sslstudio.gui.item_models.project_images import ProjectImages
from sslstudio.gui.pages.explore import shortcut_texts as texts
from sslstudio.gui.pages.explore.shortcut_panel import ShortcutPanel, ShownRow
from sslstudio.gui.pages.page import Services
from sslstudio.session import shortcut_words as words
from sslstudio.session.shortcut_check import Followed, ShortcutReport, Stopped, check
from sslstudio.session.shortcut_store import KeptReport, keep_report, kept_report

LEVELS = {"weak": 1, "moderate": 2, "strong": 3, "very strong": 4}


class ShortcutPresenter(QObject):
    """`colour_by` colours the map by a metadata column, given by its key."""

    _went_on = Signal(int, object)

    def __init__(
        self, services: Services, panel: ShortcutPanel, colour_by: Callable[[str], None], parent: QObject
    ) -> None:
        super().__init__(parent)
        self._services, self._panel, self._colour_by = services, panel, colour_by
        self._images, self._current = ProjectImages.of(services), CurrentMap.of(services)
        self.report: ShortcutReport | None = None
        self._made = ""
        self._looked_up = ""
        self._generation = 0
        self._busy = False
        panel.check_requested.connect(self.check)
        panel.stop_requested.connect(self.stop)
        panel.show_requested.connect(self.show_column)
        self._went_on.connect(self._show_progress)
        self._current.changed.connect(self._show_state)
        self._images.groups_changed.connect(self._show_report)
        self._images.images_changed.connect(self._mark_old)
        self._images.labels_changed.connect(self._mark_old)
        self._show_state()

    def close(self) -> None:
        """Stop what is under way."""
        self._generation += 1

    def check(self) -> None:
        """Check the map in use, off the window's thread."""
        source = self._current.known.current
        if source is None or self._current.known.map is None or self._busy:
            return
        self._generation += 1
        self._busy = True
        self._panel.set_busy((0, 0, ""))
        self._services.background.run(
            self._work, source.name, self._generation, done=self._take, failed=self._failed, key="explore-shortcuts"
        )

    def stop(self) -> None:
        """Let go of the check under way; it ends at its next step."""
        self._generation += 1
        self._end()

    def show_column(self, key: str) -> None:
        """Colour the map by a column and select the images of the groups that follow it."""
        one = self.report.column(key) if self.report is not None else None
        if one is None:
            return
        self._colour_by(key)
        named = [share.group for share in one.concerned] if self._holds() else []
        ids = self._images.table.ids[np.isin(self._images.group, named)]
        if len(ids):
            self._services.session.select(ids)
        self._services.notify.info(texts.shown(one.info.title, len(ids)))

    def _work(self, source: str, generation: int) -> tuple[int, KeptReport | None]:
        def call(target: str, /, *args: Any, **kwargs: Any) -> Any:
            return self._services.compute.submit(target, *args, **kwargs).result()

        def progress(done: int, total: int, what: str) -> None:
            self._went_on.emit(generation, (done, total, what))

        project = self._services.session.project
        try:
            report = check(project, source, call, progress, lambda: generation == self._generation)
            return generation, keep_report(project, report)
        except Stopped:
            return generation, None

    def _take(self, found: tuple[int, KeptReport | None]) -> None:
        generation, kept = found
        if generation != self._generation:
            return
        self._end()
        if kept is not None:
            self._show_kept(kept, holds=True)

    def _show_kept(self, kept: KeptReport, *, holds: bool) -> None:
        self.report, self._made = kept.report, texts.MADE.format(when=f"{kept.made:%d %b %Y, %H:%M}")
        self._panel.set_old("" if holds else texts.OLD_LABELS)
        self._show_report()

    def _look_up(self, map_id: str) -> None:
        """Show what was found on this map before."""
        self._looked_up = map_id

        def take(found: tuple[KeptReport, bool] | None) -> None:
            if found is not None and map_id == self._looked_up and not self._busy:
                self._show_kept(found[0], holds=found[1])

        project = self._services.session.project
        self._services.background.run(kept_report, project, map_id, done=take, key="explore-shortcuts-before")

    def _failed(self, error: SSLStudioError) -> None:
        self._end()
        self._services.notify.error(error)

    def _end(self) -> None:
        self._busy = False
        self._panel.set_busy(None)

    def _show_progress(self, generation: int, done: tuple[int, int, str]) -> None:
        if generation == self._generation and self._busy:
            self._panel.set_busy(done)

    def _holds(self) -> bool:
        """Whether the report is of the map that is shown."""
        shown = self._current.known.map
        return self.report is not None and shown is not None and shown.map_id == self.report.map_id

    def _show_state(self) -> None:
        shown = self._current.known.map
        self._panel.set_reason("" if shown is not None else texts.NO_MAP)
        if shown is not None and shown.map_id != self._looked_up:
            self._look_up(shown.map_id)
        if self.report is not None and not self._holds():
            self._panel.set_old(texts.OLD_MAP)

    def _mark_old(self, *_: object) -> None:
        if self.report is not None and self._holds():
            self._panel.set_old(texts.OLD_LABELS)

    def _show_report(self) -> None:
        report = self.report
        if report is None:
            return
        names = self._images.group_names if self._holds() else {}
        shown = [self._row(one, names) for one in report.columns]
        self._panel.set_report(
            words.summary(report),
            [row for row, one in zip(shown, report.columns, strict=True) if one.found],
            [row for row, one in zip(shown, report.columns, strict=True) if not one.found],
            [(out.title, out.reason) for out in report.left_out],
            f"{words.basis(report)} {self._made}",
        )

    def _row(self, one: Followed, names: dict[int, str]) -> ShownRow:
        said = words.strength(one)
        return ShownRow(
            one.info.key,
            one.info.title,
            LEVELS.get(said, 0),
            said,
            words.sentence(one, names),
            tuple(words.details(one)),
            one.found and not one.anatomy,
        )
