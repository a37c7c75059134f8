"""Cohen's kappa against scikit-learn, and its interval in cases that are known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from sslstudio.labels.agreement import cohen


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 60), st.integers(2, 5))
def test_kappa_is_that_of_scikit_learn(seed: int, n: int, classes: int) -> None:
    rng = np.random.default_rng(seed)
    first = rng.integers(classes, size=n)
    second = np.where(rng.random(n) < 0.6, first, rng.integers(classes, size=n))
    found = cohen(first, second, np.arange(n))
    if len({*first.tolist(), *second.tolist()}) < 2:
        assert found.kappa is None
    else:
        assert found.kappa == pytest.approx(cohen_kappa_score(first, second))
        assert found.low <= found.kappa <= found.high
    assert found.agree == pytest.approx((first == second).mean())


def test_images_of_few_patients_tell_less() -> None:
    rng = np.random.default_rng(0)
    first = np.repeat(rng.integers(2, size=20), 5)
    second = np.where(np.repeat(rng.random(20) < 0.8, 5), first, 1 - first)
    alone, together = cohen(first, second, np.arange(100)), cohen(first, second, np.arange(100) // 5)
    assert alone.kappa == together.kappa and together.patients == 20
    assert together.high - together.low > 1.5 * (alone.high - alone.low)


def test_chance_gives_a_kappa_around_nothing_and_its_interval_holds_it() -> None:
    rng = np.random.default_rng(1)
    found = cohen(rng.integers(3, size=400), rng.integers(3, size=400), np.arange(400))
    assert found.kappa is not None and found.low < 0 < found.high
