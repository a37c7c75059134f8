"""The search for similar images, run in the compute process: reads the vectors there, so that none cross over."""

from __future__ import annotations

import numpy as np

MOST_SEEDS = 64


def search(vectors_file: str, rows: list[int], wanted: int) -> list[int]:
    """Rows of the `wanted` vectors most like the vectors at `rows`, best first, without these rows themselves.

    Similar is the largest cosine to any of `rows`; of more than 64 rows, an even choice of them is used.
    """
    from sslstudio.embeddings.neighbours import nearest

    vectors = np.load(vectors_file, mmap_mode="r", allow_pickle=False)
    chosen = rows[:: -(-len(rows) // MOST_SEEDS)] if rows else []
    found, cosine = nearest(vectors, chosen, wanted + len(rows))
    best: dict[int, float] = {}
    for row, value in zip(found.ravel().tolist(), cosine.ravel().tolist(), strict=True):
        best[row] = max(value, best.get(row, -2.0))
    asked = set(rows)
    ranked = sorted((row for row in best if row not in asked), key=lambda row: -best[row])
    return ranked[:wanted]
