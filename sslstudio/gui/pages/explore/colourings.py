"""The colourings of the map from what the project knows; pure, so that they are tested without a window."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from sslstudio.domain.labels import ClassInfo, Label
from sslstudio.gui.item_models import colouring
from sslstudio.gui.item_models.colouring import Colouring
from sslstudio.gui.item_models.image_table import ImageTable
from sslstudio.session.columns import Column

COLUMN = "column:"
"""Begins the kind of a colouring by a metadata column; its key follows."""


@dataclass(frozen=True)
class Known:
    """What is known of the images of the project, one entry a row of `table`: `group`, `best` (class id) and
    `confidence` (N,), -1 and nan for none; `labels` by image id; `column` is the one to colour by, if any."""

    table: ImageTable
    labels: Mapping[int, Label]
    classes: Mapping[int, ClassInfo]
    group: npt.NDArray[np.int32]
    best: npt.NDArray[np.int64]
    confidence: npt.NDArray[np.float64]
    group_names: dict[int, str] = field(default_factory=dict)
    column: Column | None = None


def make(kind: str, ids: npt.NDArray[np.int64], known: Known) -> Colouring:
    """Colour images `ids` (N,) by `kind`; nothing but numbers are touched, so it may run in a thread."""
    rows, there = _rows(known.table, ids)
    entries = [(info.class_id, info.name, info.colour) for info in known.classes.values()]
    if kind == "group":
        return colouring.by_cluster(_take(known.group, rows, there, -1).astype(np.int32), known.group_names)
    if kind == "label":
        given = np.full(len(ids), -1, dtype=np.int64)
        keys = [(key, label.class_id) for key, label in known.labels.items() if label.class_id is not None]
        if keys and len(ids):
            labelled = np.array(keys, dtype=np.int64)
            labelled = labelled[np.argsort(labelled[:, 0])]
            place = np.minimum(np.searchsorted(labelled[:, 0], ids), len(labelled) - 1)
            hit = labelled[place, 0] == ids
            given[hit] = labelled[place[hit], 1]
        return colouring.by_class("By label", given, entries, "No label")
    if kind == "prediction":
        return colouring.by_class("By suggestion", _take(known.best, rows, there, -1), entries, "No suggestion")
    if kind == "confidence":
        share = _take(known.confidence, rows, there, np.nan)
        return colouring.by_confidence("By certainty", share.astype(np.float64), "No suggestion")
    if known.column is not None and kind == COLUMN + known.column.info.key:
        return _by_column(known.column, rows, there)
    return colouring.single(len(ids), "All images")


def _by_column(column: Column, rows: npt.NDArray[np.int64], there: npt.NDArray[np.bool_]) -> Colouring:
    title = f"By {column.info.title[:1].lower()}{column.info.title[1:]}"
    if column.info.title[1:2].isupper():
        title = f"By {column.info.title}"
    if column.info.kind == "number":
        return colouring.by_value(title, _take(column.numbers, rows, there, np.nan).astype(np.float64))
    return colouring.by_code(title, _take(column.codes, rows, there, -1).astype(np.int32), column.names)


def _rows(table: ImageTable, ids: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """The row in `table` of each id, and whether it is there."""
    if not len(table.ids):
        return np.zeros(len(ids), dtype=np.int64), np.zeros(len(ids), dtype=bool)
    place = np.minimum(np.searchsorted(table.ids, ids), len(table.ids) - 1)
    return place, table.ids[place] == ids


def _take(
    values: npt.NDArray[np.generic], rows: npt.NDArray[np.int64], there: npt.NDArray[np.bool_], absent: float
) -> npt.NDArray[np.int64]:
    """The values of these rows, `absent` where there is none."""
    if not len(values):
        return np.full(len(rows), absent)
    return np.where(there, values[rows], absent)
