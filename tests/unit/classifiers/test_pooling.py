"""Pooling to studies and patients: order does not matter, one image stays what it is, and the truth of a bag."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sslstudio.classifiers import pooled, pooling
from sslstudio.classifiers.pooled import Said
from sslstudio.domain.units import POOLINGS


def drawn(seed: int, n: int = 40, k: int = 3) -> Said:
    rng = np.random.default_rng(seed)
    proba = rng.dirichlet(np.ones(k), size=n)
    patients = rng.integers(0, 9, n).astype(str)
    studies = np.char.add("s", rng.integers(0, 3, n).astype(str))
    return Said(rng.integers(0, k, n), proba, patients, studies, {})


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(("study", "patient")), st.sampled_from(POOLINGS), st.integers(-1, 2))
def test_the_order_of_images_does_not_matter(seed: int, unit: str, way: str, nothing: int) -> None:
    said = drawn(seed)
    turn = np.random.default_rng(seed).permutation(len(said.y))
    found = [pooling.make_bags(unit, said.patients[rows], said.studies[rows]) for rows in (np.arange(40), turn)]
    first = pooling.pool(said.proba, found[0], way, nothing)
    again = pooling.pool(said.proba[turn], found[1], way, nothing)
    assert again == pytest.approx(first) and first.sum(axis=1) == pytest.approx(1)
    assert (pooling.truth(said.y[turn], found[1], nothing) == pooling.truth(said.y, found[0], nothing)).all()
    assert sorted(found[0].patient) == sorted(found[1].patient)


@given(st.integers(0, 10_000), st.sampled_from(POOLINGS), st.integers(-1, 2))
def test_a_bag_of_one_image_scores_as_the_image(seed: int, way: str, nothing: int) -> None:
    said = drawn(seed, n=12)
    bags = pooling.make_bags("patient", np.arange(12).astype(str), said.studies)
    assert pooling.pool(said.proba, bags, way, nothing)[bags.bag] == pytest.approx(said.proba)
    assert (pooling.truth(said.y, bags)[bags.bag] == said.y).all()


def test_the_highest_of_two_classes_is_the_usual_one_where_a_class_means_nothing() -> None:
    share = np.array([0.1, 0.9, 0.2, 0.3, 0.05])
    proba = np.stack([1 - share, share], axis=1)
    bags = pooling.make_bags("patient", np.array(["a", "a", "a", "b", "b"]), np.array(["1"] * 5))
    assert pooling.pool(proba, bags, "max", 0)[:, 1] == pytest.approx([0.9, 0.3])
    assert pooling.pool(proba, bags, "max")[:, 1] == pytest.approx([0.9 / 1.8, 0.3 / 1.25]), "each its highest"


def test_images_of_different_classes_give_no_class_unless_one_means_nothing() -> None:
    y = np.array([0, 0, 0, 1, 1, 2, 0, 1, 2, 0])
    patients = np.array(list("aabbccdddd"))
    bags = pooling.make_bags("patient", patients, patients)
    assert pooling.truth(y, bags).tolist() == [0, -1, -1, -1]
    assert pooling.truth(y, bags, nothing=0).tolist() == [0, 1, -1, -1]
    told = pooled.facts(Said(y, np.eye(3)[y], patients, patients, {}), 0)["patient"]
    assert told == {"n": 2, "several": 2, "differ": 2, "differ_images": 6}


def test_two_patients_whose_studies_are_called_alike_are_two() -> None:
    bags = pooling.make_bags("study", np.array(["a", "a", "b"]), np.array(["1", "1", "1"]))
    assert bags.size.tolist() == [2, 1] and bags.patient.tolist() == ["a", "b"]


def test_scores_count_studies_and_patients_and_say_what_is_left_out() -> None:
    rng = np.random.default_rng(4)
    patients = np.repeat(np.arange(60), 4).astype(str)
    studies = np.char.add(patients, np.tile(["x", "x", "y", "y"], 60))
    y = np.repeat(np.arange(60) % 2, 4)
    y[-1] = 1 - y[-1]
    share = np.clip(0.5 + 0.25 * (2 * y - 1) + rng.normal(0, 0.35, 240), 0.01, 0.99)
    said = Said(y, np.stack([1 - share, share], axis=1), patients, studies, {})
    by_study = pooled.describe(said, ["none", "mass"], "study", "mean")
    by_patient = pooled.describe(said, ["none", "mass"], "patient", "mean")
    assert (by_study["n_cases"], by_study["n_subjects"], by_study["n_images"]) == (119, 60, 238)
    assert (by_patient["n_cases"], by_patient["n_images"], by_patient["differ"]) == (59, 236, 1)
    assert by_patient["differ_images"] == 4 and np.sum(by_patient["confusion"]) == 59
    assert "several studies" in by_study["method"] and "several" not in by_patient["method"]
    assert [row["pooling"] for row in by_patient["comparison"]] == ["mean", "max"]
    mean, highest = by_patient["comparison"]
    assert mean["balanced_accuracy"] == by_patient["balanced_accuracy"] and mean["differences"] == {}
    gap = highest["differences"]["balanced_accuracy"]
    assert gap["value"] == pytest.approx(
        highest["balanced_accuracy"]["value"] - mean["balanced_accuracy"]["value"], abs=1e-5
    )


def test_a_way_is_called_better_only_where_the_interval_of_the_difference_excludes_nothing() -> None:
    rng = np.random.default_rng(5)
    patients = np.repeat(np.arange(80), 6).astype(str)
    y = np.repeat(np.arange(80) % 2, 6)
    share = rng.uniform(0.05, 0.35, 480)
    shown = np.arange(480) % 6 == 0
    share[shown & (y == 1)] = 0.95  # one image of six shows the finding
    said = Said(y, np.stack([1 - share, share], axis=1), patients, patients, {})
    rows = {row["pooling"]: row for row in pooled.describe(said, ["none", "mass"], "patient", "mean", 0)["comparison"]}
    assert rows["max"]["verdict"] == "better" and rows["max"]["balanced_accuracy"]["value"] == 1.0
    assert rows["max"]["differences"]["balanced_accuracy"]["low"] > 0
    same = Said(y, np.eye(2)[y] * 0.8 + 0.1, patients, patients, {"patient": np.eye(2)[y] * 0.8 + 0.1})
    found = pooled.describe(same, ["none", "mass"], "patient", "attention", 0)["comparison"]
    assert [row["verdict"] for row in found] == ["unclear"] * 3
