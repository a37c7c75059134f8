"""Intervals and the AUC against scipy and scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest
from sklearn.metrics import roc_auc_score

from sslstudio.classifiers.intervals import percentile, weighted_auc, wilson


@given(n=st.integers(1, 5000), share=st.floats(0, 1), level=st.sampled_from([0.9, 0.95, 0.99]))
def test_wilson_like_scipy(n: int, share: float, level: float) -> None:
    hits = round(share * n)
    expected = binomtest(hits, n).proportion_ci(level, method="wilson")
    assert wilson(hits, n, level) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_wilson_as_printed() -> None:
    assert [round(end, 2) for end in wilson(40, 50)] == [0.67, 0.89]
    assert [round(end, 2) for end in wilson(160, 200)] == [0.74, 0.85]


@given(st.integers(0, 10_000))
def test_auc_like_scikit_learn(seed: int) -> None:
    random = np.random.default_rng(seed)
    n = int(random.integers(4, 60))
    score = np.round(random.normal(size=n), 1)  # with ties
    positive = np.arange(n) % 2 == 0
    weights = random.integers(0, 4, (5, n)).astype(float)
    weights[:, :2] += 1
    found = weighted_auc(score, positive, weights)
    expected = [roc_auc_score(positive, score, sample_weight=row) for row in weights]
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_one_sided_draws_are_no_numbers() -> None:
    found = weighted_auc(np.array([1.0, 2.0]), np.array([True, False]), np.array([[1.0, 0.0], [1.0, 1.0]]))
    assert np.isnan(found[0]) and found[1] == 0
    assert percentile(np.array([np.nan, np.nan])) is None
    assert percentile(np.array([np.nan, 1.0])) == (1.0, 1.0)
