"""Near-duplicates among many images: candidates by hash, decided by fine structure, doubt settled by embeddings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sslstudio.triage import likeness
from sslstudio.triage.hashing import Hashes, near_pairs

Ids = NDArray[np.int64]
Tiles = NDArray[np.uint8]

COPY = 0.97
"""Fine structure of copies agrees at least so well; measured by benchmarks/near_duplicates.py."""
COPY_IN_PATIENT = 0.985
"""Within a patient, whose follow-up images and echoes are alike without being copies; there nothing can leak."""
COPY_IN_SERIES = 0.99
"""Within a series, where neighbouring slices are nearly alike."""
DOUBTFUL = 0.94
"""From here on an embedding may say yes."""
SAME_VIEW = 0.5
_CLOSE_COSINE = 0.995
_SMALL, _LARGE = 50_000, 200_000
_PAIRS_PER_IMAGE = 300
_BLOCK = 2048


@dataclass(frozen=True, slots=True)
class Pair:
    """Two rows that show the same picture, and how well their fine structure agrees."""

    left: int
    right: int
    score: float


class Vectors:
    """Embeddings (N, D) by row, to settle doubt; rows without one are NaN."""

    def __init__(self, vectors: NDArray[np.floating], seed: int = 0) -> None:
        length = np.linalg.norm(vectors.astype(np.float32), axis=1, keepdims=True)
        self._unit = vectors.astype(np.float32) / np.maximum(length, 1e-6)
        rows = np.random.default_rng(seed).integers(0, max(1, len(vectors)), (2, 2000))
        chance = (self._unit[rows[0]] * self._unit[rows[1]]).sum(axis=1)
        known = chance[np.isfinite(chance)]
        self._usual = float(np.median(known)) if len(known) else 0.0

    def agree(self, left: int, right: int) -> bool | None:
        """True for the same picture, False for pictures no more alike than any two, None when it does not say."""
        cosine = float(self._unit[left] @ self._unit[right])
        if not np.isfinite(cosine) or self._usual > 0.99:
            return None
        if cosine >= _CLOSE_COSINE:
            return True
        return False if cosine < self._usual else None


def radius(count: int) -> int:
    """How many bits candidates may differ in: fewer in a large collection, where chance brings more of them near."""
    return 11 if count <= _SMALL else 9 if count <= _LARGE else 7


def candidates(hashes: Hashes, fresh: NDArray[np.bool_], check: Callable[[], None]) -> tuple[Ids, bool]:
    """Distinct pairs of rows (M, 2) worth comparing, and whether all of them are there (False: too many look alike)."""
    most = _PAIRS_PER_IMAGE * max(len(hashes), 100)
    codes: list[Ids] = []
    held = 0
    for pairs in near_pairs(hashes, fresh, radius(len(hashes)), check):
        codes.append(np.unique(pairs[:, 0] * len(hashes) + pairs[:, 1]))
        held += len(codes[-1])
        if held > 2 * most:
            codes = [np.unique(np.concatenate(codes))]
            held = len(codes[0])
            if held > most:
                break
    found = np.unique(np.concatenate(codes)) if codes else np.zeros(0, np.int64)
    return np.stack(np.divmod(found, len(hashes)), axis=1).reshape(-1, 2), held <= most


def decide(
    pairs: Ids,
    tiles: Callable[[Ids], Tiles],
    series: Sequence[str],
    subjects: Sequence[str],
    vectors: Vectors | None = None,
    report: Callable[[int], None] = lambda done: None,
) -> list[Pair]:
    """The pairs (M, 2) that are copies. `tiles` gives (K, 2, 96, 96) of K rows; `report` is told how many are done.

    `series` and `subjects` are those of each row.
    """
    copies: list[Pair] = []
    for start in range(0, len(pairs), _BLOCK):
        block = pairs[start : start + _BLOCK]
        left, right = tiles(block[:, 0]), tiles(block[:, 1])
        views = np.stack([likeness.coarse(left[:, k], right[:, k]) for k in (0, 1)], axis=1)
        fine = np.maximum(*(likeness.fine(left[:, k], right[:, k]) for k in (0, 1)))
        for place in np.flatnonzero(views.max(axis=1) >= SAME_VIEW):
            a, b = (int(row) for row in block[place])
            score = float(fine[place])
            if series[a] == series[b]:
                copy = score >= COPY_IN_SERIES
            elif subjects[a] == subjects[b]:
                copy = score >= COPY_IN_PATIENT
            else:
                if score < COPY:
                    better = int(views[place].argmax())
                    score = max(score, likeness.registered_fine(left[place, better], right[place, better]))
                copy = _is_copy(score, None if vectors is None else vectors.agree(a, b))
            if copy:
                copies.append(Pair(a, b, min(1.0, score)))
        report(min(len(pairs), start + _BLOCK))
    return copies


def _is_copy(score: float, embedding: bool | None) -> bool:
    if embedding is False:
        return False
    return score >= (DOUBTFUL if embedding else COPY)
