"""Neighbours that explain: nearest of each class, of other patients alone, with the model's own probabilities."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from sslstudio.classifiers import explaining, linear


def stored(folder: Path) -> tuple[str, str]:
    """A model of two classes and its embedding: image n looks in the direction of n degrees."""
    angles = np.radians(np.arange(0, 91, 10))
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float16)
    np.save(folder / "embed-1.npy", vectors)
    np.save(folder / "embed-1.ids.npy", np.arange(10)[::1] + 100)
    coef = np.array([[1, -1], [-1, 1]], dtype=np.float32)
    zeros, ones = np.zeros(2, np.float32), np.ones(2, np.float32)
    np.savez(folder / "head.npz", coef=coef, intercept=zeros, mean=zeros, scale=ones, train_ids=np.array([103]))
    (folder / "model.json").write_text(
        json.dumps({"embedding": "embed-1", "classes": ["a", "b"], "class_ids": [7, 8], "C": 1.0, "temperature": 2.0})
    )
    return str(folder), str(folder / "embed-1")


def test_the_nearest_of_each_class_come_first_without_the_patients_own(tmp_path: Path) -> None:
    model, embeddings = stored(tmp_path)
    ids = np.array([103, 100, 101, 102, 104, 105, 109, 999])
    classes = np.array([-1, 7, 7, 7, 7, 8, 8, 8])
    patients = np.array([1, 2, 3, 1, 4, 5, 6, 7])  # 102 is the same patient's, 999 has no vector
    found = explaining.explain(model, embeddings, 103, ids, classes, patients)
    assert found is not None and found.learned
    assert [(one.image_id, one.class_id) for one in found.near] == [(104, 7), (101, 7), (100, 7), (105, 8), (109, 8)]
    assert (
        found.near[0].distance == np.float64(round(1 - np.cos(np.radians(10)), 4))
        or abs(found.near[0].distance - 0.0152) < 1e-3
    )
    zeros, ones = np.zeros(2, np.float32), np.ones(2, np.float32)
    head = linear.LinearHead(np.array([[1, -1], [-1, 1]], np.float32), zeros, zeros, ones, 1.0, 2.0)
    expected = linear.predict_proba(head, np.load(tmp_path / "embed-1.npy")[3:4].astype(np.float32))[0]
    assert np.allclose([found.probabilities[7], found.probabilities[8]], expected)


def test_of_each_patient_the_nearest_image_alone_is_shown(tmp_path: Path) -> None:
    model, embeddings = stored(tmp_path)
    ids, classes = np.arange(100, 110), np.array([-1, *[7] * 9])
    patients = np.array([0, 1, 1, 1, 2, 2, 3, 3, 4, 5])
    found = explaining.explain(model, embeddings, 100, ids, classes, patients)
    assert found is not None and [one.image_id for one in found.near] == [101, 104, 106, 108]


def test_an_image_without_a_vector_is_not_explained(tmp_path: Path) -> None:
    model, embeddings = stored(tmp_path)
    assert explaining.explain(model, embeddings, 999, np.array([999]), np.array([-1]), np.array([0])) is None
    alone = explaining.explain(model, embeddings, 100, np.array([100]), np.array([-1]), np.array([0]))
    assert alone is not None and alone.near == () and not alone.learned
    without = explaining.explain("", embeddings, 103, np.array([103, 104]), np.array([-1, 7]), np.array([0, 1]))
    assert without is not None and not without.probabilities and [one.image_id for one in without.near] == [104]


def test_sets_say_what_cannot_be_ruled_out_but_not_of_images_it_has_learned_from(tmp_path: Path) -> None:
    model, embeddings = stored(tmp_path)
    described = json.loads((tmp_path / "model.json").read_text())
    levels = [{"coverage": 0.5, "least": 0.9}, {"coverage": 0.99, "least": 0.01}]
    described["cross_validation"] = {"conformal": {"n_images": 20, "n_subjects": 9, "levels": levels}}
    (tmp_path / "model.json").write_text(json.dumps(described))
    alone = (np.array([109]), np.array([-1]), np.array([0]))
    found = explaining.explain(model, embeddings, 109, *alone)
    assert found is not None and found.sets == ((0.5, (8,)), (0.99, (8, 7))) and found.indicative
    learned = explaining.explain(model, embeddings, 103, np.array([103]), *alone[1:])
    assert learned is not None and learned.learned and learned.sets == ()
