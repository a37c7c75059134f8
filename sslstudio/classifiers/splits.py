"""Splits by patient: no patient on both sides, every class on both sides where it can be. No library has just that."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def split_by_group(
    groups: NDArray[np.str_], labels: NDArray[np.generic], test_fraction: float = 0.25, seed: int = 0
) -> NDArray[np.bool_]:
    """Mask (N,) of the test images; all images of one group (N,) stand on one side.

    Groups are drawn at random within the class (N,) that most of their images carry, until the class has about
    `test_fraction` of its images in the test part; a class with two groups or more has one on each side. With two
    groups or more neither part is empty. `labels` may hold "" or -1 for images without a label, as a class like
    any other.
    """
    if not 0 < test_fraction < 1:
        raise ValueError("test_fraction lies between 0 and 1")
    if not len(groups):
        return np.zeros(0, dtype=bool)
    names, group_of = np.unique(groups, return_inverse=True)
    _, label_of = np.unique(labels, return_inverse=True)
    counts = np.zeros((len(names), label_of.max() + 1), dtype=np.int64)
    np.add.at(counts, (group_of, label_of), 1)
    sizes, stratum = counts.sum(axis=1), counts.argmax(axis=1)
    random = np.random.default_rng(seed)
    in_test = np.zeros(len(names), dtype=bool)
    for number in np.unique(stratum):
        members = random.permutation(np.flatnonzero(stratum == number))
        if len(members) > 1:
            in_test[members[_draw(sizes[members], test_fraction)]] = True
    if not in_test.any() and len(names) > 1:  # every class has but one group
        members = random.permutation(len(names))
        in_test[members[_draw(sizes[members], test_fraction)]] = True
    mask: NDArray[np.bool_] = in_test[group_of]
    return mask


def _draw(sizes: NDArray[np.int64], fraction: float) -> list[int]:
    """Places of the groups to test: in the given order, each if it brings the images nearer to `fraction`.

    At least one group is drawn and at least one left; `sizes` holds two or more.
    """
    wanted = fraction * sizes.sum()
    drawn: list[int] = []
    total = 0
    for place, size in enumerate(sizes):
        if len(drawn) < len(sizes) - 1 and abs(total + size - wanted) < abs(total - wanted):
            drawn.append(place)
            total += size
    return drawn or [int(sizes.argmin())]
