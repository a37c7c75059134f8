"""The report: all sections are filled, PDF and HTML say the same, HTML loads nothing, and what was done is cited."""

from __future__ import annotations

import dataclasses
import json
import tomllib
from pathlib import Path

import numpy as np
import pytest

from sslstudio import resources
from sslstudio.exporters import citations, report
from sslstudio.exporters.report import MapFacts, ModelFacts, ReportFacts, Training
from sslstudio.exporters.sharing import pdf_text
from tests.unit.exporters.tiny_project import CLASSES, example_scores

BIN = {"confidence": 0.6, "right": 0.5, "low": 0.2, "high": 0.8, "n": 12}


@pytest.fixture
def facts() -> ReportFacts:
    rng = np.random.default_rng(0)
    groups = rng.integers(-1, 3, 60)
    curve = [(1.0, 5.0), (2.0, 4.1), (3.0, 3.6)]
    return ReportFacts(
        version="1.0",
        created="2026-05-01T10:00:00",
        images=60,
        subjects=12,
        studies=20,
        excluded=2,
        ledger=[("imported", 60), ("not used: A text file, not an image.", 3)],
        kinds=[("CT", 60, 12)],
        parts=[("training", 40, 8), ("test", 20, 4)],
        labels=[(name, 4, 3) for name in CLASSES],
        origins=[("by hand, one by one", 12)],
        readers=2,
        agreement=["reader 1 and reader 2: 90 % alike"],
        looks=1,
        trainings=[
            Training("simclr-1", "SimCLR", "Chen et al.", "resnet18", curve, 4.9, {"collapse": curve}, "simclr")
        ],
        map=MapFacts(rng.normal(size=(60, 2)).astype(np.float32), groups, groups, CLASSES),
        models=[
            ModelFacts("linear-1", "A linear classifier", CLASSES, {**example_scores(), "calibration": {"bins": [BIN]}})
        ],
        commands=["sslstudio new PROJECT"],
    )


def _text(path: Path) -> str:
    pages = [part.decode() for name, part in pdf_text.parts(path.read_bytes()) if name.startswith("page text")]
    return " ".join(" ".join(pages).split())


def test_both_forms_have_every_section(facts: ReportFacts, tmp_path: Path) -> None:
    for name in ("a.pdf", "a.html"):
        report.write(facts, tmp_path / name)
    page, pdf = (tmp_path / "a.html").read_text(encoding="utf-8"), _text(tmp_path / "a.pdf")
    sections = (
        "The way of the data",
        "Data",
        "Pretraining without labels",
        "The map",
        "Labels",
        "Evaluation",
        "Limits",
    )
    for words in (
        *sections,
        "Research use only",
        "Erguß",
        "chance level",
        "reader 1 and reader 2",
        "answer of the model",
    ):
        assert words in page, words
        assert words in pdf, words
    assert page.count("<svg") == 7
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.html", "a.pdf"]


def test_the_page_runs_and_loads_nothing(facts: ReportFacts) -> None:
    page = report.as_html(dataclasses.replace(facts, commands=["<script>alert(1)</script>"]))
    assert "<script" not in page
    assert "src=" not in page
    assert "<link" not in page


def test_an_empty_project_has_a_report(facts: ReportFacts, tmp_path: Path) -> None:
    bare = dataclasses.replace(facts, trainings=(), map=None, models=(), agreement=(), labels=(), commands=())
    report.write(bare, tmp_path / "a.pdf")
    assert "Nothing was pretrained" in _text(tmp_path / "a.pdf")
    assert "wilson" not in report.bibtex(bare)


def test_methods_and_references_name_what_was_done(facts: ReportFacts) -> None:
    assert "@chen2020simclr" in report.methods(facts)
    assert "60 images of 12 patients" in report.methods(facts)
    assert "{chen2020simclr," in report.bibtex(facts)
    assert "lpft" not in report.bibtex(facts) and "ilse2018" not in report.bibtex(facts)
    pooled = {**example_scores(), "counting": {"unit": "patient", "pooling": "attention"}}
    attended = dataclasses.replace(facts, models=[dataclasses.replace(facts.models[0], scores=pooled)])
    assert "Images of one patient were pooled by gated attention [@ilse2018attention]" in report.methods(attended)
    assert "{ilse2018attention," in report.bibtex(attended)
    foreign = dataclasses.replace(facts.trainings[0], task="own", method="Own", reference="")
    assert "its plugin names no publication" in report.bibtex(dataclasses.replace(facts, trainings=[foreign]))


def test_every_task_that_comes_along_can_be_cited(root: Path) -> None:
    for manifest in (root / "plugins").glob("*/plugin.toml"):
        for task in tomllib.loads(manifest.read_text(encoding="utf-8"))["pretext_tasks"]:
            assert citations.keys([task["id"]]), task["id"]
    content = json.loads(resources.text("export/references.json"))
    assert {key for keys in content["methods"].values() for key in keys} == set(content["entries"])
