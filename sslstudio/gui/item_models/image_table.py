"""All images of a project as columns, read once off the window's thread; apart from Qt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from sslstudio.domain.items import Item, Part

Rows = npt.NDArray[np.int64]


class ItemReader(Protocol):
    """The part of the catalogue that is read here."""

    def items(self, *, include_excluded: bool = False) -> list[Item]:
        """All images."""


@dataclass(frozen=True)
class ImageTable:
    """One entry an image, in the order of the ids (N,). `subject_code` (N,) numbers the patients from 0."""

    ids: npt.NDArray[np.int64]
    subject_code: npt.NDArray[np.int64]
    subjects: tuple[str, ...]
    modality: tuple[str, ...]
    scanner: tuple[str, ...]
    part: tuple[Part, ...]
    places: dict[int, tuple[str, int]]

    def rows_of(self, ids: npt.NDArray[np.int64]) -> Rows:
        """Rows of these images; ids that are not in the project are left out."""
        if not len(self.ids) or not len(ids):
            return np.zeros(0, dtype=np.int64)
        place = np.minimum(np.searchsorted(self.ids, ids), len(self.ids) - 1)
        return np.asarray(place[self.ids[place] == ids], dtype=np.int64)

    def row_of(self, image_id: int) -> int | None:
        """Row of one image, or None."""
        place = int(np.searchsorted(self.ids, image_id))
        return place if place < len(self.ids) and self.ids[place] == image_id else None

    def subject_of(self, image_id: int) -> str:
        """The pseudonym of the patient of one image; "" when the image is not known."""
        row = self.row_of(image_id)
        return "" if row is None else self.subjects[int(self.subject_code[row])]

    def count_subjects(self, ids: npt.NDArray[np.int64]) -> int:
        """How many patients these images come from."""
        return len(np.unique(self.subject_code[self.rows_of(ids)]))


def read(catalogue: ItemReader) -> ImageTable:
    """The table of all images, those excluded from training too."""
    items = catalogue.items(include_excluded=True)
    codes: dict[str, int] = {}
    subject_code = np.fromiter((codes.setdefault(item.subject, len(codes)) for item in items), np.int64, len(items))
    return ImageTable(
        ids=np.fromiter((item.image_id for item in items), np.int64, len(items)),
        subject_code=subject_code,
        subjects=tuple(codes),
        modality=tuple(item.modality for item in items),
        scanner=tuple(item.scanner for item in items),
        part=tuple(item.part for item in items),
        places={item.image_id: (item.shard, item.offset) for item in items},
    )


EMPTY = ImageTable(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), (), (), (), (), {})
"""The table of a project without images, or before the first reading."""


def sorted_ids(ids: frozenset[int]) -> npt.NDArray[np.int64]:
    """A selection as an ascending array."""
    return np.sort(np.fromiter(ids, dtype=np.int64, count=len(ids)))
