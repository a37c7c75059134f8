"""Label propagation against its definition; the live refit takes it in where neighbours were counted, and says so."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sslstudio.classifiers import propagation
from sslstudio.classifiers.refit import refit
from sslstudio.embeddings import neighbour_graph


def two_moons(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Two interleaved half circles in eight dimensions, which no straight line parts."""
    random = np.random.default_rng(seed)
    y = np.arange(n) % 2
    angle = random.random(n) * np.pi
    flat = np.column_stack([np.cos(angle), np.sin(angle)])
    flat[y == 1] = np.column_stack([1 - flat[y == 1, 0], 0.4 - flat[y == 1, 1]])
    lifted = np.concatenate([flat - 0.5, np.ones((n, 1)), np.zeros((n, 5))], axis=1)
    return (lifted + random.normal(0, 0.03, (n, 8))).astype(np.float32), y


def test_it_equals_its_fixed_point() -> None:
    x, y = two_moons(60, 0)
    graph = neighbour_graph.exact(x, 5)
    S = propagation.affinity(graph.rows, graph.cosine)
    rows = np.array([0, 1, 7, 10])
    start = np.zeros((60, 2))
    start[rows, y[rows]] = 1 / np.bincount(y[rows])[y[rows]]
    solved = 0.1 * np.linalg.solve(np.eye(60) - 0.9 * S.toarray(), start)
    solved /= solved.sum(axis=0)
    solved /= solved.sum(axis=1, keepdims=True)
    found = propagation.propagate(S, rows, y[rows], 2, 0.9, steps=400)
    assert found == pytest.approx(solved, abs=1e-4)


def test_a_row_that_no_label_reaches_has_no_opinion_and_classes_count_alike() -> None:
    rows = np.array([[1], [0], [3], [2], [-1]])
    S = propagation.affinity(rows, np.ones((5, 1), np.float32))
    found = propagation.propagate(S, np.array([0, 1, 2]), np.array([0, 0, 1]), 2)
    assert found[4] == pytest.approx([0.5, 0.5]) and found[0, 0] > 0.99 and found[3, 1] > 0.99


def test_the_live_refit_heeds_neighbours_where_they_were_counted(tmp_path: Path) -> None:
    x, y = two_moons(800, 1)
    file, ids = tmp_path / "embed-1.npy", tmp_path / "embed-1.ids.npy"
    np.save(file, x.astype(np.float16))
    np.save(ids, np.arange(1, 801))
    chosen = list(range(1, 21))
    arguments = (str(file), str(ids), chosen, y[:20].tolist(), [f"p{n}" for n in chosen], 2)
    alone = refit(*arguments)
    assert alone.rung == "logistic" and alone.neighbours_missing
    neighbour_graph.graph_of(str(file))
    both = refit(*arguments)
    assert both.rung == "propagation" and not both.neighbours_missing
    right = [float((one.probabilities.argmax(axis=1) == y)[20:].mean()) for one in (alone, both)]
    assert right[1] > right[0] + 0.02
    assert both.probabilities.sum(axis=1) == pytest.approx(1, abs=1e-3) and both.accuracy is not None
    few = refit(str(file), str(ids), [1, 2, 3, 4], y[:4].tolist(), ["a", "b", "c", "d"], 2)
    assert few.rung == "prototypes" and not few.neighbours_missing
    many = list(range(1, 201))
    enough = refit(str(file), str(ids), many, y[:200].tolist(), [f"p{n}" for n in many], 2)
    assert enough.rung == "logistic" and not enough.neighbours_missing, "more than fifty labels of each class"
