"""Which cases to label next; numpy alone, run in the compute process, which reads the vectors itself.

While labels are few, the most typical image of each group that has none yet (TypiClust, Hacohen et al. 2022: with few
labels typical cases teach more than doubtful ones); later those between whose two likeliest classes the margin is
smallest, with one in five drawn at random. One case a patient.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Reason = Literal["typical", "unsure", "random"]
RANDOM_EVERY = 5


@dataclass(frozen=True)
class Case:
    """One case and why: `group` for typical ones (-1: no groups), the two likeliest classes (positions) for unsure."""

    image_id: int
    reason: Reason
    group: int = -1
    classes: tuple[int, int] = (-1, -1)
    shares: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True)
class Pool:
    """Columns over the images that have a vector: `open` marks those that may be asked for.

    `ids`, `group` (-1 for none), `patient` (codes), `labelled` and `open` are (N,); `probabilities` is (N, K) or None.
    """

    ids: npt.NDArray[np.int64]
    group: npt.NDArray[np.int32]
    patient: npt.NDArray[np.int64]
    labelled: npt.NDArray[np.bool_]
    open: npt.NDArray[np.bool_]
    probabilities: npt.NDArray[np.float32] | None = None


def propose(vectors_file: str, pool: Pool, wanted: int, seed: int) -> list[Case]:
    """Up to `wanted` cases, the most useful first."""
    if not pool.open.any():
        return []
    if pool.probabilities is not None and pool.probabilities.shape[1] >= 2:
        return _doubtful(pool, wanted, seed)
    vectors = np.load(vectors_file, mmap_mode="r", allow_pickle=False)
    return _typical(np.asarray(vectors, dtype=np.float32), pool, wanted)


def _typical(vectors: npt.NDArray[np.float32], pool: Pool, wanted: int) -> list[Case]:
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit = vectors / np.maximum(norms, 1e-12)
    queues: list[tuple[int, int, int, list[int]]] = []
    for group in np.unique(pool.group):
        members = np.flatnonzero(pool.group == group)
        centre = unit[members].mean(axis=0)
        ranked = members[np.argsort(-(unit[members] @ centre), kind="stable")]
        known = int(pool.labelled[members].sum())
        queues.append((known, -len(members), int(group), [int(row) for row in ranked if pool.open[row]]))
    queues.sort(key=lambda entry: entry[:3])
    cases: list[Case] = []
    patients: set[int] = set()
    while len(cases) < wanted and any(queue for *_, queue in queues):
        for _, _, group, queue in queues:
            row = _take(queue, pool.patient, patients)
            if row is not None and len(cases) < wanted:
                cases.append(Case(int(pool.ids[row]), "typical", group))
    return cases


def _take(queue: list[int], patient: npt.NDArray[np.int64], taken: set[int]) -> int | None:
    """The first row of a patient that has not been asked for; when there is none, simply the first."""
    if not queue:
        return None
    place = next((n for n, row in enumerate(queue) if int(patient[row]) not in taken), 0)
    row = queue.pop(place)
    taken.add(int(patient[row]))
    return row


def _doubtful(pool: Pool, wanted: int, seed: int) -> list[Case]:
    assert pool.probabilities is not None
    rows = np.flatnonzero(pool.open)
    shares = pool.probabilities[rows]
    order = np.argsort(-shares, axis=1, kind="stable")[:, :2]
    top = np.take_along_axis(shares, order, axis=1)
    by_margin = [int(place) for place in np.argsort(top[:, 0] - top[:, 1], kind="stable")]
    by_chance = [int(place) for place in np.random.default_rng(seed).permutation(len(rows))]
    patient = pool.patient[rows]
    cases: list[Case] = []
    patients: set[int] = set()
    used: set[int] = set()
    while len(cases) < min(wanted, len(rows)):
        chance = len(cases) % RANDOM_EVERY == RANDOM_EVERY - 1
        place = _take(by_chance if chance else by_margin, patient, patients)
        if place is None:
            break
        if place in used:
            continue
        used.add(place)
        image_id = int(pool.ids[rows[place]])
        if chance:
            cases.append(Case(image_id, "random"))
        else:
            first, second = int(order[place, 0]), int(order[place, 1])
            pair = (float(top[place, 0]), float(top[place, 1]))
            cases.append(Case(image_id, "unsure", classes=(first, second), shares=pair))
    return cases
