"""Images of a group in the order of how far in they lie; read in the compute process."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FEWEST = 5


def central_first(
    vectors_file: str,
    ids_file: str,
    image_ids: list[int],
    grouped: tuple[NDArray[np.int64], NDArray[np.int32]] | None = None,
) -> list[int]:
    """Those of `image_ids` that have a vector, the innermost first, those at the edge last.

    How far in an image lies is the cosine to the mean of their directions, less the largest one to the mean of another
    group where `grouped` tells the groups of images (ids (M,) and group numbers (M,), -1 for none). Groups that lie in
    `image_ids` by half or more, or have fewer than five images outside, are no others.
    """
    from sslstudio.classifiers.acquisition import unit_rows

    ids = np.load(ids_file, allow_pickle=False).astype(np.int64)
    vectors = np.load(vectors_file, mmap_mode="r", allow_pickle=False)
    inside = np.isin(ids, np.asarray(image_ids, dtype=np.int64))
    rows = np.flatnonzero(inside)
    if not len(rows):
        return []
    unit = unit_rows(vectors[rows])
    near = unit @ unit.mean(axis=0)
    others = [] if grouped is None else _others(vectors, ids, inside, *grouped)
    if others:
        near = near / max(float(np.linalg.norm(unit.mean(axis=0))), 1e-6) - (unit @ np.stack(others).T).max(axis=1)
    return [int(image_id) for image_id in ids[rows[np.argsort(-near, kind="stable")]]]


def _others(
    vectors: NDArray[np.floating], ids: NDArray[np.int64], inside: NDArray[np.bool_], known: NDArray[np.int64],
    cluster: NDArray[np.int32],
) -> list[NDArray[np.float32]]:  # fmt: skip
    """The mean directions, of length one, of the groups that the images do not belong to."""
    from sslstudio.classifiers.acquisition import unit_rows

    order = np.argsort(known)
    place = np.minimum(np.searchsorted(known[order], ids), max(0, len(known) - 1))
    number = np.where(known[order][place] == ids, cluster[order][place], -1) if len(known) else np.full(len(ids), -1)
    found = []
    for one in np.unique(number[number >= 0]):
        members = number == one
        outside = np.flatnonzero(members & ~inside)
        if len(outside) >= FEWEST and 2 * len(outside) > members.sum():
            mean = unit_rows(vectors[outside]).mean(axis=0)
            found.append(mean / max(float(np.linalg.norm(mean)), 1e-6))
    return found
