"""Do groups and neighbourhoods of images follow a fact beside the picture, such as the scanner? Effects and their p.

A network that puts images of one scanner side by side, also those of different patients, may have learned the scanner.
Runs in the compute process: arrays in, frozen results out. Chance is always that of `patient_shuffle`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from sslstudio.embeddings.patient_shuffle import PatientShuffle
from sslstudio.embeddings.reduction import unit_blocks

Ints = NDArray[np.int64]
Codes = NDArray[np.int32]
Values = NDArray[np.integer] | NDArray[np.floating]
Statistic = Callable[[NDArray[np.generic]], float]
Skipped = Literal["", "few_patients", "few_values"]

NEIGHBOURS = 10
LEAST_PATIENTS = 3
"""A value of fewer patients cannot be told from these patients; it is not tested."""
LEAST_PATIENTS_OF_NUMBERS = 8
FEWEST_SHUFFLES = 999
SHUFFLES_A_COLUMN = 40
"""Times the number of columns: so many shuffles are needed that one column among many can stand out."""
ENOUGH_AS_HIGH = 20
"""What chance beats so often is settled (sequential p value, Besag and Clifford, Biometrika 78, 1991)."""
LEAST_IN_GROUP = 5
FOLLOWS = 0.5
_QUERIES = 1024
_SLACK = 1e-12


@dataclass(frozen=True, slots=True)
class Association:
    """An `effect`, 0 (none) to 1 (complete), its mean `by_chance`, and how often chance was as high (`p`)."""

    effect: float
    by_chance: float
    p: float
    shuffles: int

    @property
    def strength(self) -> float:
        """The effect beyond chance: 0 at chance level, 1 when complete."""
        return float(np.clip((self.effect - self.by_chance) / max(_SLACK, 1.0 - self.by_chance), 0.0, 1.0))


@dataclass(frozen=True, slots=True)
class GroupShare:
    """What a group is full of. Categories: `share` of its images have `value`, `overall` of all images have it, from
    `patients` patients in the group. Numbers: `value` is -1, and the two are medians."""

    group: int
    value: int
    share: float
    overall: float
    images: int
    patients: int


@dataclass(frozen=True, slots=True)
class ColumnTest:
    """What came of one column. `images` from `patients` had a value that could be tested, of `values` different ones.

    `groups`: bias-corrected Cramer's V (Bergsma 2013) with the groups, or for numbers the rank epsilon squared.
    `neighbours`: the share of the nearest images of other patients with the same value, or for numbers Moran's I of
    the ranks. `labels`: as `groups`, with the classes of the labelled images. Each None where it cannot be looked at.
    """

    images: int
    patients: int
    values: int
    groups: Association | None = None
    neighbours: Association | None = None
    labels: Association | None = None
    concerned: tuple[GroupShare, ...] = ()
    skipped: Skipped = ""

    @property
    def p(self) -> float:
        """That of groups and neighbours together (Bonferroni)."""
        found = [one.p for one in (self.groups, self.neighbours) if one is not None]
        return min(1.0, len(found) * min(found)) if found else 1.0

    @property
    def strength(self) -> float:
        """The larger of the two effects beyond chance."""
        return max((one.strength for one in (self.groups, self.neighbours) if one is not None), default=0.0)


def nearest_of_others(vectors_file: str, rows: Ints, patients: NDArray[np.integer], k: int = NEIGHBOURS) -> Codes:
    """(n, k) for each of the `rows` (n,) of an embedding the most similar ones of other patients, best first.

    Numbers count into `rows`; -1 where there are no more. `patients` (n,) are codes. Exact cosine among `rows`.
    """
    vectors = np.load(vectors_file, mmap_mode="r", allow_pickle=False)
    return nearest_across(vectors[rows], patients, k)


def nearest_across(vectors: NDArray[np.floating], patients: NDArray[np.integer], k: int = NEIGHBOURS) -> Codes:
    """As `nearest_of_others`, of vectors (n, D) at hand."""
    unit = np.concatenate([block for _, block in unit_blocks(vectors)]) if len(vectors) else np.zeros((0, 1))
    k = min(k, max(0, len(unit) - 1))
    found = np.full((len(unit), k), -1, dtype=np.int32)
    for first in range(0, len(unit) if k else 0, _QUERIES):
        cosine = unit[first : first + _QUERIES] @ unit.T
        cosine[patients[first : first + _QUERIES, None] == patients[None, :]] = -np.inf
        best = np.argpartition(-cosine, k - 1, axis=1)[:, :k]
        value = np.take_along_axis(cosine, best, axis=1)
        order = np.argsort(-value, axis=1, kind="stable")
        ranked = np.take_along_axis(best, order, axis=1)
        found[first : first + len(ranked)] = np.where(np.isneginf(np.take_along_axis(value, order, axis=1)), -1, ranked)
    return found


def examine(
    values: Values,
    patients: NDArray[np.integer],
    groups: Codes,
    neighbours: Codes,
    labels: Codes | None = None,
    columns: int = 1,
    seed: int = 0,
) -> ColumnTest:
    """Test one of `columns` columns on n images, whose rows stand patient by patient in reading order or by id.

    `values` (n,): codes, -1 for not known, or numbers, nan for not known. `groups` (n,) and `labels` (n,): codes, -1
    for none. `neighbours` (n, k) as from `nearest_of_others`.
    """
    numbers = np.issubdtype(values.dtype, np.floating)
    known = ~np.isnan(values) if numbers else _shared(np.asarray(values, dtype=np.int64), patients)
    rows = np.flatnonzero(known)
    held = np.asarray(values)[rows]
    of = np.asarray(patients)[rows]
    found = np.unique(held)
    shuffle = PatientShuffle(of) if len(rows) else None
    told = ColumnTest(len(rows), shuffle.patients if shuffle else 0, len(found))
    if shuffle is None or len(found) < 2:
        return _skipped(told, "few_values")
    if shuffle.patients < (LEAST_PATIENTS_OF_NUMBERS if numbers else 2 * LEAST_PATIENTS):
        return _skipped(told, "few_patients")
    if numbers:
        from scipy.stats import rankdata

        held = rankdata(held) / len(held)
    else:
        held = np.searchsorted(found, held)
    near = _among(neighbours, rows)
    in_group = np.asarray(groups)[rows]
    wanted: dict[str, Statistic | None] = {
        "groups": _with_groups(in_group, held, numbers, of),
        "neighbours": _with_neighbours(near, numbers),
        "labels": None if labels is None else _with_groups(np.asarray(labels)[rows], held, numbers, of),
    }
    most = max(FEWEST_SHUFFLES, SHUFFLES_A_COLUMN * columns)
    tests = _against_chance(held, {name: test for name, test in wanted.items() if test}, shuffle, most, seed)
    concerned = _full_of_numbers(in_group, held, np.asarray(values)[rows], of) if numbers else ()
    if not numbers:
        concerned = _full_of(in_group, held, found, of)
    return ColumnTest(
        told.images, told.patients, told.values, tests.get("groups"), tests.get("neighbours"), tests.get("labels"),
        concerned,
    )  # fmt: skip


def corrected(p: Sequence[float]) -> list[float]:
    """The p values of many columns, so that of those below 0.05 one in twenty is a false alarm (Benjamini-Hochberg)."""
    from scipy.stats import false_discovery_control

    return [float(value) for value in false_discovery_control(np.asarray(p))] if len(p) else []


def cramers_v(first: NDArray[np.integer], second: NDArray[np.integer], shape: tuple[int, int]) -> float:
    """Bias-corrected Cramer's V of two codes (N,) with `shape` numbers of values (W. Bergsma, J. Korean Stat. Soc. 42,
    2013); 0 where one has a single value."""
    table = np.bincount(first * shape[1] + second, minlength=shape[0] * shape[1]).reshape(shape).astype(np.float64)
    n, rows, columns = table.sum(), table.sum(axis=1), table.sum(axis=0)
    rows, columns, table = rows[rows > 0], columns[columns > 0], table[rows > 0][:, columns > 0]
    r, k = len(rows), len(columns)
    if min(r, k) < 2 or n < 3:
        return 0.0
    squared = float((table**2 / np.outer(rows, columns)).sum() - 1.0)
    squared = max(0.0, squared - (r - 1) * (k - 1) / (n - 1))
    least = min(r - (r - 1) ** 2 / (n - 1), k - (k - 1) ** 2 / (n - 1)) - 1
    return float(min(1.0, np.sqrt(squared / least))) if least > 0 else 0.0


def epsilon_squared(groups: NDArray[np.integer], ranks: NDArray[np.floating], count: int) -> float:
    """The share of the variance of ranks (N,) that lies between groups, without its bias (Kelley's epsilon squared)."""
    images = np.bincount(groups, minlength=count)
    n, g = len(ranks), int((images > 0).sum())
    centred = ranks - ranks.mean()
    total = float(centred @ centred)
    if g < 2 or n <= g or total <= 0:
        return 0.0
    sums = np.bincount(groups, weights=centred, minlength=count)[images > 0]
    between = float((sums**2 / images[images > 0]).sum()) / total
    return max(0.0, 1.0 - (1.0 - between) * (n - 1) / (n - g))


def _against_chance(
    held: NDArray[np.generic], wanted: dict[str, Statistic], shuffle: PatientShuffle, most: int, seed: int
) -> dict[str, Association]:
    """Each statistic of `held`, and what it is when patients are dealt anew; all from the same shuffles."""
    rng = np.random.default_rng(seed)
    seen = {name: test(held) for name, test in wanted.items()}
    higher, total, done = dict.fromkeys(wanted, 0), dict.fromkeys(wanted, 0.0), dict.fromkeys(wanted, 0)
    open_ = list(wanted)
    while open_:
        dealt = held[shuffle.draw(rng)]
        for name in open_:
            value = wanted[name](dealt)
            total[name] += value
            higher[name] += value >= seen[name] - _SLACK
            done[name] += 1
        open_ = [name for name in open_ if done[name] < most and higher[name] < ENOUGH_AS_HIGH]
    return {
        name: Association(
            seen[name],
            total[name] / done[name],
            higher[name] / done[name] if higher[name] >= ENOUGH_AS_HIGH else (higher[name] + 1) / (done[name] + 1),
            done[name],
        )
        for name in wanted
    }


def _with_groups(
    groups: NDArray[np.integer], held: NDArray[np.generic], numbers: bool, patients: NDArray[np.integer]
) -> Statistic | None:
    """How much `held` goes with groups; None where there are not two groups from enough patients."""
    rows = np.flatnonzero(_shared(np.asarray(groups, dtype=np.int64), patients))
    names, code = np.unique(groups[rows], return_inverse=True)
    if len(names) < 2:
        return None
    if numbers:
        return lambda dealt: epsilon_squared(code, np.asarray(dealt[rows], dtype=np.float64), len(names))
    shape = (len(names), int(np.asarray(held).max()) + 1)
    return lambda dealt: cramers_v(code, np.asarray(dealt[rows], dtype=np.int64), shape)


def _with_neighbours(near: Codes, numbers: bool) -> Statistic | None:
    """How alike neighbours of other patients are; None where there are none."""
    counted = near >= 0
    pairs = int(counted.sum())
    if not pairs:
        return None
    if numbers:

        def moran(dealt: NDArray[np.generic]) -> float:
            ranks = np.asarray(dealt, dtype=np.float64)
            centred = ranks - ranks.mean()
            spread = float((centred**2).mean())
            products = (centred[:, None] * centred[near])[counted]
            return float(products.mean() / spread) if spread > 0 else 0.0

        return moran
    return lambda dealt: float(((dealt[near] == dealt[:, None]) & counted).sum() / pairs)


def _shared(codes: Ints, patients: NDArray[np.integer]) -> NDArray[np.bool_]:
    """(N,) whether the value of an image is known and that of at least three patients."""
    known = codes >= 0
    pairs = np.unique(np.stack([codes[known], np.asarray(patients)[known]]), axis=1)
    values, held = np.unique(pairs[0], return_counts=True)
    return known & np.isin(codes, values[held >= LEAST_PATIENTS])


def _among(neighbours: Codes, rows: Ints) -> Codes:
    """Neighbours (n, k) of the `rows`, counted among these; -1 for those that are not."""
    place = np.full(len(neighbours) + 1, -1, dtype=np.int32)
    place[rows] = np.arange(len(rows), dtype=np.int32)
    return np.asarray(place[neighbours[rows]], dtype=np.int32)


def _full_of(
    groups: NDArray[np.integer], held: NDArray[np.integer], found: NDArray[np.integer], patients: NDArray[np.integer]
) -> tuple[GroupShare, ...]:
    """The groups most of whose images have one value that is far rarer elsewhere, from three patients or more."""
    overall = np.bincount(held, minlength=len(found)) / max(1, len(held))
    made = []
    for group in np.unique(groups[groups >= 0]).tolist():
        inside = groups == group
        share = np.bincount(held[inside], minlength=len(found)) / inside.sum()
        value = int((share - overall).argmax())
        whose = np.unique(patients[inside & (held == value)])
        excess = (share[value] - overall[value]) / max(_SLACK, 1.0 - overall[value])
        if inside.sum() >= LEAST_IN_GROUP and excess >= FOLLOWS and len(whose) >= LEAST_PATIENTS:
            made.append(
                GroupShare(
                    group, int(found[value]), float(share[value]), float(overall[value]), int(inside.sum()), len(whose)
                )
            )
    return tuple(made)


def _full_of_numbers(
    groups: NDArray[np.integer],
    ranks: NDArray[Any],
    values: NDArray[Any],
    patients: NDArray[np.integer],
) -> tuple[GroupShare, ...]:
    """The groups whose numbers lie mostly in the upper or the lower third."""
    middle = float(np.median(values))
    made = []
    for group in np.unique(groups[groups >= 0]).tolist():
        inside = groups == group
        whose = len(np.unique(patients[inside]))
        if inside.sum() < LEAST_IN_GROUP or whose < LEAST_PATIENTS or 1 / 3 <= np.median(ranks[inside]) <= 2 / 3:
            continue
        made.append(GroupShare(group, -1, float(np.median(values[inside])), middle, int(inside.sum()), whose))
    return tuple(made)


def _skipped(told: ColumnTest, why: Skipped) -> ColumnTest:
    return ColumnTest(told.images, told.patients, told.values, skipped=why)
