"""The colourings of the map from what the project knows; pure, so that they are tested without a window."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from sslstudio.domain.labels import ClassInfo, Label
from sslstudio.gui.item_models import colouring
from sslstudio.gui.item_models.colouring import Colouring
from sslstudio.gui.item_models.image_table import ImageTable

_PARTS = {"train": "training", "test": "test", "": "not dealt yet"}


def make(
    kind: str,
    ids: npt.NDArray[np.int64],
    table: ImageTable,
    labels: Mapping[int, Label],
    classes: Mapping[int, ClassInfo],
    columns: dict[str, npt.NDArray[np.generic]],
    group_names: dict[int, str],
) -> Colouring:
    """Colour images `ids` (N,) by `kind`. `columns` holds "group", "best" and "confidence", one entry a table row."""
    place = np.minimum(np.searchsorted(table.ids, ids), max(0, len(table.ids) - 1))
    known = table.ids[place] == ids if len(table.ids) else np.zeros(len(ids), dtype=bool)
    entries = [(info.class_id, info.name, info.colour) for info in classes.values()]
    if kind == "group":
        group = np.where(known, columns["group"][place], -1) if len(table.ids) else np.full(len(ids), -1)
        return colouring.by_cluster(group.astype(np.int32), group_names)
    if kind == "label":
        given = [label.class_id if (label := labels.get(int(key))) is not None else None for key in ids]
        return colouring.by_class("By label", given, entries, "No label")
    if kind == "prediction":
        best = np.where(known, columns["best"][place], -1) if len(table.ids) else np.full(len(ids), -1)
        return colouring.by_class("By suggestion", [int(value) for value in best], entries, "No suggestion")
    if kind == "confidence":
        share = np.where(known, columns["confidence"][place], np.nan) if len(table.ids) else np.full(len(ids), np.nan)
        return colouring.by_confidence("By certainty", share.astype(np.float64), "No suggestion")
    return _by_column(kind, place, known, table)


def _by_column(kind: str, place: npt.NDArray[np.int64], known: npt.NDArray[np.bool_], table: ImageTable) -> Colouring:
    names = {"patient": "By patient", "scanner": "By scanner", "modality": "By modality", "part": "By part"}
    if kind not in names:
        return colouring.single(len(place), "All images")

    def value(row: int) -> str:
        if kind == "patient":
            return table.subjects[int(table.subject_code[row])][:8]
        if kind == "part":
            return _PARTS[table.part[row]]
        return table.scanner[row] if kind == "scanner" else table.modality[row]

    values = [value(int(row)) if there else "" for row, there in zip(place, known, strict=True)]
    return colouring.by_text(names[kind], values)
