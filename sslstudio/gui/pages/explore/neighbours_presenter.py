"""Looking for images by their likeness: similar ones, near-duplicates, outliers, typical examples.

What is found is a list: the gallery shows it in its order, the map its selection, and a line says what it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
from PySide6.QtCore import QObject, SignalInstance

from sslstudio.domain.rendering import Rendering
from sslstudio.embeddings.answers import Found
from sslstudio.gui.actions.registry import Action
from sslstudio.gui.item_models.arrangement import Arrangement
from sslstudio.gui.item_models.current_map import CurrentMap, Source
from sslstudio.gui.item_models.image_table import sorted_ids
from sslstudio.gui.item_models.project_images import ProjectImages
from sslstudio.gui.item_models.selection_follower import SelectionFollower
from sslstudio.gui.pages.explore import finding
from sslstudio.gui.pages.explore import finding_texts as texts
from sslstudio.gui.pages.explore.finding import Finding, Ids
from sslstudio.gui.pages.explore.finding_line import FindingLine
from sslstudio.gui.pages.explore.long_work import Call, LongWork
from sslstudio.gui.pages.page import Services
from sslstudio.session.preparing import rendering_of

WANTED = 24
EACH_GROUP, OF_SELECTION = 6, 24
AT_ONCE = 100_000
"""Up to so many images the compute process that is warm answers at once."""
SIMILAR = "sslstudio.embeddings.similar:similar"
DUPLICATES = "sslstudio.embeddings.standing_out:near_duplicates"
OUTLIERS = "sslstudio.embeddings.standing_out:outliers"
TYPICAL = "sslstudio.embeddings.typical:typical"
EMBED_FILE = "sslstudio.stages.embed_file:embed_file"

Needs = Literal["map", "one", "several", "typical"]


class View(Protocol):
    """The part of the view that is driven here."""

    finding: FindingLine
    gallery: Any
    similar_requested: SignalInstance
    file_dropped: SignalInstance
    files_refused: SignalInstance

    def ask_image_file(self) -> str: ...
    def set_similar_reason(self, reason: str) -> None: ...
    def set_searches(self, entries: list[tuple[Action, str]]) -> None: ...


class Shows(Protocol):
    """What shows a list in the gallery."""

    @property
    def wanted(self) -> Arrangement:
        """What is shown."""

    def set_show(self, show: str) -> None: ...


class NeighboursPresenter(QObject):
    """Each search is an action; `work` is shared with whoever else computes on this page."""

    def __init__(self, services: Services, view: View, link: Shows, work: LongWork, parent: QObject) -> None:
        super().__init__(parent)
        self._services, self._view, self._link, self._work = services, view, link, work
        self._images, self._current = ProjectImages.of(services), CurrentMap.of(services)
        self._shown = Finding((), "", "")
        actions = self._actions()
        self._dispose = services.actions.add(*(action for action, _ in actions))
        view.set_searches(actions[1:])
        view.similar_requested.connect(self.find_like)
        view.file_dropped.connect(self.find_like_file)
        view.files_refused.connect(lambda _: services.notify.info(texts.ONE_FILE))
        view.finding.close_requested.connect(self.show_all)
        self._follower = SelectionFollower(services.session, view.gallery, self._show_remark, self)
        self._current.changed.connect(self._show_reason)
        self._show_reason()

    def close(self) -> None:
        """Let go of the session."""
        self._dispose()
        self._follower.close()

    def choose_file(self) -> None:
        """Ask for a file, then look for images like it."""
        path = self._view.ask_image_file()
        if path:
            self.find_like_file(path)

    def find_like_file(self, path: str) -> None:
        """Find the images most like a file: decoded, seen and embedded as those of the map were."""
        source = self._ready("map")
        if source is None:
            return
        project = self._services.session.project
        folder = str(project.run_dir(source.embedding) / "artifacts")
        vectors, ids = self._files(source)

        def work(call: Call) -> Finding:
            rendering: Rendering | None = rendering_of(project, source.embedding)
            seen = call(EMBED_FILE, path, folder, rendering)
            found: Found = call(SIMILAR, vectors, [], WANTED, False, seen.vector)
            there = np.load(ids, allow_pickle=False)[found.rows]
            usual = call("sslstudio.embeddings.similar:usual_distance", vectors)
            patients = self._images.table.count_subjects(there)
            closest = 1 - float(found.cosine[0]) if len(found.cosine) else 1.0
            sentence = texts.like_file(len(there), patients, closest, usual, seen.frame, seen.frames, found.recall)
            return Finding(tuple(there.tolist()), f"similar to {Path(path).name}", sentence, jpeg=seen.jpeg)

        self._work.start(texts.READING_FILE, work, self.show)

    def find_duplicates(self) -> None:
        """Find near-duplicates among all images."""
        source = self._ready("map")
        if source is None:
            return
        vectors, ids = self._files(source)
        catalogue, table = self._services.session.project.catalogue, self._images.table

        def work(call: Call) -> Finding:
            found = call(DUPLICATES, vectors)
            known = {one.image_id: one.group for one in catalogue.known_images() if one.group}
            all_ids = np.load(ids, allow_pickle=False)
            patients = dict(zip(all_ids.tolist(), finding.patients_of(table, all_ids).tolist(), strict=True))
            return finding.near_duplicates(all_ids[found.rows], found, known, patients)

        self._work.start(texts.COMPARING, work, self.show)

    def find_outliers(self) -> None:
        """Find the images that are far from all others."""
        source = self._ready("map")
        if source is None:
            return
        vectors, ids = self._files(source)
        table = self._images.table

        def work(call: Call) -> Finding:
            all_ids = np.load(ids, allow_pickle=False)
            found = call(OUTLIERS, vectors, finding.patients_of(table, all_ids))
            return finding.outliers(all_ids[found.rows], found)

        self._work.start(texts.COMPARING, work, self.show)

    def find_typical(self) -> None:
        """Find typical examples of the selected images, or of every group."""
        source = self._ready("typical")
        if source is None:
            return
        vectors, ids = self._files(source)
        table, images = self._images.table, self._images
        selected = sorted_ids(self._services.session.selection)
        wanted = [selected] if len(selected) else [table.ids[images.group == number] for number, _ in images.groups()]
        names = ["the selection"] if len(selected) else [name for _, name in images.groups()]

        def work(call: Call) -> Finding:
            all_ids = np.load(ids, allow_pickle=False)
            rows = [np.flatnonzero(np.isin(all_ids, members)).tolist() for members in wanted]
            each = OF_SELECTION if len(selected) else EACH_GROUP
            found = call(TYPICAL, vectors, rows, finding.patients_of(table, all_ids), each)
            chosen = [all_ids[members].tolist() for members in found]
            flat = [image_id for members in chosen for image_id in members]
            remarks = {one: f"Typical of {name}." for name, some in zip(names, chosen, strict=True) for one in some}
            patients = table.count_subjects(np.asarray(flat, dtype=np.int64))
            groups = 0 if len(selected) else len(names)
            return Finding(tuple(flat), "typical examples", texts.typical(len(flat), groups, patients), remarks)

        self._work.start(texts.LOOKING, work, self.show)

    def show(self, found: Finding) -> None:
        """List what was found, select it, and say what it is."""
        self._shown = found
        known = tuple(one for one in found.ids if self._images.table.row_of(one) is not None)
        self._images.set_listed(known, found.name)
        if known:
            self._link.set_show("listed")
        self._view.finding.set_found(found.sentence, found.jpeg)
        self._services.session.select(found.ids[found.first :])
        self._show_remark()

    def show_all(self) -> None:
        """Put the finding aside."""
        self._shown = Finding((), "", "")
        self._view.finding.set_nothing()
        if self._link.wanted.show == "listed":
            self._link.set_show("all")

    def find_like(self, *, centre: bool = False) -> None:
        """Find the images most like one of the selected ones, or most like them on average."""
        source = self._ready("several" if centre else "one")
        if source is None:
            return
        selected = sorted_ids(self._services.session.selection)
        vectors, ids = self._files(source)

        def work(call: Call) -> Finding:
            all_ids = np.load(ids, allow_pickle=False)
            rows = np.flatnonzero(np.isin(all_ids, selected)).tolist()
            if not rows:
                return Finding((), "", texts.NOT_EMBEDDED)
            return self._like(selected, all_ids, call(SIMILAR, vectors, rows, WANTED, centre), centre)

        if source.images > AT_ONCE:
            self._work.start(texts.searching(source.images), work, self.show)
            return
        compute = self._services.compute

        def ask(target: str, *args: Any) -> Any:
            return compute.submit(target, *args).result()

        self._services.background.run(
            partial(work, ask), done=self.show, failed=self._services.notify.error, key="explore-similar"
        )

    def _like(self, seeds: Ids, all_ids: Ids, found: Found, centre: bool) -> Finding:
        there = all_ids[found.rows]
        patients = self._images.table.count_subjects(there)
        closest = 1 - float(found.cosine[0]) if len(found.cosine) else 1.0
        name = texts.similar_name(len(seeds), int(seeds[0]), centre)
        sentence = texts.similar(len(there), patients, len(seeds), centre, closest, found.recall)
        apart = (1 - found.cosine).tolist()
        remarks = {one: f"{texts.distance(far)} away." for one, far in zip(there.tolist(), apart, strict=True)}
        return Finding((*seeds.tolist(), *there.tolist()), name, sentence, remarks, first=len(seeds))

    def _ready(self, needs: Needs) -> Source | None:
        """The network in use, or None when the search cannot be made, which is then said."""
        source, reason = self._current.known.current, self._reason(needs)
        if reason or source is None:
            self._services.notify.info(reason or texts.NO_EMBEDDING)
            return None
        return source

    def _files(self, source: Source) -> tuple[str, str]:
        folder = self._services.session.project.embeddings_dir
        return str(folder / f"{source.embedding}.npy"), str(folder / f"{source.embedding}.ids.npy")

    def _reason(self, needs: Needs) -> str:
        """Why a search that needs this cannot be made now; empty when it can."""
        source, selected = self._current.known.current, len(self._services.session.selection)
        if source is None or not source.embedding:
            return texts.NO_EMBEDDING
        if needs == "one" and not selected:
            return texts.NOTHING_SELECTED
        if needs == "several" and selected < 2:
            return texts.SEVERAL_NEEDED
        return texts.NO_GROUPS if needs == "typical" and not selected and not self._images.groups() else ""

    def _actions(self) -> list[tuple[Action, str]]:
        def one(name: str, title: str, act: Callable[[], None], needs: Needs) -> Action:
            return Action(f"explore.{name}", title, act, reason=partial(self._reason, needs), page="explore", group=2)

        similar = one("similar", texts.SIMILAR, self.find_like, "one")
        return [
            (replace(similar, menu="View", keys="F", icon="neighbours"), texts.SIMILAR_HELP),
            (one("centre", texts.CENTRE, partial(self.find_like, centre=True), "several"), texts.CENTRE_HELP),
            (one("file", texts.FILE, self.choose_file, "map"), texts.FILE_HELP),
            (one("duplicates", texts.DUPLICATES, self.find_duplicates, "map"), texts.DUPLICATES_HELP),
            (one("outliers", texts.OUTLIERS, self.find_outliers, "map"), texts.OUTLIERS_HELP),
            (one("typical", texts.TYPICAL, self.find_typical, "typical"), texts.TYPICAL_HELP),
        ]

    def _show_remark(self) -> None:
        selection = self._services.session.selection
        said = self._shown.remarks.get(next(iter(selection)), "") if len(selection) == 1 else ""
        self._view.finding.set_remark(f"Image {next(iter(selection))}: {said}" if said else "")
        self._show_reason()

    def _show_reason(self) -> None:
        self._view.set_similar_reason(self._reason("one"))
