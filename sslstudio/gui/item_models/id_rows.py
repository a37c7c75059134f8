"""From image ids to their rows in a list of any order, at once for a million of them; pure."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Ids = npt.NDArray[np.int64]
_SPARE = 1_000_000


class IdRows:
    """Image ids in order (N,). The ids of a project are nearly without gaps, so that a table by id is small and made in
    one pass, where sorting a million would hold the window for a tenth of a second; far-flung ids are sorted."""

    def __init__(self, ids: Ids) -> None:
        self.ids = ids
        self._table: npt.NDArray[np.int32] | None = None
        self._order: npt.NDArray[np.int64] | None = None
        most = int(ids.max(initial=0))
        if int(ids.min(initial=0)) >= 0 and most < 4 * len(ids) + _SPARE:
            self._table = np.full(most + 1, -1, dtype=np.int32)
            self._table[ids] = np.arange(len(ids), dtype=np.int32)
        else:
            self._order = np.argsort(ids, kind="stable")

    @classmethod
    def of(cls, ids: Ids | IdRows) -> IdRows:
        """These ids, whether they were made ready before (in a thread, for a million of them) or not."""
        return ids if isinstance(ids, IdRows) else cls(np.asarray(ids, dtype=np.int64))

    def rows_of(self, ids: Ids) -> Ids:
        """Rows of the images that are in the list, in the order of `ids`."""
        return self.places_of(ids)[0]

    def places_of(self, ids: Ids) -> tuple[Ids, npt.NDArray[np.bool_]]:
        """Rows of those of these images that are in the list, and which (len(ids),) these are."""
        if not len(ids) or not len(self.ids):
            return np.zeros(0, dtype=np.int64), np.zeros(len(ids), dtype=bool)
        rows: npt.NDArray[np.signedinteger]
        if self._table is not None:
            rows = self._table.take(ids, mode="clip")
            known = (rows >= 0) & (ids >= 0) & (ids < len(self._table))
        else:
            assert self._order is not None
            place = np.minimum(np.searchsorted(self.ids, ids, sorter=self._order), len(self.ids) - 1)
            rows = self._order[place]
            known = self.ids[rows] == ids
        return (rows if known.all() else rows[known]).astype(np.int64), known

    def row_of(self, image_id: int) -> int | None:
        """The row of one image, or None."""
        rows = self.rows_of(np.array([image_id], dtype=np.int64))
        return int(rows[0]) if len(rows) else None
