"""The ten nearest of every image, found once and kept beside the embeddings: what near-duplicates, outliers and other
questions about all images start from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from sslstudio.embeddings import inverted_lists, neighbour_index
from sslstudio.embeddings.neighbour_index import Told
from sslstudio.embeddings.neighbours import Floats, Ints, nearest, unit

NEIGHBOURS = 10
EXACT_UP_TO = 30_000
"""Of more images, every image is compared with those in the likely places only."""
_BLOCK = 1024


@dataclass(frozen=True, eq=False)
class Graph:
    """Rows (N, k) of the nearest of every image and their cosines (N, k), best first; -1 and -2 where there are fewer.

    `recall` is the share of the true neighbours that is found, measured on 200 images; 1 for an exact search.
    """

    rows: Ints
    cosine: Floats
    recall: float = 1.0

    @property
    def distance(self) -> Floats:
        """1 minus the cosines (N, k), never negative."""
        found: Floats = np.maximum(1 - self.cosine, 0).astype(np.float32)
        return found


def graph_of(
    vectors_file: str, k: int = NEIGHBOURS, told: Told = lambda _: None, exact_up_to: int = EXACT_UP_TO
) -> Graph:
    """The graph of the embeddings in that file: read, or made and stored. For a compute process."""
    path = Path(vectors_file)
    stored = path.with_suffix(".graph.npz")
    stamp = f"{neighbour_index.stamp_of(path)} {k} {exact_up_to}"
    try:
        with np.load(stored, allow_pickle=False) as arrays:
            if str(arrays["stamp"]) == stamp:
                rows = arrays["rows"].astype(np.int64)
                return Graph(rows, arrays["cosine"], float(arrays["recall"]))
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        pass
    vectors = np.load(path, mmap_mode="r", allow_pickle=False)
    made = exact(vectors, k, told) if len(vectors) <= exact_up_to else _approximate(vectors, path, k, told)
    partial = stored.with_suffix(".partial")
    with partial.open("wb") as stream:
        np.savez(stream, stamp=np.array(stamp), rows=made.rows.astype(np.int32), cosine=made.cosine, recall=made.recall)
    partial.replace(stored)
    return made


def exact(vectors: NDArray[np.floating], k: int = NEIGHBOURS, told: Told = lambda _: None) -> Graph:
    """The graph by comparing all with all."""
    n = len(vectors)
    k = max(0, min(k, n - 1))
    everything = unit(vectors)
    rows, cosine = np.empty((n, k), np.int64), np.empty((n, k), np.float32)
    for first in range(0, n if k else 0, _BLOCK):
        told(first / n)
        block = everything[first : first + _BLOCK] @ everything.T
        block[np.arange(len(block)), np.arange(first, first + len(block))] = -np.inf
        some = np.argpartition(block, n - k, axis=1)[:, n - k :]
        value = np.take_along_axis(block, some, axis=1)
        order = np.lexsort((some, -value), axis=1)
        rows[first : first + _BLOCK] = np.take_along_axis(some, order, axis=1)
        cosine[first : first + _BLOCK] = np.take_along_axis(value, order, axis=1)
    return Graph(rows, np.clip(cosine, -1, 1))


def _approximate(vectors: NDArray[np.floating], path: Path, k: int, told: Told) -> Graph:
    index = neighbour_index.opened(path, lambda share: told(0.3 * share))
    n = len(vectors)
    rows, cosine = np.empty((n, k), np.int64), np.empty((n, k), np.float32)
    for block in inverted_lists.in_blocks(n, lambda share: told(0.3 + 0.7 * share)):
        found, value = index.coarse(unit(vectors[block]), k + 1)
        own = found == np.arange(block.start, block.stop)[:, None]
        # The image itself goes to the end; where it was not found, the last one falls off.
        order = np.argsort(own, axis=1, kind="stable")[:, :k]
        rows[block] = np.take_along_axis(found, order, axis=1)
        cosine[block] = np.clip(np.take_along_axis(value, order, axis=1), -2, 1)
    sample = np.sort(np.random.default_rng(0).choice(n, neighbour_index.QUERIES, replace=False))
    true, _ = nearest(vectors, sample, k)
    return Graph(rows, cosine, round(float((true[:, :, None] == rows[sample][:, None]).any(axis=2).mean()), 4))
