"""Scores against scikit-learn, and honest about what they rest on."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn import metrics

from sslstudio.classifiers.intervals import wilson
from sslstudio.classifiers.scores import BOOTSTRAP, WILSON, evaluate

NAMES = ["glioma", "none", "pituitary"]


def made_up(n: int, per_patient: int, seed: int = 0) -> tuple[NDArray[np.int64], NDArray[Any], NDArray[np.str_]]:
    """Classes, probabilities that are right most of the time, patients."""
    random = np.random.default_rng(seed)
    patient = np.arange(n) // per_patient
    y = random.integers(0, 3, patient.max() + 1)[patient]
    score = random.normal(size=(n, 3)) + 1.5 * np.eye(3)[y] + 0.7 * random.normal(size=(patient.max() + 1, 3))[patient]
    proba = np.exp(score) / np.exp(score).sum(axis=1, keepdims=True)
    return y, proba, patient.astype(str)


@pytest.mark.parametrize("per_patient", [1, 4])
def test_values_like_scikit_learn(per_patient: int) -> None:
    y, proba, groups = made_up(240, per_patient)
    found = evaluate(y, proba, groups, NAMES, 0)
    predicted = proba.argmax(axis=1)
    np.testing.assert_array_equal(found["confusion"], metrics.confusion_matrix(y, predicted))
    assert found["n_images"] == 240 and found["n_subjects"] == 240 // per_patient
    assert found["accuracy"]["value"] == pytest.approx(metrics.accuracy_score(y, predicted), abs=1e-6)
    balanced = metrics.balanced_accuracy_score(y, predicted)
    assert found["balanced_accuracy"]["value"] == pytest.approx(balanced, abs=1e-6)
    precision, recall, f1, support = metrics.precision_recall_fscore_support(y, predicted)
    for k, entry in enumerate(found["per_class"]):
        assert (entry["name"], entry["n"]) == (NAMES[k], support[k])
        assert entry["n_subjects"] == len(set(groups[y == k]))
        specificity = metrics.recall_score(y != k, predicted != k)
        auc = metrics.roc_auc_score(y == k, proba[:, k])
        expected = {"precision": precision[k], "sensitivity": recall[k], "f1": f1[k], "specificity": specificity}
        for name, value in {**expected, "auc": auc}.items():
            assert entry[name]["value"] == pytest.approx(value, abs=1e-6), name
            assert entry[name]["low"] < entry[name]["value"] < entry[name]["high"]
    assert found["method"] == (WILSON if per_patient == 1 else BOOTSTRAP)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert found == evaluate(y, proba, groups, NAMES, 0), "the same seed gives the same intervals"


def test_wilson_with_one_image_each_and_wider_with_several() -> None:
    y, proba, groups = made_up(240, 1)
    single = evaluate(y, proba, groups, NAMES)["accuracy"]
    right = int((proba.argmax(axis=1) == y).sum())
    assert (single["low"], single["high"]) == pytest.approx(wilson(right, 240), abs=1e-6)
    repeated = evaluate(np.repeat(y, 6), np.repeat(proba, 6, axis=0), np.repeat(groups, 6), NAMES)["accuracy"]
    assert (repeated["n"], repeated["n_subjects"]) == (1440, 240)
    assert repeated["value"] == single["value"]
    # Six copies of each image say nothing new, and the interval knows it.
    assert repeated["high"] - repeated["low"] == pytest.approx(single["high"] - single["low"], rel=0.15)


def test_intervals_cover_the_truth() -> None:
    y, proba, _ = made_up(400_000, 4, 1234)
    truth = metrics.balanced_accuracy_score(y, proba.argmax(axis=1))
    covered = 0
    for seed in range(60):
        y, proba, groups = made_up(160, 4, seed)
        interval = evaluate(y, proba, groups, NAMES, seed)["balanced_accuracy"]
        covered += interval["low"] <= truth <= interval["high"]
    assert covered >= 50


def test_a_perfect_score_on_few_patients_is_not_certain() -> None:
    y = np.array([0] * 12 + [1] * 12)
    groups = np.array(["a"] * 6 + ["b"] * 6 + ["c"] * 12)
    found = evaluate(y, np.eye(2)[y], groups, ["x", "y"])
    for score in (found["accuracy"], found["balanced_accuracy"], found["per_class"][1]["auc"]):
        assert score["value"] == score["high"] == 1.0
        assert score["low"] < 0.6
    assert found["per_class"][0]["sensitivity"]["low"] == pytest.approx(wilson(2, 2).low, abs=1e-6)


def test_empty_classes_have_a_reason() -> None:
    y = np.array([0, 0, 2, 2])
    proba = np.array([[0.6, 0.3, 0.1], [0.2, 0.3, 0.5], [0.1, 0.2, 0.7], [0.3, 0.3, 0.4]])
    found = evaluate(y, proba, np.array(list("abcd")), NAMES)
    entry = found["per_class"][1]
    assert entry["n"] == entry["n_subjects"] == 0
    for name in ("sensitivity", "precision", "f1", "auc"):
        assert entry[name]["value"] is None and "none" in entry[name]["reason"]
    assert entry["specificity"]["value"] == 1.0
    assert found["balanced_accuracy"]["value"] == 0.75
    assert any("none" in note for note in found["notes"])
    json.dumps(found, allow_nan=False)


def test_only_one_class_or_nothing_at_all() -> None:
    one = evaluate(np.zeros(3, int), np.full((3, 2), 0.5), np.array(list("abc")), ["x", "y"])
    assert one["per_class"][0]["auc"]["value"] is None
    assert one["per_class"][0]["specificity"]["reason"] == "No test images other than x."
    nothing = evaluate(np.empty(0, int), np.empty((0, 2)), np.empty(0, str), ["x", "y"])
    assert nothing["accuracy"]["value"] is None and nothing["n_images"] == 0
    assert nothing["confusion"] == [[0, 0], [0, 0]]
    json.dumps([one, nothing], allow_nan=False)


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="fit together"):
        evaluate(np.array([0, 5]), np.full((2, 2), 0.5), np.array(["a", "b"]), ["x", "y"])
    with pytest.raises(ValueError, match="fit together"):
        evaluate(np.array([0, 1]), np.full((2, 3), 0.5), np.array(["a", "b"]), ["x", "y"])
