"""Counting by study and patient in a project: kept with the scores, with attention from training patients alone."""

from __future__ import annotations

import importlib
import json
from concurrent.futures import Future
from typing import Any

import numpy as np
import pytest

from sslstudio.domain.items import PixelLocation
from sslstudio.domain.ledger import FoundImage
from sslstudio.domain.split_plans import SplitPlan
from sslstudio.domain.units import Counting
from sslstudio.errors import SSLStudioError
from sslstudio.session import Project, Session, attending, judging, pooling, tested
from tests.fakes.catalogue_rows import digest, row
from tests.fakes.project_runs import embedded

EACH = 4


class Watching:
    """Computes here and keeps whose images were learned from and whose were judged."""

    def __init__(self) -> None:
        self.pairs: list[tuple[set[str], set[str]]] = []
        self._learned: set[str] = set()

    def submit(self, target: str, /, *args: Any, **kwargs: Any) -> Future[Any]:
        if target.endswith("attention:learn"):
            self._learned = set(args[2].tolist())
        elif target.endswith("attention:attend"):
            self.pairs.append((self._learned, set(args[2].tolist())))
        module, _, name = target.partition(":")
        future: Future[Any] = Future()
        future.set_result(getattr(importlib.import_module(module), name)(*args, **kwargs))
        return future


@pytest.fixture
def ward(project: Project) -> Project:
    """60 patients with two studies of two images; every second has a mass, which only the first image shows."""
    rows = []
    for patient in range(60):
        for n in range(EACH):
            content = f"{patient}-{n}"
            place = PixelLocation(
                shard="x.bin", offset=64 * (EACH * patient + n), height=8, width=8, channels=1, dtype="uint8"
            )
            image = FoundImage(
                digest=digest("f", content), pixel_digest=digest("p", content), subject=digest("s", patient)[:16],
                study=digest("t", f"{patient}-{n // 2}")[:16], series=digest("u", patient)[:16], pixels=place,
            )  # fmt: skip
            rows.append(row(f"/d/{content}.png", image))
    project.catalogue.adopt_import("import-1", rows)
    session = Session(project)
    classes = [session.add_class(name).class_id for name in ("mass", "none")]
    for image_id in project.catalogue.image_ids():
        session.label_images([image_id], classes[(image_id - 1) // EACH % 2])
    embedded(project, vector)
    parts = {n: "test" if (n - 1) // EACH % 4 < 2 else "train" for n in project.catalogue.image_ids()}
    project.catalogue.assign_parts(parts)
    return project


def vector(image_id: int) -> np.ndarray:
    patient, n = divmod(image_id - 1, EACH)
    shown = (1.6 if patient % 2 else -1.6) if n == 0 else 0.0
    return np.array([shown, 1.0 if n == 0 else -1.0, 0, 0]) + np.random.default_rng(image_id).normal(0, 0.5, 4)


def test_scores_by_study_and_patient_are_kept_and_counted_again(ward: Project) -> None:
    compute = Watching()
    model_id = judging.fit(ward, "random", SplitPlan(), compute=compute)
    scores = judging.evaluate(ward, model_id, compute)
    assert scores["units"]["patient"] == {"n": 30, "several": 30, "differ": 0, "differ_images": 0}
    assert scores["units"]["study"]["n"] == 60 and scores["attention"] == {"study": "", "patient": ""}
    assert compute.pairs and all(not learned & judged for learned, judged in compute.pairs)
    assert pooling.chosen(scores) == Counting() and pooling.counted(scores) is scores
    found = pooling.count(ward, model_id, Counting(unit="patient", pooling="attention"), compute)
    pooled = pooling.counted(found)
    assert (pooled["n_cases"], pooled["n_subjects"], pooled["n_images"], pooled["further"]) == (30, 30, 120, 0)
    assert [one["pooling"] for one in pooled["comparison"]] == ["mean", "max", "attention"]
    assert pooled["comparison"][2]["balanced_accuracy"] == pooled["balanced_accuracy"]
    stored = json.loads((ward.models_dir / model_id / "scores.json").read_text(encoding="utf-8"))
    assert stored == found == ward.catalogue.model(model_id).scores
    sizes = [[len(pooling.images_of_cell(ward, model_id, t, c)) for c in (0, 1)] for t in (0, 1)]
    assert (np.array(sizes) == EACH * np.array(pooled["confusion"])).all(), "all images of each patient"
    again = judging.evaluate(ward, model_id, compute)
    assert again["counting"] == found["counting"] and again["pooled"]["confusion"] == pooled["confusion"]
    plain = pooling.count(ward, model_id, Counting(), compute)
    assert "pooled" not in plain and pooling.counted(plain) is plain
    with np.load(ward.models_dir / model_id / attending.FILE) as arrays:
        assert "patient.w" in arrays and "study.w" in arrays


def test_by_patients_left_out_in_turn_no_attention_knows_whom_it_judges(ward: Project) -> None:
    compute = Watching()
    model_id = judging.fit(ward, "random", SplitPlan(way="cross", folds=2), compute=compute)
    assert len(compute.pairs) == 2 and all(not learned & judged for learned, judged in compute.pairs)
    found = pooling.count(ward, model_id, Counting(unit="study", pooling="max"), compute)
    assert found["pooled"]["n_cases"] == 120 and found["pooled"]["n_subjects"] == 60
    kept = tested.read(ward.models_dir / model_id)
    assert kept.attended["patient"].sum(axis=1) == pytest.approx(np.ones(240), abs=1e-5)


def test_a_class_may_mean_that_nothing_was_found(ward: Project) -> None:
    session = Session(ward)
    none = ward.catalogue.classes()[1].class_id
    for image_id in ward.catalogue.image_ids():
        if (image_id - 1) % EACH:
            session.label_images([image_id], none)
    model_id = judging.fit(ward, "random", SplitPlan())
    scores = judging.evaluate(ward, model_id)
    assert scores["units"]["patient"]["differ"] == 15 and "different classes" in scores["attention"]["patient"]
    attending.set_nothing_class(ward, none)
    found = pooling.count(ward, model_id, Counting(unit="patient", pooling="max"))
    assert found["units"]["patient"]["differ"] == 0 and found["pooled"]["n_cases"] == 30
    assert found["pooled"]["nothing"] == "none"
    counting = Counting(unit="patient", pooling="attention")
    assert "different classes" in pooling.refusal(found, counting)
    with pytest.raises(SSLStudioError) as caught:
        pooling.count(ward, model_id, counting)
    assert caught.value.code == "no_pooling"
    scores = judging.evaluate(ward, model_id)
    assert scores["attention"]["patient"] == "" and scores["nothing"] == "none" and "pooled" in scores
    attending.set_nothing_class(ward, None)
    found = pooling.count(ward, model_id, Counting(unit="patient"))
    assert pooling.refusal(found, counting) == pooling.STALE
    assert [one["pooling"] for one in found["pooled"]["comparison"]] == ["mean", "max"]


def test_scores_of_an_older_version_say_so() -> None:
    assert pooling.unit_refusal({}, "patient") == pooling.OLDER and pooling.unit_refusal({}, "image") == ""
    one = {"n": 5, "several": 0, "differ": 0, "differ_images": 0}
    assert "one image each" in pooling.unit_refusal({"units": {"study": one, "patient": one}}, "patient")
    several = {**one, "several": 3}
    assert "one study each" in pooling.unit_refusal({"units": {"study": several, "patient": several}}, "study")
    assert "different classes" in pooling.unit_refusal({"units": {"study": {**one, "n": 0}, "patient": one}}, "study")
