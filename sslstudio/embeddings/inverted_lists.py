"""The one place that speaks to faiss: inverted lists, in which the nearest of very many vectors are found quickly.

The vectors are dealt to lists by the nearest of some centres, and only the lists whose centres are nearest to a query
are searched. Runs in jobs and compute processes alone.
"""

from __future__ import annotations

import contextlib
import os
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
BLOCK = 16_384
TRAINED_ON = 40
"""Vectors a list looked at to find the centres."""
DISTANCE_PROBES = 24


def library() -> Any:
    """The library, loaded without its notes about itself."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="builtin type .* has no __module__", category=DeprecationWarning)
        import faiss
    return faiss


def made(dimensions: int, lists: int, sample: Floats, *, cosine: bool, coded: bool = False, seed: int = 0) -> Any:
    """An empty index of `lists` lists whose centres are found from `sample` (M, D); `coded` keeps a byte a number."""
    faiss = library()
    metric = faiss.METRIC_INNER_PRODUCT if cosine else faiss.METRIC_L2
    index = faiss.index_factory(dimensions, f"IVF{lists},{'SQ8' if coded else 'Flat'}", metric)
    index.cp.seed = seed + 1
    index.cp.min_points_per_centroid = 1
    index.cp.max_points_per_centroid = 256
    with _threads(1):  # sums must not depend on the number of cores
        index.train(np.ascontiguousarray(sample, dtype=np.float32))
    return index


def nearest_by_distance(known: Floats, new: Floats, k: int, seed: int = 0) -> tuple[Ints, Floats]:
    """As `placing.near`: rows of `known` (N, C) and distances, both (M, k), looked for in 24 of about sqrt(N) lists."""
    lists = max(1, int(len(known) ** 0.5))
    random = np.random.default_rng(seed)
    chosen = random.permutation(len(known))[: TRAINED_ON * lists]
    index = made(known.shape[1], lists, known[chosen], cosine=False, seed=seed)
    index.add(np.ascontiguousarray(known, dtype=np.float32))
    index.nprobe = min(lists, DISTANCE_PROBES)
    rows = np.empty((len(new), k), dtype=np.int64)
    squared = np.empty((len(new), k), dtype=np.float32)
    for first in range(0, len(new), BLOCK):
        block = np.ascontiguousarray(new[first : first + BLOCK], dtype=np.float32)
        squared[first : first + BLOCK], rows[first : first + BLOCK] = index.search(block, k)
    # Where the lists held fewer than k, the nearest one stands for the missing.
    missing = rows < 0
    rows = np.where(missing, rows[:, :1], rows)
    squared = np.where(missing, squared[:, :1], squared)
    return rows, np.sqrt(np.maximum(squared, 0)).astype(np.float32)


def write(index: Any, path: Path) -> None:
    """Store an index; through a stream of ours, because the library opens only plain ASCII paths everywhere."""
    partial = path.with_name(f".{path.name}.partial")
    with partial.open("wb") as stream:
        library().write_index(index, library().PyCallbackIOWriter(stream.write))
    partial.replace(path)


def read(path: Path) -> Any:
    """The index that `write` stored."""
    with path.open("rb") as stream:
        return library().read_index(library().PyCallbackIOReader(stream.read))


@contextlib.contextmanager
def _threads(count: int) -> Iterator[None]:
    faiss = library()
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(count)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)


def in_blocks(count: int, told: Callable[[float], None]) -> Iterator[slice]:
    """Slices of `BLOCK` rows; the share that is done is told before each."""
    for first in range(0, count, BLOCK):
        told(first / max(1, count))
        yield slice(first, min(count, first + BLOCK))


def threads() -> int:
    """How many threads the library uses."""
    return int(library().omp_get_max_threads() or os.cpu_count() or 1)
