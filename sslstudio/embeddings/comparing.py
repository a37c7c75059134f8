"""Two embeddings of the same images beside each other: maps laid onto one another, and whose neighbours changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sslstudio.embeddings.reduction import unit_blocks

NEIGHBOURS = 10
MOST = 2_000


@dataclass(frozen=True)
class Comparison:
    """What two embeddings say of the `images` that both hold, shown on at most 2,000 of them, `ids` (n,).

    `first` and `second` are their maps (n, 2), the second turned, mirrored and scaled onto the first. `kept` (n,) is
    the share of an image's ten nearest that are the same in both, `by_chance` what it would be for unrelated ones.
    `groups` (n,) are the first map's clusters, -1 for none.
    """

    images: int
    ids: NDArray[np.int64]
    first: NDArray[np.float32]
    second: NDArray[np.float32]
    kept: NDArray[np.float32]
    groups: NDArray[np.int32]
    by_chance: float


def compare(first: tuple[str, str, str], second: tuple[str, str, str], seed: int = 0) -> Comparison:
    """Compare two embeddings, each given by its files: vectors, ids, map. For the compute process."""
    (vectors_a, ids_a, map_a), (vectors_b, ids_b, map_b) = (_load(files) for files in (first, second))
    common = np.intersect1d(np.intersect1d(ids_a, ids_b), np.intersect1d(map_a["ids"], map_b["ids"]))
    rng = np.random.default_rng(seed)
    ids = np.sort(rng.choice(common, min(MOST, len(common)), replace=False)) if len(common) else common
    near_a, near_b = (
        _neighbours(vectors[_rows(known, ids)]) for vectors, known in ((vectors_a, ids_a), (vectors_b, ids_b))
    )
    kept = np.array([len(np.intersect1d(a, b)) for a, b in zip(near_a, near_b, strict=True)], dtype=np.float32)
    width = near_a.shape[1]
    place_a, place_b = _rows(map_a["ids"], ids), _rows(map_b["ids"], ids)
    xy_a, xy_b = map_a["xy"][place_a], map_b["xy"][place_b]
    return Comparison(
        len(common),
        ids,
        _centred(xy_a).astype(np.float32),
        align(xy_a, xy_b).astype(np.float32),
        kept / max(1, width),
        map_a["cluster"][place_a],
        width / max(1, len(ids) - 1),
    )


def align(first: NDArray[np.floating], second: NDArray[np.floating]) -> NDArray[np.float64]:
    """`second` (n, 2), turned, mirrored and scaled so that it lies on the centred `first` (orthogonal Procrustes)."""
    one, other = _centred(first), _centred(second)
    if not len(one):
        return other
    left, _, right = np.linalg.svd(other.T @ one)
    return np.asarray(other @ (left @ right))


def _centred(xy: NDArray[np.floating]) -> NDArray[np.float64]:
    """Moved to the origin and scaled to a mean square of 1."""
    moved = np.asarray(xy, dtype=np.float64) - (xy.mean(axis=0) if len(xy) else 0.0)
    size = float(np.sqrt((moved**2).sum(axis=1).mean())) if len(xy) else 0.0
    return moved / size if size else moved


def _neighbours(vectors: NDArray[np.floating]) -> NDArray[np.int64]:
    """The ten most similar rows of each row, itself left out: (n, up to 10)."""
    unit = np.concatenate([block for _, block in unit_blocks(vectors)]) if len(vectors) else vectors
    cosine = unit @ unit.T
    np.fill_diagonal(cosine, -np.inf)
    return np.argsort(-cosine, axis=1, kind="stable")[:, : min(NEIGHBOURS, max(0, len(vectors) - 1))]


def _rows(known: NDArray[np.int64], ids: NDArray[np.int64]) -> NDArray[np.int64]:
    order = np.argsort(known)
    return order[np.searchsorted(known, ids, sorter=order)]


def _load(
    files: tuple[str, str, str],
) -> tuple[NDArray[np.floating], NDArray[np.int64], dict[str, NDArray[Any]]]:
    vectors, ids, layout = files
    with np.load(layout, allow_pickle=False) as arrays:
        held = {name: arrays[name] for name in ("ids", "xy", "cluster")}
    return np.load(vectors, mmap_mode="r"), np.load(ids), held
