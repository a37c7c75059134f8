"""Attention pooling: its gradient, its weights, what it finds, and when it is refused."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import approx_fprime

from sslstudio.classifiers import attention, fitting, pooling
from sslstudio.classifiers.attention import Attention


def needles(seed: int, patients: int = 60, images: int = 8) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Vectors, classes and patients: of each patient with the finding one image in `images` shows it."""
    rng = np.random.default_rng(seed)
    sign = np.random.default_rng(99).normal(size=24)
    whose = np.repeat(np.arange(patients), images)
    y = whose % 2
    vectors = rng.normal(size=(len(whose), 24))
    vectors[np.arange(len(whose)) % images == 0] += np.where(np.arange(patients) % 2, 1.5, -1.5)[:, None] * sign
    return vectors.astype(np.float32), y, np.char.add("p", whose.astype(str))


@pytest.fixture(scope="module")
def head() -> Attention:
    vectors, y, patients = needles(0)
    found = attention.learn(vectors, y, patients, patients, 2)["patient"]
    assert isinstance(found, Attention)
    return found


def test_the_gradient_is_that_of_finite_differences() -> None:
    rng = np.random.default_rng(3)
    R, L, K = 5, 3, 3
    bags = pooling.make_bags("patient", rng.integers(0, 7, 30).astype(str), np.zeros(30, dtype=np.str_))
    rows = attention._Sorted(rng.normal(size=(30, R)), bags)
    parts = attention._Parts(
        rng.normal(size=(L, R)), rng.normal(size=L), rng.normal(size=(L, R)), rng.normal(size=L), rng.normal(size=L),
        rng.normal(size=(K, R)), rng.normal(size=K),
    )  # fmt: skip
    one_hot, worth = np.eye(K)[rng.integers(0, K, len(bags.size))], rng.uniform(0.5, 2, len(bags.size))

    def loss(flat: np.ndarray) -> float:
        return attention.objective(parts.like(flat), rows, one_hot, worth, 0.7)[0]

    exact = attention.objective(parts, rows, one_hot, worth, 0.7)[1]
    assert approx_fprime(parts.flat(), loss, 1e-6) == pytest.approx(exact, abs=2e-4)


def test_weights_sum_to_one_and_the_order_of_images_does_not_matter(head: Attention) -> None:
    vectors, _, patients = needles(1)
    turn = np.random.default_rng(0).permutation(len(vectors))
    bags, turned = (pooling.make_bags("patient", each, each) for each in (patients, patients[turn]))
    shares, weight = attention.predict(head, attention.reduce(head, vectors), bags)
    again, moved = attention.predict(head, attention.reduce(head, vectors[turn]), turned)
    assert np.bincount(bags.bag, weight) == pytest.approx(np.ones(60)) and (weight > 0).all()
    assert again == pytest.approx(shares) and moved == pytest.approx(weight[turn])
    assert shares.sum(axis=1) == pytest.approx(np.ones(60))


def test_it_finds_the_image_that_shows_it_and_does_better_than_the_mean(head: Attention) -> None:
    vectors, y, patients = needles(2)
    bags = pooling.make_bags("patient", patients, patients)
    shares, weight = attention.predict(head, attention.reduce(head, vectors), bags)
    assert weight[::8].mean() > 2 / 8, "the image that shows it weighs more than one in eight"
    target = pooling.truth(y, bags)
    h = attention.reduce(head, vectors)
    plain = Attention(**{**vars(head), "w": np.zeros_like(head.w)})
    mean = attention.predict(plain, h, bags)[0]
    right, before = (fitting.balanced_accuracy(target, each.argmax(axis=1)) for each in (shares, mean))
    assert right > 0.8 and right >= before


def test_the_same_seed_learns_the_same_and_it_is_stored_whole(head: Attention) -> None:
    vectors, y, patients = needles(0)
    again = attention.learn(vectors, y, patients, patients, 2)
    back = attention.from_arrays(attention.to_arrays(again))
    assert set(back) == {"study", "patient"}
    assert all(np.array_equal(getattr(back["patient"], name), value) for name, value in vars(head).items())
    assert list(attention.attend(back, vectors, patients, patients)) == ["study", "patient"]


def test_too_few_and_different_ones_are_refused_in_a_sentence() -> None:
    vectors, y, patients = needles(0, patients=12)
    found = attention.learn(vectors, y, patients, patients, 2)
    assert found["patient"] == (
        "Attention is learned from training patients: it needs 20 with several labelled images of one class, and there "
        "are 12."
    )
    assert "training studies" in str(found["study"])
    vectors, y, patients = needles(0, patients=30)
    mixed = y.copy()
    mixed[::8] = 1 - mixed[::8]
    assert "30 more hold images of different classes" in str(
        attention.learn(vectors, mixed, patients, patients, 2)["patient"]
    )
    rare = np.where(patients == "p1", 1, 0)
    assert "5 patients in each class; one class has 1" in str(
        attention.learn(vectors, rare, patients, patients, 2)["patient"]
    )
    assert attention.to_arrays(found) == {} and attention.attend(found, vectors, patients, patients) == {}


def test_a_patient_is_never_learned_from_and_judged_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Strength and temperature come from folds: of studies, too, whole patients are left out."""
    vectors, y, patients = needles(0)
    studies = np.char.add(patients, np.tile(["a", "a", "a", "a", "b", "b", "b", "b"], 60))
    seen: list[tuple[np.ndarray, np.ndarray]] = []
    folds_of = fitting.group_folds

    def watched(target: np.ndarray, groups: np.ndarray, seed: int) -> tuple[fitting.Folds, str]:
        folds, reason = folds_of(target, groups, seed)
        seen.extend((groups[train], groups[test]) for train, test in folds)
        return folds, reason

    monkeypatch.setattr(fitting, "group_folds", watched)
    attention.learn(vectors, y, patients, studies, 2)
    assert len(seen) == 10 and all(not set(train) & set(test) for train, test in seen)
