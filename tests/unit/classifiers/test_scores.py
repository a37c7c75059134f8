"""Scores against scikit-learn, and honest about what they rest on."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn import metrics

from sslstudio.classifiers.intervals import wilson
from sslstudio.classifiers.scores import ONE_EACH, evaluate, several_each

NAMES = ["glioma", "none", "pituitary"]


def made_up(n: int, per_patient: int, seed: int = 0) -> tuple[NDArray[np.int64], NDArray[Any], NDArray[np.str_]]:
    """Classes, probabilities that are right most of the time, patients."""
    random = np.random.default_rng(seed)
    patient = np.arange(n) // per_patient
    y = random.integers(0, 3, patient.max() + 1)[patient]
    score = random.normal(size=(n, 3)) + 1.5 * np.eye(3)[y] + 0.7 * random.normal(size=(patient.max() + 1, 3))[patient]
    proba = np.exp(score) / np.exp(score).sum(axis=1, keepdims=True)
    return y, proba, patient.astype(str)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.integers(4, 120), st.integers(1, 5), st.booleans())
def test_values_like_scikit_learn(seed: int, n: int, per_patient: int, ties: bool) -> None:
    y, proba, groups = made_up(n, per_patient, seed)
    if ties:
        proba = proba.round(1) + 0.001 * np.arange(3)
    found = evaluate(y, proba, groups, NAMES)
    predicted, there = proba.argmax(axis=1), np.unique(y)
    np.testing.assert_array_equal(found["confusion"], metrics.confusion_matrix(y, predicted, labels=[0, 1, 2]))
    assert found["n_images"] == n and found["n_subjects"] == len(set(groups))
    precision, recall, f1, support = metrics.precision_recall_fscore_support(
        y, predicted, labels=[0, 1, 2], zero_division=np.nan
    )
    overall = {
        "accuracy": metrics.accuracy_score(y, predicted),
        "balanced_accuracy": recall[there].mean(),
        "macro_f1": metrics.f1_score(y, predicted, labels=there, average="macro", zero_division=0),
    }
    if len(np.union1d(y, predicted)) > 1:
        overall["kappa"] = metrics.cohen_kappa_score(y, predicted)
    if len(there) > 1:
        overall["macro_auc"] = np.mean([metrics.roc_auc_score(y == k, proba[:, k]) for k in there])
    for name, value in overall.items():
        assert found[name]["value"] == pytest.approx(value, abs=1e-6), name
    for k, entry in enumerate(found["per_class"]):
        assert (entry["name"], entry["n"]) == (NAMES[k], support[k])
        assert entry["n_subjects"] == len(set(groups[y == k]))
        expected = {"precision": precision[k], "sensitivity": recall[k]}
        expected["f1"] = f1[k] if support[k] else np.nan
        expected["specificity"] = metrics.recall_score(y != k, predicted != k, zero_division=np.nan)
        expected["npv"] = metrics.precision_score(y != k, predicted != k, zero_division=np.nan)
        both = 0 < support[k] < n
        expected["auc"] = metrics.roc_auc_score(y == k, proba[:, k]) if both else np.nan
        expected["average_precision"] = metrics.average_precision_score(y == k, proba[:, k]) if both else np.nan
        for name, value in expected.items():
            score = entry[name]
            if np.isnan(value):
                assert score["value"] is None and score["reason"], name
                continue
            assert score["value"] == pytest.approx(value, abs=1e-6), name
            assert 0 <= score["low"] <= score["value"] <= score["high"] <= 1
            assert score["low"] < score["high"]
    assert found["method"] == (ONE_EACH if len(set(groups)) == n else several_each("image"))
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_wilson_with_one_image_each_and_wider_with_several() -> None:
    y, proba, groups = made_up(240, 1)
    single = evaluate(y, proba, groups, NAMES)
    right = int((proba.argmax(axis=1) == y).sum())
    assert (single["accuracy"]["low"], single["accuracy"]["high"]) == pytest.approx(wilson(right, 240), abs=1e-6)
    repeated = evaluate(np.repeat(y, 6), np.repeat(proba, 6, axis=0), np.repeat(groups, 6), NAMES)
    assert (repeated["accuracy"]["n"], repeated["accuracy"]["n_subjects"]) == (1440, 240)
    # Six copies of each image say nothing new, and the intervals know it.
    pairs = [(single[name], repeated[name]) for name in ("accuracy", "balanced_accuracy", "kappa", "macro_auc")]
    ranks = [each["per_class"][0] for each in (single, repeated)]
    for one, six in [*pairs, *((ranks[0][name], ranks[1][name]) for name in ("npv", "f1", "auc", "average_precision"))]:
        assert six["value"] == pytest.approx(one["value"], abs=1e-6)
        assert six["high"] - six["low"] == pytest.approx(one["high"] - one["low"], rel=0.1)


def test_intervals_cover_the_truth() -> None:
    """The whole table is `benchmarks/interval_coverage.py`; here 120 draws, so within four standard errors of 95 %."""
    y, proba, groups = made_up(100_000, 4, 1234)
    names = ("balanced_accuracy", "kappa", "macro_auc", "accuracy")
    whole = evaluate(y, proba, groups, NAMES)
    covered = dict.fromkeys(names, 0)
    for seed in range(120):
        found = evaluate(*made_up(160, 4, seed), NAMES)
        for name in names:
            covered[name] += found[name]["low"] <= whole[name]["value"] <= found[name]["high"]
    assert all(number >= 105 for number in covered.values()), covered
    assert sum(covered.values()) < 4 * 120, "intervals that are never wrong are too wide"


def test_a_perfect_score_on_few_patients_is_not_certain() -> None:
    y = np.array([0] * 12 + [1] * 12)
    groups = np.array(["a"] * 6 + ["b"] * 6 + ["c"] * 12)
    found = evaluate(y, np.eye(2)[y], groups, ["x", "y"])
    rare = found["per_class"][1]
    for score in (found["accuracy"], found["balanced_accuracy"], rare["auc"], rare["average_precision"]):
        assert score["value"] == score["high"] == 1.0
        assert score["low"] < 0.6
    assert found["kappa"]["value"] == 1.0 and found["kappa"]["low"] < 0.3
    assert found["per_class"][0]["sensitivity"]["low"] == pytest.approx(wilson(2, 2).low, abs=1e-6)
    assert "indicative" in found["notes"][1]


def test_empty_classes_have_a_reason() -> None:
    y = np.array([0, 0, 2, 2])
    proba = np.array([[0.6, 0.3, 0.1], [0.2, 0.3, 0.5], [0.1, 0.2, 0.7], [0.3, 0.3, 0.4]])
    found = evaluate(y, proba, np.array(list("abcd")), NAMES)
    entry = found["per_class"][1]
    assert entry["n"] == entry["n_subjects"] == 0
    for name in ("sensitivity", "precision", "f1", "auc", "average_precision"):
        assert entry[name]["value"] is None and "none" in entry[name]["reason"]
    assert entry["specificity"]["value"] == 1.0
    assert found["balanced_accuracy"]["value"] == 0.75
    assert any("none" in note for note in found["notes"])
    json.dumps(found, allow_nan=False)


def test_only_one_class_or_nothing_at_all() -> None:
    one = evaluate(np.zeros(3, int), np.full((3, 2), 0.5), np.array(list("abc")), ["x", "y"])
    assert one["per_class"][0]["auc"]["value"] is None
    assert one["per_class"][0]["specificity"]["reason"] == "No test images other than x."
    assert one["kappa"]["value"] is None and "one class" in one["kappa"]["reason"]
    assert (
        one["macro_auc"]["value"] is None and one["per_class"][0]["npv"]["reason"] == "Every test image was called x."
    )
    nothing = evaluate(np.empty(0, int), np.empty((0, 2)), np.empty(0, str), ["x", "y"])
    assert nothing["accuracy"]["value"] is None and nothing["n_images"] == 0
    assert nothing["confusion"] == [[0, 0], [0, 0]]
    json.dumps([one, nothing], allow_nan=False)


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="fit together"):
        evaluate(np.array([0, 5]), np.full((2, 2), 0.5), np.array(["a", "b"]), ["x", "y"])
    with pytest.raises(ValueError, match="fit together"):
        evaluate(np.array([0, 1]), np.full((2, 3), 0.5), np.array(["a", "b"]), ["x", "y"])
