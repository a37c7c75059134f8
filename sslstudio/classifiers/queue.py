"""Which cases to label next, and why; run in the compute process, which reads the vectors itself.

While labels are few, the most typical image of each cluster that has none yet; once each class has twenty, those
between whose two likeliest classes the margin is smallest; in both one in five drawn at random. One case a patient in
turn, those with five labels or more only when there is no other, and none that looks like one that is labelled or asked
for already. `benchmarks/active_learning.py` compares this
with others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from sslstudio.classifiers import acquisition
from sslstudio.classifiers.acquisition import Floats

Reason = Literal["typical", "unsure", "random"]
RANDOM_EVERY = 5
ENOUGH_PER_CLASS = 20
_ALIKE = 0.998
_LOOKED_THROUGH = 40
MOST_PER_PATIENT = 5
"""A patient with so many labels is asked for only when the others have as many."""
_MOST_DOUBTFUL = 2_000
_MOST_LOOKED_AT = 50_000


@dataclass(frozen=True)
class Case:
    """One case and why.

    A typical one `stands_for` so many images, of which `labelled` have a label; an unsure one has the two likeliest
    classes (positions) and their probabilities.
    """

    image_id: int
    reason: Reason
    stands_for: int = 0
    labelled: int = 0
    classes: tuple[int, int] = (-1, -1)
    shares: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True)
class Pool:
    """Columns over the images that have a vector: `open` marks those that may be asked for.

    `ids`, `patient` (codes), `labelled` and `open` are (N,); `probabilities` is (N, K) or None, `fewest` the number of
    labels of the class that has least.
    """

    ids: npt.NDArray[np.int64]
    patient: npt.NDArray[np.int64]
    labelled: npt.NDArray[np.bool_]
    open: npt.NDArray[np.bool_]
    probabilities: npt.NDArray[np.float32] | None = None
    fewest: int = 0


def propose(vectors_file: str, pool: Pool, wanted: int, seed: int) -> list[Case]:
    """Up to `wanted` cases, the most useful first."""
    if not pool.open.any():
        return []
    vectors = np.load(vectors_file, mmap_mode="r", allow_pickle=False)
    rows, pool = _some(pool, seed)
    unit = acquisition.unit_rows(vectors[rows])
    sure = pool.probabilities is not None and pool.probabilities.shape[1] >= 2 and pool.fewest >= ENOUGH_PER_CLASS
    useful = _doubtful(pool) if sure else _typical(unit, pool, wanted, seed)
    by_chance = np.random.default_rng(seed).permutation(np.flatnonzero(pool.open)).tolist()
    picker = _Picker(unit, pool, useful)
    cases: list[Case] = []
    while len(cases) < wanted:
        chance = len(cases) % RANDOM_EVERY == RANDOM_EVERY - 1
        case = None if chance else picker.useful()
        case = case or picker.drawn(by_chance)
        if case is None:
            break
        cases.append(case)
    return cases


def _some(pool: Pool, seed: int) -> tuple[npt.NDArray[np.int64], Pool]:
    """Of very many images the labelled ones and 50,000 drawn among the others; their rows, and their columns."""
    rows = np.arange(len(pool.ids))
    if len(rows) > _MOST_LOOKED_AT:
        rest = np.flatnonzero(~pool.labelled & pool.open)
        rest = np.random.default_rng(seed).choice(rest, min(len(rest), _MOST_LOOKED_AT), replace=False)
        rows = np.union1d(np.flatnonzero(pool.labelled), rest)
    shares = None if pool.probabilities is None else pool.probabilities[rows]
    some = Pool(pool.ids[rows], pool.patient[rows], pool.labelled[rows], pool.open[rows], shares, pool.fewest)
    return rows, some


def _typical(unit: Floats, pool: Pool, wanted: int, seed: int) -> list[tuple[int, Case]]:
    """Typical rows and their cases; a few more than `wanted`, since some will be passed over."""
    count = min(int(pool.labelled.sum()) + wanted, acquisition.MOST_CLUSTERS)
    cluster = acquisition.clusters(unit, count, seed)
    size = np.bincount(cluster)
    known = np.bincount(cluster, weights=pool.labelled, minlength=len(size)).astype(np.int64)
    rows = acquisition.typical(unit, cluster, pool.labelled, pool.open, 4 * wanted)
    made = []
    for row in rows.tolist():
        number = int(cluster[row])
        made.append((row, Case(int(pool.ids[row]), "typical", int(size[number]), int(known[number]))))
    return made


def _doubtful(pool: Pool) -> list[tuple[int, Case]]:
    assert pool.probabilities is not None
    made = []
    for row in acquisition.doubtful(pool.probabilities, pool.open)[:_MOST_DOUBTFUL].tolist():
        shares = pool.probabilities[row]
        first, second = np.argsort(-shares, kind="stable")[:2].tolist()
        pair = (float(shares[first]), float(shares[second]))
        made.append((row, Case(int(pool.ids[row]), "unsure", classes=(first, second), shares=pair)))
    return made


class _Picker:
    """Takes cases in turn: of a patient not asked for yet and unlike all that is known, where there is one."""

    def __init__(self, unit: Floats, pool: Pool, useful: list[tuple[int, Case]]) -> None:
        self._unit, self._pool, self._useful = unit, pool, useful
        self._patients: set[int] = set()
        self._taken: set[int] = set()
        self._known = np.flatnonzero(pool.labelled).tolist()
        self._passed: list[tuple[int, Case]] = []
        self._labels = np.bincount(pool.patient[pool.labelled], minlength=int(pool.patient.max(initial=0)) + 1)

    def useful(self) -> Case | None:
        """The next of the useful cases; duplicates of what is known come only when nothing else is left."""
        while self._useful:
            some, rest = self._useful[:_LOOKED_THROUGH], self._useful[_LOOKED_THROUGH:]
            some = [entry for entry in some if entry[0] not in self._taken]
            alike = self._alike([row for row, _ in some])
            self._passed += [entry for entry, seen in zip(some, alike, strict=True) if seen]
            some = [entry for entry, seen in zip(some, alike, strict=True) if not seen]
            if some:
                best = min(some, key=lambda entry: self._rank(entry[0]))
                some.remove(best)
                self._useful = some + rest
                self._take(best[0])
                return best[1]
            self._useful = rest
        self._passed = [entry for entry in self._passed if entry[0] not in self._taken]
        if not self._passed:
            return None
        row, case = self._passed.pop(0)
        self._take(row)
        return case

    def drawn(self, by_chance: list[int]) -> Case | None:
        """The next row of `by_chance`: whatever it looks like, so that those drawn stand for all; of a patient not
        asked for yet where there is one."""
        rest = [row for row in by_chance if row not in self._taken]
        if not rest:
            return None
        row = next((row for row in rest if int(self._pool.patient[row]) not in self._patients), rest[0])
        self._take(row)
        return Case(int(self._pool.ids[row]), "random")

    def _rank(self, row: int) -> tuple[bool, bool]:
        """Whether its patient has many labels already, and whether it was asked for in this turn: lower is better."""
        patient = int(self._pool.patient[row])
        return bool(self._labels[patient] >= MOST_PER_PATIENT), patient in self._patients

    def _alike(self, rows: list[int]) -> list[bool]:
        if not self._known or not rows:
            return [False] * len(rows)
        nearest = (self._unit[rows] @ self._unit[self._known].T).max(axis=1)
        return [bool(cosine > _ALIKE) for cosine in nearest]

    def _take(self, row: int) -> None:
        self._taken.add(row)
        self._known.append(row)
        self._patients.add(int(self._pool.patient[row]))
