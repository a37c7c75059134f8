"""The difference of two classifiers on the same cases: exact value, direction, honest doubt, patients kept together."""

from __future__ import annotations

import numpy as np

from sslstudio.classifiers import gain


def answers(y: np.ndarray, right: np.ndarray) -> np.ndarray:
    return np.eye(2)[np.where(right, y, 1 - y)]


def test_the_value_is_the_difference_of_balanced_accuracies() -> None:
    y = np.array([0] * 30 + [1] * 10)
    all_right = answers(y, np.ones(40, bool))
    some = answers(y, np.r_[np.ones(30, bool), np.arange(10) < 5])
    found = gain.compare(y, all_right, some, np.arange(40).astype(str))
    assert (found["first"], found["second"], found["value"]) == (1.0, 0.75, 0.25)
    assert found["verdict"] == "better" and 0 < found["low"] < 0.25 < found["high"]
    other = gain.compare(y, some, all_right, np.arange(40).astype(str))
    assert other["verdict"] == "worse" and other["high"] < 0


def test_a_difference_that_rests_on_one_patient_is_no_difference() -> None:
    y = np.arange(40) % 2
    wrong = np.arange(40) < 8
    first, second = answers(y, np.ones(40, bool)), answers(y, ~wrong)
    assert gain.compare(y, first, second, np.arange(40).astype(str))["verdict"] == "better"
    one_patient = np.array(["a"] * 8 + [f"p{n}" for n in range(32)])
    assert gain.compare(y, first, second, one_patient)["verdict"] == "unclear"


def test_equal_classifiers_and_a_single_patient_prove_nothing() -> None:
    y = np.arange(10) % 2
    same = answers(y, np.ones(10, bool))
    found = gain.compare(y, same, same, np.arange(10).astype(str))
    assert found["value"] == 0 and found["verdict"] == "unclear"
    assert gain.compare(y, same, 1 - same, np.full(10, "a"))["n_subjects"] == 1
