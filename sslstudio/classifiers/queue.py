"""Which cases to label next, and why; run in the compute process, which reads the vectors itself.

While labels are few, the most typical image of each cluster that has none yet; once each class has twenty, those
between whose two likeliest classes the margin is smallest; beside both, cases drawn at random. One case a patient in
turn, those with five labels or more only when there is no other, and none that looks like one that is labelled or asked
for already. `benchmarks/active_learning.py` compares this with others.

Cases drawn at random test and teach nothing. So that they stand for all patients, a lot that each patient has from the
beginning says who may be drawn, and of these patients nothing else is asked for: what the other ways leave over would
not be a sample of all.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt

from sslstudio.classifiers import acquisition
from sslstudio.classifiers.acquisition import Floats

Reason = Literal["typical", "unsure", "random", "rest"]
RANDOM_EVERY = 8
"""One case in so many is drawn at random, and one patient in so many may be drawn: the more, the narrower the interval
and the fewer labels there are to learn from."""
ENOUGH_PER_CLASS = 20
_ALIKE = 0.998
_ALIKE_ANYWAY = 0.99
_MOST_TICKETS = 200
_LOOKED_THROUGH = 40
MOST_PER_PATIENT = 5
"""A patient with so many labels is asked for only when the others have as many."""
_MOST_DOUBTFUL = 2_000
_MOST_LOOKED_AT = 50_000


@dataclass(frozen=True)
class Case:
    """One case and why.

    A typical one `stands_for` so many images, of which `labelled` have a label; an unsure one has the two likeliest
    classes (positions) and their probabilities; one drawn at random stands for so many images of so many `patients`.
    The "rest" is of patients who are kept to test, when nothing else is left.
    """

    image_id: int
    reason: Reason
    stands_for: int = 0
    labelled: int = 0
    patients: int = 0
    classes: tuple[int, int] = (-1, -1)
    shares: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True)
class Pool:
    """Columns over the images that have a vector: `open` marks those that may be asked for.

    `ids`, `patient` (codes), `labelled` and `open` are (N,); `probabilities` is (N, K) or None, `fewest` the number of
    labels of the class that has least. `lot` (N,) is a number of each image's patient, drawn once for all, 0 to 1, and
    `kept` (N,) marks patients who test already because they were drawn; without `lot` what is drawn is not kept apart.
    """

    ids: npt.NDArray[np.int64]
    patient: npt.NDArray[np.int64]
    labelled: npt.NDArray[np.bool_]
    open: npt.NDArray[np.bool_]
    probabilities: npt.NDArray[np.float32] | None = None
    fewest: int = 0
    lot: npt.NDArray[np.float64] | None = None
    kept: npt.NDArray[np.bool_] | None = None


def propose(vectors_file: str, pool: Pool, wanted: int, seed: int) -> list[Case]:
    """Up to `wanted` cases, the most useful first, every eighth drawn at random while there is somebody to draw."""
    if not pool.open.any():
        return []
    vectors = np.load(vectors_file, mmap_mode="r", allow_pickle=False)
    whole, size = pool, _size(pool)
    spared, tickets = _lottery(pool)
    rows, pool = _some(replace(pool, open=pool.open & ~spared), tickets, seed)
    unit = acquisition.unit_rows(vectors[rows])
    sure = pool.probabilities is not None and pool.probabilities.shape[1] >= 2 and pool.fewest >= ENOUGH_PER_CLASS
    useful = _doubtful(pool) if sure else _typical(unit, pool, wanted, seed)
    by_chance = np.random.default_rng(seed).permutation(np.flatnonzero(pool.open)).tolist()
    if pool.lot is not None:
        by_chance = np.searchsorted(rows, tickets).tolist()
    picker = _Picker(unit, pool, useful, size)
    cases: list[Case] = []
    while len(cases) < wanted:
        chance = len(cases) % RANDOM_EVERY == RANDOM_EVERY - 1
        case = picker.drawn(by_chance) if chance else picker.useful()
        case = case or picker.useful() or picker.drawn(by_chance)
        if case is None:
            break
        cases.append(case)
    asked = {case.image_id for case in cases}
    left = whole.ids[whole.open & spared].tolist() if len(cases) < wanted else []
    return cases + [Case(key, "rest") for key in left if key not in asked][: wanted - len(cases)]


def _lottery(pool: Pool) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.int64]]:
    """Images (N,) that the useful ways pass over, and rows (T,) that may be drawn, one a patient, in order of the lots.

    The patients with the lowest lots may be drawn, once each: those of whom nothing is labelled yet. Who has been
    labelled in another way before could be drawn no more without ceasing to teach.
    """
    if pool.lot is None or pool.kept is None:
        return np.zeros(len(pool.ids), dtype=bool), np.zeros(0, dtype=np.int64)
    patients, first = np.unique(pool.patient, return_index=True)
    lowest = patients[np.argsort(pool.lot[first], kind="stable")[: len(patients) // RANDOM_EVERY]]
    known = np.unique(pool.patient[pool.labelled])
    may = np.isin(pool.patient, lowest) & ~np.isin(pool.patient, known) & ~pool.kept
    rows = np.flatnonzero(may & pool.open)
    rows = rows[np.lexsort((_image_lot(pool.ids[rows]), pool.lot[rows]))]
    _, once = np.unique(pool.patient[rows], return_index=True)
    return may | pool.kept, rows[np.sort(once)][:_MOST_TICKETS]


def _image_lot(ids: npt.NDArray[np.int64]) -> npt.NDArray[np.uint64]:
    """(N,) numbers that look drawn, the same for the same image each time: the mixing step of SplitMix64 (Steele, Lea
    and Flood, OOPSLA 2014)."""
    mixed = (ids.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(mixed ^ (mixed >> np.uint64(31)), dtype=np.uint64)


def _size(pool: Pool) -> tuple[int, int]:
    """Images and patients among whom is drawn."""
    among = pool.open | pool.labelled
    return int(among.sum()), len(np.unique(pool.patient[among]))


def _some(pool: Pool, tickets: npt.NDArray[np.int64], seed: int) -> tuple[npt.NDArray[np.int64], Pool]:
    """Of very many images the labelled ones, `tickets` and 50,000 drawn among the others; their rows and columns."""
    rows = np.arange(len(pool.ids))
    if len(rows) > _MOST_LOOKED_AT:
        rest = np.flatnonzero(~pool.labelled & pool.open)
        rest = np.random.default_rng(seed).choice(rest, min(len(rest), _MOST_LOOKED_AT), replace=False)
        rows = np.unique(np.concatenate([np.flatnonzero(pool.labelled), tickets, rest]))
    shares = None if pool.probabilities is None else pool.probabilities[rows]
    lot = None if pool.lot is None else pool.lot[rows]
    columns = (pool.ids[rows], pool.patient[rows], pool.labelled[rows], pool.open[rows])
    return rows, Pool(*columns, shares, pool.fewest, lot, None if pool.kept is None else pool.kept[rows])


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

    def __init__(self, unit: Floats, pool: Pool, useful: list[tuple[int, Case]], size: tuple[int, int]) -> None:
        self._unit, self._pool, self._useful, self._size = unit, pool, useful, size
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
        """The next row of `by_chance` of a patient not asked for yet. One that is kept to test must not look like what
        is learned from; one that is learned from may look like anything, and its patient may come again."""
        rest = [row for row in by_chance if row not in self._taken]
        fresh = [row for row in rest if int(self._pool.patient[row]) not in self._patients]
        if self._pool.lot is None:
            row = next(iter(fresh or rest), None)
        else:
            alike = self._alike(fresh) if self._tells_apart else [False] * len(fresh)
            row = next((row for row, same in zip(fresh, alike, strict=True) if not same), None)
        if row is None:
            return None
        self._take(row)
        return Case(int(self._pool.ids[row]), "random", self._size[0], patients=self._size[1])

    @cached_property
    def _tells_apart(self) -> bool:
        """Whether likeness says anything: not to a network to which any two images are nearly the same."""
        pairs = np.random.default_rng(0).integers(0, len(self._unit), (2, 500))
        return float(np.median((self._unit[pairs[0]] * self._unit[pairs[1]]).sum(axis=1))) < _ALIKE_ANYWAY

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
