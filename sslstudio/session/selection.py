"""The selection grammar: click replaces, Ctrl toggles, Shift extends, Alt subtracts; one rule for every view."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal, assert_never

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Ids = npt.NDArray[np.int64]

Mode = Literal["replace", "toggle", "extend", "subtract"]


def combine(current: frozenset[int], ids: Iterable[int], mode: Mode) -> frozenset[int]:
    """The selection after pointing at `ids` in `mode`."""
    chosen = frozenset(ids)
    match mode:
        case "replace":
            return chosen
        case "toggle":
            return current ^ chosen
        case "extend":
            return current | chosen
        case "subtract":
            return current - chosen
    assert_never(mode)


class Selection(frozenset[int]):
    """Selected image ids; every view asks for them in order, so that they are put in order once."""

    _ordered: Ids | None = None

    @classmethod
    def of(cls, ordered: Ids) -> Selection:
        """The selection of these ids, which ascend and of which there are no two alike."""
        made = cls(ordered.tolist())
        ordered.setflags(write=False)
        made._ordered = ordered
        return made

    @property
    def ordered(self) -> Ids:
        """The ids (N,), ascending, read-only."""
        if self._ordered is None:
            import numpy as np

            made = np.sort(np.fromiter(self, dtype=np.int64, count=len(self)))
            made.setflags(write=False)
            self._ordered = made
        return self._ordered


def pick(current: Selection, ids: Iterable[int] | Ids, mode: Mode) -> Selection:
    """As `combine`; an array of ids, of which there may be hundreds of thousands, is combined as one."""
    if not hasattr(ids, "dtype"):
        return Selection(combine(current, ids, mode))
    import numpy as np

    chosen = np.unique(np.asarray(ids, dtype=np.int64))
    match mode:
        case "replace":
            return Selection.of(chosen)
        case "toggle":
            return Selection.of(np.setxor1d(current.ordered, chosen, assume_unique=True))
        case "extend":
            return Selection.of(np.union1d(current.ordered, chosen))
        case "subtract":
            return Selection.of(np.setdiff1d(current.ordered, chosen, assume_unique=True))
    assert_never(mode)
