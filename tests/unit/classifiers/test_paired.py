"""DeLong and Obuchowski against their definitions, two classifiers on the same cases."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from sslstudio.classifiers import paired, ranking

Doubles = np.ndarray[tuple[int], np.dtype[np.float64]]


def kernel(score: Doubles, positive: np.ndarray) -> np.ndarray:
    """1 where a positive image (rows) scores above a negative one, 1/2 where alike."""
    up, down = score[positive][:, None], score[~positive][None]
    return (up > down) + 0.5 * (up == down)


def delong(one: Doubles, other: Doubles, positive: np.ndarray) -> np.ndarray:
    """The covariance of two areas (2, 2) by the formulas of DeLong et al. 1988, pair by pair."""
    both = [kernel(score, positive) for score in (one, other)]
    up, down = np.stack([each.mean(axis=1) for each in both]), np.stack([each.mean(axis=0) for each in both])
    return np.cov(up) / up.shape[1] + np.cov(down) / down.shape[1]


def obuchowski(score: Doubles, positive: np.ndarray, patient: np.ndarray) -> float:
    """The variance of an area by the formulas of Obuchowski 1997, patient by patient."""
    pairs = kernel(score, positive)
    value, (m, n) = pairs.mean(), pairs.shape
    up, down = pairs.mean(axis=1), pairs.mean(axis=0)
    own, other = patient[positive], patient[~positive]
    s10 = s01 = s11 = 0.0
    for number in np.unique(patient):
        x, y = up[own == number], down[other == number]
        s10 += (x.sum() - len(x) * value) ** 2
        s01 += (y.sum() - len(y) * value) ** 2
        s11 += (x.sum() - len(x) * value) * (y.sum() - len(y) * value)
    all_, a, b = len(np.unique(patient)), len(np.unique(own)), len(np.unique(other))
    return s10 * a / ((a - 1) * m * m) + s01 * b / ((b - 1) * n * n) + 2 * s11 * all_ / ((all_ - 1) * m * n)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10_000), st.integers(8, 80), st.booleans())
def test_areas_are_those_of_scikit_learn_and_their_covariance_is_delongs(seed: int, n: int, ties: bool) -> None:
    random = np.random.default_rng(seed)
    positive = np.r_[True, True, False, False, random.random(n - 4) < 0.4]
    one, other = (random.normal(size=n) + positive for _ in range(2))
    if ties:
        one, other = one.round(), other.round()
    areas = [ranking.area(score, positive, np.arange(n), n) for score in (one, other)]
    assert areas[0].value == pytest.approx(roc_auc_score(positive, one))
    expected = delong(one, other, positive)
    assert ranking.variance(areas[:1], np.ones(1))[0] == pytest.approx(expected[0, 0], abs=1e-12)
    difference = expected[0, 0] + expected[1, 1] - 2 * expected[0, 1]
    assert ranking.variance(areas, np.array([1.0, -1.0]))[0] == pytest.approx(difference, abs=1e-12)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10_000), st.integers(6, 20))
def test_with_several_images_a_patient_the_variance_is_obuchowskis(seed: int, patients: int) -> None:
    random = np.random.default_rng(seed)
    patient = np.r_[np.arange(patients), np.arange(patients), random.integers(0, patients, 3 * patients)]
    positive = (patient % 2 == 0) ^ (random.random(len(patient)) < 0.2)  # some patients have both
    positive[:4] = True, False, True, False
    score = (random.normal(size=len(patient)) + positive + random.normal(size=patients)[patient]).round(1)
    one = ranking.area(score, positive, patient, patients)
    found = ranking.variance([one], np.ones(1))[0]
    assert found == pytest.approx(max(0.0, obuchowski(score, positive, patient)), abs=1e-12)


def test_a_small_example_counted_by_hand() -> None:
    """Three positives (8, 6, 3) and two negatives (5, 2): 5 of 6 pairs are in order."""
    score, positive = np.array([8.0, 6.0, 3.0, 5.0, 2.0]), np.array([True, True, True, False, False])
    one = ranking.area(score, positive, np.arange(5), 5)
    assert one.value == pytest.approx(5 / 6)
    # Placements: positives 1, 1, 1/2 (variance 1/12), negatives 2/3, 1 (variance 1/18).
    assert ranking.variance([one], np.ones(1))[0] == pytest.approx(1 / 12 / 3 + 1 / 18 / 2)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(10, 60))
def test_what_patients_contribute_to_average_precision_is_its_derivative(seed: int, n: int) -> None:
    random = np.random.default_rng(seed)
    positive = np.r_[True, False, random.random(n - 2) < 0.4]
    score, patient = (random.normal(size=n) + positive).round(1), np.arange(n) // 2
    value, parts = ranking.average_precision(score, positive, patient, patient[-1] + 1)
    heavier, step = patient == patient[-1], 1e-6

    def weighted(weight: Doubles) -> float:
        total = 0.0
        for image in np.flatnonzero(positive):
            above = score >= score[image]
            total += weight[image] * (weight * positive * above).sum() / (weight * above).sum()
        return total / float((weight * positive).sum())

    assert value == pytest.approx(weighted(np.ones(n)))
    slope = (weighted(1.0 + step * heavier) - weighted(1.0 - step * heavier)) / (2 * step)
    assert parts[-1] == pytest.approx(slope, abs=1e-6)


def cases(better: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    y = np.arange(120) % 3
    logits = [random.normal(size=(120, 3)) + gain * np.eye(3)[y] for gain in (1.0 + better, 1.0)]
    first, second = (np.exp(each) / np.exp(each).sum(axis=1, keepdims=True) for each in logits)
    return y, first, second, np.arange(120).astype(str)


def test_a_better_classifier_is_told_from_a_worse_one_and_a_copy_is_not() -> None:
    y, first, second, groups = cases(2.0)
    found = paired.compare(y, first, second, groups)
    assert found["method"] == "delong" and found["n_images"] == 120
    for difference in found["differences"].values():
        assert difference["low"] > 0 and difference["p"] < 0.001
        assert difference["value"] == pytest.approx(difference["first"] - difference["second"], abs=2e-6)
    turned = paired.compare(y, second, first, groups)["differences"]["macro_auc"]
    assert turned["value"] == -found["differences"]["macro_auc"]["value"]
    same = paired.compare(y, first, first, groups)["differences"]["macro_auc"]
    assert same["value"] == 0 and same["p"] == 1 and same["low"] < 0 < same["high"]


def test_copies_of_images_do_not_make_a_difference_more_certain() -> None:
    y, first, second, groups = cases(0.4)
    once = paired.compare(y, first, second, groups)["differences"]
    again = paired.compare(*(np.repeat(each, 5, axis=0) for each in (y, first, second)), np.repeat(groups, 5))
    assert again["method"] == "obuchowski"
    for name, difference in again["differences"].items():
        reach = difference["high"] - difference["low"]
        assert reach == pytest.approx(once[name]["high"] - once[name]["low"], rel=0.1)
    only = paired.compare(np.zeros(4, int), first[:4], second[:4], groups[:4])
    assert only["differences"] == {}, "one class alone has no area"
