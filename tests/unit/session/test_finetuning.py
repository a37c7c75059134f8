"""Fine-tuning in a project: what goes with the run, what it becomes, how it is compared, when it is not offered."""

from __future__ import annotations

import json

import numpy as np
import pytest

from sslstudio.domain.specs import FinetuneSpec
from sslstudio.errors import SSLStudioError
from sslstudio.jobs.run_directory import RunDirectory
from sslstudio.session import Project, Session, finetuning, workflow
from tests.fakes.project_runs import embedded, end, write_backbone


def hazy(image_id: int) -> np.ndarray:
    """Classes that a linear head tells apart no better than chance."""
    return np.random.default_rng(image_id).normal(0, 1, 4)


def clear(image_id: int) -> np.ndarray:
    """Patients 1, 3, 5... (three images each) lie on one side, the others on the other."""
    return np.array([2.0 * ((image_id - 1) // 3 % 2) - 1.0, 0, 0, 0]) + 0.1 * hazy(image_id)


@pytest.fixture
def labelled(filled: Project) -> Project:
    """Eight patients, all images labelled by their side; patients 5 to 8 are the test part."""
    session = Session(filled)
    a, b = session.add_class("glioma"), session.add_class("none")
    for image_id in filled.catalogue.image_ids():
        session.label_images([image_id], (a, b)[(image_id - 1) // 3 % 2].class_id)
    embedded(filled, hazy)
    filled.catalogue.assign_parts({n: "test" if n > 12 else "train" for n in filled.catalogue.image_ids()})
    return filled


def finished(project: Project) -> str:
    """A fine-tuning that has ended well: its network tells the classes apart."""
    run_id = workflow.prepare_finetune(project, "random")
    folder = project.run_dir(run_id) / "artifacts"
    ids = np.array([item.image_id for item in project.catalogue.items()], dtype=np.int64)
    np.save(folder / "image_ids.npy", ids)
    np.save(folder / "embeddings.npy", np.stack([clear(int(n)) for n in ids]).astype(np.float16))
    coef = np.array([[-1, 0, 0, 0], [1, 0, 0, 0]], dtype=np.float32)
    zeros, ones = np.zeros(4, dtype=np.float32), np.ones(4, dtype=np.float32)
    np.savez(folder / "head.npz", coef=coef, intercept=zeros[:2], mean=zeros, scale=ones, train_ids=np.arange(1, 13))
    write_backbone(folder, run_id)
    held = {"n_images": 3, "n_subjects": 1, "balanced_accuracy": 1.0, "log_loss": 0.1}
    facts: dict[str, object] = {
        "epochs": 3,
        "best_epoch": 2,
        "n_images": 12,
        "n_subjects": 4,
        "per_class": {"glioma": 6, "none": 6},
    }
    facts["seconds"] = 9.0
    end(project, run_id, count=len(ids), temperature=1.5, validation=held, **facts)
    workflow.adopt(project, run_id)
    return run_id


def test_labels_of_test_patients_do_not_go_with_the_run(labelled: Project) -> None:
    run_id = workflow.prepare_finetune(labelled, "random", epochs=7)
    run = RunDirectory(labelled.run_dir(run_id))
    spec = run.job().spec
    assert isinstance(spec, FinetuneSpec)
    assert (spec.embedding, spec.source, spec.classes, spec.mode) == ("embed-1", "random", ("glioma", "none"), "lpft")
    assert (spec.epochs, spec.batch_size) == (7, 8)
    items = run.items()
    assert len(items) == 24 and {item.part for item in items if item.label} == {"train"}


def test_what_it_leaves_becomes_a_model_like_any_other_with_an_embedding_of_its_own(labelled: Project) -> None:
    model_id = finished(labelled)
    workflow.adopt(labelled, model_id)  # again: nothing changes
    assert workflow.resolve_embedding(labelled, model_id) == model_id
    assert workflow.resolve_embedding(labelled, "random") == "embed-1"
    described = json.loads((labelled.models_dir / model_id / "model.json").read_text(encoding="utf-8"))
    assert (described["kind"], described["mode"], described["start"]) == ("finetuned", "lpft", "embed-1")
    assert labelled.catalogue.setting("training_speeds", {}) == {"resnet18@64@auto": 2.0}
    assert described["temperature"] == 1.5 and described["n_images"] == 12
    scores = workflow.evaluate(labelled, model_id)
    assert scores["balanced_accuracy"]["value"] == 1.0 and scores["n_images"] == 12
    assert workflow.fit_linear(labelled, model_id) == "linear-1"  # on its embedding
    export = workflow.prepare_export(labelled, model_id)
    assert labelled.catalogue.run(export).stage == "export"


def test_it_is_compared_with_the_linear_head_on_the_same_test_images(labelled: Project) -> None:
    model_id = finished(labelled)
    with pytest.raises(SSLStudioError):
        workflow.compare_with_linear(labelled, model_id)  # not tested yet
    workflow.evaluate(labelled, model_id)
    found = workflow.compare_with_linear(labelled, model_id)
    assert found["n"] == 12 and found["n_subjects"] == 4 and found["first"] == 1.0
    assert found["second"] < 1.0 and found["value"] == pytest.approx(found["first"] - found["second"])
    scores = labelled.catalogue.model(model_id).scores
    assert scores is not None and scores["against_linear"] == found
    assert finetuning.sentence(found).startswith(("Better", "Not shown"))
    linear_id = workflow.fit_linear(labelled, "random")
    workflow.evaluate(labelled, linear_id)
    with pytest.raises(SSLStudioError):
        workflow.compare_with_linear(labelled, linear_id)


def test_what_does_not_beat_the_linear_head_is_not_recommended() -> None:
    facts = {"first": 0.7, "second": 0.75, "n": 100, "n_subjects": 50, "value": -0.05}
    unclear = finetuning.sentence(facts | {"low": -0.1, "high": 0.01, "verdict": "unclear"})
    worse = finetuning.sentence(facts | {"low": -0.1, "high": -0.01, "verdict": "worse"})
    none = finetuning.sentence(facts | {"low": None, "high": None, "verdict": "unclear"})
    assert all("linear head" in one and "eep" in one for one in (unclear, worse, none))
    assert "-5.0 points (95 % interval -10.0 to +1.0)" in unclear and "100 test images of 50 patients" in unclear
    better = finetuning.sentence(facts | {"value": 0.05, "low": 0.01, "high": 0.1, "verdict": "better"})
    assert better.startswith("Better than the linear head") and "Keep" not in better


def test_it_says_what_it_costs_or_why_it_cannot_be_done(labelled: Project) -> None:
    found = finetuning.offer(labelled, "random")
    assert not found.reason and (found.images, found.patients) == (12, 4) and found.seconds > 0 and found.has_test
    assert not found.measured
    labelled.catalogue.set_setting("training_speeds", {"resnet18@64@auto": 1000.0})
    assert finetuning.offer(labelled, "random").measured
    labelled.catalogue.assign_parts({n: "test" if n > 3 else "train" for n in labelled.catalogue.image_ids()})
    assert "two classes" in finetuning.offer(labelled, "random").reason
    with pytest.raises(SSLStudioError) as caught:
        workflow.prepare_finetune(labelled, "random")
    assert caught.value.code == "few_labels"
    with pytest.raises(SSLStudioError) as caught:
        workflow.prepare_finetune(labelled, "random", "lora")
    assert caught.value.code == "mode_does_not_fit"
