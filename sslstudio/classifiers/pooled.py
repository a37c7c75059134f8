"""Scores of whole studies and patients, and which way of pooling does best on the same ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sslstudio.classifiers import paired, pooling, scores, trust
from sslstudio.classifiers.pooling import BAGS, NO_CLASS, Bags
from sslstudio.domain.units import POOLINGS, Pooling, Unit

Doubles = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Said:
    """What was said of N tested images: classes y (N,), probabilities (N, K), patients (N,), studies (N,), and for
    "study" and "patient" the probabilities (N, K) that attention gives the bag of each image, where there is any."""

    y: Ints
    proba: NDArray[np.floating]
    patients: NDArray[np.str_]
    studies: NDArray[np.str_]
    attended: Mapping[str, NDArray[np.floating]]

    def without_attention(self) -> Said:
        """The same, as if none had been learned."""
        return Said(self.y, self.proba, self.patients, self.studies, {})


@dataclass(frozen=True, eq=False)
class Cases:
    """C bags that have a class: y (C,), patients (C,), and the place (N,) of each image in them, -1 where it is in
    none. `bags` are all bags, `kept` (C,) says which have a class."""

    y: Ints
    patients: NDArray[np.str_]
    place: Ints
    bags: Bags
    kept: Ints


def cases(said: Said, unit: Unit, nothing: int = NO_CLASS) -> Cases:
    """The studies or patients whose class is known, see `pooling.truth`."""
    bags = pooling.make_bags(unit, said.patients, said.studies)
    target = pooling.truth(said.y, bags, nothing)
    kept = np.flatnonzero(target != NO_CLASS).astype(np.int64)
    number = np.full(len(target), -1, dtype=np.int64)
    number[kept] = np.arange(len(kept))
    return Cases(target[kept], bags.patient[kept], number[bags.bag], bags, kept)


def shares(said: Said, found: Cases, unit: Unit, way: Pooling, nothing: int = NO_CLASS) -> Doubles:
    """Probabilities (C, K) of cases by one way of pooling. Raises KeyError where there is no attention."""
    proba = said.attended[unit] if way == "attention" else said.proba
    return pooling.pool(proba, found.bags, way, nothing)[found.kept]


def facts(said: Said, nothing: int = NO_CLASS) -> dict[str, dict[str, int]]:
    """What there is to count, for "study" and "patient": "n" cases with a class, "several" of them with two images or
    more, "differ" cases left out because the classes of their images differ, "differ_images" in those."""
    found: dict[str, dict[str, int]] = {}
    for unit in BAGS:
        some = cases(said, unit, nothing)
        left = some.place < 0
        found[unit] = {
            "n": len(some.y),
            "several": int((some.bags.size[some.kept] > 1).sum()),
            "differ": len(some.bags.size) - len(some.kept),
            "differ_images": int(left.sum()),
        }
    return found


def describe(
    said: Said, class_names: Sequence[str], unit: Unit, way: Pooling, nothing: int = NO_CLASS
) -> dict[str, Any]:
    """All that is said of cases, as plain JSON: what `scores.evaluate` and `trust.describe` give, of one row a case.

    And "unit", "pooling", "n_cases", "n_images" (pooled), "differ" and "differ_images" (left out, see `facts`), and
    "comparison", see `compare`.
    """
    found = cases(said, unit, nothing)
    proba = shares(said, found, unit, way, nothing)
    told = trust.describe(found.y, proba, found.patients, class_names)
    del told["patients"]
    of_unit = facts(said, nothing)[unit]
    return {
        **scores.evaluate(found.y, proba, found.patients, class_names, unit),
        **told,
        "unit": unit,
        "pooling": way,
        "n_cases": len(found.y),
        "n_images": int((found.place >= 0).sum()),
        "differ": of_unit["differ"],
        "differ_images": of_unit["differ_images"],
        "comparison": compare(said, found, class_names, unit, nothing),
    }


def compare(
    said: Said, found: Cases, class_names: Sequence[str], unit: Unit, nothing: int = NO_CLASS
) -> list[dict[str, Any]]:
    """Each way of pooling on the same cases, the mean first: {"pooling", "balanced_accuracy", "macro_auc",
    "differences", "verdict"}; "differences" from the mean as `paired.compare` gives them, {} for the mean itself.

    "verdict" is "better" or "worse" where the interval of the difference in balanced accuracy excludes 0, "unclear"
    where it does not.
    """
    mean = shares(said, found, unit, "mean", nothing)
    rows = []
    for way in POOLINGS:
        if way == "attention" and unit not in said.attended:
            continue
        proba = mean if way == "mean" else shares(said, found, unit, way, nothing)
        scored = scores.evaluate(found.y, proba, found.patients, class_names, unit)
        against = {} if way == "mean" else paired.compare(found.y, proba, mean, found.patients)["differences"]
        gap = against.get("balanced_accuracy")
        rows.append(
            {
                "pooling": way,
                "balanced_accuracy": scored["balanced_accuracy"],
                "macro_auc": scored["macro_auc"],
                "differences": against,
                "verdict": _verdict(gap),
            }
        )
    return rows


def _verdict(gap: Mapping[str, float] | None) -> str:
    if gap is None or gap["low"] <= 0 <= gap["high"]:
        return "unclear"
    return "better" if gap["low"] > 0 else "worse"
