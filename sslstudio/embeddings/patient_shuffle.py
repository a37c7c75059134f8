"""Values dealt anew among patients: the chance against which a likeness of images and values is held.

Images of one patient look alike and share scanner, site and day. If values were shuffled image by image, every column
would seem to be followed. What is exchanged here is therefore the patient: each one gets the values of another.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]


class PatientShuffle:
    """Deals the values of N images anew. `patients` (N,) are codes; rows of a patient stand in their reading order.

    A column that is the same in all images of a patient goes to another patient as a whole: exactly the permutations
    of patients. Where it varies within a patient, the donor's values come in the donor's order, stretched to the number
    of images and begun at a place of their own, so that values that go together within a patient stay together while
    their tie to the single image is cut. (Permutation of whole blocks: Winkler et al., NeuroImage 123, 2015; the cyclic
    shift is the usual one for series.)
    """

    def __init__(self, patients: NDArray[np.integer]) -> None:
        _, code = np.unique(patients, return_inverse=True)
        order = np.argsort(code, kind="stable")
        self._size = np.bincount(code).astype(np.int64)
        self._start = np.concatenate(([0], np.cumsum(self._size)[:-1])).astype(np.int64)
        within = np.empty(len(code), dtype=np.int64)
        within[order] = np.arange(len(code)) - np.repeat(self._start, self._size)
        self._code, self._order = code.astype(np.int64), order.astype(np.int64)
        self._share = within / self._size[code]

    @property
    def patients(self) -> int:
        """How many patients there are."""
        return len(self._size)

    def draw(self, rng: np.random.Generator) -> Rows:
        """(N,) the row from which each row gets its value this time."""
        donor = rng.permutation(self.patients)
        size = self._size[donor]
        shift = (rng.random(self.patients) * size).astype(np.int64)
        of_row = donor[self._code]
        place = (self._share * size[self._code]).astype(np.int64) + shift[self._code]
        rows: Rows = self._order[self._start[of_row] + place % self._size[of_row]]
        return rows
