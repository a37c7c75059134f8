"""The linear head: as good as scikit-learn's, from one label a class on, quick, and patient-grouped."""

from __future__ import annotations

import json
import time

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from sslstudio.classifiers import fitting
from sslstudio.classifiers.linear import LinearHead, fit, logits, predict_proba
from sslstudio.errors import SSLStudioError
from tests.fakes.blobs import blobs


def accuracy(head: LinearHead, classes: int, spread: float, dimensions: int = 64) -> float:
    vectors, y, _ = blobs(2000, dimensions, classes, spread, seed=77)
    return float((predict_proba(head, vectors).argmax(axis=1) == y).mean())


@pytest.mark.parametrize("classes", [2, 3, 5])
@pytest.mark.parametrize("n", [40, 300])
def test_the_optimum_is_that_of_scikit_learn(classes: int, n: int) -> None:
    vectors, y, _ = blobs(n, 80, classes, 3.0)
    mean, scale = fitting.standardise(vectors)
    standard = (vectors - mean) / scale
    rotated, back = fitting.rotate(standard)
    coef, intercept = fitting.logistic(rotated, y, classes, strength=25.0, tolerance=1e-6)
    # For two classes scikit-learn has one row w = w1 - w0 with a penalty of |w|^2 / 2, twice that of w1 and w0.
    C = 25.0 / n * (2 if classes == 2 else 1)
    reference = LogisticRegression(C=C, class_weight="balanced", tol=1e-8, max_iter=5000)
    reference.fit(standard.astype(np.float64), y)
    decision = standard @ (coef @ back).T + intercept
    expected = reference.predict_proba(standard.astype(np.float64))
    np.testing.assert_allclose(fitting.softmax(decision), expected, atol=5e-3)
    assert coef.shape == (classes, rotated.shape[1])
    np.testing.assert_allclose(coef.sum(axis=0), 0, atol=1e-8)


def test_the_form_is_what_the_documents_say() -> None:
    vectors, y, groups = blobs(120, 32, 3, 2.0)
    head = fit(vectors, y, groups, 3, 0)
    assert head.coef.shape == (3, 32) and head.coef.dtype == np.float32
    assert head.intercept.shape == (3,) and head.mean.shape == head.scale.shape == (32,)
    score = ((vectors - head.mean) / head.scale @ head.coef.T + head.intercept) / head.temperature
    expected = np.exp(score) / np.exp(score).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(predict_proba(head, vectors), expected, atol=1e-5)
    np.testing.assert_allclose(predict_proba(head, vectors).sum(axis=1), 1)
    np.testing.assert_allclose(logits(head, vectors.astype(np.float16)), logits(head, vectors), atol=0.2)
    assert json.loads(json.dumps(head.cross_validation, allow_nan=False)) == head.cross_validation


@pytest.mark.parametrize("per_class", [1, 2, 3, 5, 20])
def test_with_few_labels_as_good_as_the_usual_fixed_choice(per_class: int) -> None:
    vectors, y, groups = blobs(800, classes=4, spread=2.0)
    test, truth, _ = blobs(2000, classes=4, spread=2.0, seed=77)
    random = np.random.default_rng(0)
    ours, usual = [], []
    for _ in range(8):
        rows = np.concatenate([random.choice(np.flatnonzero(y == k), per_class, replace=False) for k in range(4)])
        head = fit(vectors[rows], y[rows], groups[rows], 4)
        assert head.cross_validation["method"] == ("prototypes" if per_class <= 2 else "logistic")
        assert head.cross_validation["folds"] == (0 if per_class == 1 else min(5, per_class))
        assert (head.cross_validation["reason"] == "") == (per_class > 1)
        ours.append((predict_proba(head, test).argmax(axis=1) == truth).mean())
        scaler = StandardScaler().fit(vectors[rows])
        reference = LogisticRegression(C=0.1, max_iter=2000).fit(scaler.transform(vectors[rows]), y[rows])
        usual.append((reference.predict(scaler.transform(test)) == truth).mean())
    assert np.mean(ours) > np.mean(usual) - 0.01


