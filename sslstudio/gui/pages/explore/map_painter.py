"""What the map is coloured by, and the colours of any images by that: for the map itself and one beside it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from sslstudio.gui.item_models.colouring import Colouring
from sslstudio.gui.item_models.image_columns import ImageColumns
from sslstudio.gui.item_models.project_images import ProjectImages
from sslstudio.gui.pages.explore.colourings import COLUMN, Known, make
from sslstudio.gui.pages.page import Services
from sslstudio.gui.widgets.map_scene import AT_ONCE


class MapPainter:
    """`kind` is what is coloured by now. Colours of few images are worked out at once, of many in a thread."""

    def __init__(self, services: Services) -> None:
        self.kind = "group"
        self._images, self._columns = ProjectImages.of(services), ImageColumns.of(services)
        self._background = services.background

    def paint(self, ids: npt.NDArray[np.int64], show: Callable[[Colouring], None], key: str) -> None:
        """Give `show` the colours of images `ids` (N,), now or later; `key` names the map.

        Nothing comes while the column is being read (`ImageColumns.changed` says when it is there), or when another
        kind has been chosen meanwhile.
        """
        known, kind = self._known(), self.kind
        if known is None:
            return
        if len(ids) <= AT_ONCE:
            show(make(kind, ids, known))
            return

        def done(colours: Colouring) -> None:
            if self.kind == kind:
                show(colours)

        self._background.run(make, kind, ids, known, done=done, key=key)

    def _known(self) -> Known | None:
        images, kind = self._images, self.kind
        column = None
        if kind.startswith(COLUMN):
            column = self._columns.values(kind.removeprefix(COLUMN))
            if column is None or len(column) != len(images.table.ids):
                return None
        return Known(
            images.table,
            images.labels(),
            images.classes(),
            images.group,
            images.best,
            images.confidence,
            images.group_names,
            column,
        )
