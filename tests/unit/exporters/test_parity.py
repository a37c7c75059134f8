"""The parity rule: equal passes with its figures, different values, classes and nothing to compare fail."""

from __future__ import annotations

import numpy as np
import pytest

from sslstudio.errors import SSLStudioError
from sslstudio.exporters.parity import Floats, ParityImage, Scorer, compare

IMAGES = [ParityImage(np.zeros((2, 2, 1), dtype=np.uint8), ((0.0, 255.0),))] * 3


def scorer(probabilities: list[float], embedding: float = 0.0) -> Scorer:
    def score(image: ParityImage) -> tuple[Floats, Floats]:
        return np.array(probabilities), np.array([embedding])

    return score


def test_small_differences_pass_and_are_stated() -> None:
    proof = compare(scorer([0.7, 0.3]), scorer([0.70001, 0.29999], 0.5), IMAGES)
    assert proof.images == 3
    assert proof.probability == pytest.approx(1e-5)
    assert proof.embedding == pytest.approx(0.5)


@pytest.mark.parametrize(
    "exported", [[0.7002, 0.2998], [0.3, 0.7], [float("nan"), 0.3]], ids=["too far", "other class", "not finite"]
)
def test_what_is_not_the_same_fails(exported: list[float]) -> None:
    with pytest.raises(SSLStudioError) as caught:
        compare(scorer([0.7, 0.3]), scorer(exported), IMAGES)
    assert caught.value.code == "parity"
    assert "Nothing was exported" in caught.value.hint


def test_a_tied_class_may_not_flip_either() -> None:
    with pytest.raises(SSLStudioError):
        compare(scorer([0.500001, 0.499999]), scorer([0.499999, 0.500001]), IMAGES)


def test_nothing_to_compare_is_no_proof() -> None:
    with pytest.raises(SSLStudioError) as caught:
        compare(scorer([1.0, 0.0]), scorer([1.0, 0.0]), [])
    assert caught.value.code == "parity"
