"""Fills the explanation of the case in hand: reads in threads, asks the compute process, draws maps in a child."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from PySide6.QtCore import QObject

from sslstudio.catalogue.rows import ImageDetail, ModelRow
from sslstudio.classifiers.explaining import Explained
from sslstudio.errors import SSLStudioError
from sslstudio.gui.actions.registry import Action, ActionRegistry, Dispose
from sslstudio.gui.explain import heat, texts
from sslstudio.gui.explain.panel import ExplanationPanel, Tile
from sslstudio.gui.inspector_controller import label_text
from sslstudio.gui.item_models.current_map import CurrentMap
from sslstudio.gui.item_models.meanings import meaning_on_screen
from sslstudio.gui.item_models.project_images import LIVE, ProjectImages
from sslstudio.gui.pages.page import Services
from sslstudio.importers.pixel_cache import PixelCache
from sslstudio.importers.windowing import on_screen
from sslstudio.jobs.idle_compute import IdleCompute
from sslstudio.session.finetuning import recommended

_EXPLAIN = "sslstudio.classifiers.explaining:explain"
_LOOK = "sslstudio.stages.saliency:look"


@dataclass(frozen=True)
class _Case:
    detail: ImageDetail
    shown: Any
    model: ModelRow | None
    explained: Any
    prior: list[int]
    days: int | None


class Explaining(QObject):
    """One for a project; pages add its action under their own keys. While it is open it follows the selection."""

    def __init__(self, services: Services, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._services = services
        self._images = ProjectImages.of(services)
        self._current = CurrentMap.of(services)
        self._networks = IdleCompute()
        self.panel: ExplanationPanel | None = None
        self._case: _Case | None = None
        self._users = 0
        self._labelling = False

    @classmethod
    def of(cls, services: Services) -> Explaining:
        """The one of this project."""
        found = services.background.findChild(Explaining)
        return found if isinstance(found, Explaining) else cls(services, services.background)

    def add_to(self, actions: ActionRegistry, page: str) -> Dispose:
        """Give a page the key; returns what takes it away, and lets go of the project with the last page."""
        self._users += 1
        dispose = actions.add(
            Action(
                f"{page}.explain",
                texts.ACTION,
                lambda: self.open(labelling=page == "label"),
                "View",
                texts.KEY,
                self.reason,
                page,
                "help",
                4,
            )
        )

        def release() -> None:
            dispose()
            self._users -= 1
            if not self._users:
                self._close()

        return release

    def reason(self) -> str:
        """Why nothing can be explained now."""
        return "" if self._services.session.selection else texts.NOTHING

    def open(self, *, labelling: bool = False) -> None:
        """Show the case in hand, or close when it is open. While `labelling` the suggestions that follow the labels
        speak, elsewhere the trained classifier where there is one."""
        self._labelling = labelling
        if self.panel is not None and self.panel.isVisible():
            self.panel.close()
            return
        if self.panel is None:
            self.panel = ExplanationPanel()
            self.panel.heat_requested.connect(self._look)
            self.panel.closed.connect(self._unfollow)
            self._images.thumbnails.ready.connect(self._show_pictures)
        self._services.session.selection_changed.connect(self._load)
        self.panel.show()
        self.panel.raise_()
        self._load()

    def _unfollow(self) -> None:
        self._services.session.selection_changed.disconnect(self._load)

    def _close(self) -> None:
        if self.panel is not None:
            self._images.thumbnails.ready.disconnect(self._show_pictures)
            self.panel.close()
            self.panel.deleteLater()
            self.panel = None
        self._networks.close()

    def _load(self, *_: object) -> None:
        ids = self._services.session.selection
        if not ids:
            return
        image_id = int(ids.ordered[0])
        suggested = self._images.suggestions.source if self._images.suggestions is not None else ""
        suggested = "" if suggested == LIVE and not self._labelling else suggested
        current = self._current.known.current
        view = current.embedding if current is not None else ""
        self._services.background.run(
            self._read, image_id, suggested, view, done=self._show, failed=self._services.notify.error, key="explain"
        )

    def _read(self, image_id: int, suggested: str, view: str) -> _Case:
        """`suggested` is whose suggestions are in use (LIVE: the head that refits while labelling), `view` the
        embedding of the current map."""
        project = self._services.session.project
        detail = project.catalogue.image(image_id)
        try:
            cache = PixelCache(project.pixels_dir)
            shown: Any = on_screen(cache.read(detail.pixels), detail.windows)
            cache.close()
        except (OSError, ValueError):
            shown = None
        models = project.catalogue.models()
        model = next((one for one in models if one.model_id == (suggested or recommended(models))), None)
        prior, days = project.catalogue.prior_study(image_id)
        explained = None
        embedding = model.embedding if model is not None else view
        if embedding:
            folder = str(project.models_dir / model.model_id) if model is not None else ""
            base = str(project.embeddings_dir / embedding)
            explained = self._services.compute.submit(_EXPLAIN, folder, base, *self._labelled(image_id)).result()
        return _Case(detail, shown, model, explained, prior, days)

    def _labelled(self, image_id: int) -> tuple[Any, ...]:
        """The image, then all labelled ones, with classes and patients."""
        table, labels = self._images.table, self._images.labels()
        known = [(key, label.class_id) for key, label in labels.items() if label.class_id is not None]
        known = [(key, class_id) for key, class_id in known if key != image_id and table.row_of(key) is not None]
        ids = np.array([image_id, *(key for key, _ in known)], dtype=np.int64)
        classes = np.array([-1, *(class_id for _, class_id in known)], dtype=np.int64)
        return image_id, ids, classes, np.asarray(table.subject_code)[table.rows_of(ids)].astype(np.int64)

    def _show(self, case: _Case) -> None:
        panel = self.panel
        if panel is None or not panel.isVisible():
            return
        self._case = case
        detail = case.detail
        stored, low, high = case.shown if case.shown is not None else (None, 0.0, 255.0)
        panel.set_case(
            f"#{detail.image_id}, patient {detail.subject[:8]}", label_text(detail), stored, low, high,
            meaning_on_screen(detail),
        )  # fmt: skip
        classes, found = self._images.classes(), case.explained
        names = {class_id: info.name for class_id, info in classes.items()}
        chances = self._chances(case)
        order = sorted(chances.items(), key=lambda entry: -entry[1])
        notice = texts.LEARNED if found is not None and found.learned else ""
        if not chances:
            notice = texts.NO_MODEL if case.model is None else texts.NOT_SEEN
        panel.set_notice(notice)
        panel.opinion.setText(texts.opinion(case.model.model_id if case.model is not None else "", bool(chances)))
        panel.set_opinion([(key, names.get(key, "?"), share) for key, share in order], _sets(found, names))
        near = {key: list[Any]() for key, _ in order}
        for one in found.near if found is not None else ():
            near.setdefault(one.class_id, []).append(one)
        panel.set_near(
            [(names.get(key, "?"), [self._tile(one.image_id, one.distance) for one in near[key]]) for key in near]
        )
        without = texts.NO_MAP_YET if chances else texts.NO_MAP
        panel.set_map_reason("" if case.model is not None and found is not None else without)
        panel.set_prior(
            texts.days(case.days) if case.prior else texts.NO_PRIOR,
            [Tile(image_id, (f"#{image_id}",)) for image_id in case.prior],
        )
        self._show_pictures(panel.wanted())
        if panel.show_heat.isChecked() and panel.show_heat.isEnabled():
            panel.heat_class.activated.emit(0)

    def _chances(self, case: _Case) -> dict[int, float]:
        """Probabilities by class: the model's, or those of the head that refits while labelling."""
        if case.explained is not None and case.explained.probabilities:
            return dict(case.explained.probabilities)
        found = self._images.suggestions
        if case.model is not None or found is None:
            return {}
        rows = np.flatnonzero(np.asarray(found.ids) == case.detail.image_id)
        if not len(rows):
            return {}
        return {
            int(key): float(share) for key, share in zip(found.class_ids, found.probabilities[rows[0]], strict=True)
        }

    def _tile(self, image_id: int, distance: float) -> Tile:
        table = self._images.table
        row = table.row_of(image_id)
        patient = table.subjects[int(table.subject_code[row])][:8] if row is not None else ""
        return Tile(image_id, (patient, texts.distance(distance)))

    def _show_pictures(self, ids: Any) -> None:
        panel = self.panel
        if panel is None or not panel.isVisible():
            return
        shown = set(panel.wanted())
        for image_id in ids:
            if image_id in shown and (found := self._images.thumbnails.pixmap(image_id)) is not None:
                panel.set_picture(image_id, found)

    def _look(self, class_id: int) -> None:
        case, panel = self._case, self.panel
        if case is None or case.model is None or case.explained is None or panel is None:
            return
        model, detail, project = case.model, case.detail, self._services.session.project
        number = list(case.explained.probabilities).index(class_id)
        panel.set_heat(None, texts.WORKING)

        def work() -> Any:
            return self._networks.call(
                _LOOK,
                str(project.models_dir / model.model_id),
                str(project.run_dir(model.embedding) / "artifacts"),
                str(project.pixels_dir),
                detail.pixels,
                detail.windows,
                number,
            )

        def done(found: Any) -> None:
            if self.panel is None or self._case is not case or not self.panel.show_heat.isChecked():
                return
            name = self.panel.heat_class.currentText()
            if found.empty:
                self.panel.set_heat(None, texts.EMPTY.format(name=name))
                return
            words = texts.map_words(found.method, found.fields, found.likeness, found.doubtful)
            self.panel.set_heat(heat.picture(found.heat), words)

        def failed(error: SSLStudioError) -> None:
            if self.panel is not None:
                self.panel.set_heat(None, f"{error.message} {error.hint}".strip())

        self._services.background.run(work, done=done, failed=failed, key="explain-heat")


def _sets(found: Explained | None, names: dict[int, str]) -> str:
    """What the classifier cannot rule out, if it keeps that."""
    if found is None:
        return ""
    named = [(coverage, [names.get(key, "?") for key in class_ids]) for coverage, class_ids in found.sets]
    return texts.cannot_rule_out(named, indicative=found.indicative)
