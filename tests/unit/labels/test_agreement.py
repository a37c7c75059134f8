"""Cohen's kappa against scikit-learn, Fleiss' against its definition and its paper, intervals where they are known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import cohen_kappa_score

from sslstudio.labels.agreement import between, cohen, fleiss, many


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


@settings(max_examples=40, deadline=None)
@given(
    arrays(np.int64, st.tuples(st.integers(1, 25), st.integers(2, 5)), elements=st.integers(0, 3)),
)
def test_fleiss_equals_its_definition_counted_by_hand(given_: np.ndarray) -> None:
    n, raters = given_.shape
    same = []
    for row in given_.tolist():
        pairs = [(a, b) for i, a in enumerate(row) for j, b in enumerate(row) if i != j]
        same.append(sum(a == b for a, b in pairs) / len(pairs))
    observed = sum(same) / n
    shares = [np.mean(given_ == name) for name in np.unique(given_)]
    chance = sum(share**2 for share in shares)
    found = fleiss(given_, np.arange(n))
    assert (found.raters, found.n) == (raters, n) and found.agree == pytest.approx(observed)
    if len(shares) == 1:
        assert found.kappa is None
    else:
        assert found.kappa == pytest.approx((observed - chance) / (1 - chance))
        assert found.low <= found.kappa <= found.high
    for one in found.classes:
        others = [b == one.class_id for row in given_.tolist() for i, a in enumerate(row) for j, b in enumerate(row)
                  if i != j and a == one.class_id]  # fmt: skip
        assert one.agree == pytest.approx(np.mean(others)) and one.answers == (given_ == one.class_id).sum()


def test_fleiss_of_its_paper() -> None:
    """Ten subjects, fourteen raters, five categories: kappa 0.210 (the worked example quoted from Fleiss 1971)."""
    counts = [[0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0], [2, 2, 8, 1, 1], [7, 7, 0, 0, 0],
              [3, 2, 6, 3, 0], [2, 5, 3, 2, 2], [6, 5, 2, 1, 0], [0, 2, 2, 3, 7]]  # fmt: skip
    given_ = np.array([[k for k, number in enumerate(row) for _ in range(number)] for row in counts])
    assert fleiss(given_, np.arange(10)).kappa == pytest.approx(0.20993, abs=1e-5)


def test_the_interval_of_fleiss_covers_the_truth_about_as_often_as_it_says() -> None:
    random = np.random.default_rng(0)
    truth = 0.6 * 0.6  # two raters who copy the true class with probability .6 each, else answer by chance
    covered = 0
    for seed in range(150):
        true = random.integers(0, 4, 120)
        guess = random.integers(0, 4, (120, 3))
        given_ = np.where(random.random((120, 3)) < 0.6, true[:, None], guess)
        found = fleiss(given_, np.arange(120), seed)
        covered += found.low <= truth <= found.high
    assert 0.89 <= covered / 150 <= 0.99


def test_only_images_that_all_answered_count() -> None:
    one, two, three = {1: 0, 2: 1, 3: 1}, {2: 1, 3: 0}, {2: 1, 3: 1, 4: 0}
    subjects = {2: "a", 3: "b"}
    found = many([one, two, three], subjects)
    assert found is not None and (found.n, found.patients, found.raters) == (2, 2, 3)
    assert between(one, two, subjects).n == 2 and between({1: 0}, {2: 0}, {}) is None and many([one], {}) is None
