"""Outliers with their reasons, near-duplicates by a limit from the data, typical images of many patients."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sslstudio.embeddings.neighbour_graph import exact
from sslstudio.embeddings.similar import similar
from sslstudio.embeddings.standing_out import near_duplicates, outliers, outliers_of, pairs_of
from sslstudio.embeddings.typical import typical, typical_of
from tests.fakes.blobs import blobs


def cloud(n: int = 400) -> np.ndarray:
    vectors, _, _ = blobs(n, dimensions=32, spread=0.4)
    return vectors - 3


def test_far_images_are_found_also_two_together(tmp_path: Path) -> None:
    vectors = cloud()
    random = np.random.default_rng(5)
    vectors[17] = random.normal(size=32) * 2
    vectors[200] = random.normal(size=32) * 2
    vectors[201] = vectors[200] + 0.01
    patients = np.arange(400) // 4
    vectors[100:104] = vectors[100] + random.normal(0, 0.01, (4, 32))
    vectors[101] = random.normal(size=32) * 2
    np.save(tmp_path / "v.npy", vectors)
    found = outliers(str(tmp_path / "v.npy"), patients)
    assert set(found.rows) == {17, 101, 200, 201}
    assert found.nearest[found.rows == 17][0] > 4 * found.usual and found.nearest[found.rows == 200][0] < found.usual
    alone = found.rows == 101
    assert found.own[alone][0] == 0 and found.own_usual[alone][0] == pytest.approx(2 / 3, abs=0.01)
    assert len(outliers(str(tmp_path / "v.npy"), patients, most=2).rows) == 2


def test_where_nothing_is_unusual_nothing_is_said() -> None:
    assert len(outliers_of(exact(cloud())).rows) <= 2
    assert len(outliers_of(exact(cloud(10))).rows) == 0
    assert len(outliers_of(exact(np.ones((1, 4), np.float32))).rows) == 0
    assert len(pairs_of(exact(cloud())).rows) == 0
    assert len(pairs_of(exact(np.ones((1, 4), np.float32))).rows) == 0


def test_pairs_closer_than_images_are_by_nature(tmp_path: Path) -> None:
    vectors = cloud()
    vectors[7] = vectors[300] * 2
    vectors[8] = vectors[301] + np.random.default_rng(1).normal(0, 0.02, 32)
    np.save(tmp_path / "v.npy", vectors)
    found = near_duplicates(str(tmp_path / "v.npy"))
    assert found.rows.tolist() == [[7, 300], [8, 301]]
    assert found.distance[0] < found.distance[1] <= found.limit < found.usual / 2
    few = pairs_of(exact(np.concatenate([vectors[7:9], vectors[300:302]])))
    assert few.rows.tolist() == [[0, 2]]


def test_even_where_most_are_copies_only_copies_are_pairs() -> None:
    half = cloud(200)
    found = pairs_of(exact(np.concatenate([half, half])))
    assert {tuple(pair) for pair in found.rows.tolist()} == {(n, n + 200) for n in range(200)}


def test_typical_images_come_from_many_patients(tmp_path: Path) -> None:
    vectors = cloud(60)
    patients = np.repeat([0, 1, 2], [50, 5, 5])
    chosen = typical_of(vectors, np.arange(60), patients, 6)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    assert chosen[0] == (unit @ unit.T).mean(axis=1).argmax()
    assert [patients[row] for row in chosen[:3]] != [0, 0, 0] and sorted(patients[chosen]) == [0, 0, 1, 1, 2, 2]
    np.save(tmp_path / "v.npy", vectors)
    some = typical(str(tmp_path / "v.npy"), [[3, 4], []], patients, 6)
    assert sorted(some[0]) == [3, 4] and some[1] == []


def test_like_any_of_some_like_their_centre_and_like_a_vector(tmp_path: Path) -> None:
    vectors = np.array([[1, 0, 0], [0, 1, 0], [0.7, 0.7, 0.1], [0.98, 0.1, 0], [0, 0.1, 1]], np.float16)
    np.save(tmp_path / "v.npy", vectors)
    file = str(tmp_path / "v.npy")
    assert similar(file, [0, 1], 2).rows.tolist() == [3, 2]
    assert similar(file, [0, 1], 2, to_centre=True).rows.tolist() == [2, 3]
    found = similar(file, [], 2, query=np.array([0, 0, 3.0]))
    assert found.rows.tolist() == [4, 2] and found.cosine[0] == pytest.approx(0.995, abs=1e-3) and found.recall is None
    assert similar(file, [0], 2).rows.tolist() == [3, 2]
    assert similar(file, [], 2).rows.tolist() == []
    np.save(tmp_path / "v.npy", np.array([[1, 0], [2, 0.1], [0, 1], [-1, 0], [0.1, 1]], dtype=np.float16))
    assert similar(file, [0], 2).rows.tolist() == similar(file, [2, 0], 2).rows.tolist() == [1, 4]
