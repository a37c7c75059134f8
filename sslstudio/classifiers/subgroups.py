"""Does a classifier do worse on some images, of one scanner, site or age? Differences from the rest, by patient."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sslstudio.classifiers import intervals, scores

Ints = NDArray[np.int64]
FEWEST = 5
"""A subgroup, and the rest, need so many patients for a figure."""
LEVEL = 0.95


def judge(
    y: NDArray[np.integer],
    proba: NDArray[np.floating],
    groups: NDArray[np.str_],
    class_names: Sequence[str],
    columns: Sequence[tuple[str, NDArray[np.integer], Sequence[str]]],
) -> list[dict[str, Any]]:
    """Each value of each column (title, codes (N,) with -1 for unknown, names) with enough patients; plain JSON.

    {"column", "value", "n", "n_subjects", "balanced_accuracy" (as `scores.evaluate` gives it, over the classes the
    subgroup has), "difference", "verdict"}. The difference from all other images, {"value", "low", "high"}, is that of
    the sensitivities, the mean over the classes that both sides have, so that another mix of classes does not look like
    another quality; None without a class in common. Its interval is Bonferroni's: 95 % for all differences together.
    "verdict" is "worse" or "better" where it excludes 0, else "unclear".
    """
    true, names = np.asarray(y, dtype=np.int64), np.asarray(groups)
    _, patient = np.unique(names, return_inverse=True)
    right = np.asarray(proba).argmax(axis=1) == true
    found = []
    for title, codes, values in columns:
        for code, value in enumerate(values):
            inside = np.asarray(codes) == code
            sides = (len(np.unique(patient[inside])), len(np.unique(patient[~inside])))
            if min(sides) >= FEWEST:
                found.append((title, value, inside, min(sides)))
    level = 1 - (1 - LEVEL) / max(1, len(found))
    rows = []
    for title, value, inside, fewest in found:
        inner = scores.evaluate(true[inside], np.asarray(proba)[inside], names[inside], class_names)
        difference = _difference(right, true, patient.astype(np.int64), inside, fewest, level)
        verdict = "unclear"
        if difference is not None and difference["high"] < 0:
            verdict = "worse"
        elif difference is not None and difference["low"] > 0:
            verdict = "better"
        rows.append(
            {
                "column": title,
                "value": value,
                "n": inner["n_images"],
                "n_subjects": inner["n_subjects"],
                "balanced_accuracy": inner["balanced_accuracy"],
                "difference": difference,
                "verdict": verdict,
            }
        )
    return rows


def _difference(
    right: NDArray[np.bool_], y: Ints, patient: Ints, inside: NDArray[np.bool_], fewest: int, level: float
) -> dict[str, float] | None:
    """Mean over the common classes of the sensitivity inside less that outside."""
    common = [number for number in np.unique(y[inside]) if (y[~inside] == number).any()]
    if not common:
        return None
    patients = int(patient.max()) + 1
    value, parts = 0.0, np.zeros(patients)
    for number in common:
        for side, sign in ((inside, 1.0), (~inside, -1.0)):
            here = side & (y == number)
            share = float(right[here].mean())
            value += sign * share / len(common)
            parts += sign / len(common) * np.bincount(patient[here], right[here] - share, patients) / here.sum()
    variance, degrees = intervals.spread(parts)
    reach = intervals.multiplier(level, min(degrees, fewest - 1.0)) * variance**0.5
    if variance <= 0:  # nobody was taken for another class: what so few patients leave open
        reach = 1 - intervals.wilson(fewest, fewest, level).low
    low, high = max(-1.0, value - reach), min(1.0, value + reach)
    return {"value": round(value, 6), "low": round(low, 6), "high": round(high, 6)}


def thirds(numbers: NDArray[np.floating]) -> tuple[Ints, list[str]]:
    """Codes (N,) of the lower, middle and upper third of numbers (N,), -1 where not known, and what they are called."""
    known = ~np.isnan(numbers)
    codes = np.full(len(numbers), -1, dtype=np.int64)
    if not known.any():
        return codes, []
    first, second = (float(end) for end in np.quantile(numbers[known], [1 / 3, 2 / 3]))
    if first == second:
        codes[known] = (numbers[known] > first).astype(np.int64)
        return codes, [f"up to {first:.4g}", f"above {first:.4g}"]
    codes[known] = (numbers[known] > first).astype(np.int64) + (numbers[known] > second)
    return codes, [f"up to {first:.4g}", f"{first:.4g} to {second:.4g}", f"above {second:.4g}"]
