"""How pure groups are: which value most images of a group share, and what share one would expect by chance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class GroupPurity:
    """Of the `known` images of a group whose value is known `share` have the value `code`, of all images `usual`."""

    code: int
    share: float
    known: int
    usual: float


@dataclass(frozen=True)
class Purity:
    """`groups` by their number; `share` of all known images have the commonest value of their group, `usual` the
    commonest value of all."""

    groups: dict[int, GroupPurity]
    share: float
    usual: float


def purity(groups: NDArray[np.integer], codes: NDArray[np.integer]) -> Purity:
    """The purity of `groups` (N,), -1 for none, against values `codes` (N,), -1 for not known.

    Images in no group count for nothing (Manning et al., "Introduction to Information Retrieval", 2008, chapter 16.3).
    """
    there = (np.asarray(groups) >= 0) & (np.asarray(codes) >= 0)
    g, c = np.asarray(groups)[there].astype(np.int64), np.asarray(codes)[there].astype(np.int64)
    if not len(g):
        return Purity({}, 0.0, 0.0)
    values = int(c.max()) + 1
    names, place = np.unique(g, return_inverse=True)
    # Pairs are counted as they occur: a table of groups by patients would be mostly empty.
    pairs, counts = np.unique(place * values + c, return_counts=True)
    usual = np.bincount(c, minlength=values) / len(c)
    found: dict[int, GroupPurity] = {}
    most = 0
    for number, name in enumerate(names.tolist()):
        here = pairs // values == number
        best = int(counts[here].argmax())
        code, top = int(pairs[here][best] % values), int(counts[here][best])
        total = int(counts[here].sum())
        found[int(name)] = GroupPurity(code, top / total, total, float(usual[code]))
        most += top
    return Purity(found, most / len(g), float(usual.max()))


def quarters(numbers: NDArray[np.floating]) -> tuple[NDArray[np.int32], tuple[tuple[float, float], ...]]:
    """Numbers (N,), nan for not known, as codes (N,) of up to four parts of equal size, and the range of each part."""
    known = np.isfinite(numbers)
    codes = np.full(len(numbers), -1, dtype=np.int32)
    if not known.any():
        return codes, ()
    values = np.asarray(numbers, dtype=np.float64)[known]
    edges = np.unique(np.quantile(values, (0.25, 0.5, 0.75)))
    codes[known] = np.unique(np.searchsorted(edges, values, side="left"), return_inverse=True)[1]
    parts = [values[codes[known] == code] for code in range(int(codes.max()) + 1)]
    return codes, tuple((float(part.min()), float(part.max())) for part in parts)
