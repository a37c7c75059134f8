"""What the Explore page does: chooses whose map is shown, makes what is missing, keeps map and gallery in step."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

from PySide6.QtCore import QObject, SignalInstance

from sslstudio.domain.specs import EmbedSpec, MapSpec
from sslstudio.domain.units import count
from sslstudio.gui.actions.registry import Action
from sslstudio.gui.follow_up import PLACE
from sslstudio.gui.item_models.current_map import CurrentMap, Source
from sslstudio.gui.item_models.gallery_link import GalleryLink
from sslstudio.gui.item_models.image_table import sorted_ids
from sslstudio.gui.item_models.large_link import LargeLink
from sslstudio.gui.item_models.look_link import LookLink
from sslstudio.gui.item_models.project_images import ProjectImages
from sslstudio.gui.item_models.selection_follower import SelectionFollower
from sslstudio.gui.item_models.view_link import ViewLink
from sslstudio.gui.pages.explore import group_texts, projection_texts, texts
from sslstudio.gui.pages.explore.groups_presenter import GroupsPresenter
from sslstudio.gui.pages.explore.layout_preview import LayoutPreview
from sslstudio.gui.pages.explore.long_work import LongWork
from sslstudio.gui.pages.explore.map_actions import MapActions
from sslstudio.gui.pages.explore.map_colours import MapColours
from sslstudio.gui.pages.explore.map_presenter import GroupView, MapPresenter
from sslstudio.gui.pages.explore.neighbours_presenter import NeighboursPresenter
from sslstudio.gui.pages.explore.side_presenters import SidePresenters
from sslstudio.gui.pages.page import Services
from sslstudio.gui.texts import STAGE_DOING, time_left
from sslstudio.session import workflow

REMAKE = "Make the map anew"


class View(GroupView, Protocol):
    """The part of the view the controller uses."""

    map: Any
    map_place: Any
    side: Any
    gallery: Any
    large: Any
    source_requested: SignalInstance
    make_requested: SignalInstance
    stop_requested: SignalInstance
    data_requested: SignalInstance
    similar_requested: SignalInstance
    file_dropped: SignalInstance
    files_refused: SignalInstance
    groups_chosen: SignalInstance
    remake_requested: SignalInstance
    finding: Any
    panel: Any
    groups: Any
    note: Any
    clear_requested: SignalInstance

    def set_sources(self, entries: list[tuple[str, str]], current: str) -> None: ...
    def set_make(self, text: str, reason: str = "") -> None: ...
    def set_note(self, text: str) -> None: ...
    def set_progress(self, fraction: float | None) -> None: ...
    def set_selection_text(self, text: str) -> None: ...
    def set_similar_reason(self, reason: str) -> None: ...
    def ask_picture_file(self, name: str) -> Path | None: ...
    def set_searches(self, entries: list[tuple[Action, str]]) -> None: ...
    def set_remake(self, help_: str) -> None: ...
    def ask_image_file(self) -> str: ...


class ExploreController(QObject):
    """Connects an Explore view to the project."""

    def __init__(self, services: Services, view: View, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._services, self._view = services, view
        self._images = ProjectImages.of(services)
        self._current = CurrentMap.of(services)
        self._link = GalleryLink(view.gallery, services, self)
        self._look = LookLink(view.gallery, self._link, services, self)
        self._views = ViewLink(view.gallery, self._link, services, MapColours(view.map.bar), self)
        self._large = LargeLink(view.large, view.gallery, services, self)
        self._work = LongWork(services, view.finding, self)
        self._groups = GroupsPresenter(services, view, self._work, lambda: self._presenter.show_groups(), self)
        self._presenter = MapPresenter(view.map, view, services, self._current, self._groups.told, self)
        self._preview = LayoutPreview(services, self._presenter.preview, self)
        self._neighbours = NeighboursPresenter(services, view, self._link, self._work, self)
        view.gallery.set_thumbnails(self._images.thumbnails)
        self._connect()
        self._dispose = services.actions.add(
            Action("explore.remake", REMAKE, self._remake, reason=self._remake_reason, page="explore", group=2),
        )
        self._map_actions = MapActions(services, view, self._presenter, self)
        self._side = SidePresenters(services, view, self._presenter, self)
        self._show_state()

    def activate(self) -> None:
        """The page comes to the front: draw what has changed since."""
        self._presenter.activate()
        self._show_state()

    def refresh(self) -> None:
        """Something in the project changed."""
        self._show_state()

    def close(self) -> None:
        """Let go of the project."""
        self._dispose()
        self._map_actions.close()
        self._neighbours.close()
        self._groups.close()
        self._work.close()
        self._side.close()
        self._link.close()
        self._look.close()
        self._presenter.close()
        self._follower.close()
        self._current.close()
        self._images.close()

    def _connect(self) -> None:
        view, session = self._view, self._services.session
        view.source_requested.connect(self._current.choose)
        view.make_requested.connect(self._make)
        view.remake_requested.connect(self._remake)
        view.stop_requested.connect(self._stop)
        view.data_requested.connect(lambda: self._services.navigate("data"))
        view.clear_requested.connect(session.clear)
        view.map.opened.connect(self._large.open)
        view.gallery.opened.connect(self._large.open)
        self._current.changed.connect(self._show_state)
        self._images.images_changed.connect(self._show_state)
        self._services.jobs.changed.connect(lambda _: self._show_state())
        self._follower = SelectionFollower(session, view.gallery, self._show_selection, self)

    def _show_selection(self) -> None:
        ids = sorted_ids(self._services.session.selection)
        patients = self._images.table.count_subjects(ids)
        self._view.set_selection_text(texts.selection(len(ids), patients) if len(ids) else "")

    def _show_state(self) -> None:
        """The bar: what can be made, what is under way; and the empty map's words."""
        known, view = self._current.known, self._view
        images = len(self._images.table.ids)
        source = known.current
        view.set_sources([(entry.name, _title(entry)) for entry in known.sources], source.name if source else "")
        status = self._services.jobs.busy_with("embed", "map_embeddings")
        view.set_progress(status.fraction if status is not None else None)
        view.set_remake("" if self._remake_reason() else projection_texts.ANEW_HELP)
        if status is not None:
            view.set_make("")
            so_far = projection_texts.ARRANGING if self._preview.shown else ""
            doing = f"{STAGE_DOING.get(status.stage, '')} {time_left(status.progress)}".strip()
            view.set_note(f"{doing}. {so_far}" if so_far else doing)
        elif self._images.loaded and not images:
            view.set_make(texts.EMBED_MAP, texts.NO_IMAGES_REASON)
            view.set_note("")
        elif source is not None:
            newer = max(0, images - source.images) if source.map_id else 0
            view.set_make("" if source.map_id and not newer else texts.EMBED_AGAIN if newer else texts.EMBED_MAP)
            view.set_note(texts.outdated(newer, source.images) if newer else projection_texts.quality(known.figures))
            view.note.setToolTip("" if newer else projection_texts.quality_help(known.figures))
        if known.map is None:
            self._show_empty(images, source)

    def _show_empty(self, images: int, source: Source | None) -> None:
        if not self._images.loaded or not self._current.loaded or source is None:
            self._view.map.set_empty(texts.READING, "")
        elif not images:
            self._view.map.set_empty(texts.NO_IMAGES_TITLE, texts.NO_IMAGES, texts.NO_IMAGES_ACTION)
        else:
            words = texts.no_map(source.title, images, bool(source.embedding))
            self._view.map.set_empty(texts.NO_MAP_TITLE, words)

    def _make(self, *, anew: bool = False) -> None:
        source = self._current.known.current
        if source is None:
            return
        project, jobs = self._services.session.project, self._services.jobs
        newer = len(self._images.table.ids) > source.images
        if source.embedding and not newer:

            def prepare() -> str:
                old = "" if anew else workflow.map_to_keep(project, source.embedding)
                return workflow.prepare_map(project, MapSpec(embedding=source.embedding, keep=old))

            jobs.launch(prepare)
            return
        spec = EmbedSpec(source=source.name, backbone=source.backbone, image_size=source.image_size)
        following = PLACE if source.map_id and not anew else "map_embeddings"
        jobs.launch(lambda: workflow.prepare_embed(project, spec), then=(following,))

    def _remake(self) -> None:
        self._make(anew=True)

    def _remake_reason(self) -> str:
        if self._services.session.project.read_only:
            return group_texts.READ_ONLY
        if self._current.known.map is None:
            return group_texts.NO_MAP
        return projection_texts.BUSY if self._services.jobs.busy_with("embed", "map_embeddings") is not None else ""

    def _stop(self) -> None:
        status = self._services.jobs.busy_with("embed", "map_embeddings")
        if status is not None:
            self._services.jobs.cancel(status.run_id)


def _title(source: Source) -> str:
    return f"{source.title} ({count(source.images, 'image')})" if source.map_id else source.title
