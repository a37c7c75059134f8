"""Two embeddings of the same images beside each other: maps laid onto one another, and which neighbours changed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sslstudio.embeddings.neighbours import nearest

NEIGHBOURS = 10
SAMPLE = 2000
Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Change:
    """For some images, rows of the common ones, the share (S,) of their ten nearest that changed; and its mean."""

    rows: Ints
    changed: Floats

    @property
    def mean(self) -> float:
        """The mean share; 0 for the same embedding, near 1 for unrelated ones."""
        return float(self.changed.mean()) if len(self.changed) else 0.0


def common_rows(first: Ints, second: Ints) -> tuple[Ints, Ints]:
    """Rows in image ids `first` (N,) and `second` (M,) of the images that stand in both, in ascending order of ids."""
    _, one, other = np.intersect1d(first, second, assume_unique=True, return_indices=True)
    return one.astype(np.int64), other.astype(np.int64)


@dataclass(frozen=True, eq=False)
class LaidMap:
    """A whole map, images `ids` (M,) at `xy` (M, 2), laid onto another by `common` images; `rest` as in `laid_onto`."""

    ids: Ints
    xy: Floats
    common: int
    rest: float


def lay_map(fixed_file: str, moved_file: str) -> LaidMap:
    """Lay one map of the project onto another, both given by their files; for the compute process."""
    with np.load(fixed_file, allow_pickle=False) as fixed, np.load(moved_file, allow_pickle=False) as moved:
        ids, places = moved["ids"].astype(np.int64), moved["xy"]
        one, other = common_rows(fixed["ids"], ids)
        if len(one) < 3:
            return LaidMap(ids, places.astype(np.float32), len(one), 1.0)
        xy, rest = laid_onto(fixed["xy"][one], places[other], places)
    return LaidMap(ids, xy, len(one), rest)


def laid_onto(
    fixed: NDArray[np.floating], moved: NDArray[np.floating], along: NDArray[np.floating] | None = None
) -> tuple[Floats, float]:
    """The map `moved` (N, 2) shifted, turned, mirrored and scaled onto `fixed` (N, 2), and what is left over.

    With `along` (M, 2) these places are moved in the same way and returned instead.

    Orthogonal Procrustes with scaling (Gower 1975): the rest is the share of the variance of `fixed` that is not
    explained, 0 for maps that differ by such a movement alone, near 1 for unrelated ones. Rows are the same images.
    """
    target, source = np.asarray(fixed, dtype=np.float64), np.asarray(moved, dtype=np.float64)
    if len(target) == 0:
        return np.empty((0, 2), np.float32), 0.0
    centre, own_centre = target.mean(axis=0), source.mean(axis=0)
    target, source = target - centre, source - own_centre
    placed = source if along is None else np.asarray(along, dtype=np.float64) - own_centre
    spread, own = float((target**2).sum()), float((source**2).sum())
    if spread == 0 or own == 0:
        return (placed + centre).astype(np.float32), 0.0 if spread == own else 1.0
    left, values, right = np.linalg.svd(source.T @ target)
    scale = values.sum() / own
    placed = scale * placed @ (left @ right)
    rest = 1.0 - values.sum() ** 2 / (spread * own)
    return (placed + centre).astype(np.float32), float(min(1.0, max(0.0, rest)))


def neighbours_changed(
    first: NDArray[np.floating], second: NDArray[np.floating], k: int = NEIGHBOURS, seed: int = 0
) -> Change:
    """Which share of the k nearest images changed between two embeddings (N, D) and (N, E) of the same images.

    Of 2,000 images drawn by `seed` where there are more; neighbours are looked for among all.
    """
    n = len(first)
    if len(second) != n:
        raise ValueError("both embeddings must hold the same images")
    rows = np.arange(n) if n <= SAMPLE else np.sort(np.random.default_rng(seed).choice(n, SAMPLE, replace=False))
    before, _ = nearest(first, rows, k)
    after, _ = nearest(second, rows, k)
    if not before.size:
        return Change(rows, np.zeros(len(rows), np.float32))
    kept = (before[:, :, None] == after[:, None, :]).any(axis=2).mean(axis=1)
    return Change(rows, (1.0 - kept).astype(np.float32))
