"""The few-label yardstick: fair draws, and features that carry the classes win over features that do not."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from sslstudio.cli import few_labels
from sslstudio.errors import SSLStudioError


def labelled(n_train: int = 60, n_test: int = 30) -> few_labels.Labelled:
    rows = [(number, number % 3, f"s{number}") for number in range(n_train + n_test)]
    return few_labels.Labelled(("a", "b", "c"), tuple(rows[:n_train]), tuple(rows[n_train:]))


def test_a_draw_is_even_over_the_classes_and_the_same_for_the_same_seed() -> None:
    images = labelled()
    chosen = few_labels.draw(images, 5, seed=3)
    assert [sum(images.train[at][1] == number for at in chosen) for number in range(3)] == [5, 5, 5]
    assert chosen == few_labels.draw(images, 5, seed=3)
    assert chosen != few_labels.draw(images, 5, seed=4)


def test_no_number_means_all_and_a_small_class_gives_what_it_has() -> None:
    images = labelled()
    assert few_labels.draw(images, 0, seed=0) == list(range(60))
    assert len(few_labels.draw(images, 100, seed=0)) == 60


def test_balanced_accuracy_is_the_mean_of_the_sensitivities() -> None:
    truth = np.array([0, 0, 0, 0, 1, 1])
    assert few_labels.balanced_accuracy(truth, np.array([0, 0, 0, 1, 1, 0])) == pytest.approx((0.75 + 0.5) / 2)


def test_a_project_without_test_labels_cannot_be_compared() -> None:
    items = [SimpleNamespace(image_id=n, label="ab"[n % 2], part="train", subject=str(n)) for n in range(10)]
    project = SimpleNamespace(catalogue=SimpleNamespace(items=lambda: items))
    with pytest.raises(SSLStudioError) as problem:
        few_labels.labelled_images(project)
    assert problem.value.code == "no_test_labels"


def test_telling_features_win_over_noise(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    images = labelled()
    generator = np.random.default_rng(0)
    noise = generator.normal(size=(90, 8)).astype(np.float16)
    telling = noise.copy()
    telling[:, :3] += 4 * np.eye(3, dtype=np.float16)[[number % 3 for number in range(90)]]
    vectors = {"good": telling, "noise": noise}
    monkeypatch.setattr(few_labels, "labelled_images", lambda project: images)
    monkeypatch.setattr(few_labels.workflow, "resolve_embedding", lambda project, name: name)
    monkeypatch.setattr(few_labels.workflow, "load_embeddings", lambda project, name: (np.arange(90), vectors[name]))
    seen: list[tuple[float, float]] = []
    found = few_labels.compare(
        SimpleNamespace(),
        ["good", "noise"],
        per_class=[5, 0],
        draws=3,
        seed=0,
        progress=lambda done, total: seen.append((done, total)),
    )
    good, poor = found.rows
    assert good.scores[0].mean > 0.9 > 0.6 > poor.scores[0].mean
    assert [len(score.draws) for score in good.scores] == [3, 1]
    assert seen[-1] == (8, 8)
    assert (found.n_train, found.n_test) == (60, 30)
