"""Doubted labels and what more labels bring, on data whose answers are known."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from sslstudio.classifiers import fitting
from sslstudio.classifiers.advising import Gain, gains
from sslstudio.classifiers.second_look import doubts
from sslstudio.gui.pages.label import texts


def kinds(n: int, spread: float, seed: int = 0, dimensions: int = 12) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 3
    centres = np.zeros((3, dimensions))
    centres[[0, 1, 2], [0, 1, 2]] = 3
    return (centres[y] + spread * rng.normal(size=(n, dimensions))).astype(np.float32), y


def left_out(x: NDArray[np.float32], y: NDArray[np.int64], groups: NDArray[np.str_]) -> NDArray[np.float64]:
    folds, _ = fitting.group_folds(y, groups, 0)
    return fitting.out_of_fold(x, 3, folds, lambda rows: fitting.logistic(x[rows], y[rows], 3, 25.0))


def test_planted_mistakes_are_doubted_and_few_others() -> None:
    x, truth = kinds(240, 0.7)
    y = truth.copy()
    wrong = np.random.default_rng(1).choice(240, 12, replace=False)
    y[wrong] = (y[wrong] + 1) % 3
    found = doubts(fitting.softmax(left_out(x, y, np.array([str(n) for n in range(240)]))), y)
    assert len({one.row for one in found} & set(wrong.tolist())) >= 10
    assert len({one.row for one in found[:12]} & set(wrong.tolist())) >= 9, "the surest ones first"
    assert len(found) <= 24
    assert all(one.given == y[one.row] and one.likely != one.given for one in found)


def test_a_class_without_images_is_never_believed() -> None:
    shares = np.array([[0.1, 0.2, 0.7], [0.2, 0.1, 0.7], [0.1, 0.3, 0.6]])
    assert {one.likely for one in doubts(shares, np.array([0, 1, 0]))} <= {0, 1}
    assert doubts(np.zeros((0, 3)), np.zeros(0, dtype=np.int64)) == []


@pytest.mark.parametrize(("spread", "n", "growing", "saturated"), [(0.5, 300, False, True), (3.0, 60, None, False)])
def test_what_is_learned_needs_no_more_labels(spread: float, n: int, growing: bool | None, saturated: bool) -> None:
    x, y = kinds(n, spread)
    groups = np.array([str(number) for number in range(n)])
    folds, _ = fitting.group_folds(y, groups, 0)
    found = gains(x, y, groups, 3, 25.0, folds, left_out(x, y, groups))
    assert [one.labels for one in found] == [n // 3] * 3
    assert [one.saturated for one in found] == [saturated] * 3
    if growing is not None:
        assert [one.grows for one in found] == [growing] * 3


def test_a_class_of_many_faces_grows_with_its_labels() -> None:
    """A kind without any mark, one with a mark, and a third of sixty marks that are only known once seen."""
    rng = np.random.default_rng(0)
    y = np.arange(360) % 3
    x = 0.3 * rng.normal(size=(360, 80))
    x[y == 1, 1] += 3
    x[np.flatnonzero(y == 2), 2 + rng.integers(0, 60, 120)] += 6
    x = x.astype(np.float32)
    groups = np.array([str(number) for number in range(360)])
    folds, _ = fitting.group_folds(y, groups, 0)
    full = fitting.out_of_fold(x, 3, folds, lambda rows: fitting.logistic(x[rows], y[rows], 3, 625.0))
    found = gains(x, y, groups, 3, 625.0, folds, full)
    assert found[2].grows and not found[0].grows and not found[1].grows


def test_the_curve_is_that_of_the_power_law_it_is_fitted_to() -> None:
    gain = Gain(100, 0.05, 0.02, 0.08)
    assert gain.with_more(100) == pytest.approx((0.05, 0.02, 0.08)), "as many more double the labels"
    b = 0.05 / (1 / 10 - 1 / 200**0.5)
    assert gain.with_more(30)[0] == pytest.approx(b / 10 - b / 130**0.5)
    assert gain.worthwhile == 50 and Gain(10, 0.3, 0.1, 0.5).worthwhile == 5


def test_few_patients_tell_nothing() -> None:
    x, y = kinds(60, 0.5)
    groups = np.array([f"{kind}-{number % 3}" for number, kind in enumerate(y)])
    folds, _ = fitting.group_folds(y, groups, 0)
    found = gains(x, y, groups, 3, 25.0, folds, left_out(x, y, groups))
    assert [(one.value, one.grows, one.saturated) for one in found] == [(None, False, False)] * 3


def test_the_advice_in_words() -> None:
    names, counts = ["glioma", "none"], [40, 60]
    grows, full, open_ = Gain(40, 0.09, 0.03, 0.15), Gain(60, 0.0, -0.02, 0.02), Gain(60, 0.02, -0.05, 0.09)
    told = texts.advice(names, counts, [grows, full])
    assert told.startswith(
        "Label about 10 more of glioma: by its learning curve that would find 3 % (1 to 5) more of it."
    )
    assert told.endswith("More of none changes little.")
    assert texts.advice(names, counts, [full, open_]) == "More of glioma changes little. Of none it cannot be told yet."
    assert texts.advice(names, counts, [open_, open_]) == "Whether more labels help cannot be told yet."
    assert texts.advice(names, [4, 60], [None, None]) == "Label about 16 more of glioma."
    assert texts.advice(names, counts, [None, None]) == "" == texts.advice([], [], [])
