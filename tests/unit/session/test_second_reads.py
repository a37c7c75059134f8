"""A second read is drawn among labelled images, outlives a restart, and leaves the labels alone."""

from __future__ import annotations

import pytest

from sslstudio.domain.labels import Label
from sslstudio.errors import SSLStudioError
from sslstudio.session import second_reads
from sslstudio.session.project import Project


def labels(count: int) -> dict[int, Label]:
    return {n: Label(image_id=n, mark="class", class_id=n % 2 + 1) for n in range(1, count + 1)}


def test_it_is_drawn_among_images_with_a_class() -> None:
    marked = {100: Label(image_id=100, mark="uncertain")}
    read = second_reads.draw(labels(12) | marked, seed=1)
    assert set(read.images) == set(range(1, 13)) and read.next == read.images[0]
    assert all(first == image_id % 2 + 1 for image_id, first in zip(read.images, read.first, strict=True))
    assert len(second_reads.draw(labels(200), seed=1).images) == second_reads.SAMPLE
    with pytest.raises(SSLStudioError) as few:
        second_reads.draw(labels(9) | marked, seed=1)
    assert few.value.code == "few_labels"


def test_answers_are_kept_in_the_project(project: Project) -> None:
    assert second_reads.load(project) is None
    read = second_reads.draw(labels(12), seed=1).answered(3, 1).answered(4, None)
    second_reads.store(project, read)
    again = second_reads.load(project)
    assert again == read and again.pairs() == [(3, 2, 1)]
    project.catalogue.set_setting(second_reads.SETTING, {"made": "by another version"})
    assert second_reads.load(project) is None
