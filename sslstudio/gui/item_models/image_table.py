"""All images of a project as columns, read in parts off the window's thread; apart from Qt."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol, cast

import numpy as np
import numpy.typing as npt

from sslstudio.catalogue.browse import ImageChunk
from sslstudio.domain.items import Part
from sslstudio.domain.rendering import Rendering
from sslstudio.gui.item_models.id_rows import IdRows
from sslstudio.importers.rendering import look_of
from sslstudio.session.selection import Selection

Rows = npt.NDArray[np.int64]
Place = tuple[str, int]
ROWS_A_READ = 100_000


class ImageReader(Protocol):
    """The part of the catalogue that is read here."""

    def image_columns(self, after: int, limit: int) -> ImageChunk:
        """The next images after an id."""

    def groups(self) -> npt.NDArray[np.int64]:
        """(S, 3): series, study and subject id of every series."""

    def subjects(self) -> list[tuple[int, str, str]]:
        """Id, pseudonym and part of every patient."""

    def excluded(self) -> dict[int, str]:
        """The images left out of training, with the reason."""

    def rendering(self) -> Rendering:
        """What the model sees."""


class Places(Mapping[int, Place]):
    """Shard and byte offset by image id, kept as arrays: a dictionary of a million tuples would take 300 MB."""

    def __init__(
        self, ids: npt.NDArray[np.int64], shards: Sequence[str], shard: npt.NDArray[np.int64], offset: Rows
    ) -> None:
        self._ids, self._shards, self._shard, self._offset = ids, tuple(shards), shard, offset

    def __getitem__(self, image_id: int) -> Place:
        row = int(np.searchsorted(self._ids, image_id))
        if row >= len(self._ids) or self._ids[row] != image_id:
            raise KeyError(image_id)
        return self._shards[int(self._shard[row])], int(self._offset[row])

    def __iter__(self) -> Iterator[int]:
        return (int(image_id) for image_id in self._ids)

    def __len__(self) -> int:
        return len(self._ids)


@dataclass(frozen=True)
class ImageTable:
    """One entry an image, in the order of the ids (N,). `subject_code` (N,) numbers the patients from 0.

    `excluded` has the reasons of the images that are left out of training, by id; `look` names what the model saw of
    all images when this was read. `series_code` (N,) is a row of `branches` (S, 3): a number for the study, its place
    among the patient's studies and the place of the series in it, both from 1.
    """

    ids: npt.NDArray[np.int64]
    subject_code: npt.NDArray[np.int64]
    subjects: tuple[str, ...]
    modality: tuple[str, ...]
    scanner: tuple[str, ...]
    part: tuple[Part, ...]
    places: Mapping[int, Place]
    excluded: Mapping[int, str] = field(default_factory=dict)
    look: str = ""
    series_code: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    branches: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros((0, 3), dtype=np.int64))

    @cached_property
    def _id_rows(self) -> IdRows:
        return IdRows(self.ids)

    def rows_of(self, ids: npt.NDArray[np.int64]) -> Rows:
        """Rows of these images; ids that are not in the project are left out."""
        return self.places_of(ids)[0]

    def places_of(self, ids: npt.NDArray[np.int64]) -> tuple[Rows, npt.NDArray[np.bool_]]:
        """Rows of those of these images that are in the project, and which (len(ids),) these are."""
        return self._id_rows.places_of(ids)

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
        seen = np.zeros(len(self.subjects), dtype=bool)
        seen[self.subject_code[self.rows_of(ids)]] = True
        return int(seen.sum())


def read(catalogue: ImageReader) -> ImageTable:
    """The table of all images, those excluded from training too."""
    ids, series, offsets = [0], list[int](), list[int]()
    modality, scanner, shard = list[str](), list[str](), list[str]()
    known: dict[str, str] = {}
    while (part := catalogue.image_columns(ids[-1], ROWS_A_READ)).image_ids:
        ids += part.image_ids
        series += part.series_ids
        offsets += part.offset
        for column, values in ((modality, part.modality), (scanner, part.scanner), (shard, part.shard)):
            column += [known.setdefault(value, value) for value in values]
    image_ids = np.asarray(ids[1:], dtype=np.int64)
    groups = catalogue.groups()
    series_code, branches = _branches(groups, np.asarray(series, dtype=np.int64))
    codes, subjects, parts = _patients(catalogue, groups, np.asarray(series, dtype=np.int64))
    shards = {name: place for place, name in enumerate(dict.fromkeys(shard))}
    shard_code = np.fromiter((shards[name] for name in shard), np.int64, len(shard))
    return ImageTable(
        ids=image_ids,
        subject_code=codes,
        subjects=subjects,
        modality=tuple(modality),
        scanner=tuple(scanner),
        part=tuple(map(parts.__getitem__, codes.tolist())),
        places=Places(image_ids, tuple(shards), shard_code, np.asarray(offsets, dtype=np.int64)),
        excluded=catalogue.excluded(),
        look=look_of(catalogue.rendering()),
        series_code=series_code,
        branches=branches,
    )


def _branches(
    groups: npt.NDArray[np.int64], series: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """`series_code` and `branches` of the table from (S, 3) series, study and subject ids, in their order."""
    if not len(series):
        return np.zeros(0, dtype=np.int64), np.zeros((0, 3), dtype=np.int64)
    new_patient = np.diff(groups[:, 2], prepend=-1) != 0
    new_study = (np.diff(groups[:, 1], prepend=-1) != 0) | new_patient
    study = np.cumsum(new_study) - 1
    place = np.arange(len(groups))
    first = np.maximum.accumulate(np.where(new_study, place, 0))
    first_study = np.maximum.accumulate(np.where(new_patient, study, 0))
    branches = np.stack([study, study - first_study + 1, place - first + 1], axis=1).astype(np.int64)
    order = np.argsort(groups[:, 0])
    return np.asarray(order[np.searchsorted(groups[order, 0], series)], dtype=np.int64), branches


def _patients(
    catalogue: ImageReader, groups: npt.NDArray[np.int64], series: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], tuple[str, ...], tuple[Part, ...]]:
    """The number of each image's patient (N,), patients in the order in which their first image stands; their
    pseudonyms and parts."""
    if not len(series):
        return np.zeros(0, dtype=np.int64), (), ()
    groups = groups[np.argsort(groups[:, 0])]
    subject_ids = groups[np.searchsorted(groups[:, 0], series), 2]
    unique, first, inverse = np.unique(subject_ids, return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    known = {key: (pseudonym, part) for key, pseudonym, part in catalogue.subjects()}
    told = [known[int(key)] for key in unique[order]]
    return rank[inverse], tuple(name for name, _ in told), tuple(cast(Part, part) for _, part in told)


EMPTY = ImageTable(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), (), (), (), (), {})
"""The table of a project without images, or before the first reading."""


def sorted_ids(ids: Set[int]) -> npt.NDArray[np.int64]:
    """A selection as an ascending array, read-only."""
    return (ids if isinstance(ids, Selection) else Selection(ids)).ordered
