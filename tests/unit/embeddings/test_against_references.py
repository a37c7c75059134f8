"""Neighbours, groups, maps and their figures on real pictures, against scikit-learn or the plain formula."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.manifold import trustworthiness
from sklearn.metrics import adjusted_rand_score
from sklearn.neighbors import NearestNeighbors

from sslstudio.embeddings import neighbour_index, placing
from sslstudio.embeddings.clusters import cluster_components
from sslstudio.embeddings.neighbour_graph import exact, graph_of
from sslstudio.embeddings.neighbours import nearest
from sslstudio.embeddings.projection import project_components
from sslstudio.embeddings.quality import map_quality
from sslstudio.embeddings.reduction import principal_components
from sslstudio.embeddings.similar import similar
from tests.fakes.mednist import features

K = 10


@pytest.fixture(scope="module")
def pictures(shared_data: Path) -> NDArray[np.float32]:
    return features(shared_data / "mednist-12k.tar", 1200)


@pytest.fixture(scope="module")
def true(pictures: NDArray[np.float32]) -> NDArray[np.int64]:
    found = NearestNeighbors(n_neighbors=K, metric="cosine", algorithm="brute").fit(pictures)
    rows: NDArray[np.int64] = found.kneighbors(return_distance=False)
    return rows


def recall(found: NDArray[np.int64], true: NDArray[np.int64]) -> float:
    return float((true[:, :, None] == found[:, None]).any(axis=2).mean())


def test_exact_neighbours_are_those_of_brute_force(pictures: NDArray[np.float32], true: NDArray[np.int64]) -> None:
    some = np.arange(0, len(pictures), 40)
    assert recall(nearest(pictures, some, K)[0], true[some]) > 0.999
    graph = exact(pictures, K)
    assert recall(graph.rows, true) > 0.999 and graph.recall == 1.0
    np.testing.assert_allclose(graph.cosine[some], nearest(pictures, some, K)[1], atol=1e-5)


def test_an_index_finds_what_it_says(pictures: NDArray[np.float32], true: NDArray[np.int64], tmp_path: Path) -> None:
    path = tmp_path / "embed-1.npy"
    np.save(path, pictures.astype(np.float16))
    index = neighbour_index.opened(path)
    assert index.facts.lists == len(pictures) // 40 and index.facts.recall >= neighbour_index.AIM
    found, cosine = index.search(pictures[:300], K + 1)
    assert recall(found, true[:300]) == pytest.approx(index.facts.recall, abs=0.02)
    assert (np.diff(cosine, axis=1) <= 0).all() and (found[:, 0] == np.arange(300)).mean() > 0.97
    made = path.with_suffix(".neighbours").stat().st_mtime_ns
    assert neighbour_index.opened(path).facts == index.facts
    assert path.with_suffix(".neighbours").stat().st_mtime_ns == made
    like = similar(str(path), [5], 12, exact_up_to=0)
    assert like.recall == index.facts.recall
    assert len(np.intersect1d(like.rows, similar(str(path), [5], 12).rows)) >= 11
    graph = graph_of(str(path), exact_up_to=1000)
    assert 0.8 < graph.recall <= 1 and recall(graph.rows, true) == pytest.approx(graph.recall, abs=0.04)
    assert not (graph.rows == np.arange(len(pictures))[:, None]).any()
    np.testing.assert_array_equal(graph_of(str(path), exact_up_to=1000).rows, graph.rows)
    np.save(path, pictures[::-1].astype(np.float16))  # other embeddings: the index is made anew
    assert neighbour_index.opened(path).facts.stamp != index.facts.stamp
    assert recall(len(pictures) - 1 - graph_of(str(path), exact_up_to=1000).rows[::-1], true) > 0.8


def test_groups_are_those_of_k_means(pictures: NDArray[np.float32]) -> None:
    components = principal_components(pictures)
    reference = KMeans(6, n_init=10, random_state=7).fit(components)
    for seed in (0, 1):
        found = cluster_components(components, 6, seed)
        centres = np.stack([components[found == number].mean(axis=0) for number in range(6)])
        cost = ((components - centres[found]) ** 2).sum()
        assert cost <= reference.inertia_ * 1.02
        assert adjusted_rand_score(reference.labels_, found) > 0.8


def test_figures_of_a_map_and_its_stability(pictures: NDArray[np.float32]) -> None:
    components = principal_components(pictures[:800])
    heard: list[tuple[int, float]] = []

    def shown(rows: NDArray[np.int64], layout: NDArray[np.float32]) -> None:
        heard.append((len(rows), float((layout**2).sum(axis=1).mean())))

    xy = project_components(components, "localmap", 3, shown=shown)
    np.testing.assert_array_equal(xy, project_components(components, "localmap", 3))
    assert len(heard) == 45 and all(rows == 800 and abs(radius - 1) < 1e-3 for rows, radius in heard)
    figures = map_quality(components, xy)
    assert figures["trustworthiness"] == pytest.approx(trustworthiness(components, xy, n_neighbors=15), abs=1e-3)
    assert figures["trustworthiness"] is not None and figures["trustworthiness"] > 0.9
    _, seen = (NearestNeighbors(n_neighbors=15).fit(Z).kneighbors(return_distance=False) for Z in (components, xy))
    true = NearestNeighbors(n_neighbors=15).fit(components).kneighbors(return_distance=False)
    assert figures["neighbours_kept"] == pytest.approx(recall(seen, true), abs=1e-3)
    placed = placing.place(components[:700], xy[:700], components[700:])
    spread = np.sqrt(((xy[:700] - xy[:700].mean(axis=0)) ** 2).sum(axis=1)).mean()
    # Where a new image lands is as near to where it would lie as its neighbours are to one another.
    assert np.median(np.sqrt(((placed - xy[700:]) ** 2).sum(axis=1))) < 0.15 * spread
