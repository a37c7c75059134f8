"""Sets of classes keep their promise for new patients, and say how they did."""

from __future__ import annotations

import json

import numpy as np
import pytest

from sslstudio.classifiers import conformal
from sslstudio.classifiers.intervals import wilson


def drawn(patients: int, images: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    number = random.integers(1, 2 * images, patients)
    patient = np.repeat(np.arange(patients), number)
    y = random.integers(0, 3, patients)[patient]
    logits = random.normal(size=(len(y), 3)) + 1.5 * random.normal(size=(patients, 3))[patient] + 2 * np.eye(3)[y]
    return y, np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True), patient.astype(str)


def test_the_promise_is_kept_for_new_patients_whatever_number_of_images_they_have() -> None:
    """An image of each new patient: between 90 % and 90 % + 1 / (P + 1), which the mean of many draws must show."""
    held = []
    for seed in range(200):
        kept = conformal.calibrate(*drawn(40, 4, seed), coverages=[0.9])
        y, proba, groups = drawn(300, 4, 10_000 + seed)
        _, first = np.unique(groups, return_index=True)
        chosen = conformal.sets(proba[first], kept["levels"][0]["least"])
        held.append(chosen[np.arange(len(first)), y[first]].mean())
    assert 0.89 < np.mean(held) < 0.945


def test_without_repeated_images_the_limit_is_the_textbook_quantile() -> None:
    y, proba, _ = drawn(200, 1, 1)
    y, proba = y[:99], proba[:99]
    (level,) = conformal.calibrate(y, proba, np.arange(99).astype(str), [0.9])["levels"]
    score = np.sort(1 - proba[np.arange(99), y])
    assert level["least"] == pytest.approx(1 - score[90 - 1], abs=1e-6), "the 90th of 99 is ceil(0.9 * 100)"


def test_too_few_patients_promise_nothing_but_all_classes() -> None:
    y, proba, groups = drawn(8, 3, 2)
    kept = conformal.calibrate(y, proba, groups)
    assert [level["least"] for level in kept["levels"]] == [0.0, 0.0]
    assert conformal.sets(proba, 0.0).all()


def test_a_set_is_never_empty_and_its_size_is_told() -> None:
    proba = np.array([[0.4, 0.35, 0.25], [0.9, 0.06, 0.04], [0.5, 0.5, 0.0]])
    assert conformal.sets(proba, 0.45).tolist() == [[True, False, False], [True, False, False], [True, True, False]]
    y, groups = np.array([1, 0, 1]), np.array(["a", "b", "c"])
    (found,) = conformal.describe(y, proba, groups, {"levels": [{"coverage": 0.9, "least": 0.45}]})
    assert found["sizes"] == [2, 1, 0] and found["mean_size"] == pytest.approx(4 / 3, abs=1e-6)
    assert (found["one"], found["cannot_tell"]) == pytest.approx((2 / 3, 1 / 3), abs=1e-6)
    assert (found["held"]["value"], found["held"]["low"]) == pytest.approx((2 / 3, wilson(2, 3).low), abs=1e-6)
    assert json.loads(json.dumps(found)) == found
    assert conformal.describe(y, proba, groups, {}) == []
