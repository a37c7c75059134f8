"""Which network's view of the images is in use, and its map; shared by the pages so that all speak of the same one."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, Signal

from sslstudio.domain.runs import RunState
from sslstudio.errors import SSLStudioError
from sslstudio.gui.item_models.project_images import ProjectImages
from sslstudio.session import map_groups, workflow
from sslstudio.session.project import Project
from sslstudio.session.workflow import MapData

if TYPE_CHECKING:
    from sslstudio.gui.pages.page import Services

CHOICE = "explore_source"
"""Project setting: the source that was chosen last."""

STARTS = (("imagenet", "Everyday photographs (ImageNet)"), ("random", "Untrained network, for comparison"))


@dataclass(frozen=True)
class Source:
    """A network that can look at the images. `name` is a training run, "imagenet" or "random".

    `embedding` and `map_id` are "" while there is none; `images` is how many images the embedding holds.
    """

    name: str
    title: str
    embedding: str = ""
    images: int = 0
    map_id: str = ""
    backbone: str = "resnet18"
    image_size: int = 64

    @property
    def trained(self) -> bool:
        """True when the network learned from the images of this project."""
        return self.name not in dict(STARTS)


@dataclass(frozen=True)
class Known:
    """What the project holds: all sources, the one in use, its map and the names given to its groups.

    `way` is how the groups came about ("kmeans", "density"), `figures` what the map's run told of it.
    """

    sources: tuple[Source, ...]
    current: Source | None
    map: MapData | None
    group_names: dict[int, str]
    way: str = ""
    figures: dict[str, Any] = field(default_factory=dict)


def sources(project: Project) -> tuple[Source, ...]:
    """Every network of the project: finished training runs, newest first, then the two starts."""
    rows = project.catalogue.runs()
    trained = [row for row in rows if row.stage == "pretrain" and row.state == RunState.SUCCEEDED]
    tuned = [row for row in rows if row.stage == "finetune" and row.adopted]
    specs = {row.run_id: json.loads(row.spec_json) for row in rows}
    embedded: dict[str, tuple[str, int]] = {}
    mapped: dict[str, str] = {}
    for row in rows:
        if row.adopted and row.state == RunState.SUCCEEDED and row.stage == "embed":
            embedded[specs[row.run_id]["source"]] = (row.run_id, int(row.result.get("count", 0)))
        elif row.adopted and row.stage == "finetune":
            embedded[row.run_id] = (row.run_id, int(row.result.get("count", 0)))
        elif row.adopted and row.state == RunState.SUCCEEDED and row.stage == "map_embeddings":
            mapped[specs[row.run_id]["embedding"]] = row.run_id
    like = specs[trained[-1].run_id] if trained else {}
    found = []
    here = [(row.run_id, f"{row.run_id}, trained here") for row in reversed(trained)]
    here += [(row.run_id, f"{row.run_id}, fitted to the labels") for row in reversed(tuned)]
    for name, title in [*here, *STARTS]:
        embedding, images = embedded.get(name, ("", 0))
        spec = specs.get(name, like)
        found.append(
            Source(
                name,
                title,
                embedding,
                images,
                mapped.get(embedding, ""),
                str(spec.get("backbone", "resnet18")),
                int(spec.get("image_size", 64)),
            )
        )
    return tuple(found)


def read(project: Project, wanted: str) -> Known:
    """All of it, in one go; called off the window's thread. `wanted` "" means the choice stored in the project."""
    found = sources(project)
    wanted = wanted or str(project.catalogue.setting(CHOICE, ""))
    current = next((source for source in found if source.name == wanted), None)
    if current is None:
        ranked = sorted(found, key=lambda source: (not source.map_id, not source.embedding))
        current = ranked[0] if ranked else None
    data = workflow.load_map(project, current.map_id) if current is not None and current.map_id else None
    if data is None:
        return Known(found, current, None, {})
    figures = project.catalogue.run(data.map_id).result
    way = map_groups.group_way(project, data.map_id) or str(figures.get("grouping", ""))
    return Known(found, current, data, map_groups.group_names(project, data.map_id), way, figures)


