"""The map: the same for the same seed, faithful, and honest about what it can do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from sslstudio.embeddings.projection import project, usable_method
from sslstudio.embeddings.quality import map_quality
from sslstudio.embeddings.reduction import principal_components, standard_scale
from tests.fakes.blobs import blobs


def test_few_images_get_principal_components() -> None:
    assert usable_method("localmap", 49) == "pca"
    assert usable_method("localmap", 50) == "localmap"
    vectors, _, _ = blobs(20)
    np.testing.assert_array_equal(project(vectors, "localmap"), project(vectors, "pca"))


@pytest.mark.parametrize("vectors", [np.ones((60, 8), np.float32), np.ones((1, 8), np.float32), np.ones((5, 1))])
def test_nothing_to_tell_apart(vectors: np.ndarray) -> None:
    xy = project(vectors)
    assert xy.shape == (len(vectors), 2) and np.isfinite(xy).all()


def test_scale() -> None:
    xy = standard_scale(np.array([[10.0, 0], [14, 0], [10, 4], [14, 4]], np.float32))
    np.testing.assert_allclose(xy.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose((xy**2).sum(axis=1).mean(), 1, rtol=1e-5)
    assert standard_scale(np.empty((0, 2), np.float32)).shape == (0, 2)


def test_localmap_is_deterministic_reports_progress_and_keeps_neighbours() -> None:
    vectors, y, _ = blobs(300, spread=0.7)
    heard: list[float] = []
    xy = project(vectors, "localmap", 1, heard.append)
    assert heard == sorted(heard) and heard[-1] == 1.0 and len(heard) > 20
    np.testing.assert_array_equal(xy, project(vectors, "localmap", 1))
    assert not np.array_equal(xy, project(vectors, "localmap", 2))
    np.testing.assert_allclose((xy**2).sum(axis=1).mean(), 1, rtol=1e-4)
    centres = np.array([xy[y == k].mean(axis=0) for k in range(3)])
    nearest = ((xy[:, None] - centres) ** 2).sum(axis=2).argmin(axis=1)
    assert (nearest == y).mean() > 0.95
    figures = map_quality(principal_components(vectors), xy)
    assert figures["sample"] == 300
    assert figures["trustworthiness"] is not None and figures["trustworthiness"] > 0.7
    random_map = map_quality(principal_components(vectors), np.random.default_rng(0).normal(size=(300, 2)))
    assert random_map["trustworthiness"] is not None and random_map["trustworthiness"] < 0.6
    assert random_map["neighbours_kept"] < figures["neighbours_kept"]


def test_what_progress_raises_ends_the_work(capsys: pytest.CaptureFixture[str]) -> None:
    class Stop(Exception):  # noqa: N818
        pass

    def stop(fraction: float) -> None:
        if fraction > 0.2:
            raise Stop

    with pytest.raises(Stop):
        project(blobs(100)[0], "localmap", 0, stop)
    sys.stdout.write("back to normal")
    assert capsys.readouterr().out == "back to normal"


def test_quality_of_very_few() -> None:
    few = np.arange(4, dtype=np.float32).reshape(2, 2)
    assert map_quality(few, few) == {"trustworthiness": None, "neighbours_kept": None, "sample": 2}


def test_no_torch_in_embeddings_and_classifiers(root: Path) -> None:
    program = "import sys\n"
    for name in ("reduction", "projection", "clusters", "neighbours", "quality"):
        program += f"import sslstudio.embeddings.{name}\n"
    for name in ("linear", "scores", "splits"):
        program += f"import sslstudio.classifiers.{name}\n"
    program += "for name in ('worker', 'monitor', 'control', 'compute'): __import__('sslstudio.jobs.' + name)\n"
    program += "print([name for name in ('torch', 'sklearn', 'pacmap', 'scipy', 'PySide6') if name in sys.modules])"
    found = subprocess.check_output([sys.executable, "-c", program], cwd=root, text=True)
    assert found.strip() == "[]"
