"""The images most like those of other patients: candidates for copies on two sides of a split. For compute."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sslstudio.embeddings import neighbour_index
from sslstudio.embeddings.neighbours import Floats, Ints, unit

EXACT_UP_TO = 20_000
NEAREST = 3
"""So many of the most similar images of other patients are looked at for each image."""
_BLOCK = 1024
_LOOKED_THROUGH = 64


def nearest_of_others(vectors_file: str, ids_file: str, image_ids: list[int], owners: list[int]) -> tuple[Ints, Floats]:
    """Pairs (M, 2) of image ids, the lower first, and their cosines (M,): each image with the three most similar images
    of other `owners`, the most similar pairs first.

    Of up to 20,000 images all are compared; of more the index beside the embeddings is asked, which is made if need be.
    """
    ids = np.load(ids_file, allow_pickle=False).astype(np.int64)
    vectors = np.load(vectors_file, mmap_mode="r", allow_pickle=False)
    wanted, owner = np.asarray(image_ids, dtype=np.int64), np.asarray(owners, dtype=np.int64)
    if len(wanted) < 2:
        return np.zeros((0, 2), dtype=np.int64), np.zeros(0, dtype=np.float32)
    rows = np.searchsorted(ids, wanted)
    if len(wanted) <= EXACT_UP_TO:
        other, cosine = _exact(unit(vectors[rows]), owner)
    else:
        other, cosine = _indexed(Path(vectors_file), vectors, rows, owner)
    own = np.repeat(np.arange(len(wanted)), other.shape[1])
    return _pairs(wanted, own, other.ravel(), cosine.ravel())


def _exact(vectors: Floats, owner: Ints) -> tuple[Ints, Floats]:
    k = min(NEAREST, len(vectors) - 1)
    others, cosines = np.empty((len(vectors), k), dtype=np.int64), np.empty((len(vectors), k), dtype=np.float32)
    for first in range(0, len(vectors), _BLOCK):
        block = vectors[first : first + _BLOCK] @ vectors.T
        block[owner[first : first + _BLOCK, None] == owner[None]] = -2
        best = np.argpartition(-block, k - 1, axis=1)[:, :k]
        others[first : first + _BLOCK] = best
        cosines[first : first + _BLOCK] = np.take_along_axis(block, best, axis=1)
    return others, cosines


def _indexed(file: Path, vectors: NDArray[np.floating], rows: Ints, owner: Ints) -> tuple[Ints, Floats]:
    """Of the 64 most similar images of all that are embedded, those that are wanted and another owner's."""
    index = neighbour_index.opened(file)
    place = np.full(len(vectors), -1, dtype=np.int64)
    place[rows] = np.arange(len(rows))
    others = np.full((len(rows), NEAREST), -1, dtype=np.int64)
    cosines = np.full((len(rows), NEAREST), -2, dtype=np.float32)
    for first in range(0, len(rows), _BLOCK):
        found, cosine = index.search(vectors[rows[first : first + _BLOCK]], _LOOKED_THROUGH)
        there = np.where(found >= 0, place[found], -1)
        foreign = (there >= 0) & (owner[there] != owner[first : first + _BLOCK, None])
        for row in range(len(found)):
            some = np.flatnonzero(foreign[row])[:NEAREST]
            others[first + row, : len(some)], cosines[first + row, : len(some)] = there[row, some], cosine[row, some]
    return others, cosines


def _pairs(ids: Ints, own: Ints, other: Ints, cosine: Floats) -> tuple[Ints, Floats]:
    there = cosine > -2
    pairs = np.sort(np.stack([ids[own[there]], ids[other[there]]], axis=1), axis=1)
    pairs, first = np.unique(pairs, axis=0, return_index=True)
    order = np.argsort(-cosine[there][first], kind="stable")
    return pairs[order], np.clip(cosine[there][first][order], -1, 1)
