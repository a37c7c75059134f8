"""Most similar images, against the plain formula."""

from __future__ import annotations

import numpy as np
import pytest

from sslstudio.embeddings import reduction
from sslstudio.embeddings.neighbours import nearest
from tests.fakes.blobs import blobs


def test_like_the_formula(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reduction, "BLOCK_ROWS", 37)
    vectors, _, _ = blobs(200)
    queries = [0, 36, 37, 199, 100]
    rows, cosine = nearest(vectors.astype(np.float16), queries, 9)
    unit = vectors.astype(np.float16).astype(np.float64)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    everything = unit[queries] @ unit.T
    everything[np.arange(5), queries] = -2
    np.testing.assert_allclose(cosine, -np.sort(-everything, axis=1)[:, :9], atol=1e-5)
    assert rows.shape == (5, 9)
    assert all(query not in found for query, found in zip(queries, rows, strict=True))


def test_edges() -> None:
    vectors = np.array([[1, 0], [0, 1], [1, 0], [0, 0]], np.float32)
    rows, cosine = nearest(vectors, [0], 10)
    np.testing.assert_array_equal(rows, [[2, 1, 3]])
    np.testing.assert_array_equal(cosine, [[1, 0, 0]])
    assert nearest(vectors, [], 3)[0].shape == (0, 3)
    assert nearest(vectors[:1], [0], 3)[0].shape == (1, 0)
