"""Subgroups: a planted difference is named, chance is not, and another mix of classes is no difference."""

from __future__ import annotations

import numpy as np
import pytest

from sslstudio.classifiers.subgroups import judge, thirds

Cases = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def cases(right_a: float, right_b: float, seed: int = 0, patients: int = 120) -> Cases:
    """Two classes, two images a patient; patients of scanner A are called rightly with one chance, of B with
    another.
    """
    random = np.random.default_rng(seed)
    patient = np.repeat(np.arange(patients), 2)
    y, scanner = patient % 2, (patient // 2) % 2
    right = random.random(patients)[patient] < np.where(scanner == 0, right_a, right_b)
    called = np.where(right, y, 1 - y)
    return y, np.eye(2)[called] * 0.8 + 0.1, patient.astype(str), scanner


def test_a_planted_difference_is_named_and_the_other_side_is_better() -> None:
    y, proba, groups, scanner = cases(0.95, 0.5)
    a, b = judge(y, proba, groups, ["x", "y"], [("Scanner", scanner, ["A", "B"])])
    assert (a["verdict"], b["verdict"]) == ("better", "worse")
    assert (b["column"], b["value"], b["n"], b["n_subjects"]) == ("Scanner", "B", 120, 60)
    inside = scanner == 1
    share = [(proba.argmax(1) == y)[side & (y == k)].mean() for k in (0, 1) for side in (inside, ~inside)]
    expected = (share[0] - share[1] + share[2] - share[3]) / 2
    assert b["difference"]["value"] == pytest.approx(expected, abs=1e-6)
    assert a["difference"]["value"] == -b["difference"]["value"]


def test_alike_subgroups_are_seldom_told_apart_though_many_are_looked_at() -> None:
    told = 0
    for seed in range(60):
        y, proba, groups, _ = cases(0.8, 0.8, seed)
        random = np.random.default_rng(1000 + seed)
        of_patient = random.integers(0, 3, (4, 120))
        columns = [
            (f"c{n}", codes[np.repeat(np.arange(120), 2)], ["p", "q", "r"]) for n, codes in enumerate(of_patient)
        ]
        told += any(row["verdict"] != "unclear" for row in judge(y, proba, groups, ["x", "y"], columns))
    assert told <= 8, "5 % of 60, with room for chance"


def test_another_mix_of_classes_is_no_difference() -> None:
    """Class 0 is always right, class 1 half: where there is more of class 1 the accuracy is lower, the quality not."""
    patient = np.arange(400)
    scanner = (patient >= 200).astype(int)
    y = np.where(scanner == 0, patient % 4 == 0, patient % 4 != 0).astype(int)
    right = (y == 0) | ((patient // 8) % 2 == 0)
    rows = judge(y, np.eye(2)[np.where(right, y, 1 - y)], patient.astype(str), ["x", "y"], [("S", scanner, ["A", "B"])])
    assert [row["verdict"] for row in rows] == ["unclear", "unclear"]


def test_too_few_patients_no_common_class_and_unknown_values() -> None:
    y, proba, groups, _ = cases(0.9, 0.9)
    rare = np.where(np.arange(240) < 8, 0, 1)
    rare[100:] = -1
    assert [row["value"] for row in judge(y, proba, groups, ["x", "y"], [("S", rare, ["few", "more"])])] == ["more"]
    by_class = judge(y, proba, groups, ["x", "y"], [("View", y, ["one", "two"])])
    assert [row["difference"] for row in by_class] == [None, None]
    assert {row["verdict"] for row in by_class} == {"unclear"}
    perfect = judge(y, np.eye(2)[y], groups, ["x", "y"], [("S", np.arange(240) // 2 % 4 // 2, ["A", "B"])])
    assert all(row["difference"]["low"] < 0 < row["difference"]["high"] for row in perfect)


def test_numbers_are_cut_into_thirds() -> None:
    codes, names = thirds(np.array([1.0, 2, 3, 4, 5, 6, 7, 8, 9, np.nan]))
    assert np.bincount(codes[:-1]).tolist() == [3, 3, 3] and codes[-1] == -1
    assert len(names) == 3 and names[0].startswith("up to")
    codes, names = thirds(np.array([0.0] * 9 + [1.0]))
    assert len(names) == 2 and codes.tolist() == [0] * 9 + [1]
    assert thirds(np.full(3, np.nan))[1] == []
