"""The probe: patients held apart, test images untouched, and figures that follow how separable classes are."""

from __future__ import annotations

import pytest
import torch

from sslstudio.training import probe


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def data(separation: float, patients: int = 40) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Features (N, 24), classes and patients, five images each; patients differ more than their images."""
    random = generator()
    patient = torch.arange(patients * 5) // 5
    classes = patient % 2
    own = torch.randn(patients, 24, generator=random)[patient]
    noise = 0.3 * torch.randn(len(patient), 24, generator=random)
    return own + noise + separation * classes[:, None] * torch.ones(24), classes, patient


def test_separable_classes_are_told_apart_and_others_not() -> None:
    assert probe.accuracy(*data(2.0)) > 0.95
    assert 0.3 < probe.accuracy(*data(0.0)) < 0.7  # a probe that saw the patient before would be near 1


def test_classes_count_alike() -> None:
    features, classes, patients = data(0.0)
    rare = torch.cat([torch.nonzero(classes == 0)[:, 0], torch.nonzero(classes == 1)[:15, 0]])
    assert 0.3 < probe.accuracy(features[rare], classes[rare], patients[rare]) < 0.7


def test_no_patient_stands_in_two_folds_and_each_class_in_all() -> None:
    _, classes, patients = data(1.0)
    folds = probe.folds(classes, patients)
    for patient in patients.unique():
        assert len(folds[patients == patient].unique()) == 1
    for number in folds.unique():
        assert len(classes[folds == number].unique()) == 2


def test_features_without_any_difference_are_no_error() -> None:
    _, classes, patients = data(1.0)
    assert probe.accuracy(torch.ones(len(classes), 8), classes, patients) == pytest.approx(0.5)


def test_rows_are_labelled_ones_outside_the_test_part() -> None:
    labels = ["a", "b", ""] * 10 + ["rare"]
    patients = [f"p{row}" for row in range(31)]
    parts = ["test" if row >= 24 else "train" for row in range(31)]
    rows = probe.choose_rows(labels, patients, parts, generator()).tolist()
    assert rows == [row for row in range(24) if labels[row]]


def test_too_few_patients_give_no_probe() -> None:
    labels = ["a", "b"] * 10
    patients = [f"p{row // 2 % 2}" for row in range(20)]
    assert len(probe.choose_rows(labels, patients, [""] * 20, generator())) == 0


def test_many_labels_are_drawn_by_patient() -> None:
    labels = ["a", "b"] * 1500
    patients = [f"p{row // 10}" for row in range(3000)]
    rows = probe.choose_rows(labels, patients, [""] * 3000, generator())
    assert len(rows) == probe.MOST_IMAGES
    assert len({patients[row] for row in rows.tolist()}) == 52
