"""Changes groups as the user asks: made anew, split, merged, undone; and says what they mostly are by a column."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, SignalInstance

from sslstudio.embeddings import group_edits
from sslstudio.gui.actions.registry import Action
from sslstudio.gui.item_models.current_map import CurrentMap
from sslstudio.gui.item_models.image_columns import ImageColumns
from sslstudio.gui.item_models.project_images import ProjectImages
from sslstudio.gui.pages.explore import group_texts as texts
from sslstudio.gui.pages.explore.group_labelling import GroupLabelling
from sslstudio.gui.pages.explore.group_likeness import GroupLikeness, Tree
from sslstudio.gui.pages.explore.group_purity import LABEL, GroupPurity
from sslstudio.gui.pages.explore.groups_panel import GroupsPanel
from sslstudio.gui.pages.explore.long_work import Call, LongWork
from sslstudio.gui.pages.page import Services

Groups = npt.NDArray[np.int32]
REGROUP = "sslstudio.embeddings.regrouping:regrouped"
PART = "sslstudio.embeddings.regrouping:parted"
MOST_UNDONE = 20


class View(Protocol):
    """The part of the view that is driven here."""

    panel: GroupsPanel
    groups: Any
    groups_chosen: SignalInstance


@dataclass(frozen=True)
class _State:
    """Groups as they were, to be brought back."""

    map_id: str
    groups: Groups
    names: dict[int, str]
    way: str


class GroupsPresenter(QObject):
    """`show_again` lists the groups with what is said of them; it is called when that is something else now."""

    def __init__(
        self, services: Services, view: View, work: LongWork, show_again: Callable[[], None], parent: QObject
    ) -> None:
        super().__init__(parent)
        self._services, self._view, self._work, self._show_again = services, view, work, show_again
        self._images, self._current = ProjectImages.of(services), CurrentMap.of(services)
        self._columns = ImageColumns.of(services)
        self._before: list[_State] = []
        self._offered: tuple[list[tuple[str, str]], str] = ([], "")
        self._purity = GroupPurity(services, self._images, self._columns, show_again)
        self._likeness = GroupLikeness(services, self._current, self._files, show_again)
        panel = view.panel
        panel.anew_requested.connect(self.regroup)
        panel.split_requested.connect(self.split)
        panel.merge_requested.connect(self.merge)
        panel.undo_requested.connect(self.undo)
        panel.column_requested.connect(self.compare_with)
        self._labelling = GroupLabelling(services, view, self._reason, self)
        panel.tree_requested.connect(self.show_tree)
        view.groups_chosen.connect(self._show_reasons)
        self._columns.changed.connect(self._columns_changed)
        self._dispose = services.actions.add(*self._actions())
        self._offer()

    def close(self) -> None:
        """Let go of the window's actions."""
        self._dispose()

    def told(self) -> tuple[dict[int, str], Tree]:
        """What each group mostly is, by the column that was chosen, and which are alike, if that is to be shown.

        Brings note and buttons up to date.
        """
        self._offer()
        said, overall = self._purity.words()
        tree = self._likeness.tree()
        self._view.panel.set_tree(self._likeness.wanted)
        self._view.panel.set_note(overall, texts.origin(self._current.known.way, tree=bool(tree)))
        self._show_reasons()
        return said, tree

    def regroup(self, way: str, k: int = 0) -> None:
        """Make other groups, by k-means (k = 0: a suggested number) or by density on the map."""
        data, files = self._current.known.map, self._files()
        if data is None or files is None or self._reason():
            self._services.notify.info(self._reason() or texts.NO_MAP)
            return
        old, names = data.cluster, self._current.known.group_names
        map_file = str(self._services.session.project.maps_dir / f"{data.map_id}.npz")

        def work(call: Call) -> tuple[Groups, dict[int, str]]:
            made = call(REGROUP, *files, map_file, way, k)
            return made, group_edits.carried(old, names, made)

        def done(made: tuple[Groups, dict[int, str]]) -> None:
            groups, kept = made
            self._change(data.map_id, groups, kept, way)
            number = len(np.unique(groups[groups >= 0]))
            self._services.notify.info(texts.grouped(number, way, int((groups < 0).sum())))

        self._work.start(texts.GROUPING, work, done)

    def split(self, parts: int) -> None:
        """Split the one group that is chosen in the list; 0 parts lets the number suggest itself."""
        data, files, chosen = self._current.known.map, self._files(), self._view.groups.chosen()
        reason = self._split_reason()
        if data is None or files is None or reason:
            self._services.notify.info(reason or texts.NO_MAP)
            return
        number, groups = chosen[0], data.cluster
        name = dict(self._images.groups())[number]

        def work(call: Call) -> Groups:
            found: Groups = call(PART, *files, data.ids[groups == number], parts)
            return found

        def done(found: Groups) -> None:
            self._change(data.map_id, *group_edits.divided(groups, number, found, self._current.known.group_names))
            self._services.notify.info(texts.parted(name, int(found.max()) + 1))

        self._work.start(texts.SPLITTING, work, done)

    def merge(self) -> None:
        """Make one group of those that are chosen in the list."""
        data, chosen, reason = self._current.known.map, self._view.groups.chosen(), self._merge_reason()
        if data is None or reason:
            self._services.notify.info(reason or texts.NO_MAP)
            return
        self._change(data.map_id, *group_edits.merged(data.cluster, chosen, self._current.known.group_names))
        left = next(number for number, _ in self._images.groups() if number in chosen)
        self._services.notify.info(texts.merged(len(chosen), dict(self._images.groups())[left]))

    def undo(self) -> None:
        """Bring the groups back as they were before the last change."""
        reason = self._undo_reason()
        if reason:
            self._services.notify.info(reason)
            return
        state = self._before.pop()
        self._current.set_groups(state.groups, state.names, state.way)

    def compare_with(self, key: str) -> None:
        """Say what groups mostly are by another column."""
        self._purity.by = key
        self._show_again()

    def show_tree(self, wanted: bool) -> None:
        """Show groups under what joins those that are alike, or one below the other."""
        self._likeness.wanted = wanted
        self._show_again()

    def _change(self, map_id: str, groups: Groups, names: dict[int, str], way: str = "") -> None:
        known = self._current.known
        if known.map is None or known.map.map_id != map_id or len(groups) != len(known.map.cluster):
            return  # another map came meanwhile
        self._before = [*self._before, _State(map_id, known.map.cluster, known.group_names, known.way)][-MOST_UNDONE:]
        self._current.set_groups(groups.astype(np.int32), names, way or texts.by_hand(known.way))

    def _files(self) -> tuple[str, str] | None:
        source = self._current.known.current
        if source is None or not source.embedding:
            return None
        folder = self._services.session.project.embeddings_dir
        return str(folder / f"{source.embedding}.npy"), str(folder / f"{source.embedding}.ids.npy")

    def _offer(self) -> None:
        columns = [(info.key, info.title) for info in self._columns.available()]
        entries = [(LABEL, texts.LABEL), *columns]
        if self._purity.by not in dict(entries) and columns:
            self._purity.by = LABEL
        if (entries, self._purity.by) != self._offered:
            self._offered = (entries, self._purity.by)
            self._view.panel.set_columns(entries, self._purity.by)
        self._view.groups.groups.set_column(dict(columns).get(self._purity.by, ""))

    def _columns_changed(self, key: str) -> None:
        if key in ("", self._purity.by):
            self._show_again()

    def _show_reasons(self) -> None:
        self._view.panel.set_reasons(self._reason(), self._split_reason(), self._merge_reason(), self._undo_reason())
        self._labelling.show_reason()

    def _reason(self) -> str:
        if self._services.session.project.read_only:
            return texts.READ_ONLY
        return "" if self._current.known.map is not None and self._files() is not None else texts.NO_MAP

    def _split_reason(self) -> str:
        return self._reason() or ("" if len(self._view.groups.chosen()) == 1 else texts.ONE_NEEDED)

    def _merge_reason(self) -> str:
        return self._reason() or ("" if len(self._view.groups.chosen()) > 1 else texts.SEVERAL_NEEDED)

    def _undo_reason(self) -> str:
        data = self._current.known.map
        if data is not None:
            self._before = [state for state in self._before if state.map_id == data.map_id]
        return self._reason() or ("" if self._before else texts.NOTHING_TO_UNDO)

    def _actions(self) -> tuple[Action, ...]:
        def one(name: str, title: str, act: Callable[[], None], why: Callable[[], str]) -> Action:
            return Action(f"explore.{name}", title, act, reason=why, page="explore", group=3)

        return (
            one("regroup", f"{texts.ANEW}: {texts.BY_IMAGES}", partial(self.regroup, "kmeans"), self._reason),
            one("density", f"{texts.ANEW}: {texts.BY_DENSITY}", partial(self.regroup, "density"), self._reason),
            one("split", "Split the chosen group in two", partial(self.split, 2), self._split_reason),
            one("label_group", "Label the chosen groups", self._labelling.begin, self._labelling.reason),
            one("merge", "Merge the chosen groups", self.merge, self._merge_reason),
            one("group_tree", texts.TREE_ACTION, lambda: self.show_tree(not self._likeness.wanted), self._reason),
            one("undo_groups", texts.UNDO_HELP, self.undo, self._undo_reason),
        )
