"""The model card: counts and scores as they are, missing ones said so, and no name of a run, scanner or patient."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sslstudio.domain.items import Item
from sslstudio.exporters import card
from sslstudio.exporters.card import CardFacts
from sslstudio.exporters.parity import Parity
from tests.unit.exporters.tiny_project import CLASSES, example_scores, write_model


def item(number: int, part: str, subject: str, label: str = "") -> Item:
    return Item.model_validate(
        {
            "image_id": number,
            "subject": subject,
            "study": "st",
            "series": "se",
            "modality": "CR",
            "scanner": "Secret Maker 3000",
            "shard": "import-1.bin",
            "offset": 0,
            "height": 8,
            "width": 8,
            "channels": 1,
            "dtype": "uint8",
            "low": 0,
            "high": 255,
            "label": label,
            "part": part,
        }
    )


@pytest.fixture
def facts(tmp_path: Path) -> CardFacts:
    import json

    write_model(tmp_path, 4)
    items = [item(1, "train", "aaaa", CLASSES[0]), item(2, "train", "aaaa"), item(3, "test", "bbbb", CLASSES[1])]
    return CardFacts(
        model=json.loads((tmp_path / "model.json").read_text()),
        backbone={"name": "resnet18", "in_channels": 1, "feature_dim": 512, "image_size": 64, "source": "random"},
        items=items,
        parity=Parity(images=3, probability=2.5e-7, embedding=1e-6),
        version="0.1.0",
        created="2026-01-01T10:11:12+00:00",
        versions={"torch": "2.9"},
        scores=example_scores(),
    )


def test_counts_images_and_patients(facts: CardFacts) -> None:
    text = card.write(facts)
    assert "| in the project | 3 | 2 |" in text
    assert "| training part | 2 | 1 |" in text
    assert "| test part | 1 | 1 |" in text
    assert "| with a label | 2 | 2 |" in text
    assert "Modalities: CR (3). Scanner models: 1." in text
    assert "the largest difference of a probability was 2.5e-07" in " ".join(text.split())


def test_scores_stand_with_interval_and_n(facts: CardFacts) -> None:
    text = card.write(facts)
    assert "| balanced accuracy | 0.750 | 0.613-0.875 | 12 |" in text.replace("(", "").replace(")", "")
    assert "not defined" in text
    assert "| clear | 3 | 1 | 0 |" in text
    assert "\n\nIntervals by a bootstrap of the patients. A note. Left out: 3 test images of patients" in text


def test_a_model_without_scores_says_so(facts: CardFacts) -> None:
    assert "Not evaluated" in card.write(replace(facts, scores=None))


def test_patients_on_both_sides_are_named_as_a_fault(facts: CardFacts) -> None:
    leaky = replace(facts, items=[*facts.items, item(4, "test", "aaaa")])
    assert "1 patient of the test part also in the training part: the scores are too good." in card.write(leaky)
    none = replace(facts, items=[item(1, "train", "aaaa")])
    assert "No test part was kept aside" in card.write(none)


@pytest.mark.parametrize(
    ("source", "phrase"), [("random", "random"), ("imagenet", "ImageNet's terms"), ("simclr-1", "no foreign weights")]
)
def test_the_origin_of_the_weights(facts: CardFacts, source: str, phrase: str) -> None:
    pretraining: dict[str, Any] = {}
    if source == "simclr-1":
        names = ("task", "epochs", "batch_size", "learning_rate", "weight_decay", "preset", "seed", "image_size")
        spec = {**dict.fromkeys(names, 1), "init": "random", "backbone": "resnet18", "parameters": {"temperature": 0.2}}
        pretraining = {"spec": spec, "run_id": "simclr-1", "name": "Secret name", "plugin": {"version": "9.9"}}
    text = card.write(replace(facts, backbone={**facts.backbone, "source": source}, pretraining=pretraining))
    assert phrase in text
    assert "Secret" not in text


def test_names_of_classes_cannot_break_a_table(facts: CardFacts) -> None:
    model = {**facts.model, "classes": ["a|b\nc", "d"], "per_class": {}}
    assert "| a\\|b c | 0 |" in card.write(replace(facts, model=model))
