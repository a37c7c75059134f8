"""No patient on both sides, in 10,000 random data sets, and every class on both sides where it can be."""

from __future__ import annotations

import numpy as np
import pytest

from sslstudio.classifiers.splits import split_by_group


def test_ten_thousand_random_data_sets() -> None:
    random = np.random.default_rng(0)
    for seed in range(10_000):
        n = int(random.integers(1, 60))
        groups = random.integers(0, random.integers(1, 40), n).astype(str)
        labels = random.integers(0, random.integers(1, 6), n)
        fraction = float(random.uniform(0.05, 0.95))
        test = split_by_group(groups, labels, fraction, seed)
        assert test.shape == (n,) and test.dtype == bool
        assert not set(groups[test]) & set(groups[~test]), "a patient stands on both sides"
        if len(set(groups)) > 1:
            assert 0 < test.sum() < n, "a part is empty"


def test_stratified_and_near_the_fraction() -> None:
    random = np.random.default_rng(1)
    groups = np.repeat([f"p{number}" for number in range(400)], random.integers(1, 7, 400))
    label_of = {name: int(number) for name, number in zip(np.unique(groups), random.integers(0, 4, 400), strict=True)}
    labels = np.array([label_of[name] for name in groups])
    test = split_by_group(groups, labels, 0.25, 7)
    for k in range(4):
        assert abs(test[labels == k].mean() - 0.25) < 0.04
    np.testing.assert_array_equal(test, split_by_group(groups, labels, 0.25, 7))
    assert not np.array_equal(test, split_by_group(groups, labels, 0.25, 8))


def test_each_class_with_two_patients_stands_on_both_sides() -> None:
    groups = np.array(["a"] * 50 + ["b", "c", "d", "e"])
    labels = np.array(["big"] * 50 + ["big", "small", "small", ""])
    test = split_by_group(groups, labels, 0.25, 0)
    for name in ("big", "small"):
        assert 0 < test[labels == name].mean() < 1
    assert test[50] and not test[:50].any(), "the patient with most images is no test part of a quarter"


def test_edges() -> None:
    assert split_by_group(np.array([], dtype=str), np.array([])).shape == (0,)
    assert not split_by_group(np.array(["a", "a"]), np.array([0, 1])).any(), "one patient trains"
    assert split_by_group(np.array(["a", "b"]), np.array([0, 1])).sum() == 1
    with pytest.raises(ValueError, match="test_fraction"):
        split_by_group(np.array(["a"]), np.array([0]), 1.0)
