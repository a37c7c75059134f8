"""Fitting and scoring: test labels never train, patients never stand on both sides, scores are kept with the model."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import numpy as np
import pytest

from sslstudio.catalogue.findings import kept
from sslstudio.domain.findings import Finding
from sslstudio.domain.labels import EditClass
from sslstudio.errors import SSLStudioError
from sslstudio.session import Project, Session, workflow
from tests.fakes.project_runs import embedded


class RecordingCompute:
    """Runs what it is asked for here and now, and keeps it."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, tuple[Any, ...]]] = []

    def submit(self, target: str, /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.calls.append((target, args))
        module, _, name = target.partition(":")
        future: Future[Any] = Future()
        future.set_result(getattr(importlib.import_module(module), name)(*args, **kwargs))
        return future


def separable(image_id: int) -> np.ndarray:
    """Patients 1, 3, 5... (three images each) lie on one side, the others on the other."""
    odd = (image_id - 1) // 3 % 2
    noise = np.random.default_rng(image_id).normal(0, 0.3, 4)
    return np.array([2.0 * odd - 1.0, 0, 0, 0]) + noise


@pytest.fixture
def labelled(filled: Project) -> Project:
    """Eight patients, all images labelled by their side; patients 7 and 8 are the test part."""
    session = Session(filled)
    a, b = session.add_class("glioma"), session.add_class("none")
    for image_id in filled.catalogue.image_ids():
        session.label_images([image_id], (a, b)[(image_id - 1) // 3 % 2].class_id)
    embedded(filled, separable)
    filled.catalogue.assign_parts({n: "test" if n > 18 else "train" for n in filled.catalogue.image_ids()})
    return filled


def refused(call: Callable[[], object]) -> SSLStudioError:
    with pytest.raises(SSLStudioError) as caught:
        call()
    return caught.value


def description(project: Project, model_id: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((project.models_dir / model_id / "model.json").read_text(encoding="utf-8"))
    return content


def test_a_model_is_fitted_on_the_training_part_alone_and_described(labelled: Project) -> None:
    compute = RecordingCompute()
    model_id = workflow.fit_linear(labelled, "random", seed=3, compute=compute)
    assert model_id == "linear-1"
    ((target, (vectors, targets, groups, n_classes, seed)),) = compute.calls
    assert target == "sslstudio.classifiers.linear:fit"
    assert vectors.shape == (18, 4) and vectors.dtype == np.float32
    assert targets.tolist() == [0, 0, 0, 1, 1, 1] * 3 and (n_classes, seed) == (2, 3)
    assert len(set(groups.tolist())) == 6
    with np.load(labelled.models_dir / model_id / "head.npz", allow_pickle=False) as head:
        assert head["train_ids"].tolist() == list(range(1, 19))
        assert head["coef"].shape == (2, 4) and head["scale"].shape == (4,)
    described = description(labelled, model_id)
    assert described["classes"] == ["glioma", "none"] and described["per_class"] == {"glioma": 9, "none": 9}
    assert (described["embedding"], described["source"], described["backbone"]) == ("embed-1", "random", "resnet18")
    assert (described["n_images"], described["n_subjects"], described["seed"]) == (18, 6, 3)
    assert described["temperature"] > 0 and described["C"] > 0
    row = labelled.catalogue.model(model_id)
    assert (row.embedding, row.classes, row.scores) == ("embed-1", ("glioma", "none"), None)
    assert workflow.fit_linear(labelled, "embed-1") == "linear-2"


def test_no_label_of_the_test_part_can_change_a_model(labelled: Project) -> None:
    first = workflow.fit_linear(labelled, "random")
    session = Session(labelled)
    session.label_images(range(19, 25), 1, overwrite=True)
    second = workflow.fit_linear(labelled, "random")
    with (
        np.load(labelled.models_dir / first / "head.npz") as a,
        np.load(labelled.models_dir / second / "head.npz") as b,
    ):
        assert all(np.array_equal(a[name], b[name]) for name in ("coef", "intercept", "mean", "scale", "train_ids"))


def test_marked_and_excluded_images_do_not_train(labelled: Project) -> None:
    session = Session(labelled)
    session.mark_images([1], "uncertain")
    session.mark_images([2], "excluded")
    session.clear_labels([3])
    labelled.catalogue.set_excluded([4], "localiser")
    model_id = workflow.fit_linear(labelled, "random")
    with np.load(labelled.models_dir / model_id / "head.npz") as head:
        assert head["train_ids"].tolist() == list(range(5, 19))


def test_a_model_is_scored_on_the_test_part_alone_and_its_scores_are_kept(labelled: Project) -> None:
    model_id = workflow.fit_linear(labelled, "random")
    compute = RecordingCompute()
    scores = workflow.evaluate(labelled, model_id, compute)
    assert [target for target, _ in compute.calls] == [
        "sslstudio.classifiers.linear:predict_proba",
        "sslstudio.classifiers.attention:learn",
        "sslstudio.classifiers.scores:evaluate",
        "sslstudio.classifiers.trust:describe",
        "sslstudio.classifiers.conformal:describe",
    ]
    assert scores["calibration"]["bins"] and scores["roc"] and scores["patients"]["n"] == 2
    assert scores["n_images"] == 6 and scores["n_subjects"] == 2
    assert np.array(scores["confusion"]).sum() == 6
    assert scores["balanced_accuracy"]["value"] > 0.9
    assert scores["balanced_accuracy"]["low"] <= scores["balanced_accuracy"]["value"] <= 1
    assert scores["left_out"] == {
        "patient_in_training": 0, "copy_in_training": 0, "class_not_in_model": 0, "not_embedded": 0
    }  # fmt: skip
    stored = json.loads((labelled.models_dir / model_id / "scores.json").read_text(encoding="utf-8"))
    assert stored == scores == labelled.catalogue.model(model_id).scores


def test_copies_of_training_images_never_score_a_model(labelled: Project) -> None:
    model_id = workflow.fit_linear(labelled, "random")
    copies = [
        Finding(image_id=n, kind="duplicate", score=0.99, why="Why.", group=group)
        for group, places in (("d1", (1, 19)), ("d20", (20, 21)))
        for n in places
    ]
    labelled.catalogue.adopt_compared("triage-1", copies, [])
    scores = workflow.evaluate(labelled, model_id)
    assert scores["n_images"] == 5 and scores["left_out"]["copy_in_training"] == 1
    labelled.catalogue.decide([kept(row) for row in labelled.catalogue.findings("duplicate")])
    assert workflow.evaluate(labelled, model_id)["n_images"] == 6


def test_patients_whom_the_model_was_trained_on_never_score_it(labelled: Project) -> None:
    model_id = workflow.fit_linear(labelled, "random")
    labelled.catalogue.assign_parts(dict.fromkeys(range(1, 7), "test"))
    scores = workflow.evaluate(labelled, model_id)
    assert scores["n_images"] == 6 and scores["left_out"]["patient_in_training"] == 6
    labelled.catalogue.assign_parts({n: "test" if n <= 18 else "train" for n in range(1, 25)})
    assert refused(lambda: workflow.evaluate(labelled, model_id)).code == "no_test_labels"


def test_a_renamed_class_is_still_the_same_class(labelled: Project) -> None:
    model_id = workflow.fit_linear(labelled, "random")
    before = workflow.evaluate(labelled, model_id)["confusion"]
    info = labelled.catalogue.classes()[0]
    labelled.catalogue.apply(EditClass(info=info.model_copy(update={"name": "tumour"})))
    assert workflow.evaluate(labelled, model_id)["confusion"] == before


def test_images_that_came_after_the_embedding_are_left_out_and_counted(labelled: Project) -> None:
    from tests.fakes.catalogue_rows import found, row

    labelled.catalogue.adopt_import("import-2", [row("/later/a.png", found("p00007", 500))])
    Session(labelled).label_images([25], 2)
    model_id = workflow.fit_linear(labelled, "random")
    assert workflow.evaluate(labelled, model_id)["left_out"]["not_embedded"] == 1


def test_too_few_labels_are_a_plain_sentence_with_the_counts(filled: Project) -> None:
    embedded(filled, separable)
    assert "Labelled: none." in refused(lambda: workflow.fit_linear(filled, "random")).message
    filled.catalogue.assign_parts(dict.fromkeys(filled.catalogue.image_ids(), "train"))
    session = Session(filled)
    a, b = session.add_class("glioma"), session.add_class("none")
    session.label_images([1, 2, 3], a.class_id)
    session.label_images([4], b.class_id)
    error = refused(lambda: workflow.fit_linear(filled, "random"))
    assert error.code == "few_labels" and "glioma 3, none 1" in error.message
    assert filled.catalogue.models() == [] and list(filled.models_dir.iterdir()) == []


def test_a_class_with_a_single_image_is_left_out_of_model_and_scores(labelled: Project) -> None:
    session = Session(labelled)
    rare = session.add_class("rare")
    session.label_images([1], rare.class_id)
    session.label_images([20], rare.class_id)
    model_id = workflow.fit_linear(labelled, "random")
    assert description(labelled, model_id)["classes"] == ["glioma", "none"]
    scores = workflow.evaluate(labelled, model_id)
    assert scores["n_images"] == 5 and scores["left_out"]["class_not_in_model"] == 1


def test_without_a_split_one_by_patient_is_made_and_kept(filled: Project) -> None:
    embedded(filled, separable)
    session = Session(filled)
    a, b = session.add_class("glioma"), session.add_class("none")
    for image_id in filled.catalogue.image_ids():
        session.label_images([image_id], (a, b)[(image_id - 1) // 3 % 2].class_id)
    model_id = workflow.fit_linear(filled, "random")
    parts = filled.catalogue.parts()
    assert sorted(parts.values()).count("test") == 6, "a quarter of eight patients"
    test_labels = {filled.catalogue.labels()[n].class_id for n, part in parts.items() if part == "test"}
    assert test_labels == {1, 2}, "stratified by class"
    assert workflow.evaluate(filled, model_id)["n_subjects"] == 2
    workflow.fit_linear(filled, "random", seed=9)
    assert filled.catalogue.parts() == parts


def test_scoring_needs_labelled_test_images_and_a_whole_model(labelled: Project) -> None:
    model_id = workflow.fit_linear(labelled, "random")
    Session(labelled).clear_labels(range(19, 25))
    assert refused(lambda: workflow.evaluate(labelled, model_id)).code == "no_test_labels"
    (labelled.models_dir / model_id / "head.npz").write_bytes(b"PK")
    assert refused(lambda: workflow.evaluate(labelled, model_id)).code == "model_damaged"
    assert refused(lambda: workflow.evaluate(labelled, "linear-7")).code == "unknown_model"
    assert refused(lambda: workflow.fit_linear(labelled, "imagenet")).code == "not_embedded"
