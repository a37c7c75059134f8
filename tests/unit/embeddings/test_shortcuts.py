"""A planted scanner is found every time; what is dealt at random among patients is hardly ever taken for a shortcut."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from scipy.cluster.vq import kmeans2

from sslstudio.embeddings import shortcuts
from sslstudio.embeddings.patient_shuffle import PatientShuffle
from sslstudio.importers import phantom

Array = np.ndarray[Any, Any]


def world(seed: int, patients: int = 40, effect: float = 1.0) -> tuple[Array, Array, Array, Array]:
    """Vectors of patients' images, patients, scanners and findings; the scanner shifts a vector by `effect`."""
    rng = np.random.default_rng(seed)
    patient = np.repeat(np.arange(patients), rng.integers(1, 8, patients))
    finding, scanner = rng.integers(0, 3, patients), rng.integers(0, 2, patients)
    looks = rng.normal(0, 0.8, (patients, 24)) + rng.normal(0, 1.2, (3, 24))[finding]
    looks += effect * scanner[:, None] * rng.normal(0, 1, 24)
    vectors = looks[patient] + rng.normal(0, 0.5, (len(patient), 24))
    return vectors, patient, scanner[patient].astype(np.int32), finding[patient].astype(np.int32)


def cluster(vectors: Array, k: int) -> Array:
    """Groups as k-means makes them, quickly."""
    _, groups = kmeans2(vectors, k, minit="++", rng=np.random.default_rng(0))
    return np.asarray(groups, dtype=np.int32)


def follows(vectors: Array, patient: Array, values: Array, **more: Any) -> shortcuts.ColumnTest:
    groups = more.pop("groups", None)
    groups = cluster(vectors, 4) if groups is None else groups
    return shortcuts.examine(values, patient, groups, shortcuts.nearest_across(vectors, patient), **more)


def test_a_planted_scanner_is_found_twenty_times_of_twenty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shortcuts, "FEWEST_SHUFFLES", 499)
    with_groups = 0
    for seed in range(20):
        vectors, patient, scanner, _ = world(seed)
        found = follows(vectors, patient, scanner, columns=10)
        assert found.p <= 0.05 / 10 and found.strength > 0.3, seed
        assert all(share.patients >= 3 for share in found.concerned)
        with_groups += bool(found.concerned)
    assert with_groups >= 12  # elsewhere the groups follow the findings, and neighbours within them the scanner


def dealt(kind: int, patient: Array, rng: np.random.Generator) -> Array:
    """A column that has nothing to do with the pictures: by patient, by image, or in between; names or numbers."""
    of_patient = rng.integers(0, 2 + kind % 3, patient.max() + 1).astype(np.int32)[patient]
    if kind % 4 == 0:
        return of_patient
    if kind % 4 == 1:
        return rng.integers(0, 3, len(patient)).astype(np.int32)
    if kind % 4 == 2:
        return rng.normal(size=patient.max() + 1)[patient] + 0.1 * rng.normal(size=len(patient))
    return np.where(rng.random(len(patient)) < 0.3, rng.integers(0, 2, len(patient)), of_patient).astype(np.int32)


