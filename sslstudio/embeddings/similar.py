"""The images most like given ones: exact up to 100,000 images, above through an index that says how much it finds.

For a compute process, which reads the embeddings itself, so that none cross over.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sslstudio.embeddings import neighbour_index
from sslstudio.embeddings.answers import Found
from sslstudio.embeddings.neighbours import Floats, Ints, centre, nearest, nearest_to, unit

EXACT_UP_TO = 100_000
MOST_SEEDS = 64


def similar(
    vectors_file: str,
    rows: Sequence[int],
    wanted: int,
    to_centre: bool = False,
    query: NDArray[np.floating] | None = None,
    *,
    exact_up_to: int = EXACT_UP_TO,
) -> Found:
    """The `wanted` images most like the images at `rows`, without these, or like the vector `query` (D,).

    Like the nearest of them (of more than 64, an even choice), or `to_centre` like their mean direction. For a compute
    process: above `exact_up_to` images the index beside the file is used, and made first where there is none.
    """
    vectors = np.load(vectors_file, mmap_mode="r", allow_pickle=False)
    asked = np.unique(np.asarray(rows, dtype=np.int64))
    if query is not None:
        queries = np.asarray(query, dtype=np.float32)[None]
    elif not len(asked):
        return Found(np.empty(0, np.int64), np.empty(0, np.float32))
    elif to_centre:
        queries = centre(vectors, asked.tolist())
    else:
        queries = unit(vectors[asked[:: -(-len(asked) // MOST_SEEDS)]])
    recall = None
    if len(vectors) <= exact_up_to:
        found, cosine = nearest_to(vectors, queries, wanted + len(asked))
    else:
        index = neighbour_index.opened(Path(vectors_file))
        found, cosine, recall = *index.search(queries, wanted + len(asked)), index.facts.recall
    return _ranked(found.ravel(), cosine.ravel(), asked, wanted, recall)


def usual_distance(vectors_file: str, sample: int = 100, seed: int = 0) -> float:
    """The median cosine distance of an image to its nearest, on some of those in the file; 0 for fewer than two."""
    vectors = np.load(vectors_file, mmap_mode="r", allow_pickle=False)
    if len(vectors) < 2:
        return 0.0
    rows = np.sort(np.random.default_rng(seed).choice(len(vectors), min(sample, len(vectors)), replace=False))
    _, cosine = nearest(vectors, rows, 1)
    return float(np.median(1 - cosine))


def _ranked(found: Ints, cosine: Floats, asked: Ints, wanted: int, recall: float | None) -> Found:
    """Each image once, by its largest cosine; of equal ones the first row first."""
    order = np.lexsort((found, -cosine))
    found, cosine = found[order], cosine[order]
    _, first = np.unique(found, return_index=True)
    first = np.sort(first)
    first = first[~np.isin(found[first], asked) & (found[first] >= 0)][:wanted]
    return Found(found[first], np.clip(cosine[first], -1, 1), recall)
