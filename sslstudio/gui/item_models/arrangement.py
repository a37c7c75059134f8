"""Which images a gallery shows, in what order and under which headers; pure, so that it is tested without a window.

A million images take tenths of a second; then this runs in a thread, where numpy lets go of the interpreter.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from sslstudio.domain.labels import MARK_NAMES, ClassInfo, Label
from sslstudio.gui.item_models import sort_keys
from sslstudio.gui.item_models.id_rows import IdRows
from sslstudio.gui.item_models.image_table import ImageTable, sorted_ids
from sslstudio.gui.item_models.sections import Sections, divide
from sslstudio.gui.item_models.sort_keys import Shares, Values

Ids = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Facts:
    """What filters and sorts look at; arrays have one entry a row of the table.

    `group` is -1 where an image is in no group, `confidence` nan where there is no suggestion, `best` the class of the
    suggestion, -1 for none. `columns` are further ones to sort by, by key; `drawn` were drawn at random and test.
    """

    table: ImageTable
    labels: Mapping[int, Label]
    selection: Set[int]
    group: npt.NDArray[np.int32]
    confidence: npt.NDArray[np.float64]
    listed: tuple[int, ...] = ()
    best: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    shares: Shares | None = None
    classes: Mapping[int, ClassInfo] = field(default_factory=dict)
    group_names: Mapping[int, str] = field(default_factory=dict)
    columns: Mapping[str, Values] = field(default_factory=dict)
    drawn: tuple[int, ...] = ()


@dataclass(frozen=True)
class Arrangement:
    """What to show: `show` is a value of `filters`, `sort` one of `sort_keys.SORTS` or a further column, `grouping`
    one of `sections.GROUPINGS`."""

    show: str = "all"
    sort: str = "id"
    descending: bool = False
    grouping: str = ""


@dataclass(frozen=True)
class Arranged:
    """The images in order and, when they are grouped, where each group begins."""

    rows: IdRows
    sections: Sections | None = None

    @property
    def ids(self) -> Ids:
        """The images in order (M,)."""
        return self.rows.ids


def filters(classes: Sequence[ClassInfo], groups: Sequence[tuple[int, str]], listed: str = "") -> list[tuple[str, str]]:
    """The entries (value, name) of "Show"; `listed` names a list of images, such as those found by similarity."""
    entries = [
        ("all", "all images"),
        ("selected", "selected"),
        ("unlabelled", "without label"),
        ("labelled", "labelled"),
    ]
    if listed:
        entries.insert(2, ("listed", listed))
    entries += [(f"class:{info.class_id}", f"label: {info.name}") for info in classes]
    entries += list(MARK_NAMES.items())
    entries += [("noted", "with a note"), ("drawn", "drawn at random to test")]
    entries += [(f"group:{number}", name) for number, name in groups]
    return entries


def arrange(facts: Facts, wanted: Arrangement) -> Arranged:
    """The images that `show` names, in the order `sort` names, under the headers of `grouping`.

    An unknown `show` shows all, an unknown `sort` is the order of import; a list keeps the order of its own until it is
    sorted by something.
    """
    rows = _rows(facts, wanted.show)
    own_order = wanted.show == "listed" and wanted.sort == "id"
    if not own_order:
        rows = rows[sort_keys.order(facts, rows, wanted.sort, descending=wanted.descending)]
    elif wanted.descending:
        rows = rows[::-1]
    sections = None
    if wanted.grouping:
        sections, order = divide(facts, rows, wanted.grouping)
        rows = rows[order]
    return Arranged(IdRows(facts.table.ids[rows]), sections)


def _rows(facts: Facts, show: str) -> npt.NDArray[np.int64]:
    if show == "listed":
        return facts.table.rows_of(np.asarray(facts.listed, dtype=np.int64))
    return np.flatnonzero(_mask(facts, show))


def _mask(facts: Facts, show: str) -> Mask:
    table = facts.table
    mask = np.zeros(len(table.ids), dtype=bool)
    kind, _, value = show.partition(":")
    if kind == "selected":
        mask[table.rows_of(sorted_ids(facts.selection))] = True
    elif kind == "group":
        mask = facts.group == int(value)
    elif kind == "drawn":
        mask[table.rows_of(np.asarray(sorted(facts.drawn), dtype=np.int64))] = True
    elif kind == "unlabelled":
        mask[:] = True
        mask[table.rows_of(_array(facts.labels))] = False
    elif kind in ("labelled", "class", "noted", *MARK_NAMES):
        wanted = [image_id for image_id, label in facts.labels.items() if _fits(label, kind, value)]
        mask[table.rows_of(_array(wanted))] = True
    else:
        mask[:] = True
    return mask


def _fits(label: Label, kind: str, value: str) -> bool:
    if kind == "class":
        return label.class_id == int(value)
    if kind == "noted":
        return bool(label.note)
    return label.mark == ("class" if kind == "labelled" else kind)


def _array(ids: Collection[int]) -> Ids:
    return np.fromiter(ids, dtype=np.int64, count=len(ids))
