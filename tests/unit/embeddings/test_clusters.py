"""Groups: found, numbered the same way each time, and never more than there is to group."""

from __future__ import annotations

import numpy as np
import pytest

from sslstudio.embeddings.clusters import cluster, cluster_components, number_by_size, suggest_k
from sslstudio.embeddings.reduction import principal_components
from tests.fakes.blobs import blobs


@pytest.mark.parametrize("classes", [2, 3, 6])
def test_the_number_of_groups_is_found(classes: int) -> None:
    vectors, y, _ = blobs(400, classes=classes, spread=0.5)
    assert suggest_k(principal_components(vectors)) == classes
    found = cluster(vectors)
    assert found.dtype == np.int32 and len(set(zip(found, y, strict=True))) == classes
    sizes = np.bincount(found)
    assert list(sizes) == sorted(sizes, reverse=True)
    np.testing.assert_array_equal(found, cluster(vectors))


def test_a_wanted_number_of_groups() -> None:
    assert cluster(blobs(200)[0], k=7).max() == 6


@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_few_or_equal_images(n: int) -> None:
    same = np.ones((n, 4), np.float32)
    np.testing.assert_array_equal(cluster_components(same), np.zeros(n))
    np.testing.assert_array_equal(cluster_components(np.ones((30, 4), np.float32), k=3), np.zeros(30))
    assert cluster_components(np.arange(8, dtype=np.float32).reshape(4, 2), k=9).max() == 3


def test_numbers_by_size_then_by_place() -> None:
    np.testing.assert_array_equal(number_by_size(np.array([7, 3, 3, 7, 9, 1, 3])), [1, 0, 0, 1, 2, 3, 0])
