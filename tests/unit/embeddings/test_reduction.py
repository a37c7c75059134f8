"""Principal components against scikit-learn, and the rows they are made of."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.decomposition import PCA

from sslstudio.embeddings import reduction
from sslstudio.embeddings.reduction import principal_components, unit_blocks
from sslstudio.errors import SSLStudioError
from tests.fakes.blobs import blobs


@pytest.mark.parametrize("n", [40, 500])
def test_like_scikit_learn(n: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reduction, "BLOCK_ROWS", 64)
    vectors, _, _ = blobs(n)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    expected = PCA(10, svd_solver="full").fit_transform(unit)
    found = principal_components(vectors, 10)
    assert found.shape == (n, 10) and found.dtype == np.float32
    signs = np.sign((found * expected).sum(axis=0))
    np.testing.assert_allclose(found * signs, expected, atol=2e-4)


def test_half_precision_memory_map_gives_nearly_the_same(tmp_path: object) -> None:
    vectors, _, _ = blobs(300)
    a, b = principal_components(vectors, 3), principal_components(vectors.astype(np.float16), 3)
    np.testing.assert_allclose(a, b, atol=5e-3)


def test_more_components_than_there_are() -> None:
    assert principal_components(blobs(4)[0], 50).shape == (4, 4)
    assert principal_components(np.ones((9, 3), np.float32), 50).shape == (9, 3)


def test_zero_rows_stay_and_other_values_are_refused() -> None:
    rows = np.zeros((3, 4), np.float32)
    rows[0, 1] = 5
    ((_, block),) = unit_blocks(rows)
    np.testing.assert_array_equal(block, [[0, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]])
    rows[2, 2] = np.nan
    with pytest.raises(SSLStudioError) as caught:
        list(unit_blocks(rows))
    assert caught.value.code == "bad_embedding"
