"""What the card and its companions say beyond the scores: subgroups, decisions, energy, checklists, and the PDF."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sslstudio import resources
from sslstudio.classifiers.thresholds import roc
from sslstudio.exporters import card, card_sections, checklist, operating, pdf
from sslstudio.exporters.card import CardFacts
from sslstudio.exporters.parity import Parity
from tests.unit.exporters.test_card import item
from tests.unit.exporters.tiny_project import CLASSES, example_scores, write_model

CONFORMAL = {"n_images": 80, "n_subjects": 50, "levels": [{"coverage": 0.9, "least": 0.12}]}
SUBGROUP = {
    "column": "Scanner",
    "value": "Kanarienvogel Hospital",
    "n": 30,
    "n_subjects": 20,
    "balanced_accuracy": {"value": 0.8, "low": 0.7, "high": 0.9},
    "difference": {"value": -0.1, "low": -0.2, "high": -0.01},
    "verdict": "worse",
}


def scores_with_curves() -> dict[str, Any]:
    rng = np.random.default_rng(0)
    positive = rng.random(60) < 0.4
    share = np.clip(positive * 0.4 + rng.random(60) * 0.6, 0, 1)
    return {**example_scores(), "roc": [{"name": CLASSES[0], **roc(share, positive)}]}


@pytest.fixture
def facts(tmp_path: Path) -> CardFacts:
    write_model(tmp_path, 4)
    model = json.loads((tmp_path / "model.json").read_text())
    return CardFacts(
        model={**model, "cross_validation": {"conformal": CONFORMAL}},
        backbone={"name": "resnet18", "in_channels": 1, "feature_dim": 512, "image_size": 64, "source": "random"},
        items=[item(1, "train", "aaaa", CLASSES[0]), item(2, "test", "bbbb")],
        parity=Parity(images=3, probability=2.5e-7, embedding=1e-6),
        version="0.1.0",
        created="2026-01-01T10:11:12+00:00",
        versions={"torch": "2.9"},
        scores=scores_with_curves(),
        project={
            "excluded": 4,
            "readers": 2,
            "origins": {"hand": 30, "import": 9},
            "runs": [{"stage": "pretrain", "seconds": 7200.0, "device": "cpu"}],
        },
        subgroups=[SUBGROUP],
    )


def test_operating_points_reach_what_was_wanted(facts: CardFacts) -> None:
    content = operating.describe(facts.model, facts.scores)
    assert content["temperature"] == 1.25
    assert content["conformal"]["levels"] == CONFORMAL["levels"]
    points = content["operating_points"]
    assert [point["wanted_sensitivity"] for point in points] == list(operating.SENSITIVITIES)
    thresholds = [point["threshold"] for point in points]
    assert thresholds == sorted(thresholds, reverse=True)
    for point in points:
        share = point["sensitivity"]
        assert share["value"] >= point["wanted_sensitivity"] - 1e-4
        assert share["low"] < share["value"] < share["high"]
    assert operating.describe({}, None)["operating_points"] == []


def test_the_card_numbers_subgroups_and_names_none(facts: CardFacts) -> None:
    text = card.write(facts)
    assert "| Scanner | 1 | 30 | 20 | 0.800 (0.700-0.900) | -0.100 (-0.200 to -0.010) | worse |" in text
    assert "Kanarienvogel" not in text
    assert "Not known: no column" in card.write(replace(facts, subgroups=()))
    assert "Sites: not stated in the files." in text
    assert "limits were fixed by cross-validation on 80 images of 50 patients" in " ".join(text.split())


def test_energy_states_what_it_assumes() -> None:
    run = {"stage": "pretrain", "seconds": 7200.0, "device": "cpu"}
    assert "0.17 kWh and 0.081 kg CO2e on a processor (65 W)" in card_sections.energy([run])
    unknown = card_sections.energy([{**run, "device": "auto"}])
    assert "processor" in unknown and "graphics card (350 W)" in unknown
    assert "Nothing to speak of" in card_sections.energy([])


def test_checklists_hold_every_item_and_what_nobody_can_know_is_left_open(facts: CardFacts) -> None:
    text = checklist.write(facts)
    claim, tripod = text.split("## TRIPOD+AI")
    for part, last in ((claim, 44), (tripod, 27)):
        numbers = [
            int(line.split("|")[1]) for line in part.splitlines() if line.startswith("| ") and line[2:3].isdigit()
        ]
        assert numbers == list(range(1, last + 1))
    assert f"| 34 | Registration of a clinical trial | {checklist.OPEN} |" in text
    assert "30 by hand, one by one, 9 from a table; 2 sources of labels (readers and tables)." in text
    assert "By patient: none is in both parts" in text
    leaky = replace(facts, items=[*facts.items, item(3, "test", "aaaa")])
    assert "Not disjoint: 1 patient in both parts" in checklist.write(leaky)
    content = json.loads(resources.text("export/checklists.json"))
    asked = {one["answer"] for each in content["checklists"] for group in each["groups"] for one in group["items"]}
    assert asked - {""} == set(content["answers"])


def test_the_pdf_is_the_same_each_time_and_holds_all_scripts(facts: CardFacts, tmp_path: Path) -> None:
    text = card.write(facts) + "\n\nОпухоль 肿瘤 <b> & \\| `code`\n"
    first, second = tmp_path / "a.pdf", tmp_path / "b.pdf"
    pdf.write(text, first, "A card")
    pdf.write(text, second, "A card")
    content = first.read_bytes()
    assert content == second.read_bytes()
    assert content.startswith(b"%PDF-") and content.rstrip().endswith(b"%%EOF")
    assert content.count(b"/Type /Page\n") >= 2
    assert str(tmp_path).encode() not in content


def test_scores_by_patient_stand_on_the_card_where_they_were_counted() -> None:
    score = {"value": 0.9, "low": 0.8, "high": 0.95, "n": 40, "n_subjects": 40}
    found = {
        "unit": "patient", "pooling": "attention", "n_cases": 40, "n_subjects": 40, "n_images": 160, "differ": 2,
        "nothing": "none", "balanced_accuracy": score, "macro_auc": score,
    }  # fmt: skip
    text = "\n".join(card_sections.pooled({"pooled": found}))
    assert "By patient, images pooled by gated attention: 40 patients of 40 patients, 160 images." in text
    assert "Images of none show nothing" in text and "different classes: 2." in text
    assert "| balanced accuracy | 0.900 | (0.800-0.950) |" in text
    assert card_sections.pooled({}) == []
