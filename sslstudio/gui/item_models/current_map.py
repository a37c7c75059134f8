"""Which network's view of the images is in use, and its map; shared by the pages so that all speak of the same one."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from sslstudio.domain.runs import RunState
from sslstudio.gui.item_models.project_images import ProjectImages
from sslstudio.session import workflow
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
    """What the project holds: all sources, the one in use, its map and the names given to its groups."""

    sources: tuple[Source, ...]
    current: Source | None
    map: MapData | None
    group_names: dict[int, str]


def sources(project: Project) -> tuple[Source, ...]:
    """Every network of the project: finished training runs, newest first, then the two starts."""
    rows = project.catalogue.runs()
    trained = [row for row in rows if row.stage == "pretrain" and row.state == RunState.SUCCEEDED]
    specs = {row.run_id: json.loads(row.spec_json) for row in rows}
    embedded: dict[str, tuple[str, int]] = {}
    mapped: dict[str, str] = {}
    for row in rows:
        if row.adopted and row.state == RunState.SUCCEEDED and row.stage == "embed":
            embedded[specs[row.run_id]["source"]] = (row.run_id, int(row.result.get("count", 0)))
        elif row.adopted and row.state == RunState.SUCCEEDED and row.stage == "map_embeddings":
            mapped[specs[row.run_id]["embedding"]] = row.run_id
    like = specs[trained[-1].run_id] if trained else {}
    found = []
    for name, title in [*((row.run_id, f"{row.run_id}, trained here") for row in reversed(trained)), *STARTS]:
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
    names = project.catalogue.setting(f"group_names:{data.map_id}", {}) if data is not None else {}
    return Known(found, current, data, {int(number): str(name) for number, name in names.items()})


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
        self.known = Known(self.known.sources, self.known.current, data, names)
        stored = {str(key): value for key, value in names.items()}
        catalogue = self._services.session.project.catalogue
        self._services.background.run(
            catalogue.set_setting, f"group_names:{data.map_id}", stored, failed=self._services.notify.error
        )
        self._images.set_groups(data.ids, data.cluster, names)

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
        self.known, self.loaded = known, True
        if known.map is not None and not unchanged:
            self._images.set_groups(known.map.ids, known.map.cluster, known.group_names)
        elif known.map is None:
            self._images.clear_groups()
        self.changed.emit()
