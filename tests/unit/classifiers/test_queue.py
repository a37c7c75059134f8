"""The queue and the refit as the compute process runs them: typical first, then doubtful, one a patient, honest."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from sslstudio.classifiers.queue import RANDOM_EVERY, Pool, Reason, propose
from sslstudio.classifiers.refit import refit

REASONS = get_args(Reason)


def pool(count: int = 40, labelled: tuple[int, ...] = (), probabilities: object = None, fewest: int = 20) -> Pool:
    marked = np.zeros(count, dtype=bool)
    marked[list(labelled)] = True
    return Pool(
        ids=np.arange(100, 100 + count, dtype=np.int64),
        patient=np.arange(count, dtype=np.int64) // 4,
        labelled=marked,
        open=~marked,
        probabilities=probabilities,
        fewest=fewest,
    )


@pytest.fixture
def vectors(tmp_path: Path) -> str:
    """Four kinds in turn, ten images each; the later ones of a kind lie nearer to its middle."""
    rng = np.random.default_rng(0)
    centres = np.eye(4)[np.arange(40) % 4] * 5
    spread = np.linspace(2.0, 0.05, 40)[:, None]
    np.save(tmp_path / "v.npy", (centres + spread * rng.normal(size=(40, 4))).astype(np.float16))
    return str(tmp_path / "v.npy")


def test_kinds_without_labels_come_first_and_each_case_is_of_another_patient(vectors: str) -> None:
    cases = propose(vectors, pool(labelled=(0, 36, 32)), 3, 0)
    assert [case.reason for case in cases] == ["typical"] * 3
    assert {(case.image_id - 100) % 4 for case in cases} == {1, 2, 3}
    assert all(case.labelled == 0 and case.stands_for > 1 for case in cases)
    assert len({(case.image_id - 100) // 4 for case in cases}) == 3


def test_typical_is_near_the_middle_of_its_kind(vectors: str) -> None:
    for case in propose(vectors, pool(), 4, 0):
        assert case.image_id - 100 >= 12, "the first of each kind lie far from its middle"


def test_one_in_eight_is_drawn_at_random_from_the_first_label_on(vectors: str) -> None:
    reasons = [case.reason for case in propose(vectors, pool(), 10, 0)]
    assert [reason == "random" for reason in reasons] == [n % RANDOM_EVERY == RANDOM_EVERY - 1 for n in range(10)]


def lottery(count: int, labelled: tuple[int, ...] = (), kept: tuple[int, ...] = (), seed: int = 0) -> Pool:
    """Three images a patient, lots that a generator gave; patients of `kept` test already."""
    made = pool(3 * count, labelled)
    patient = np.arange(3 * count) // 3
    lot = np.random.default_rng(seed).permutation(count) / count
    return replace(made, patient=patient, lot=lot[patient], kept=np.isin(patient, kept))


def test_who_may_be_drawn_is_settled_by_lot_and_asked_for_in_no_other_way(tmp_path: Path) -> None:
    count = 64
    np.save(tmp_path / "v.npy", np.random.default_rng(0).normal(size=(3 * count, 16)).astype(np.float16))
    file, all_drawn = str(tmp_path / "v.npy"), []
    for seed in (0, 1):
        given = lottery(count, seed=seed)
        lowest = np.argsort(given.lot[::3])[: count // RANDOM_EVERY].tolist()
        cases = propose(file, given, 3 * count, 0)
        patients = {reason: [(c.image_id - 100) // 3 for c in cases if c.reason == reason] for reason in REASONS}
        assert patients["random"] == lowest, "each once, in the order of the lots"
        assert set(patients["typical"]) == set(range(count)) - set(lowest)
        assert set(patients["rest"]) == set(lowest) and len(cases) == len({c.image_id for c in cases}) == 3 * count
        assert all((c.stands_for, c.patients) == (3 * count, count) for c in cases if c.reason == "random")
        all_drawn.append([c.image_id for c in cases if c.reason == "random"])
        some = propose(file, lottery(count, tuple(range(9)), seed=seed), 20, 5)
        again = [c.image_id for c in some if c.reason == "random"]
        assert again == [key for key in all_drawn[-1] if (key - 100) // 3 > 2][: len(again)], "labels do not move lots"
    assert all_drawn[0] != all_drawn[1]


def test_who_was_drawn_is_not_drawn_again_and_who_teaches_is_not_drawn(tmp_path: Path) -> None:
    np.save(tmp_path / "v.npy", np.random.default_rng(0).normal(size=(96, 16)).astype(np.float16))
    lowest = np.argsort(lottery(32).lot[::3])[:4].tolist()
    tests, teaches = lowest[0], lowest[1]
    given = lottery(32, (3 * tests, 3 * teaches), kept=(tests,))
    cases = propose(str(tmp_path / "v.npy"), given, 20, 0)
    assert [(c.image_id - 100) // 3 for c in cases if c.reason == "random"] == lowest[2:]
    assert tests not in {(c.image_id - 100) // 3 for c in cases}, "what is left of a patient who tests comes last"


def test_a_copy_of_a_labelled_image_is_not_drawn(tmp_path: Path) -> None:
    vectors = np.random.default_rng(0).normal(size=(96, 16))
    lowest = np.argsort(lottery(32).lot[::3])[:4].tolist()
    teacher = next(n for n in range(32) if n not in lowest)
    vectors[3 * lowest[0] : 3 * lowest[0] + 3] = vectors[3 * teacher]
    np.save(tmp_path / "v.npy", vectors.astype(np.float16))
    cases = propose(str(tmp_path / "v.npy"), lottery(32, (3 * teacher,)), 20, 0)
    assert next((c.image_id - 100) // 3 for c in cases if c.reason == "random") == lowest[1]


def test_few_labels_of_one_class_keep_the_queue_at_typical_cases(vectors: str) -> None:
    shares = np.tile(np.float32([0.6, 0.4]), (40, 1))
    assert {c.reason for c in propose(vectors, pool(probabilities=shares, fewest=3), 4, 0)} == {"typical"}
    assert {c.reason for c in propose(vectors, pool(probabilities=shares), 4, 0)} == {"unsure"}


def test_what_looks_like_a_known_image_waits(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    different = rng.normal(size=(10, 16))
    np.save(tmp_path / "v.npy", np.concatenate([different, different, different]).astype(np.float16))
    shares = np.stack([np.linspace(0.5, 1, 30), np.linspace(0.5, 0, 30)], axis=1).astype(np.float32)
    cases = propose(str(tmp_path / "v.npy"), pool(30, labelled=(0, 1), probabilities=shares), 6, 0)
    looks = [(case.image_id - 100) % 10 for case in cases if case.reason == "unsure"]
    assert not {0, 1} & set(looks) and len(set(looks)) == len(looks)


def test_duplicates_come_last_and_a_patient_with_many_labels_is_spared(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    same = np.repeat(rng.normal(size=(1, 16)), 60, axis=0)
    np.save(tmp_path / "v.npy", np.concatenate([same, rng.normal(size=(20, 16))]).astype(np.float16))
    first = np.linspace(0.5, 1, 80)
    shares = np.stack([first, 1 - first], axis=1).astype(np.float32)
    one = pool(80, labelled=(0,), probabilities=shares)
    asked = [case.image_id - 100 for case in propose(str(tmp_path / "v.npy"), one, 20, 0) if case.reason == "unsure"]
    assert min(asked) >= 60, "sixty copies of a labelled image are passed over, however doubtful"
    np.save(tmp_path / "w.npy", rng.normal(size=(40, 16)).astype(np.float16))
    first = np.linspace(0.5, 1, 40)
    shares = np.stack([first, 1 - first], axis=1).astype(np.float32)
    crowd = Pool(
        ids=np.arange(40), patient=np.where(np.arange(40) < 20, 0, np.arange(40)), labelled=np.arange(40) < 5,
        open=np.arange(40) >= 5, probabilities=shares, fewest=20,
    )  # fmt: skip
    asked = [case.image_id for case in propose(str(tmp_path / "w.npy"), crowd, 20, 0) if case.reason == "unsure"]
    assert min(asked) >= 20, "five labels are enough of one patient while there are others"


def test_of_very_many_images_a_share_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sslstudio.classifiers.queue._MOST_LOOKED_AT", 50)
    np.save(tmp_path / "v.npy", np.random.default_rng(0).normal(size=(400, 8)).astype(np.float16))
    cases = propose(str(tmp_path / "v.npy"), pool(400, labelled=(7, 9)), 10, 0)
    assert len(cases) == 10 and not {107, 109} & {case.image_id for case in cases}


def test_labelled_images_are_never_asked_for_and_all_others_are(vectors: str) -> None:
    cases = propose(vectors, pool(labelled=(1, 2, 3)), 100, 0)
    asked = [case.image_id for case in cases]
    assert len(asked) == len(set(asked)) == 37
    assert not {101, 102, 103} & set(asked)
    assert propose(vectors, pool(labelled=tuple(range(40))), 5, 0) == []


def test_later_the_doubtful_come_first_with_some_by_chance(vectors: str) -> None:
    rng = np.random.default_rng(1)
    first = rng.uniform(0.5, 1, 40)
    shares = np.stack([first, 1 - first], axis=1).astype(np.float32)
    cases = propose(vectors, pool(probabilities=shares), 10, 0)
    assert [case.reason == "random" for case in cases] == [n % RANDOM_EVERY == RANDOM_EVERY - 1 for n in range(10)]
    doubtful = [case for case in cases if case.reason == "unsure"]
    assert doubtful[0].image_id - 100 == int(first.argmin())
    assert doubtful[0].classes == (0, 1)
    assert doubtful[0].shares[0] >= doubtful[0].shares[1]
    assert len({case.image_id for case in cases}) == 10
    assert len(propose(vectors, pool(probabilities=shares), 500, 0)) == 40


def test_the_refit_gives_shares_for_all_images_and_an_accuracy_with_its_interval(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    kinds = np.arange(120) % 3
    np.save(tmp_path / "v.npy", (np.eye(3)[kinds].repeat(4, axis=1) * 2 + rng.normal(size=(120, 12))).astype("f2"))
    np.save(tmp_path / "i.npy", np.arange(1000, 1120))
    chosen = list(range(60))
    made = refit(
        str(tmp_path / "v.npy"),
        str(tmp_path / "i.npy"),
        [1000 + n for n in chosen],
        [int(kinds[n]) for n in chosen],
        [f"patient-{n // 2}" for n in chosen],
        3,
    )
    assert made.probabilities.shape == (120, 3)
    assert made.probabilities.sum(axis=1) == pytest.approx(1, abs=1e-4)
    assert (made.probabilities.argmax(axis=1) == kinds).mean() > 0.8
    assert made.accuracy is not None
    assert 0 < made.accuracy["low"] <= made.accuracy["value"] <= made.accuracy["high"] <= 1


def test_two_images_a_class_give_suggestions_but_no_accuracy(tmp_path: Path) -> None:
    np.save(tmp_path / "v.npy", np.eye(4, 6, dtype=np.float16))
    np.save(tmp_path / "i.npy", np.arange(4))
    made = refit(str(tmp_path / "v.npy"), str(tmp_path / "i.npy"), [0, 1, 2, 3], [0, 0, 1, 1], list("abcd"), 2)
    assert made.accuracy is None
    assert made.probabilities.shape == (4, 2)
