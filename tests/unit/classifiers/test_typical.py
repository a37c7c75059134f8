"""Unlike the training images: how often it is said of images like them and of others, and what is kept."""

from __future__ import annotations

import numpy as np
import pytest

from sslstudio.classifiers import typical
from sslstudio.classifiers.typical import Typical

D, CLASSES = 48, 3


def blobs(seed: int, patients: int, each: int = 4) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Embeddings in three groups, in six directions alone with a little noise; images of one patient are alike."""
    fixed, rng = np.random.default_rng(1), np.random.default_rng(seed)
    directions, centres = fixed.normal(size=(6, D)), 4 * fixed.normal(size=(CLASSES, 6))
    y = np.repeat(rng.integers(0, CLASSES, patients), each)
    own = np.repeat(rng.normal(size=(patients, 6)), each, axis=0)
    x = (centres[y] + own + 0.3 * rng.normal(size=(len(y), 6))) @ directions + 0.2 * rng.normal(size=(len(y), D))
    return x.astype(np.float16), y, np.repeat([f"{seed}-{n}" for n in range(patients)], each)


@pytest.fixture(scope="module")
def learned() -> Typical:
    found = typical.learn(*blobs(0, 120))
    assert isinstance(found, Typical)
    return found


def test_new_patients_are_like_and_others_are_not(learned: Typical) -> None:
    new = blobs(2, 200)[0]
    assert (learned.distance(new) > 1).mean() < 0.04
    assert (learned.distance(new + 3 * np.random.default_rng(3).normal(size=(1, D))) > 1).all(), "another direction"
    between = new.mean(axis=0) + 25 * (new[:50] - new.mean(axis=0))
    assert (learned.distance(between) > 1).all(), "the same directions, too far out"


def test_what_is_kept_holds_no_image(learned: Typical) -> None:
    x, y, _ = blobs(0, 120)
    kept = [
        learned.mean,
        learned.scale,
        *learned.basis,
        *(learned.centres @ learned.basis * learned.scale + learned.mean),
    ]
    nearest = min(float(np.abs(x - row).max(axis=1).min()) for row in kept)
    closest = min(float(np.abs(x[y == k] - x[y == k].mean(axis=0)).max(axis=1).min()) for k in range(CLASSES))
    assert nearest > 0.5 * closest, "no row is nearer to an image than a class mean is"
    assert learned.learned_from.tolist() == [len(x), 120]


def test_a_class_of_few_patients_has_no_centre() -> None:
    x, y, patients = blobs(5, 40)
    y[:] = 0
    y[:8] = 1  # two patients
    found = typical.learn(x, y, patients)
    assert isinstance(found, Typical) and len(found.centres) == 1


def test_the_same_for_the_same_and_back_from_arrays(learned: Typical) -> None:
    again = typical.learn(*blobs(0, 120))
    assert isinstance(again, Typical)
    back = typical.from_arrays(typical.to_arrays(again))
    some = blobs(7, 5)[0]
    assert back.distance(some).tolist() == learned.distance(some).tolist()
    with pytest.raises(ValueError, match="fit"):
        typical.from_arrays(typical.to_arrays(again) | {"mean": np.zeros(3, np.float32)})
    with pytest.raises(KeyError):
        typical.from_arrays({"mean": again.mean})


@pytest.mark.parametrize(("patients", "each"), [(9, 10), (12, 2)])
def test_too_few_say_why(patients: int, each: int) -> None:
    assert "labelled training images" in str(typical.learn(*blobs(0, patients, each)))
