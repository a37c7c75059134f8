"""Worst cases, subgroups and two classifiers on the same images, from what a test leaves with a model."""

from __future__ import annotations

import numpy as np
import pytest

from sslstudio.errors import SSLStudioError
from sslstudio.session import Project, Session, examining, tested, workflow
from tests.fakes.project_runs import embedded


@pytest.fixture
def fitted(filled: Project) -> tuple[Project, str]:
    """Eight patients of two classes, a model tested on four of them."""
    session = Session(filled)
    a, b = session.add_class("glioma"), session.add_class("none")
    for image_id in filled.catalogue.image_ids():
        session.label_images([image_id], (a, b)[(image_id - 1) // 3 % 2].class_id)
    embedded(filled, lambda n: np.random.default_rng(n).normal(0, 1, 4) + 2 * ((n - 1) // 3 % 2))
    filled.catalogue.assign_parts({n: "test" if n > 12 else "train" for n in filled.catalogue.image_ids()})
    model_id = workflow.fit_linear(filled, "random")
    workflow.evaluate(filled, model_id)
    return filled, model_id


def test_the_most_confidently_wrong_come_first(fitted: tuple[Project, str]) -> None:
    project, model_id = fitted
    cases = examining.worst_first(project, model_id)
    assert sorted(cases.ids.tolist()) == list(range(13, 25))
    assert (np.diff(cases.loss) <= 1e-12).all()
    np.testing.assert_allclose(cases.loss, -np.log(cases.share_of_label))
    wrong = cases.label != cases.called
    confusion = np.zeros((2, 2), int)
    np.add.at(confusion, (cases.label, cases.called), 1)
    assert confusion.tolist() == project.catalogue.model(model_id).scores["confusion"]
    assert not wrong.any() or cases.loss[wrong].min() >= cases.loss[~wrong].max() - 1e-9, "two classes"


def test_two_models_are_compared_on_the_images_that_both_saw(fitted: tuple[Project, str]) -> None:
    project, first = fitted
    second = workflow.fit_linear(project, "random", seed=1)
    with pytest.raises(SSLStudioError, match="not kept"):
        examining.compare(project, first, second)
    workflow.evaluate(project, second)
    found = examining.compare(project, first, second)
    assert (found["n_images"], found["n_subjects"], found["method"]) == (12, 4, "obuchowski")
    said = examining.said(found, "A", "B")
    assert "A and B cannot be told apart on the same 12 test images of 4 patients" in said and "Obuchowski" in said
    kept = tested.read(project.models_dir / second)
    turned = 1.0 - 0.9 * np.eye(2)[kept.y]
    tested.keep(project.models_dir / second, kept.ids.tolist(), kept.y, turned, kept.groups, kept.groups, {})
    assert examining.said(examining.compare(project, first, second), "A", "B").startswith("A is better than B")


def test_subgroups_are_those_of_the_columns_of_the_data(fitted: tuple[Project, str]) -> None:
    project, model_id = fitted
    found = examining.subgroups(project, model_id)
    assert len(found.rows) == len(found.images)
    for row, images in zip(found.rows, found.images, strict=True):
        assert row["n"] == len(images) and set(images.tolist()) <= set(range(13, 25))
