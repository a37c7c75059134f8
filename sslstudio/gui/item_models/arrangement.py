"""Which images a gallery shows and in what order; pure, so that filters and sorts are tested without a window."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sslstudio.domain.labels import ClassInfo, Label
from sslstudio.gui.item_models.image_table import ImageTable

Ids = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

SORTS = (
    ("id", "order of import"),
    ("patient", "patient"),
    ("group", "group on the map"),
    ("unsure", "least certain first"),
    ("sure", "most certain first"),
)


@dataclass(frozen=True)
class Facts:
    """What filters and sorts look at; arrays have one entry a row of the table.

    `group` is -1 where an image is in no group, `confidence` nan where there is no suggestion.
    """

    table: ImageTable
    labels: Mapping[int, Label]
    selection: frozenset[int]
    group: npt.NDArray[np.int32]
    confidence: npt.NDArray[np.float64]
    listed: tuple[int, ...] = ()


def filters(classes: Sequence[ClassInfo], groups: Sequence[tuple[int, str]], listed: str = "") -> list[tuple[str, str]]:
    """The entries (value, name) of "Show"; `listed` names a list of images found by similarity."""
    entries = [
        ("all", "all images"),
        ("selected", "selected"),
        ("unlabelled", "without label"),
        ("labelled", "labelled"),
    ]
    if listed:
        entries.insert(2, ("listed", listed))
    entries += [(f"class:{info.class_id}", f"label: {info.name}") for info in classes]
    entries += [("uncertain", "unsure"), ("excluded", "excluded from labelling")]
    entries += [(f"group:{number}", name) for number, name in groups]
    return entries


def arrange(facts: Facts, show: str, sort: str) -> Ids:
    """Ids of the images that `show` names, in the order `sort` names; an unknown `show` shows all."""
    if show == "listed":
        known = [image_id for image_id in facts.listed if facts.table.row_of(image_id) is not None]
        return np.array(known, dtype=np.int64)
    rows = np.flatnonzero(_mask(facts, show))
    return np.asarray(facts.table.ids[rows[_order(facts, rows, sort)]])


def _mask(facts: Facts, show: str) -> Mask:
    table = facts.table
    mask = np.zeros(len(table.ids), dtype=bool)
    kind, _, value = show.partition(":")
    if kind == "selected":
        mask[table.rows_of(_array(facts.selection))] = True
    elif kind == "group":
        mask = facts.group == int(value)
    elif kind == "unlabelled":
        mask[:] = True
        mask[table.rows_of(_array(facts.labels))] = False
    elif kind in ("labelled", "class", "uncertain", "excluded"):
        wanted = [image_id for image_id, label in facts.labels.items() if _fits(label, kind, value)]
        mask[table.rows_of(_array(wanted))] = True
    else:
        mask[:] = True
    return mask


def _fits(label: Label, kind: str, value: str) -> bool:
    if kind == "class":
        return label.class_id == int(value)
    return label.mark == ("class" if kind == "labelled" else kind)


def _order(facts: Facts, rows: npt.NDArray[np.int64], sort: str) -> npt.NDArray[np.int64]:
    if sort == "patient":
        key = facts.table.subject_code[rows].astype(np.float64)
    elif sort == "group":
        group = facts.group[rows]
        key = np.where(group < 0, np.iinfo(np.int32).max, group).astype(np.float64)
    elif sort in ("unsure", "sure"):
        confidence = facts.confidence[rows]
        key = np.where(np.isnan(confidence), np.inf, confidence if sort == "unsure" else -confidence)
    else:
        return np.arange(len(rows))
    return np.asarray(np.argsort(key, kind="stable"))


def _array(ids: Collection[int]) -> Ids:
    return np.fromiter(ids, dtype=np.int64, count=len(ids))
