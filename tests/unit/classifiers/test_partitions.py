"""No patient, and no patients who share a picture, on both sides: 10,000 random data sets by all ways of dividing."""

from __future__ import annotations

import numpy as np

from sslstudio.classifiers.partitions import NEITHER, TEST, TRAIN, Division, by_side, cross, leave_one_out, units


def spread(groups: list[int], links: list[tuple[int, int]]) -> list[int]:
    """The least patient that each image's patient is linked with: numbers spread along the links until none changes."""
    least = list(range(20))
    before: list[int] = []
    while before != least:
        before = list(least)
        for left, right in links:
            least[left] = least[right] = min(least[left], least[right])
    return [least[patient] for patient in groups]


def assert_whole(found: Division, groups: list[int], links: list[tuple[int, int]]) -> None:
    person = spread(groups, links)
    for fold in found.folds:
        train, test = fold.train.tolist(), fold.test.tolist()
        both = {person[row] for row in train} & {person[row] for row in test}
        assert not both, "a patient, or one linked with them, stands on both sides"
        assert not any(found.unknown[row] for row in train)


def test_ten_thousand_random_data_sets_by_all_ways() -> None:
    random = np.random.default_rng(0)
    tested = 0
    for seed in range(10_000):
        n, patients = int(random.integers(1, 40)), int(random.integers(1, 20))
        groups = random.integers(0, patients, n)
        links = random.integers(0, patients, (int(random.integers(0, 4)), 2)).tolist()
        y = random.integers(0, random.integers(1, 5), n)
        unit = units(groups.astype(str), [(str(left), str(right)) for left, right in links])
        value = random.integers(-1, 3, n)
        ways = (
            cross(unit, y, int(random.integers(2, 6)), seed),
            by_side(unit, random.integers(-1, 2, n)),
            leave_one_out(unit, value, ("a", "b", "c")),
        )
        for found in ways:
            assert_whole(found, groups.tolist(), links)
            tested += len(found.folds)
        if len(set(unit.tolist())) > 1:
            assert ways[0].tested().tolist() == list(range(n)), "each image is tested"
    assert tested > 50_000


def test_linked_patients_are_one_unit_also_through_a_third_without_images() -> None:
    groups = np.array(["a", "b", "c", "c", "d"])
    found = units(groups, [("a", "x"), ("x", "d"), ("y", "z")])
    assert found[0] == found[4] and len(set(found.tolist())) == 3 and found[2] == found[3]
    assert units(np.array([], dtype=str), [("a", "b")]).shape == (0,)


def test_of_a_patient_meant_for_both_sides_only_the_test_images_take_part() -> None:
    unit = np.array([0, 0, 1, 2, 2])
    found = by_side(unit, np.array([TRAIN, TEST, TRAIN, TEST, NEITHER]))
    (fold,) = found.folds
    assert fold.train.tolist() == [2] and fold.test.tolist() == [1, 3]
    assert found.torn.tolist() == [True, False, False, False, False]
    assert found.unknown.tolist() == [False, False, False, False, True]


def test_folds_hold_every_class_in_training_and_are_of_a_size() -> None:
    random = np.random.default_rng(3)
    unit = np.repeat(np.arange(60), random.integers(1, 8, 60))
    y = (np.arange(60) % 3)[unit]
    found = cross(unit, y, 5, 1, repeats=3)
    assert len(found.folds) == 15
    for fold in found.folds:
        assert set(y[fold.train]) == {0, 1, 2} and set(y[fold.test]) == {0, 1, 2}
        assert abs(len(fold.test) / len(unit) - 0.2) < 0.05
    first, again = cross(unit, y, 5, 1), cross(unit, y, 5, 1)
    assert all(np.array_equal(a.test, b.test) for a, b in zip(first.folds, again.folds, strict=True))
    rare = cross(np.array([0, 1, 2, 3, 4, 5]), np.array([0, 0, 0, 0, 1, 1]), 5)
    assert all(set(np.array([0, 0, 0, 0, 1, 1])[fold.train]) == {0, 1} for fold in rare.folds)
    assert not cross(np.array([0, 0]), np.array([0, 1]), 5).folds, "one patient cannot be divided"
    assert len(cross(np.array([0, 1, 1]), np.array([0, 1, 1]), 5).folds) == 2


def test_each_site_is_left_out_in_turn() -> None:
    unit = np.array([0, 1, 2, 3, 3])
    found = leave_one_out(unit, np.array([0, 0, 1, 1, 0]), ("north", "south"))
    assert [fold.name for fold in found.folds] == ["north", "south"]
    assert found.folds[0].train.tolist() == [2] and found.folds[1].train.tolist() == [0, 1]
    assert found.torn.tolist() == [False, False, False, True, True]
