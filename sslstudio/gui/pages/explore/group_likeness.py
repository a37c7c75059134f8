"""Which groups are alike, as a tree; worked out in a child process each time the groups are others."""

from __future__ import annotations

from collections.abc import Callable

from sslstudio.embeddings.group_tree import Joint
from sslstudio.errors import SSLStudioError
from sslstudio.gui.item_models.current_map import CurrentMap
from sslstudio.gui.pages.page import Services

TREE = "sslstudio.embeddings.group_tree:tree_of_groups"
Tree = tuple[Joint, ...]


class GroupLikeness:
    """`wanted` says whether a tree is to be shown; `show_again` is called when it is there."""

    def __init__(
        self,
        services: Services,
        current: CurrentMap,
        files: Callable[[], tuple[str, str] | None],
        show_again: Callable[[], None],
    ) -> None:
        self._services, self._current, self._files, self._show_again = services, current, files, show_again
        self.wanted = False
        self._groups: object = None
        self._tree: Tree = ()

    def tree(self) -> Tree:
        """The tree of the groups as they are now; empty while it is not wanted or not known yet."""
        data, files = self._current.known.map, self._files()
        if not self.wanted or data is None or files is None:
            return ()
        groups = data.cluster
        if groups is not self._groups:
            self._groups, self._tree = groups, ()
            map_file = str(self._services.session.project.maps_dir / f"{data.map_id}.npz")

            def take(found: Tree) -> None:
                if groups is self._groups:
                    self._tree = found
                    self._show_again()

            def failed(error: SSLStudioError) -> None:
                self.wanted = False
                self._services.notify.error(error)
                self._show_again()

            asked = self._services.compute.submit(TREE, *files, map_file, groups)
            self._services.background.wait_for(asked, done=take, failed=failed)
        return self._tree
