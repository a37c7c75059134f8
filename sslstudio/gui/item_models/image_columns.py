"""The metadata columns of the open project for every view that shows them: each is read once, off the window's thread.

Values stand in the order of `ProjectImages.table`. Only a column that is asked for is read; the latest few are kept.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from sslstudio.errors import SSLStudioError
from sslstudio.gui.item_models.project_images import ProjectImages
from sslstudio.session.columns import Column, ColumnInfo, Columns, LeftOut, read_column, read_columns

if TYPE_CHECKING:
    from sslstudio.gui.pages.page import Services

KEPT = 16
"""So many columns are kept: eight megabytes each for a million images."""


class ImageColumns(QObject):
    """`changed` carries the key of a column whose values have come, or "" when all columns may be others than before.

    After "" a view asks again for what it shows; until then the values it holds belong to an earlier table.
    """

    changed = Signal(str)

    def __init__(self, services: Services, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._services = services
        self._images = ProjectImages.of(services)
        self._columns: Columns | None = None
        self._kept: dict[str, Column] = {}
        self._reading: set[str] = set()
        self._asked = False
        self._generation = 0
        self._images.images_changed.connect(self._start_anew)

    @classmethod
    def of(cls, services: Services) -> ImageColumns:
        """The one of this project; made on the first call, gone with the project. Nothing is read before it is asked
        for."""
        found = services.background.findChild(ImageColumns)
        return found if isinstance(found, ImageColumns) else cls(services, services.background)

    @property
    def loaded(self) -> bool:
        """True when it is known which columns there are."""
        return self._columns is not None

    def available(self) -> tuple[ColumnInfo, ...]:
        """The columns worth looking at, in the order in which they are offered; () while they are being read."""
        return self._known().infos

    def left_out(self) -> tuple[LeftOut, ...]:
        """The columns that say nothing about groups of images, and why; () while they are being read."""
        return self._known().left_out

    def info(self, key: str) -> ColumnInfo | None:
        """A column by its key; None while columns are being read, and when there is no such column."""
        return self._known().info(key)

    def values(self, key: str) -> Column | None:
        """The values of a column, one a row of the table; None while they are being read, and when there is no such
        column. `changed` says when they have come."""
        info = self.info(key)
        if info is None:
            return None
        column = self._kept.pop(key, None)
        if column is not None:
            self._kept[key] = column
            return column
        if key not in self._reading:
            self._reading.add(key)
            generation = self._generation
            self._services.background.run(
                read_column,
                self._images.session.project.catalogue,
                info,
                self._images.table.ids,
                lambda: generation == self._generation,
                done=partial(self._take, generation, key),
                failed=partial(self._failed, generation, key),
            )
        return None

    def _known(self) -> Columns:
        if self._columns is None:
            if not self._asked and self._images.loaded:
                self._asked = True
                self._services.background.run(
                    read_columns,
                    self._images.session.project.catalogue,
                    done=partial(self._take_columns, self._generation),
                    failed=partial(self._failed, self._generation, ""),
                )
            return Columns()
        return self._columns

    def _take_columns(self, generation: int, columns: Columns) -> None:
        if generation == self._generation:
            self._columns = columns
            self.changed.emit("")

    def _take(self, generation: int, key: str, column: Column | None) -> None:
        if generation != self._generation or column is None:
            return
        self._reading.discard(key)
        self._kept[key] = column
        while len(self._kept) > KEPT:
            del self._kept[next(iter(self._kept))]
        self.changed.emit(key)

    def _failed(self, generation: int, key: str, error: SSLStudioError) -> None:
        if generation == self._generation:
            self._reading.discard(key)
            self._asked = self._asked and bool(key)
            self._services.notify.error(error)

    def _start_anew(self) -> None:
        """The images are others now: what was read, and what is being read, is of an earlier table."""
        self._generation += 1
        self._columns, self._asked = None, False
        self._kept.clear()
        self._reading.clear()
        self.changed.emit("")
