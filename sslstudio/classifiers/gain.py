"""Is one classifier better than another on the same test cases? The difference with its interval; it may say no.

Apart from `benefit`, which compares what embeddings are worth by refitting on folds: here both classifiers are finished
and only the patients who are tested are drawn, for both at once, so that what is hard for both cancels out.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sslstudio.classifiers.intervals import percentile

DRAWS = 2000
Doubles = NDArray[np.float64]


def compare(
    y: NDArray[np.integer],
    proba: NDArray[np.floating],
    other: NDArray[np.floating],
    groups: NDArray[np.str_],
    seed: int = 0,
) -> dict[str, Any]:
    """How far the balanced accuracy of `proba` (N, K) is above that of `other` (N, K); y (N,), patients (N,).

    Plain JSON: "value", "low", "high" (95 %, percentile bootstrap of the patients; None when no draw holds every
    class), "first" and "second" (both balanced accuracies), "n", "n_subjects" and "verdict": "better" or "worse" when
    the interval is on one side of 0, else "unclear".
    """
    target = np.asarray(y, dtype=np.int64)
    right = [np.asarray(each).argmax(axis=1) == target for each in (proba, other)]
    names, owner = np.unique(np.asarray(groups), return_inverse=True)
    first, second = (_balanced(hits, target) for hits in right)
    drawn = _draws(right[0].astype(float) - right[1].astype(float), target, owner, len(names), seed)
    found = percentile(drawn)
    verdict = "unclear"
    if found is not None and found.low > 0:
        verdict = "better"
    elif found is not None and found.high < 0:
        verdict = "worse"
    return {
        "value": round(first - second, 6),
        "low": None if found is None else round(found.low, 6),
        "high": None if found is None else round(found.high, 6),
        "first": round(first, 6),
        "second": round(second, 6),
        "n": len(target),
        "n_subjects": len(names),
        "verdict": verdict,
    }


def _balanced(hits: NDArray[np.bool_], y: NDArray[np.int64]) -> float:
    return float(np.mean([hits[y == k].mean() for k in np.unique(y)]))


def _draws(gain: Doubles, y: NDArray[np.int64], owner: NDArray[np.intp], patients: int, seed: int) -> Doubles:
    """Differences of balanced accuracy (DRAWS,) by patients drawn with replacement; NaN where a class is missing."""
    present, target = np.unique(y, return_inverse=True)
    total, gained = np.zeros((patients, len(present))), np.zeros((patients, len(present)))
    np.add.at(total, (owner, target), 1.0)
    np.add.at(gained, (owner, target), gain)
    weights = np.random.default_rng(seed).multinomial(patients, np.full(patients, 1 / patients), size=DRAWS)
    drawn = weights @ total
    shares: Doubles = np.divide(weights @ gained, drawn, out=np.full_like(drawn, np.nan), where=drawn > 0)
    found: Doubles = shares.mean(axis=1)
    return found