class CurrentMap(QObject):
    """`changed` fires when sources, choice or map are others than before."""

    changed = Signal()
    _stale = Signal()

    def __init__(self, services: Services, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._services = services
        self._images = ProjectImages.of(services)
        self.known = Known((), None, None, {})
        self.loaded = False
        self._chosen = ""
        self._closed = False
        self._stores: list[Callable[[], None]] = []
        self._stale.connect(self.reload)
        services.session.runs_changed.connect(self._on_runs)

    @classmethod
    def of(cls, services: Services) -> CurrentMap:
        """The one of this project; made and read on the first call."""
        found = services.background.findChild(CurrentMap)
        if isinstance(found, CurrentMap):
            return found
        made = cls(services, services.background)
        made.reload()
        return made

    def reload(self) -> None:
        """Read runs and map again. What the user chose stays; else what is most complete is shown."""
        self._read(self._chosen)

    def choose(self, name: str) -> None:
        """Use another source from now on; the choice is kept in the project."""
        self._chosen = name
        if not self._services.session.project.read_only:
            self._services.background.run(self._services.session.project.catalogue.set_setting, CHOICE, name)
        self._read(name)

    def rename_group(self, number: int, name: str) -> None:
        """Give a group of the current map a name; an empty one takes the name away."""
        data = self.known.map
        if data is None:
            return
        names = {key: value for key, value in {**self.known.group_names, number: name.strip()}.items() if value}
        self.set_groups(data.cluster, names, self.known.way)

    def set_groups(self, groups: npt.NDArray[np.int32], names: dict[int, str], way: str) -> None:
        """Other groups (N,) for the images of the current map, their names, and the way they came about; kept with the
        map from then on."""
        data = self.known.map
        if data is None:
            return
        unchanged = np.array_equal(groups, data.cluster)
        data = replace(data, cluster=groups)
        self.known = replace(self.known, map=data, group_names=names, way=way)
        project = self._services.session.project
        keep = (
            partial(map_groups.set_group_names, project, data.map_id, names)
            if unchanged
            else partial(map_groups.store_groups, project, data.map_id, groups, names, way)
        )
        if not project.read_only:
            # One after another, so that the newest is what is stored in the end.
            self._stores.append(keep)
            if len(self._stores) == 1:
                self._store_next()
        self._images.set_groups(data.ids, data.cluster, names)

    def _store_next(self) -> None:
        self._services.background.run(self._stores[0], done=self._stored, failed=self._not_stored)

    def _stored(self, _result: object) -> None:
        self._stores.pop(0)
        if self._stores:
            self._store_next()

    def _not_stored(self, error: SSLStudioError) -> None:
        self._services.notify.error(error)
        self._stored(None)

    def close(self) -> None:
        """Let go of the session; every page may call it."""
        if self._closed:
            return
        self._closed = True
        self._services.session.runs_changed.disconnect(self._on_runs)

    def _on_runs(self, _run_id: str) -> None:
        self._stale.emit()

    def _read(self, wanted: str) -> None:
        self._services.background.run(
            read,
            self._services.session.project,
            wanted,
            done=self._take,
            failed=self._services.notify.error,
            key="current-map",
        )

    def _take(self, known: Known) -> None:
        before = self.known.map.map_id if self.known.map is not None else ""
        unchanged = known.map is not None and known.map.map_id == before
        if unchanged:  # what was read may be older than what the user has done to the groups since
            kept = self.known
            known = replace(known, map=kept.map, group_names=kept.group_names, way=kept.way)
        self.known, self.loaded = known, True
        if known.map is not None and not unchanged:
            self._images.set_groups(known.map.ids, known.map.cluster, known.group_names)
        elif known.map is None:
            self._images.clear_groups()
        self.changed.emit()
