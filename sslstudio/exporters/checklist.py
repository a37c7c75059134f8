"""`CHECKLIST.md`: the items of CLAIM 2024 and TRIPOD+AI with what the project knows; the rest is for the authors."""

from __future__ import annotations

import json
from collections.abc import Mapping
from string import Template
from typing import Any

from sslstudio import resources
from sslstudio.domain.units import count
from sslstudio.exporters.card import CardFacts
from sslstudio.exporters.card_sections import cell, interval, value

OPEN = "*to be filled in by the authors*"
_HOW_LABELLED = {
    "hand": "by hand, one by one",
    "bulk": "by hand, several at once",
    "suggestion": "by accepting a suggestion of the classifier",
    "import": "from a table",
    "adjudication": "by a decision between readers",
}


def write(facts: CardFacts) -> str:
    """The checklists as Markdown: each item with the project's answer, or the mark that the authors have to give it."""
    content = json.loads(resources.text("export/checklists.json"))
    known = _known(facts)
    answers = {key: Template(text).substitute(known) for key, text in content["answers"].items()}
    parts = [
        f"# Reporting checklists: {facts.model['model_id']}",
        "**Research use only. Not a medical device.**",
        "Filled from the project as far as it knows; check every line. What a program cannot know is marked"
        f" {OPEN}. Sections in brackets are those of MODEL_CARD.md.",
    ]
    for checklist in content["checklists"]:
        parts += [f"## {checklist['title']}", checklist["source"]]
        for group in checklist["groups"]:
            lines = ["| item | asks for | answer |", "|---:|---|---|"]
            for item in group["items"]:
                answer = answers.get(item["answer"]) or OPEN
                lines.append(f"| {item['number']} | {cell(item['asks'])} | {cell(answer)} |")
            parts += [f"### {group['title']}", "\n".join(lines)]
    return "\n\n".join(parts) + "\n"


def _known(facts: CardFacts) -> dict[str, str]:
    """What the answers of checklists.json are filled with; "" where the project knows nothing."""
    backbone = facts.backbone
    several = int(facts.project.get("readers", 0)) > 1
    patients = len({item.subject for item in facts.items})
    return {
        "open": OPEN,
        "learning": _learning(facts),
        "amount": f"{count(len(facts.items), 'image')} of {count(patients, 'patient')}",
        "places": _places(facts),
        "excluded": count(int(facts.project.get("excluded", 0)), "image"),
        "side": str(backbone["image_size"]),
        "labels": _labels(facts),
        "agreement": f"Kappa with interval is on the Label page; within one reader: {OPEN}." if several else "",
        "parts": _parts(facts),
        "disjoint": _disjoint(facts),
        "network": f"{backbone['name']}, {count(int(backbone['in_channels']), 'channel')} in,"
        f" {backbone['feature_dim']} features, standardised, one linear layer, softmax",
        "versions": ", ".join(f"{name} {version}" for name, version in facts.versions.items()),
        "selection": _selection(facts),
        "intervals": str((facts.scores or {}).get("method", "")),
        "subgroups": "Balanced accuracy and difference from the rest by column of the data [By subgroup]."
        if facts.subgroups
        else "",
        "performance": _performance(facts),
    }


def _learning(facts: CardFacts) -> str:
    started = "self-supervised pretraining, then " if facts.pretraining else ""
    return started + ("fine-tuning" if facts.model.get("kind") == "finetuned" else "a linear classifier on embeddings")


def _places(facts: CardFacts) -> str:
    scanners = len({item.scanner for item in facts.items if item.scanner})
    sites = len({item.site for item in facts.items if item.site})
    known = [count(number, noun) for number, noun in ((sites, "site"), (scanners, "scanner model")) if number]
    return "from " + " and ".join(known) if known else "sites and scanners not stated in the files"


def _labels(facts: CardFacts) -> str:
    origins: Mapping[str, Any] = facts.project.get("origins", {})
    ways = ", ".join(f"{int(n):,} {_HOW_LABELLED.get(way, way)}" for way, n in sorted(origins.items()))
    readers = int(facts.project.get("readers", 0))
    if not ways:
        return ""
    sources = f"{count(readers, 'source')} of labels (readers and tables)"
    return f"{ways}; {sources}. Qualification of readers, reference: {OPEN}."


def _parts(facts: CardFacts) -> str:
    said = []
    for part, name in (("train", "Training"), ("test", "test")):
        some = [item for item in facts.items if item.part == part]
        patients = count(len({item.subject for item in some}), "patient")
        said.append(f"{name} part: {count(len(some), 'image')} of {patients}")
    return f"{'; '.join(said)}."


def _disjoint(facts: CardFacts) -> str:
    trained, tested = ({i.subject for i in facts.items if i.part == part} for part in ("train", "test"))
    if not trained or not tested:
        return ""
    if trained & tested:
        return f"Not disjoint: {count(len(trained & tested), 'patient')} in both parts [Limits]."
    return "By patient: none is in both parts, and copies of training images are left out of the test [Limits]."


def _selection(facts: CardFacts) -> str:
    if facts.model.get("kind") == "finetuned":
        return "The epoch that did best on training patients held out; the test part took no part in it."
    return "Strength of the regularisation and temperature by cross-validation over patients of the training part."


def _performance(facts: CardFacts) -> str:
    if not facts.scores:
        return ""
    score = facts.scores.get("balanced_accuracy")
    images, patients = int(facts.scores["n_images"]), int(facts.scores["n_subjects"])
    return (
        f"Balanced accuracy {value(score)} {interval(score)} on {count(images, 'test image')} of"
        f" {count(patients, 'patient')} [How well it does]."
    )
