"""Two embeddings of the same images beside each other: maps laid onto one another, and whose neighbours changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sslstudio.embeddings.aligning import NEIGHBOURS, common_rows, laid_onto, neighbours_changed


@dataclass(frozen=True)
class Comparison:
    """What two embeddings say of the `images` that both hold, shown on at most 2,000 of them, `ids` (n,).

    `first` and `second` are maps (n, 2), the second moved, turned, mirrored and scaled onto the first. `kept` (n,)
    is the share of an image's ten nearest among all common ones that are the same in both, `by_chance` what it would
    be for unrelated ones.
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
    change = neighbours_changed(
        vectors_a[common_rows(ids_a, common)[0]], vectors_b[common_rows(ids_b, common)[0]], seed=seed
    )
    place_a, place_b = (common_rows(layout["ids"], common)[0] for layout in (map_a, map_b))
    onto, _ = laid_onto(map_a["xy"][place_a], map_b["xy"][place_b])
    return Comparison(
        images=len(common),
        ids=common[change.rows],
        first=map_a["xy"][place_a][change.rows],
        second=onto[change.rows],
        kept=1.0 - change.changed,
        groups=map_a["cluster"][place_a][change.rows],
        by_chance=min(1.0, NEIGHBOURS / max(1, len(common) - 1)),
    )


def _load(
    files: tuple[str, str, str],
) -> tuple[NDArray[np.floating], NDArray[np.int64], dict[str, NDArray[Any]]]:
    vectors, ids, layout = files
    with np.load(layout, allow_pickle=False) as arrays:
        held = {name: arrays[name] for name in ("ids", "xy", "cluster")}
    return np.load(vectors, mmap_mode="r"), np.load(ids), held
