"""Calibration, cuts and patients against scikit-learn, Bayes' rule and cases counted by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss, precision_recall_curve, roc_curve

from sslstudio.classifiers import thresholds, trust


def softmax(logits: np.ndarray) -> np.ndarray:
    exponent = np.exp(logits - logits.max(axis=1, keepdims=True))
    return exponent / exponent.sum(axis=1, keepdims=True)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(5, 300), st.booleans())
def test_cuts_are_those_of_scikit_learn(seed: int, n: int, ties: bool) -> None:
    rng = np.random.default_rng(seed)
    share = rng.uniform(size=n).round(1 if ties else 6)
    positive = rng.random(n) < 0.4
    positive[:2] = True, False
    found = thresholds.roc(share, positive)
    false, true, threshold = roc_curve(positive, share, drop_intermediate=False)
    assert found["threshold"] == pytest.approx(threshold[1:], abs=1e-6)
    assert np.array(found["hits"]) / positive.sum() == pytest.approx(true[1:])
    assert np.array(found["alarms"]) / (~positive).sum() == pytest.approx(false[1:])


def test_a_long_curve_is_thinned_and_keeps_its_ends() -> None:
    rng = np.random.default_rng(0)
    positive = rng.random(20_000) < 0.3
    found = thresholds.roc(rng.normal(size=20_000) + positive, positive)
    assert len(found["hits"]) <= thresholds.MOST_POINTS
    assert found["hits"][-1] == positive.sum() and found["alarms"][-1] == (~positive).sum()
    assert found["hits"][0] + found["alarms"][0] == 1


def test_honest_probabilities_have_a_small_gap_and_boasting_a_large_one() -> None:
    rng = np.random.default_rng(1)
    honest = softmax(rng.normal(size=(20_000, 3)) * 1.5)
    y = (rng.random(20_000)[:, None] > honest.cumsum(axis=1)).sum(axis=1)
    good = trust.reliability(y, honest)
    boasting = trust.reliability(y, softmax(np.log(honest) * 4))
    assert good["ece"] < 0.02 < 0.1 < boasting["ece"]
    assert sum(one["n"] for one in good["bins"]) == 20_000
    assert all(one["low"] <= one["right"] <= one["high"] for one in good["bins"])
    assert good["brier"] < boasting["brier"]


def test_the_brier_score_of_two_classes_is_twice_that_of_scikit_learn() -> None:
    rng = np.random.default_rng(2)
    share = rng.uniform(size=200)
    y = (rng.random(200) < share).astype(int)
    found = trust.reliability(y, np.stack([1 - share, share], axis=1))
    assert found["brier"] == pytest.approx(2 * brier_score_loss(y, share), abs=1e-6)


def test_predictive_values_follow_the_users_prevalence() -> None:
    share = np.r_[np.full(90, 0.9), np.full(10, 0.2), np.full(20, 0.9), np.full(80, 0.1)]
    positive = np.r_[np.ones(100, bool), np.zeros(100, bool)]
    curve = thresholds.roc(share, positive)
    cut = thresholds.cut_at(curve, 0.85, prevalence=0.01)
    assert cut is not None
    assert (cut.threshold, cut.sensitivity, cut.specificity) == (0.9, 0.9, 0.8)
    assert cut.ppv == pytest.approx(0.9 * 0.01 / (0.9 * 0.01 + 0.2 * 0.99))
    assert cut.npv == pytest.approx(0.8 * 0.99 / (0.8 * 0.99 + 0.1 * 0.01))
    assert cut.sensitivity_interval.low < 0.9 < cut.sensitivity_interval.high
    assert cut.ppv_interval is not None and cut.npv_interval is not None
    assert cut.ppv_interval.low < cut.ppv < cut.ppv_interval.high
    assert cut.npv_interval.low < cut.npv < cut.npv_interval.high
    lower = thresholds.cut_at(curve, 0.95, prevalence=0.01)
    assert lower is not None and lower.threshold == 0.2 and lower.sensitivity == 1.0


def test_predictive_values_are_as_sure_as_simulated_patients_make_them() -> None:
    """Sensitivity and specificity of 60 and 80 binomial images: the interval holds the true value in 19 of 20."""
    random = np.random.default_rng(3)
    truth = 0.8 * 0.05 / (0.8 * 0.05 + 0.15 * 0.95)
    held = 0
    for _ in range(400):
        hits, alarms = random.binomial(60, 0.8), random.binomial(80, 0.15)
        curve = {"positives": 60, "negatives": 80, "threshold": [0.5], "hits": [hits], "alarms": [alarms]}
        cut = thresholds.cut_at(curve, 0.0, prevalence=0.05)
        assert cut is not None and cut.ppv_interval is not None
        held += cut.ppv_interval.low <= truth <= cut.ppv_interval.high
    assert 0.92 <= held / 400 <= 0.98


def test_copies_of_images_do_not_make_a_cut_more_certain() -> None:
    rng = np.random.default_rng(4)
    positive = rng.random(200) < 0.4
    share = (rng.normal(size=200) + positive).round(2)
    once = thresholds.cut_at(thresholds.roc(share, positive), 0.8, 0.4)
    again = thresholds.roc(np.repeat(share, 5), np.repeat(positive, 5), np.repeat(np.arange(200), 5))
    five = thresholds.cut_at(again, 0.8, 0.4)
    assert once is not None and five is not None
    assert again["positive_patients"] == positive.sum() and again["positives"] == 5 * positive.sum()
    assert five.sensitivity_interval == pytest.approx(once.sensitivity_interval, abs=0.01)
    assert five.specificity_interval == pytest.approx(once.specificity_interval, abs=0.01)


def test_precision_and_recall_are_those_of_scikit_learn() -> None:
    rng = np.random.default_rng(5)
    positive = rng.random(80) < 0.3
    share = (rng.normal(size=80) + positive).round(1)
    recall, precision = np.array(thresholds.precision_recall(thresholds.roc(share, positive))).T
    expected, sensitivity, _ = precision_recall_curve(positive, share)
    assert recall == pytest.approx(sensitivity[:-1][::-1]) and precision == pytest.approx(expected[:-1][::-1])


def test_net_benefit_weighs_false_alarms_by_the_odds_of_the_threshold() -> None:
    share = np.r_[np.full(8, 0.6), np.full(2, 0.1), np.full(5, 0.6), np.full(25, 0.1)]
    positive = np.r_[np.ones(10, bool), np.zeros(30, bool)]
    found = thresholds.net_benefit(thresholds.roc(share, positive))
    at = {round(float(threshold), 2): place for place, threshold in enumerate(found.thresholds)}
    assert found.classifier[at[0.2]] == pytest.approx(8 / 40 - 5 / 40 * 0.25)
    assert found.everyone[at[0.2]] == pytest.approx(10 / 40 - 30 / 40 * 0.25)
    assert found.classifier[at[0.05]] == pytest.approx(found.everyone[at[0.05]]), "all are above 5 %"
    assert found.classifier[at[0.8]] == 0.0, "none is above 80 %"
    assert found.useful is not None and found.useful[0] == pytest.approx(0.11) and found.useful[1] == pytest.approx(0.6)


def test_patients_are_judged_by_the_mean_of_their_images_and_mixed_ones_left_out() -> None:
    groups = np.array(["a", "a", "a", "b", "b", "c", "d", "d"])
    y = np.array([0, 0, 0, 1, 1, 1, 0, 1])
    first = np.array([0.9, 0.8, 0.1, 0.4, 0.3, 0.2, 0.9, 0.1])
    found = trust.by_patient(y, np.stack([first, 1 - first], axis=1), groups, ["x", "y"])
    assert found is not None
    assert (found["n"], found["mixed"]) == (3, 1)
    assert found["accuracy"]["value"] == 1.0, "two images outvote the third of patient a"
    assert trust.by_patient(y, np.stack([first, 1 - first], axis=1), np.arange(8).astype(str), ["x", "y"]) is None


def test_a_class_without_images_has_no_curve() -> None:
    shares = np.array([[0.7, 0.2, 0.1], [0.2, 0.7, 0.1], [0.6, 0.3, 0.1]])
    found = trust.describe(np.array([0, 1, 0]), shares, np.array(["a", "b", "c"]), ["x", "y", "z"])
    assert [curve["name"] for curve in found["roc"]] == ["x", "y"]
    assert found["patients"] is None