@pytest.fixture(scope="module")
def pictures(shared_data: Path) -> tuple[Array, Array]:
    """Pixels of 400 real images, 16 x 16, and invented patients with one to seven alike ones each."""
    with (shared_data / "brain-mri" / "labels.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))[::7][:400]
    rows.sort(key=lambda row: row["label"])
    shades = [
        np.asarray(Image.open(shared_data / "brain-mri" / "images" / row["image"]).convert("L").resize((16, 16)))
        for row in rows
    ]
    vectors = np.stack(shades).reshape(len(rows), -1) / 255.0
    patient = np.repeat(np.arange(400), np.random.default_rng(0).integers(1, 8, 400))[:400]
    return vectors - vectors.mean(axis=0), patient


def test_columns_dealt_at_random_are_false_alarms_at_most_once_in_twenty(pictures: tuple[Array, Array]) -> None:
    vectors, patient = pictures
    groups, near = cluster(vectors, 5), shortcuts.nearest_across(vectors, patient)
    rng = np.random.default_rng(1)
    p = [shortcuts.examine(dealt(kind, patient, rng), patient, groups, near, seed=kind).p for kind in range(100)]
    assert sum(value <= 0.05 for value in p) <= 5
    assert min(shortcuts.corrected(p)) > 0.05  # as they are reported


def test_images_shuffled_one_by_one_would_call_every_column_of_patients_a_shortcut() -> None:
    """Why patients are exchanged, and not images."""
    vectors, patient, scanner, _ = world(3, effect=0.0)
    assert follows(vectors, np.arange(len(patient)), scanner).p < 0.05
    assert follows(vectors, patient, scanner).p > 0.05


def test_the_scanner_of_the_demo_is_found() -> None:
    vectors, patients, scanners = [], [], []
    for number in range(1, 41):
        rng = np.random.default_rng((0, number))
        anatomy, scanner = phantom.draw_anatomy(rng, phantom.FINDINGS[number % 4]), int(rng.random() < 0.45)
        for _ in range(2):
            shades = phantom.expose(anatomy, phantom.SCANNERS[scanner], rng)
            low, high = np.percentile(shades, (0.5, 99.5))
            picture = Image.fromarray(((np.clip(shades, low, high) - low) / (high - low) * 255).astype(np.uint8))
            vectors.append(np.asarray(picture.resize((16, 16)), dtype=np.float64).ravel())
            patients.append(number)
            scanners.append(scanner)
    flat = np.stack(vectors) - np.mean(vectors, axis=0)
    found = follows(flat, np.asarray(patients), np.asarray(scanners, dtype=np.int32))
    assert found.p <= 0.01 and found.strength > 0.2


def test_numbers_are_found_and_missing_values_leave_their_images_out() -> None:
    vectors, patient, scanner, _ = world(5)
    day = scanner * 100.0 + np.random.default_rng(0).normal(size=patient.max() + 1)[patient]
    day[patient == 3] = np.nan
    found = follows(vectors, patient, day, groups=scanner + 2 * (vectors[:, 0] > 0))
    assert found.patients == 39 and found.images == int((patient != 3).sum())
    assert found.p <= 0.01 and {share.value for share in found.concerned} == {-1}
    assert {share.share > share.overall for share in found.concerned} == {True, False}


def test_labels_tell_whether_a_classifier_could_learn_it() -> None:
    vectors, patient, scanner, finding = world(7)
    with_finding = follows(vectors, patient, scanner, labels=finding)
    confounded = follows(vectors, patient, scanner, labels=np.where(patient % 9, scanner, 1 - scanner))
    assert with_finding.labels is not None and with_finding.labels.p > 0.05
    assert confounded.labels is not None and confounded.labels.p <= 0.01
    assert follows(vectors, patient, scanner, labels=np.full(len(patient), -1, dtype=np.int32)).labels is None


@pytest.mark.parametrize(
    ("values", "why"),
    [
        (lambda patient: np.zeros(len(patient), dtype=np.int32), "few_values"),
        (lambda patient: np.full(len(patient), -1, dtype=np.int32), "few_values"),
        (lambda patient: patient.astype(np.int32), "few_values"),
        (lambda patient: np.where(patient < 2, 1, 0).astype(np.int32), "few_values"),
        (lambda patient: np.where(patient < 6, patient % 2, -1).astype(np.int32), ""),
        (lambda patient: np.where(patient < 7, patient * 1.0, np.nan), "few_patients"),
    ],
)
def test_what_cannot_be_told_from_the_patients_is_not_tested(values: Callable[[Array], Array], why: str) -> None:
    vectors, patient, _, _ = world(1)
    assert follows(vectors, patient, values(patient)).skipped == why


def test_neighbours_are_of_other_patients_and_the_nearest() -> None:
    vectors, patient, _, _ = world(2, patients=8)
    found = shortcuts.nearest_across(vectors, patient, 5)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    cosine = np.where(patient[:, None] == patient[None, :], -np.inf, unit @ unit.T)
    assert np.array_equal(found, np.argsort(-cosine, axis=1, kind="stable")[:, :5])
    two = shortcuts.nearest_across(vectors[:3], np.array([0, 0, 1]), 5)
    assert two[:2, 0].tolist() == [2, 2] and (two[:, -1] == -1).tolist() == [True, True, False]
    assert shortcuts.nearest_across(np.zeros((0, 4)), np.zeros(0, dtype=np.int64)).shape == (0, 0)


def test_a_shuffle_moves_patients_as_a_whole_and_keeps_what_goes_together() -> None:
    rng = np.random.default_rng(0)
    patient = np.repeat(np.arange(30), rng.integers(1, 9, 30))
    mixed = rng.permutation(len(patient))
    shuffle = PatientShuffle(patient[mixed])
    for _ in range(50):
        drawn = patient[mixed][shuffle.draw(rng)]
        whose = [set(drawn[patient[mixed] == one].tolist()) for one in range(30)]
        assert all(len(donors) == 1 for donors in whose)
        assert len(set.union(*whose)) == 30


def test_the_effects_are_those_of_the_books() -> None:
    first = np.repeat([0, 1, 2], 200)
    assert shortcuts.cramers_v(first, first, (3, 3)) == pytest.approx(1.0)
    rng = np.random.default_rng(0)
    noise = [shortcuts.cramers_v(first, rng.integers(0, 4, 600), (3, 4)) for _ in range(200)]
    assert np.mean(noise) < 0.03  # the plain V would be about 0.07
    assert shortcuts.cramers_v(first, np.zeros(600, dtype=np.int64), (3, 1)) == 0.0
    ranks = np.arange(600) / 600
    assert shortcuts.epsilon_squared(first, ranks, 3) == pytest.approx(8 / 9, abs=0.01)
    assert shortcuts.epsilon_squared(first, np.ones(600), 3) == 0.0
