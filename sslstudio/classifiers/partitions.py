"""Ways of dividing images into those that train and those that test: whole patients, copies of a picture together.

Patients who are linked (they share a picture, or are the same person under two numbers) are one unit; a unit never
stands on both sides. Apart from `splits`, which knows one way alone and no links.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
NEITHER, TRAIN, TEST = -1, 0, 1
"""Sides an image may be meant for; NEITHER: not known, it takes no part."""


@dataclass(frozen=True, eq=False)
class Fold:
    """Rows, ascending, that train and that test; `name` says what was left out in turn, "" where it has no name."""

    train: Ints
    test: Ints
    name: str = ""


@dataclass(frozen=True, eq=False)
class Division:
    """Folds over N images. `torn` (N,) marks images of patients with images meant for both sides: they train nowhere
    where the others test. `unknown` (N,) marks images that no side was said for."""

    folds: tuple[Fold, ...]
    torn: Bools
    unknown: Bools

    def tested(self) -> Ints:
        """Rows that are tested in any fold, ascending."""
        return np.unique(np.concatenate([fold.test for fold in self.folds])) if self.folds else np.zeros(0, np.int64)

    def trained(self) -> Ints:
        """Rows that train in any fold, ascending."""
        return np.unique(np.concatenate([fold.train for fold in self.folds])) if self.folds else np.zeros(0, np.int64)


def units(groups: NDArray[np.str_], links: Iterable[tuple[str, str]] = ()) -> Ints:
    """(N,) the number of each image's unit: the patients of `groups` (N,), those joined by `links` under one number."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    if not len(groups):
        return np.zeros(0, dtype=np.int64)
    pairs = np.array(list(links), dtype=np.str_).reshape(-1, 2)
    names, code = np.unique(np.concatenate([groups, pairs.ravel()]), return_inverse=True)
    left, right = code[len(groups) :].reshape(-1, 2).T
    joined = coo_array((np.ones(len(pairs), dtype=np.int8), (left, right)), shape=(len(names), len(names)))
    number = connected_components(joined, directed=False)[1]
    return np.asarray(number[code[: len(groups)]], dtype=np.int64)


def by_side(unit: Ints, side: NDArray[np.integer], name: str = "") -> Division:
    """One fold from the side (N,) each image is meant for. Of a unit meant for both only the test images take part."""
    tests = np.isin(unit, unit[side == TEST])
    torn = tests & (side == TRAIN)
    fold = Fold(np.flatnonzero((side == TRAIN) & ~torn), np.flatnonzero(side == TEST), name)
    return Division((fold,), torn, side == NEITHER)


def leave_one_out(unit: Ints, value: NDArray[np.integer], names: Iterable[str]) -> Division:
    """One fold for each value (N,), a place in `names`, that tests while all others train; -1 is not known."""
    folds: list[Fold] = []
    torn = np.zeros(len(unit), dtype=bool)
    for number, name in enumerate(names):
        side = np.where(value < 0, NEITHER, np.where(value == number, TEST, TRAIN))
        found = by_side(unit, side, name)
        torn |= found.torn
        if len(found.folds[0].train) and len(found.folds[0].test):
            folds += found.folds
    return Division(tuple(folds), torn, value < 0)


def cross(unit: Ints, y: Ints, count: int, seed: int = 0, repeats: int = 1) -> Division:
    """`count` folds over units (N,) with classes y (N,), dealt anew in each of `repeats`.

    A class that two units or more mostly carry stands in the training part of every fold. With fewer units than folds
    there are as many folds as units; with one unit there is none.
    """
    nothing = np.zeros(len(unit), dtype=bool)
    names, code = np.unique(unit, return_inverse=True)
    count = min(count, len(names))
    if count < 2:
        return Division((), nothing, nothing)
    folds: list[Fold] = []
    for repeat in range(repeats):
        of_unit = _deal(code, y, count, np.random.default_rng([seed, repeat]))
        number = of_unit[code]
        folds += [Fold(np.flatnonzero(number != one), np.flatnonzero(number == one)) for one in range(count)]
    return Division(tuple(fold for fold in folds if len(fold.test) and len(fold.train)), nothing, nothing)


def _deal(code: Ints, y: Ints, count: int, random: np.random.Generator) -> Ints:
    """The fold of each of U units. Units of one class go, the largest first, each to the fold with least of its class,
    of several to the one with fewest images."""
    _, class_of = np.unique(y, return_inverse=True)
    held = np.zeros((int(code.max()) + 1, int(class_of.max()) + 1), dtype=np.int64)
    np.add.at(held, (code, class_of), 1)
    size, stratum = held.sum(axis=1), held.argmax(axis=1)
    order = random.permutation(len(size))
    order = order[np.lexsort((-size[order], stratum[order]))]
    fold = np.empty(len(size), dtype=np.int64)
    images = [0] * count
    before, own = -1, [0] * count
    for unit, here, many in zip(order.tolist(), stratum[order].tolist(), size[order].tolist(), strict=True):
        if here != before:
            before, own = here, [0] * count
        chosen = min(range(count), key=lambda one: (own[one], images[one]))
        fold[unit] = chosen
        own[chosen] += many
        images[chosen] += many
    return fold
