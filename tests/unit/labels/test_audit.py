"""A check by a blind sample: drawn among images without a label, answered by labels."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from sslstudio.classifiers.intervals import exact
from sslstudio.domain.labels import Label
from sslstudio.labels import audit


def label(image_id: int, class_id: int | None) -> Label:
    return Label(image_id=image_id, mark="class" if class_id is not None else "uncertain", class_id=class_id)


def test_the_sample_is_drawn_among_images_without_a_label_and_differs_by_seed() -> None:
    labels = {number: label(number, 1) for number in range(50)}
    first, second = (audit.draw(range(100), 1, labels, seed) for seed in (1, 2))
    assert len(first.sample) == audit.SAMPLE == len(set(first.sample)) and min(first.sample) >= 50
    assert first.sample != second.sample and first.ids == tuple(range(50, 100))
    assert audit.draw(range(55), 1, labels, 1).sample != () and len(audit.draw(range(55), 1, labels, 1).sample) == 5


def test_answers_are_the_labels_and_marks_count_as_wrong() -> None:
    one = audit.draw(range(40), 7, {}, 0)
    answers = {one.sample[0]: label(one.sample[0], 7), one.sample[1]: label(one.sample[1], 3)}
    answers[one.sample[2]] = label(one.sample[2], None)
    found = one.found(answers)
    assert (found.n, found.right, found.wrong) == (3, 1, 2)
    assert one.next(answers) == one.sample[3] and one.next({}) == one.sample[0]
    assert len(one.rest(answers)) == 37
    assert one.next({image_id: label(image_id, 7) for image_id in one.sample}) is None


@given(st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_exact_interval_is_that_of_scipy(case: tuple[int, int]) -> None:
    hits, n = case
    expected = binomtest(hits, n).proportion_ci(method="exact")
    assert exact(hits, n) == pytest.approx((expected.low, expected.high), abs=1e-9)
