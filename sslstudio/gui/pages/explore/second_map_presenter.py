"""Keeps the second map in step: what it can show, laid onto the first map, in the same colours and selection."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject

from sslstudio.domain.epoch_files import FOLDER, stored
from sslstudio.errors import SSLStudioError
from sslstudio.gui.item_models.current_map import CurrentMap, Source
from sslstudio.gui.item_models.image_table import sorted_ids
from sslstudio.gui.item_models.project_images import ProjectImages
from sslstudio.gui.item_models.selection_follower import SelectionFollower
from sslstudio.gui.pages.explore import second_map_texts as texts
from sslstudio.gui.pages.explore.map_presenter import MapPresenter
from sslstudio.gui.pages.explore.second_map import SecondMap
from sslstudio.gui.pages.page import Services
from sslstudio.gui.widgets.linked_maps import LinkedMaps
from sslstudio.gui.widgets.map_view import MapView
from sslstudio.jobs.run_directory import RunDirectory
from sslstudio.session.run_comparing import comparison_files
from sslstudio.session.selection import Mode

if TYPE_CHECKING:
    from sslstudio.embeddings.aligning import LaidMap
    from sslstudio.embeddings.comparing import Comparison
    from sslstudio.embeddings.epochs import EpochMaps

LAY_MAP = "sslstudio.embeddings.aligning:lay_map"
COMPARE = "sslstudio.embeddings.comparing:compare"
LAY_OUT = "sslstudio.embeddings.epochs:lay_out"
_MAP, _EPOCHS = "map:", "epochs:"


class SecondMapPresenter(QObject):
    """Does nothing until the panel is opened (`set_open`)."""

    def __init__(
        self, services: Services, panel: SecondMap, map_view: MapView, first: MapPresenter, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._services, self._panel, self._first = services, panel, first
        self._project = services.session.project
        self._images, self._current = ProjectImages.of(services), CurrentMap.of(services)
        self._open = False
        self._trainings: tuple[str, ...] = ()
        self._choice = ""
        self._shown: tuple[str, str] = ("", "")
        self._epochs: EpochMaps | None = None
        self._said = ""
        panel.map.set_thumbnails(self._images.thumbnails, first.card)
        panel.chosen.connect(self.choose)
        panel.epoch_chosen.connect(self._show_epoch)
        panel.map.selection_requested.connect(self._select)
        panel.map.opened.connect(self._look_at)
        first.coloured.connect(self._recolour)
        self._linked = LinkedMaps(map_view, panel.map, self)
        panel.link.toggled.connect(self._linked.set_on)
        self._current.changed.connect(self._refresh)
        self._follower = SelectionFollower(services.session, panel, self._show_selection, self)

    def close(self) -> None:
        """Let go of the session."""
        self._follower.close()

    def set_open(self, open_: bool) -> None:
        """The panel was opened or closed."""
        self._open = open_
        self._refresh()

    def choose(self, key: str) -> None:
        """Compare with another map or with a training's epochs."""
        self._choice = key
        self._show()

    def _refresh(self) -> None:
        if self._open:
            self._services.background.run(self._with_features, done=self._offer, key="second-map-choices")

    def _with_features(self) -> tuple[str, ...]:
        """The trainings whose epochs can be looked at, newest first; read off the window's thread."""
        runs = [row.run_id for row in self._project.catalogue.runs() if row.stage == "pretrain" and row.state.final]
        return tuple(
            run for run in reversed(runs) if stored(RunDirectory(self._project.run_dir(run)).artifacts_dir / FOLDER)
        )

    def _offer(self, trainings: tuple[str, ...]) -> None:
        self._trainings = trainings
        maps = [(_MAP + source.name, source.title) for source in self._others()]
        epochs = [(_EPOCHS + run, texts.epochs_of(run)) for run in trainings]
        keys = [key for key, _ in (*maps, *epochs)]
        if self._choice not in keys:
            self._choice = keys[0] if keys else ""
        self._panel.set_choices(((texts.MAPS, maps), (texts.EPOCHS, epochs)), self._choice)
        self._show()

    def _others(self) -> Sequence[Source]:
        known = self._current.known
        return [source for source in known.sources if source.map_id and source != known.current]

    def _show(self) -> None:
        current = self._current.known.current
        map_id = current.map_id if current is not None else ""
        if not map_id or not self._choice:
            self._shown, self._epochs = ("", ""), None
            self._panel.set_epochs(())
            self._panel.set_empty(texts.NOTHING_TITLE, texts.NOTHING if map_id else texts.NO_MAP)
            return
        named = self._choice.removeprefix(_MAP)
        other = next((source for source in self._others() if source.name == named), None)
        wanted = (map_id, other.map_id if other is not None else self._choice)
        if wanted == self._shown or current is None:
            return
        self._shown, self._epochs = wanted, None
        self._panel.set_epochs(())
        self._panel.set_words(texts.READING)
        file = str(self._project.maps_dir / f"{map_id}.npz")
        if other is not None:
            moved = str(self._project.maps_dir / f"{other.map_id}.npz")
            self._ask(wanted, LAY_MAP, (file, moved), self._take_map)
            self._services.background.run(
                lambda: (comparison_files(self._project, current.name), comparison_files(self._project, other.name)),
                done=lambda files: self._ask(wanted, COMPARE, files, self._take_comparison),
                failed=self._failed,
                key="second-map-files",
            )
        else:
            run = RunDirectory(self._project.run_dir(self._choice.removeprefix(_EPOCHS)))
            self._ask(wanted, LAY_OUT, (str(run.artifacts_dir / FOLDER), file), self._take_epochs)

    def _ask(self, wanted: tuple[str, str], target: str, arguments: tuple[object, ...], take: object) -> None:
        def done(found: object) -> None:
            if wanted == self._shown and callable(take):
                take(found)

        self._services.background.wait_for(
            self._services.compute.submit(target, *arguments), done=done, failed=self._failed
        )

    def _take_map(self, laid: LaidMap) -> None:
        self._panel.set_points(laid.ids, laid.xy)
        self._linked.hold()
        self._said = texts.laid(laid.common, len(laid.ids))
        self._panel.set_words(self._said)
        self._recolour()
        self._show_selection()

    def _take_comparison(self, found: Comparison) -> None:
        share = float(found.kept.mean()) if len(found.kept) else 0.0
        self._panel.set_words(f"{self._said} {texts.kept(share, found.by_chance)}".strip())

    def _take_epochs(self, found: EpochMaps) -> None:
        self._epochs = found
        last = len(found.epochs) - 1
        self._panel.set_epochs([texts.epoch(epoch, found.epochs[-1]) for epoch in found.epochs], last)
        self._show_epoch(last)

    def _show_epoch(self, place: int) -> None:
        found = self._epochs
        if found is None:
            return
        self._panel.set_points(found.ids, found.xy[place])
        self._linked.hold()
        self._panel.set_words(
            texts.showing(found.epochs[place], found.epochs[-1], found.kept[place], len(found.ids), found.of)
        )
        self._recolour()
        self._show_selection()

    def _recolour(self) -> None:
        scene = self._panel.map.scene
        if self._open and scene is not None:
            self._first.painter.paint(scene.ids, self._panel.set_colouring, "second-map-colours")

    def _select(self, ids: np.ndarray[tuple[int], np.dtype[np.int64]], mode: Mode) -> None:
        self._services.session.select(ids.tolist(), mode)

    def _look_at(self, image_id: int) -> None:
        self._services.session.select([image_id])
        self._services.navigate("label")

    def _show_selection(self) -> None:
        if self._open and self._panel.map.scene is not None:
            self._panel.map.set_selection(sorted_ids(self._services.session.selection))

    def _failed(self, error: SSLStudioError) -> None:
        self._panel.set_epochs(())
        self._panel.set_empty(error.message, error.hint)
