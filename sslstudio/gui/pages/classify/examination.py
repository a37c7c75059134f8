"""Fills the panels that need more than the scores: worst cases, subgroups, and other classifiers on the same images."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject

from sslstudio.domain.units import count
from sslstudio.errors import SSLStudioError
from sslstudio.gui.item_models.image_table import sorted_ids
from sslstudio.gui.item_models.project_images import ProjectImages
from sslstudio.gui.item_models.tile_texts import tile
from sslstudio.gui.item_models.tiles import Tile
from sslstudio.gui.pages.classify import examination_texts as texts
from sslstudio.gui.pages.classify.examination_view import ExaminationView
from sslstudio.gui.pages.page import Services
from sslstudio.session import examining
from sslstudio.session.examining import Cases, Subgroups

MOST_SHOWN = 500


class Examination(QObject):
    """`show(model)` names the classifier; a panel is filled when it comes to the front."""

    def __init__(self, services: Services, view: ExaminationView, parent: QObject) -> None:
        super().__init__(parent)
        self._services, self._view = services, view
        self._images = ProjectImages.of(services)
        self._model, self._classes = "", tuple[str, ...]()
        self._stamp: object = None
        self._filled: set[str] = set()
        self._cases: Cases | None = None
        self._place: dict[int, int] = {}
        self._cell: tuple[int, int] | None = None
        self._among: npt.NDArray[np.int64] | None = None
        self._groups: Subgroups | None = None
        view.worst.use(self._tile, self._images.thumbnails)
        view.tabs.shown.connect(lambda _: self._fill())
        view.worst.selection_requested.connect(services.session.select)
        view.worst.opened.connect(self._open)
        view.worst.all_requested.connect(lambda: self.show_cell(None))
        view.subgroups.row_requested.connect(self._select_group)
        services.session.selection_changed.connect(self._show_selection)

    def close(self) -> None:
        """Let go of the session."""
        self._services.session.selection_changed.disconnect(self._show_selection)

    def show(self, model_id: str, classes: Sequence[str], stamp: object) -> None:
        """Examine this classifier; `stamp` changes when it was tested again."""
        if (model_id, stamp) == (self._model, self._stamp):
            return
        self._model, self._classes, self._stamp = model_id, tuple(classes), stamp
        self._filled.clear()
        self._cases, self._cell, self._among, self._groups = None, None, None, None
        self._fill()

    def show_cell(self, cell: tuple[int, int] | None, among: npt.NDArray[np.int64] | None = None) -> None:
        """Of the worst cases only those of one cell of the matrix (label, called), or all again; `among` are its images
        where it counts studies or patients."""
        self._cell, self._among = cell, among
        self._show_cases()

    def compare(self, others: Sequence[tuple[str, str]], title: str, done: Callable[[str], None]) -> None:
        """Say how the classifier shown (called `title`) compares with others (id, title) on the same images."""
        project, compute, model = self._services.session.project, self._services.compute, self._model

        def work() -> str:
            lines = []
            for other, name in others:
                try:
                    lines.append(examining.said(examining.compare(project, model, other, compute), title, name))
                except SSLStudioError as error:
                    lines.append(error.message)
            return "\n".join(lines)

        self._services.background.run(work, done=done, failed=self._services.notify.error, key="classify-paired")

    def _fill(self) -> None:
        panel = self._view.tabs.current()
        if not self._model or panel not in ("worst", "subgroups") or panel in self._filled:
            return
        self._filled.add(panel)
        project, model, stamp = self._services.session.project, self._model, self._stamp
        if panel == "worst":
            self._view.worst.set_words(texts.LOOKING)
            work: Callable[[], Any] = partial(examining.worst_first, project, model)
            take: Callable[[Any], None] = self._take_cases
        else:
            self._view.subgroups.set_rows([], texts.LOOKING)
            work = partial(examining.subgroups, project, model, self._services.compute)
            take = self._take_groups

        def done(found: Any) -> None:
            if (model, stamp) == (self._model, self._stamp):
                take(found)

        self._services.background.run(work, done=done, failed=partial(self._failed, panel), key=f"classify-{panel}")

    def _failed(self, panel: str, error: SSLStudioError) -> None:
        words = f"{error.message} {error.hint}".strip()
        if panel == "worst":
            self._view.worst.set_words(words)
        else:
            self._view.subgroups.set_rows([], words)

    def _take_cases(self, cases: Cases) -> None:
        self._cases = cases
        self._place = {int(image_id): place for place, image_id in enumerate(cases.ids)}
        self._show_cases()

    def _show_cases(self) -> None:
        cases = self._cases
        if cases is None:
            return
        chosen = np.ones(len(cases.ids), dtype=bool)
        if self._among is not None:
            chosen = np.isin(cases.ids, self._among)
        elif self._cell is not None:
            chosen = (cases.label == self._cell[0]) & (cases.called == self._cell[1])
        names = None if self._cell is None else (self._classes[self._cell[0]], self._classes[self._cell[1]])
        wrong = int((cases.label != cases.called).sum())
        if self._among is not None and names is not None:
            words = texts.worst_of_cases(int(chosen.sum()), names, MOST_SHOWN)
        else:
            words = texts.worst(int(chosen.sum()), wrong, len(cases.ids), names, MOST_SHOWN)
        ids = cases.ids[chosen][:MOST_SHOWN]
        self._view.worst.set_images(ids, sorted_ids(self._services.session.selection), words, names is not None)

    def _tile(self, image_id: int) -> Tile:
        """The tile says the label, what it was called, and with which probability."""
        shown = tile(self._images, image_id)
        place, cases = self._place.get(image_id), self._cases
        if place is None or cases is None:
            return shown
        called = self._classes[int(cases.called[place])]
        colours = {info.name: info.colour for info in self._images.classes().values()}
        return Tile(
            image_id=image_id,
            label=shown.label,
            colour=shown.colour,
            key=shown.key,
            prediction=called,
            prediction_colour=colours.get(called, ""),
            confidence=float(cases.share_of_called[place]),
            about=shown.about,
            patient=shown.patient,
        )

    def _open(self, image_id: int) -> None:
        self._services.session.select([image_id])
        self._services.navigate("explore")

    def _take_groups(self, found: Subgroups) -> None:
        self._groups = found
        self._view.subgroups.set_rows(found.rows, texts.subgroups(found.rows))

    def _select_group(self, row: int) -> None:
        if self._groups is None or not 0 <= row < len(self._groups.rows):
            return
        images: npt.NDArray[np.int64] = self._groups.images[row]
        self._services.session.select(images)
        one = self._groups.rows[row]
        words = f"Selected {count(len(images), 'test image')}: {one['column']} {one['value']}."
        self._services.notify.info(words, "Show them", lambda: self._services.navigate("explore"))

    def _show_selection(self, _selection: object) -> None:
        self._view.worst.set_selection(sorted_ids(self._services.session.selection))
