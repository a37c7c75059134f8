"""The selection grammar: click replaces, Ctrl toggles, Shift extends, Alt subtracts; one rule for every view."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from itertools import chain
from numbers import Integral
from typing import TYPE_CHECKING, Literal, assert_never

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Ids = npt.NDArray[np.int64]

_PIECE = 4096
Mode = Literal["replace", "toggle", "extend", "subtract"]


class Selection(Set[int]):
    """Selected image ids as an ascending array, so that hundreds of thousands cost no more than a few; equal to any set
    that holds the same."""

    __slots__ = ("ordered",)

    def __init__(self, ids: Iterable[int] = ()) -> None:
        import numpy as np

        self.ordered: Ids = _ascending(np.fromiter(ids, dtype=np.int64))
        """The ids (N,), ascending, read-only."""
        self.ordered.setflags(write=False)

    @classmethod
    def of(cls, ordered: Ids) -> Selection:
        """The selection of these ids, which ascend and of which there are no two alike."""
        made = cls.__new__(cls)
        ordered.setflags(write=False)
        made.ordered = ordered
        return made

    def __contains__(self, image_id: object) -> bool:
        place = int(self.ordered.searchsorted(int(image_id))) if isinstance(image_id, Integral) else len(self.ordered)
        return place < len(self.ordered) and bool(self.ordered[place] == image_id)

    def __iter__(self) -> Iterator[int]:
        return chain.from_iterable(self.ordered[at : at + _PIECE].tolist() for at in range(0, len(self), _PIECE))

    def __len__(self) -> int:
        return len(self.ordered)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Selection):
            return len(self) == len(other) and bool((self.ordered == other.ordered).all())
        return super().__eq__(other)

    def __hash__(self) -> int:
        return self._hash()


def pick(current: Selection, ids: Iterable[int] | Ids, mode: Mode) -> Selection:
    """The selection after pointing at `ids`, quickest as an array, in `mode`."""
    import numpy as np

    chosen = _ascending(np.array(ids, dtype=np.int64)) if hasattr(ids, "dtype") else Selection(ids).ordered
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


def _ascending(ids: Ids) -> Ids:
    """Each of `ids` once, ascending; those that are so already, as a map's are, are not sorted again."""
    if len(ids) > 1 and not (ids[1:] > ids[:-1]).all():
        ids.sort()
        import numpy as np

        ids = ids[np.append(True, ids[1:] > ids[:-1])]
    return ids
