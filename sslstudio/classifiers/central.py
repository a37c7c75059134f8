"""Images of a group in the order of how near they lie to its middle; read in the compute process."""

from __future__ import annotations

import numpy as np


def central_first(vectors_file: str, ids_file: str, image_ids: list[int]) -> list[int]:
    """Those of `image_ids` that have a vector, by the cosine to the mean of their directions, the largest first."""
    from sslstudio.classifiers.acquisition import unit_rows

    ids = np.load(ids_file, allow_pickle=False).astype(np.int64)
    rows = np.flatnonzero(np.isin(ids, np.asarray(image_ids, dtype=np.int64)))
    unit = unit_rows(np.load(vectors_file, mmap_mode="r", allow_pickle=False)[rows])
    near = unit @ unit.mean(axis=0) if len(rows) else np.zeros(0)
    return [int(image_id) for image_id in ids[rows[np.argsort(-near, kind="stable")]]]