def test_two_classes_have_two_rows_and_balance() -> None:
    vectors, y, groups = blobs(400, 64, 2, 3.0)
    keep = (y == 0) | (np.arange(400) % 20 == 0)  # one in twenty of class 1
    head = fit(vectors[keep], y[keep], groups[keep], 2)
    assert head.coef.shape == (2, 64)
    np.testing.assert_allclose(head.coef[0], -head.coef[1], atol=1e-6)
    test, truth, _ = blobs(2000, 64, 2, 3.0, seed=5)
    found = (predict_proba(head, test).argmax(axis=1) == truth)[truth == 1].mean()
    careless = LogisticRegression(C=head.C).fit((vectors[keep] - head.mean) / head.scale, y[keep])
    assert found > (careless.predict((test - head.mean) / head.scale) == truth)[truth == 1].mean() + 0.05


def test_patients_stay_together_in_cross_validation() -> None:
    random = np.random.default_rng(0)
    patient = np.repeat(np.arange(40), 8)
    y = random.integers(0, 2, 40)[patient]
    noise = random.normal(size=(40, 64))[patient] + 0.05 * random.normal(size=(320, 64))  # tells patients, not classes
    head = fit(noise, y, patient.astype(str), 2)
    assert head.cross_validation["balanced_accuracy"] < 0.7, "slices of one patient stood on both sides"
    alone = fit(noise, y, np.arange(320).astype(str), 2)
    assert alone.cross_validation["balanced_accuracy"] > 0.95
    assert (head.cross_validation["n_images"], head.cross_validation["n_subjects"]) == (320, 40)
    for train, test in fitting.group_folds(y, patient.astype(str), 0)[0]:
        assert not set(patient[train]) & set(patient[test])


def test_one_patient_in_a_class_leaves_no_folds() -> None:
    vectors, y, _ = blobs(60, classes=2)
    groups = np.where(y == 0, "only one", np.arange(60).astype(str))
    head = fit(vectors, y, groups, 2)
    assert head.cross_validation["folds"] == 0 and head.cross_validation["balanced_accuracy"] is None
    assert "one patient" in head.cross_validation["reason"]
    assert head.temperature == 1.0
    assert accuracy(head, 2, 1.0) > 0.95


def test_calibrated_out_of_fold() -> None:
    vectors, y, groups = blobs(600, 32, 3, 6.0)
    head = fit(vectors, y, groups, 3)
    test, truth, _ = blobs(3000, 32, 3, 6.0, seed=9)
    proba = predict_proba(head, test)
    right = (proba.argmax(axis=1) == truth).mean()
    assert abs(proba.max(axis=1).mean() - right) < 0.05


def test_a_class_without_images_is_never_called() -> None:
    vectors, y, groups = blobs(90, classes=3)
    keep = y != 1
    for rows in (np.flatnonzero(keep), np.concatenate([np.flatnonzero(y == k)[:2] for k in (0, 2)])):
        head = fit(vectors[rows], y[rows], groups[rows], 3)
        proba = predict_proba(head, vectors)
        assert np.isfinite(proba).all()
        assert not (proba.argmax(axis=1) == 1).any()


@pytest.mark.parametrize("dimensions", [1, 3])
def test_constant_and_few_dimensions(dimensions: int) -> None:
    same = np.ones((20, dimensions), np.float32)
    y = np.arange(20) % 2
    head = fit(same, y, np.arange(20).astype(str), 2)
    np.testing.assert_allclose(predict_proba(head, same), 0.5, atol=1e-3)


def test_what_cannot_be_fitted_is_told() -> None:
    vectors, _, groups = blobs(10)
    with pytest.raises(SSLStudioError) as few:
        fit(vectors, np.zeros(10, int), groups, 2)
    assert few.value.code == "few_labels"
    vectors[3, 3] = np.inf
    with pytest.raises(SSLStudioError) as bad:
        fit(vectors, np.arange(10) % 2, groups, 2)
    assert bad.value.code == "bad_embedding"


def test_the_same_seed_gives_the_same_head() -> None:
    vectors, y, groups = blobs(200, classes=3, spread=4.0)
    a, b = fit(vectors, y, groups, 3, 5), fit(vectors, y, groups, 3, 5)
    np.testing.assert_array_equal(a.coef, b.coef)
    assert a.temperature == b.temperature and a.cross_validation == b.cross_validation


@pytest.mark.slow
def test_five_thousand_images_in_two_seconds_of_work() -> None:
    vectors, y, groups = blobs(5000, 512, 4, 6.0, per_patient=2)
    fit(vectors[:50], y[:50], groups[:50], 4)  # imports
    begun = time.process_time()
    fit(vectors, y, groups, 4)
    assert time.process_time() - begun < 4.0  # 0.3 s measured; other tests may share the cores
