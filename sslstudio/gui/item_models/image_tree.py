"""Patients, studies and series of the images that fit a filter, as slices of one ordered array; apart from Qt.

All images of a node stand side by side, so that a node of a million-image project is two numbers.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
PATIENT, STUDY, SERIES = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Branch:
    """A patient, study or series (`level`) with the database's `key`: images ``ids[start:end]``, `parts` below it."""

    level: int
    key: int
    start: int
    end: int
    parts: int

    @property
    def images(self) -> int:
        """How many images below."""
        return self.end - self.start


class ImageTree:
    """`matches` (N, 2) are image and series ids, series by series; `groups` (S, 3) series, study and subject ids in
    the order in which they are to stand."""

    def __init__(self, matches: Ints, groups: Ints) -> None:
        starts, series = _runs(matches[:, 1])
        sizes = np.diff(np.append(starts, len(matches)))
        rank = np.empty(len(groups), dtype=np.int64)
        by_series = np.argsort(groups[:, 0], kind="stable")
        rank[by_series] = np.arange(len(groups))
        where = by_series[np.searchsorted(groups[by_series, 0], series)] if len(series) else np.zeros(0, np.int64)
        order = np.argsort(where, kind="stable")
        self.ids: Ints = matches[_spread(starts[order], sizes[order]), 0]
        self._series: Ints = series[order]
        self._starts: Ints = np.concatenate([[0], np.cumsum(sizes[order])]).astype(np.int64)
        self._studies, study_keys = _runs(groups[where[order], 1])
        self._study_keys: Ints = study_keys
        subjects = groups[where[order][self._studies], 2] if len(self._studies) else np.zeros(0, np.int64)
        self._subjects, self._subject_keys = _runs(subjects)
        self._sorted: Ints = np.argsort(self.ids, kind="stable")

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def patients(self) -> int:
        """How many patients there are."""
        return len(self._subject_keys)

    def patient(self, place: int) -> Branch:
        """The patient at a place, from 0."""
        first, last = self._bounds(self._subjects, place, len(self._studies))
        start, end = self._images(self._first_series(first), self._first_series(last))
        return Branch(PATIENT, int(self._subject_keys[place]), start, end, last - first)

    def places_of(self, keys: Collection[int]) -> list[int]:
        """The places of the patients that have these keys, in order."""
        return np.flatnonzero(np.isin(self._subject_keys, np.fromiter(keys, np.int64, len(keys)))).tolist()

    def below(self, branch: Branch) -> list[Branch]:
        """The studies of a patient, the series of a study."""
        first = int(np.searchsorted(self._starts, branch.start))
        last = int(np.searchsorted(self._starts, branch.end))
        if branch.level == STUDY:
            return [Branch(SERIES, int(self._series[n]), *self._images(n, n + 1), 0) for n in range(first, last)]
        if branch.level == SERIES:
            return []
        found = []
        place = int(np.searchsorted(self._studies, first))
        while place < len(self._studies) and self._studies[place] < last:
            begin, stop = self._bounds(self._studies, place, len(self._series))
            key = int(self._study_keys[place])
            found.append(Branch(STUDY, key, *self._images(begin, stop), stop - begin))
            place += 1
        return found

    def path(self, image_id: int) -> tuple[int, Branch, Branch, Branch] | None:
        """The place of the patient of an image, and patient, study and series; None when the image does not fit."""
        at = self.place_of(image_id)
        if at is None:
            return None
        block = int(np.searchsorted(self._starts, at, side="right")) - 1
        study = int(np.searchsorted(self._studies, block, side="right")) - 1
        place = int(np.searchsorted(self._subjects, study, side="right")) - 1
        patient = self.patient(place)
        within = next(branch for branch in self.below(patient) if branch.start <= at < branch.end)
        return place, patient, within, next(b for b in self.below(within) if b.start <= at < b.end)

    def place_of(self, image_id: int) -> int | None:
        """Where an image stands in `ids`, or None."""
        row = int(np.searchsorted(self.ids, image_id, sorter=self._sorted))
        if row >= len(self.ids) or self.ids[self._sorted[row]] != image_id:
            return None
        return int(self._sorted[row])

    def series_of(self, image_id: int) -> Ints:
        """The images of the series of an image that fit, in reading order; empty when the image does not fit."""
        at = self.place_of(image_id)
        if at is None:
            return np.zeros(0, dtype=np.int64)
        block = int(np.searchsorted(self._starts, at, side="right")) - 1
        return self.ids[self._starts[block] : self._starts[block + 1]]

    def number_of(self, image_id: int) -> int:
        """Which image of its series this is, from 1; 0 when it is the only one, or does not fit."""
        at = self.place_of(image_id)
        if at is None:
            return 0
        block = int(np.searchsorted(self._starts, at, side="right")) - 1
        first, end = self._images(block, block + 1)
        return at - first + 1 if end - first > 1 else 0

    def count_patients(self, branches: list[Branch]) -> int:
        """How many patients these branches belong to."""
        firsts = np.asarray([branch.start for branch in branches], dtype=np.int64)
        blocks = np.searchsorted(self._starts, firsts, side="right") - 1
        studies = np.searchsorted(self._studies, blocks, side="right") - 1
        return len(np.unique(np.searchsorted(self._subjects, studies, side="right")))

    def sizes(self) -> Ints:
        """How many images each patient has (P,)."""
        firsts = self._starts[self._studies[self._subjects]] if self.patients else np.zeros(0, np.int64)
        return np.diff(np.append(firsts, len(self.ids)))

    def _first_series(self, study: int) -> int:
        return int(self._studies[study]) if study < len(self._studies) else len(self._series)

    def _images(self, first: int, last: int) -> tuple[int, int]:
        return int(self._starts[first]), int(self._starts[last])

    @staticmethod
    def _bounds(starts: Ints, place: int, end: int) -> tuple[int, int]:
        return int(starts[place]), int(starts[place + 1]) if place + 1 < len(starts) else end


def _runs(values: Ints) -> tuple[Ints, Ints]:
    """Where runs of equal values begin, and their values."""
    if not len(values):
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    starts = np.concatenate([[0], np.flatnonzero(np.diff(values)) + 1]).astype(np.int64)
    return starts, values[starts]


def _spread(starts: Ints, sizes: Ints) -> Ints:
    """Rows of blocks that begin at `starts`, block by block."""
    before = np.cumsum(sizes) - sizes
    return np.repeat(starts - before, sizes) + np.arange(int(sizes.sum()))
