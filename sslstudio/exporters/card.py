"""The model card: what the project knows about a model, as a page of text; apart because it is read by people.

The card takes counts, scores and settings only. Names of runs, files, scanners and patients stay out of it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from string import Template
from typing import Any

from sslstudio import resources
from sslstudio.domain.items import Item
from sslstudio.domain.rendering import Rendering
from sslstudio.domain.specs import named_start
from sslstudio.domain.split_plans import SplitPlan
from sslstudio.domain.units import count
from sslstudio.exporters import card_sections, commands, operating
from sslstudio.exporters.card_sections import cell, interval, value
from sslstudio.exporters.parity import TOLERANCE, Parity
from sslstudio.importers.rendering import in_words


@dataclass(frozen=True)
class CardFacts:
    """Everything the card is filled from.

    `model` is model.json, `backbone` backbone.json, `pretraining` the frozen job of the pretraining run as JSON (empty
    when the backbone was not pretrained here), `scores` scores.json (None when the model was not evaluated), `items`
    the frozen list of the project's images, `versions` library name -> version, `project` facts.json (counts, see
    `session.exporting`), `subgroups` what `classifiers.subgroups.judge` found.
    """

    model: Mapping[str, Any]
    backbone: Mapping[str, Any]
    items: Sequence[Item]
    parity: Parity
    version: str
    created: str
    versions: Mapping[str, str]
    scores: Mapping[str, Any] | None = None
    pretraining: Mapping[str, Any] = field(default_factory=dict)
    rendering: Rendering | None = None
    project: Mapping[str, Any] = field(default_factory=dict)
    subgroups: Sequence[Mapping[str, Any]] = ()


def write(facts: CardFacts) -> str:
    """The card as Markdown."""
    classes = [str(name) for name in facts.model["classes"]]
    per_class = facts.model.get("per_class", {})
    return Template(resources.text("export/MODEL_CARD.md")).substitute(
        model=facts.model["model_id"],
        version=facts.version,
        created=facts.created[:10],
        class_count=len(classes),
        class_names=", ".join(cell(name) for name in classes),
        data_table=_data_table(facts.items),
        data_notes=_data_notes(facts.items),
        label_table="\n".join(f"| {cell(name)} | {int(per_class.get(name, 0)):,} |" for name in classes),
        method=_method(facts),
        commands=_commands(facts),
        scores=_scores(facts.scores),
        subgroups=card_sections.subgroups(facts.subgroups),
        operating=card_sections.operating(operating.describe(facts.model, facts.scores)),
        energy=card_sections.energy(facts.project.get("runs", ())),
        rendering=_rendering(facts),
        channels=facts.backbone["in_channels"],
        dimensions=facts.backbone["feature_dim"],
        image_size=facts.backbone["image_size"],
        parity_images=f"{facts.parity.images:,}",
        parity=f"{facts.parity.probability:.1e}",
        tolerance=f"{TOLERANCE:.4f}",
        split_limit=_split_limit(facts),
        versions="\n".join(f"- {name} {version}" for name, version in facts.versions.items()),
        weights_licence=weights_licence(facts),
    )


def _data_table(items: Sequence[Item]) -> str:
    rows = (
        ("in the project", items),
        ("training part", [item for item in items if item.part == "train"]),
        ("test part", [item for item in items if item.part == "test"]),
        ("with a label", [item for item in items if item.label]),
    )
    return "\n".join(f"| {text} | {len(some):,} | {len({i.subject for i in some}):,} |" for text, some in rows)


def _data_notes(items: Sequence[Item]) -> str:
    scanners = len({item.scanner for item in items if item.scanner})
    sites = len({item.site for item in items if item.site})
    modalities = Counter(item.modality for item in items if item.modality)
    kinds = ", ".join(f"{cell(name)} ({count:,})" for name, count in modalities.most_common())
    return (
        f"Modalities: {kinds or 'not stated in the files'}. Scanner models: {scanners or 'not stated in the files'}."
        f" Sites: {sites or 'not stated in the files'}."
        " Patients are counted as the import grouped them; where files name no patient, a folder, or else each image,"
        " stands for one."
    )


_WAYS = {
    "lpft": "the linear classifier's head first, then the whole network slowly",
    "last": "the last stage of the network and the head",
    "frozen": "the head alone, on augmented images",
    "full": "the whole network under a new head",
    "lora": "low-rank matrices beside those of the transformer, and the head",
}


def _method(facts: CardFacts) -> str:
    model, backbone = facts.model, facts.backbone
    if model.get("kind") == "finetuned":
        return (
            f"Backbone {backbone['name']} at {backbone['image_size']} pixels. {_pretraining(facts)} It was then fitted"
            f" to the labels of {count(model.get('n_images', 0), 'image')} of"
            f" {count(model.get('n_subjects', 0), 'patient')} of the training part ({_WAYS.get(model['mode'], '')}); a"
            " fifth of them was held out, chose the best epoch and gave the one temperature"
            f" ({float(model.get('temperature', 1.0)):.3f}) that scales the logits. Seed {model.get('seed', 0)}."
        )
    return (
        f"Backbone {backbone['name']} at {backbone['image_size']} pixels. {_pretraining(facts)} On its embeddings,"
        f" standardised, a linear classifier (logistic regression, C = {model.get('C')}) was fitted to"
        f" {count(model.get('n_images', 0), 'labelled image')} of {count(model.get('n_subjects', 0), 'patient')} of"
        f" the training part. One temperature ({float(model.get('temperature', 1.0)):.3f}), found by cross-validation,"
        f" scales its logits. Seed {model.get('seed', 0)}."
    )


def _pretraining(facts: CardFacts) -> str:
    if not facts.pretraining:
        if "imagenet" in (facts.backbone.get("source"), facts.model.get("source")):
            return "Its weights were learned on ImageNet photographs; nothing was pretrained on the project's images."
        return "Its weights are random: nothing was pretrained."
    spec = facts.pretraining["spec"]
    start = spec["init"] if named_start(spec["init"]) else "a local file of weights"
    plugin = facts.pretraining.get("plugin", {})
    version = f" (plugin version {plugin['version']})" if "version" in plugin else ""
    return (
        f"Pretrained without labels by {spec['task']}{version} in run {facts.pretraining['run_id']}: start {start},"
        f" {spec['epochs']} epochs, batch {spec['batch_size']}, learning rate {spec['learning_rate']}, weight decay"
        f" {spec['weight_decay']}, augmentation preset {spec['preset']}, seed {spec['seed']}, method parameters"
        f" {json.dumps(spec.get('parameters', {}), sort_keys=True)}."
    )


def _commands(facts: CardFacts) -> str:
    lines = [] if facts.rendering is None else [commands.rendering(facts.rendering)]
    if facts.pretraining:
        lines.append(commands.pretraining(facts.pretraining["spec"]))
    known = {name: facts.backbone[name] for name in ("image_size", "depth", "seed") if name in facts.backbone}
    source = str(facts.backbone.get("source", "random"))
    lines.append(commands.embedding({**known, "source": source, "backbone": facts.backbone.get("name")}))
    lines.append(commands.classifying(facts.model["embedding"], facts.model.get("seed", 0), SplitPlan()))
    lines.append(commands.evaluating(facts.model["model_id"], facts.scores))
    return "\n".join(f"    {line}" for line in lines)


def _rendering(facts: CardFacts) -> str:
    """What the model sees, for the kinds of images in the project."""
    if facts.rendering is None:
        return "What it saw of each image was not written down."
    kinds = Counter(item.modality for item in facts.items)
    lines = []
    for modality, _ in kinds.most_common():
        unit = "HU" if modality == "CT" else ""
        seen = dict.fromkeys(in_words(facts.rendering, modality, unit))
        lines.append(f"- {cell(modality) or 'images without a modality'}: {'; '.join(seen)}")
    title = facts.rendering.title.rstrip(".")
    return "\n".join([f"{title}. Values between black and white are spread evenly over 256 greys.", "", *lines])


def _scores(scores: Mapping[str, Any] | None) -> str:
    if not scores:
        return "Not evaluated: no scores on a test part stood in the project at export. Treat it as unknown."
    images, subjects = int(scores["n_images"]), int(scores["n_subjects"])
    tested = f"{count(images, 'image')} of {count(subjects, 'patient')}"
    lines = [
        f"On the test part, whose labels were not used for fitting: {tested}. Intervals are 95 % confidence intervals.",
        "",
        "| score | value | 95 % interval | n |",
        "|---|---:|---:|---:|",
    ]
    for key, text in (("balanced_accuracy", "balanced accuracy"), ("accuracy", "accuracy")):
        lines.append(f"| {text} | {value(scores.get(key))} | {interval(scores.get(key))} | {images:,} |")
    lines += ["", *_per_class(scores.get("per_class", ())), "", *_confusion(scores), "", *card_sections.pooled(scores)]
    return "\n".join([*lines, "", _remarks(scores)]).rstrip()


def _remarks(scores: Mapping[str, Any]) -> str:
    """How the intervals were made, and which labelled test images were left out and why."""
    reasons = {
        "patient_in_training": "of patients the model was trained on",
        "copy_in_training": "that show the same picture as a training image",
        "class_not_in_model": "of classes the model does not know",
        "not_embedded": "imported after the embedding",
    }
    left_out = [
        f"Left out: {count:,} test images {reasons[name]}."
        for name, count in scores.get("left_out", {}).items()
        if count and name in reasons
    ]
    return " ".join([str(scores.get("method", "")), *map(str, scores.get("notes", ())), *left_out]).strip()


def _per_class(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    columns = ("sensitivity", "specificity", "precision", "f1", "auc")
    lines = [f"| class | n | patients | {' | '.join(columns)} |", f"|---|---:|---:|{'---:|' * len(columns)}"]
    for row in rows:
        values = [f"{value(row.get(name))} {interval(row.get(name))}".strip() for name in columns]
        lines.append(f"| {cell(str(row['name']))} | {row['n']:,} | {row['n_subjects']:,} | {' | '.join(values)} |")
    return lines


def _confusion(scores: Mapping[str, Any]) -> list[str]:
    names = [cell(str(row["name"])) for row in scores.get("per_class", ())]
    lines = ["Rows: label; columns: answer of the model.", "", f"| | {' | '.join(names)} |"]
    lines.append(f"|---|{'---:|' * len(names)}")
    for name, row in zip(names, scores.get("confusion", ()), strict=False):
        lines.append(f"| {name} | {' | '.join(f'{int(count):,}' for count in row)} |")
    return lines


def _split_limit(facts: CardFacts) -> str:
    subjects = {item.subject for item in facts.items if item.part == "test"}
    if not subjects:
        return "No test part was kept aside in the project, so nothing is known about new patients."
    shared = subjects & {item.subject for item in facts.items if item.part == "train"}
    if shared:
        return f"{count(len(shared), 'patient')} of the test part also in the training part: the scores are too good."
    return f"The scores hold for the {count(len(subjects), 'patient')} of the test part; none is in the training part."


def weights_licence(facts: CardFacts) -> str:
    """Whose terms go with the weights."""
    spec = facts.pretraining.get("spec", {})
    start = spec.get("init", facts.backbone.get("source"))
    if start == "imagenet":
        return (
            "The backbone started from public ImageNet weights of torchvision or timm; their licence (BSD-3-Clause or"
            " Apache-2.0) and ImageNet's terms (research, not commerce) go with this model."
        )
    if start not in (None, "random"):
        return "The backbone started from a local file of weights, whose licence goes with this model."
    return "The backbone started from random weights: no foreign weights are inside."
