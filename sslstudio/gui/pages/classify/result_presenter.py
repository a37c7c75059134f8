"""Shows the scores of one classifier by image, study or patient, as the user chooses, and selects a cell's images."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject

from sslstudio.catalogue.rows import ModelRow
from sslstudio.domain.units import POOLINGS, UNITS, Counting
from sslstudio.errors import SSLStudioError
from sslstudio.gui.item_models import sides
from sslstudio.gui.item_models.project_images import ProjectImages
from sslstudio.gui.pages.classify import counting_texts, results, texts
from sslstudio.gui.pages.classify.apply_model import Applied
from sslstudio.gui.pages.classify.counting_bar import CountingBar
from sslstudio.gui.pages.classify.examination import Examination
from sslstudio.gui.pages.page import Services
from sslstudio.session import attending, pooling


class ResultView(Protocol):
    """The part of the view that shows a result."""

    def set_score(self, value: str, basis: str, left_out: str) -> None: ...
    def set_no_score(self, text: str) -> None: ...
    def set_matrix(self, names: Sequence[str], counts: Any) -> None: ...
    def set_scores(self, scores: Mapping[str, Any], colours: Mapping[str, str]) -> None: ...


class ResultPresenter(QObject):
    """`changed` is called when the stored scores of a model were replaced."""

    def __init__(
        self,
        services: Services,
        view: ResultView,
        bar: CountingBar | None,
        examination: Examination | None,
        changed: Callable[[], None],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._services, self._view, self._bar, self._examination = services, view, bar, examination
        self._images = ProjectImages.of(services)
        self._changed = changed
        self._model: ModelRow | None = None
        if bar is not None:
            bar.chosen.connect(self._choose)
            bar.nothing_chosen.connect(self._choose_nothing)

    def show(self, model: ModelRow) -> None:
        """Show what the evaluation of a model found, counted as it was counted last."""
        self._model = model
        scores = model.scores
        if scores is None:
            self._view.set_no_score(texts.NO_TEST)
            return
        shown = pooling.counted(scores)
        if shown is scores:
            images, patients = int(scores.get("n_images", 0)), int(scores.get("n_subjects", 0))
            basis = texts.basis(images, patients, len(model.classes))
        else:
            basis = counting_texts.basis(shown, len(model.classes))
        left_out = texts.left_out(scores.get("left_out", {}))
        self._view.set_score(texts.figure(shown.get("balanced_accuracy")), basis, left_out)
        self._view.set_matrix(model.classes, shown.get("confusion", []))
        colours = {info.name: info.colour for info in self._images.classes().values()}
        self._view.set_scores(shown, colours)
        if self._bar is not None:
            self._fill(self._bar, model, scores, shown)

    def select_cell(self, applied: Applied | None, true: int, called: int) -> None:
        """Select the test images behind a cell of the matrix (label, called)."""
        model = self._model
        if model is None or model.scores is None:
            return
        if pooling.counted(model.scores) is model.scores:
            if applied is not None:
                table = self._images.table
                kept = sides.kept_patients(self._services.session, table)
                found = results.cell_images(table, self._images.labels(), applied, true, called, kept)
                words = texts.selected(len(found), model.classes[true], model.classes[called])
                self._select(found, (true, called), None, words)
            return
        project, shown = self._services.session.project, pooling.counted(model.scores)
        cases, unit = int(shown["confusion"][true][called]), str(shown["unit"])

        def take(found: npt.NDArray[np.int64]) -> None:
            if self._model is not None and self._model.model_id == model.model_id:
                names = (model.classes[true], model.classes[called])
                words = counting_texts.selected(len(found), cases, unit, *names)
                self._select(found.tolist(), (true, called), found, words)

        self._services.background.run(
            pooling.images_of_cell, project, model.model_id, true, called,
            done=take, failed=self._services.notify.error, key="classify-cell",
        )  # fmt: skip

    def _select(
        self, found: Sequence[int], cell: tuple[int, int], among: npt.NDArray[np.int64] | None, words: str
    ) -> None:
        self._services.session.select(found)
        if self._examination is not None:
            self._examination.show_cell(cell, among)
        self._services.notify.info(words, "Show them", lambda: self._services.navigate("explore"))

    def _fill(self, bar: CountingBar, model: ModelRow, scores: Mapping[str, Any], shown: Mapping[str, Any]) -> None:
        counting = pooling.chosen(scores) if shown is not scores else Counting()
        unit = counting.unit
        reading = texts.READ_ONLY if self._services.session.project.read_only else ""
        units: dict[str, str] = {one: reading or pooling.unit_refusal(scores, one) for one in UNITS}
        units[unit] = ""
        ways: dict[str, str] = {one: pooling.refusal(scores, Counting(unit=unit, pooling=one)) for one in POOLINGS}
        no_attention = ways["attention"]
        if unit == "image" or reading:
            ways = dict.fromkeys(POOLINGS, counting_texts.NO_POOLING if unit == "image" else reading)
        nothing = str(shown.get("nothing", "")) if unit != "image" else ""
        bar.set_choice(unit, counting.pooling, nothing, units, ways)
        bar.set_nothing(unit, () if unit == "image" or reading else model.classes, nothing)
        if unit == "image":
            bar.set_left_out("")
            bar.comparison.set_rows(unit, (), (), "")
            return
        bar.set_left_out(counting_texts.left_out(shown))
        tried = [one["pooling"] for one in shown["comparison"]]
        words = counting_texts.verdict(shown, no_attention)
        bar.comparison.set_rows(unit, tried, counting_texts.rows(shown), words)

    def _choose(self, unit: str, way: str) -> None:
        self._count(Counting.model_validate({"unit": unit, "pooling": way}))

    def _choose_nothing(self, name: str) -> None:
        model = self._model
        if model is not None and model.scores is not None:
            known = {info.name: info.class_id for info in self._images.classes().values()}
            counting = pooling.chosen(model.scores)
            if counting.pooling == "attention":  # it was learned with the answer before
                counting = Counting(unit=counting.unit)
            self._count(counting, known.get(name), answered=True)

    def _count(self, counting: Counting, nothing: int | None = None, *, answered: bool = False) -> None:
        """Count anew; `answered` with the class that means nothing found."""
        model, bar = self._model, self._bar
        if model is None or bar is None or model.scores is None:
            return
        project, compute, scores = self._services.session.project, self._services.compute, model.scores
        refused = counting.unit != "image" and not answered and pooling.refusal(scores, counting)
        if refused:
            counting = Counting(unit=counting.unit)
        bar.set_doing()

        def work() -> dict[str, Any]:
            if answered:
                attending.set_nothing_class(project, nothing)
            return pooling.count(project, model.model_id, counting, compute)

        def take(found: dict[str, Any]) -> None:
            if self._model is not None and self._model.model_id == model.model_id:
                self.show(replace(model, scores=found))
                if self._examination is not None:
                    self._examination.show_cell(None)
            self._changed()

        self._services.background.run(work, done=take, failed=self._failed, key="classify-counting")

    def _failed(self, error: SSLStudioError) -> None:
        self._services.notify.error(error)
        if self._model is not None:
            self.show(self._model)
