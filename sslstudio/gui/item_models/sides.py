"""Which side of the split an image stands on at this moment: its part, but for patients who were drawn at random.

The table of images has the parts as they were read; who was drawn changes with each label and each undo. Apart from Qt.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set

import numpy as np

from sslstudio.domain.items import Part
from sslstudio.domain.labels import Label
from sslstudio.gui.item_models.image_table import ImageTable
from sslstudio.session.session import Session


def kept_patients(session: Session, table: ImageTable) -> frozenset[int]:
    """The codes of the patients who are kept to test because they were drawn at random."""
    drawn = session.drawing.sample(session.labels())
    rows = table.rows_of(np.asarray(sorted(drawn), dtype=np.int64))
    return frozenset(table.subject_code[rows].tolist())


def side(table: ImageTable, row: int, kept: Set[int]) -> Part:
    """The side of the image in a row of the table; `kept` are the patients drawn at random."""
    return "test" if int(table.subject_code[row]) in kept else table.part[row]


def teaching(table: ImageTable, labels: Mapping[int, Label], kept: Set[int]) -> Iterator[tuple[int, int]]:
    """(image id, class id) of the labelled images that suggestions may be learned from."""
    for image_id, label in labels.items():
        row = table.row_of(image_id)
        if row is None or label.class_id is None or image_id in table.excluded:
            continue
        if side(table, row, kept) != "test":
            yield image_id, label.class_id
