"""Whether one embedding beats another: yes, no, the same, or not to be told; patients stay on one side."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from sslstudio.classifiers import benefit
from sslstudio.errors import SSLStudioError


def labels(patients: int, each: int = 4) -> tuple[NDArray[np.int64], NDArray[np.str_]]:
    owner = np.repeat(np.arange(patients), each)
    return (owner % 2).astype(np.int64), np.array([f"p{one}" for one in owner])


def vectors(y: NDArray[np.int64], groups: NDArray[np.str_], separation: float, seed: int = 0) -> NDArray[np.float32]:
    """Patients differ, images of one little; classes lie `separation` apart."""
    random = np.random.default_rng(seed)
    _, owner = np.unique(groups, return_inverse=True)
    own = random.normal(size=(owner.max() + 1, 12))[owner]
    found = own + 0.2 * random.normal(size=(len(y), 12)) + separation * y[:, None]
    return found.astype(np.float32)


def test_a_better_embedding_is_told_and_a_worse_one_too() -> None:
    y, groups = labels(60)
    good, bad = vectors(y, groups, 1.5), vectors(y, groups, 0.0, 1)
    found = benefit.judge({"run": good, "start": bad}, y, groups)
    assert [one.name for one in found.standings] == ["run", "start"]
    assert found.standings[0].above is None
    assert found.standings[1].verdict == "better"
    assert found.standings[1].above == pytest.approx(found.standings[0].value - found.standings[1].value)
    assert benefit.judge({"run": bad, "start": good}, y, groups).standings[1].verdict == "worse"
    assert (found.n_images, found.n_subjects, found.folds) == (240, 60, 5)


def test_patients_are_never_judged_by_what_was_learned_of_them() -> None:
    """Each patient lies apart and has one class: who has seen the patient is always right, who has not must guess."""
    y, groups = labels(40)
    found = benefit.judge({"run": vectors(y, groups, 0.0), "start": vectors(y, groups, 0.0, 1)}, y, groups)
    assert all(0.2 < one.value < 0.8 for one in found.standings)


def test_the_same_embedding_is_the_same_and_few_patients_cannot_tell() -> None:
    y, groups = labels(60)
    good = vectors(y, groups, 1.0)
    assert benefit.judge({"run": good, "start": good}, y, groups).standings[1].verdict == "same"
    y, groups = labels(8)
    unclear = benefit.judge({"run": vectors(y, groups, 0.4), "start": vectors(y, groups, 0.3, 1)}, y, groups)
    assert unclear.standings[1].verdict == "unclear"


def test_equal_embeddings_are_seldom_called_better_or_worse() -> None:
    wrong = 0
    for seed in range(10):
        y, groups = labels(60, 2)
        one, other = vectors(y, groups, 0.5, 2 * seed), vectors(y, groups, 0.5, 2 * seed + 1)
        wrong += benefit.judge({"run": one, "start": other}, y, groups, seed).standings[1].verdict in (
            "better",
            "worse",
        )
    assert wrong <= 1


def test_too_few_patients_are_said() -> None:
    y, groups = labels(2)
    for these, owners in ((y, groups), (y[:0], groups[:0]), (y * 0, groups)):
        with pytest.raises(SSLStudioError) as caught:
            benefit.judge({"run": np.ones((len(these), 3)), "start": np.ones((len(these), 3))}, these, owners)
        assert caught.value.code == "few_labels"
