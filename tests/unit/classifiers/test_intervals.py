"""Intervals against scipy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, norm, t

from sslstudio.classifiers.intervals import (
    LEAST_FREEDOM,
    logit_interval,
    multiplier,
    percentile,
    score_interval,
    spread,
    wilson,
)


@given(n=st.integers(1, 5000), share=st.floats(0, 1), level=st.sampled_from([0.9, 0.95, 0.99]))
def test_wilson_like_scipy(n: int, share: float, level: float) -> None:
    hits = round(share * n)
    expected = binomtest(hits, n).proportion_ci(level, method="wilson")
    assert wilson(hits, n, level) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_wilson_as_printed() -> None:
    assert [round(end, 2) for end in wilson(40, 50)] == [0.67, 0.89]
    assert [round(end, 2) for end in wilson(160, 200)] == [0.74, 0.85]


def test_percentiles_leave_out_what_is_no_number() -> None:
    assert percentile(np.array([np.nan, np.nan])) is None
    assert percentile(np.array([np.nan, 1.0])) == (1.0, 1.0)


@given(n=st.integers(1, 5000), share=st.floats(0, 1))
def test_the_interval_of_a_score_is_wilsons_where_the_score_is_a_share(n: int, share: float) -> None:
    hits = round(share * n)
    assert score_interval(hits / n, n, multiplier()) == pytest.approx(wilson(hits, n), abs=1e-9)
    low, high = score_interval(2 * hits / n - 1, n, multiplier(), lowest=-1.0)
    assert ((low + 1) / 2, (high + 1) / 2) == pytest.approx(wilson(hits, n), abs=1e-9)


def test_the_spread_of_a_mean_is_its_standard_error() -> None:
    values = np.random.default_rng(0).normal(size=50)
    variance, degrees = spread(values / 50)
    assert variance == pytest.approx(values.var(ddof=1) / 50)
    assert 20 < degrees <= 49, "normal values: nearly n - 1"
    assert spread(np.ones(9)) == (0.0, 1.0)
    lone = np.zeros(50)
    lone[0] = 1.0
    assert spread(lone)[1] == LEAST_FREEDOM, "one patient makes all of it"


def test_reach_like_scipy() -> None:
    assert multiplier() == pytest.approx(norm.ppf(0.975))
    assert multiplier(0.9, 7.0) == pytest.approx(t.ppf(0.95, 7))


@given(st.floats(0.01, 0.99), st.floats(1e-6, 0.1))
def test_logit_intervals_stay_inside_and_hold_the_value(value: float, variance: float) -> None:
    low, high = logit_interval(value, variance, 1.96)
    assert 0 <= low < value < high <= 1
