"""Commands on labels: take them from a table, all or a few per class, and write them out."""

from __future__ import annotations

import argparse
import csv
import random
from collections import defaultdict
from dataclasses import asdict

from sslstudio.cli.follow import opened
from sslstudio.cli.output import Output, Result
from sslstudio.domain.items import Item, Part
from sslstudio.domain.labels import SetLabels
from sslstudio.session import workflow
from sslstudio.session.project import Project

COLUMNS = ("image_id", "frame", "subject", "label", "mark", "origin", "author", "at", "split")


def label(options: argparse.Namespace, output: Output) -> Result:
    """`sslstudio label PROJECT --table CSV [--per-class N --seed S --part train]`."""
    with opened(options.project) as project:
        taken = workflow.label_from_table(
            project, options.table, options.image_column, options.label_column, options.split_column
        )
        result: Result = {**asdict(taken), "new_classes": list(taken.new_classes)}
        if options.per_class is not None:
            result["cleared"] = keep_few(project, options.per_class, options.part, options.seed)
        result["per_class"] = count_labels(project)
    output.say(f"{taken.labelled} images labelled from the table, {taken.unmatched} rows without an image")
    for count, why in (
        (taken.kept, "images keep the label that was set by hand"),
        (taken.ambiguous, "rows fit several files and were left out"),
        (taken.blank, "rows name no label"),
    ):
        if count:
            output.say(f"{count} {why}")
    if "cleared" in result:
        output.say(f"kept {options.per_class} of each class of the {options.part} part, {result['cleared']} cleared")
    rows = [(name, parts.get("train", 0), parts.get("test", 0)) for name, parts in result["per_class"].items()]
    output.table(("class", "train", "test"), rows)
    return result


def keep_few(project: Project, per_class: int, part: Part, seed: int) -> int:
    """Leave `per_class` labels of each class in `part`, drawn by `seed`, and clear the rest; returns how many.

    Only labels that came from a table are cleared. Without any split, one by patient is made first, so that the
    labels of test patients stay for scoring. The same labels and seed draw the same images.
    """
    workflow.ensure_split(project)
    labels = project.catalogue.labels()
    of_class: dict[str, list[Item]] = defaultdict(list)
    for item in project.catalogue.items():
        if item.label and item.part == part:
            of_class[item.label].append(item)
    drawn: set[int] = set()
    generator = random.Random(seed)
    for _, items in sorted(of_class.items()):
        drawn.update(item.image_id for item in generator.sample(items, min(per_class, len(items))))
    surplus = [
        item.image_id
        for items in of_class.values()
        for item in items
        if item.image_id not in drawn and labels[item.image_id].origin == "import"
    ]
    if surplus:
        text = f"Keep {per_class} labels of each class"
        project.catalogue.apply(SetLabels(text=text, labels=tuple((image_id, None) for image_id in sorted(surplus))))
    return len(surplus)


def count_labels(project: Project) -> dict[str, dict[str, int]]:
    """Labelled images by class name and part."""
    counts: dict[str, dict[str, int]] = {info.name: {} for info in project.catalogue.classes()}
    for item in project.catalogue.items():
        if item.label:
            parts = counts.setdefault(item.label, {})
            parts[item.part or "train"] = parts.get(item.part or "train", 0) + 1
    return counts


def save_labels(options: argparse.Namespace, output: Output) -> Result:
    """`sslstudio labels PROJECT -o CSV`: one row for each labelled or marked image.

    File names stand in it only with `--file-names`, in the column `image`: they may say who the patient is.
    """
    header = ("image", *COLUMNS) if options.file_names else COLUMNS
    with opened(options.project, read_only=True) as project:
        names = {info.class_id: info.name for info in project.catalogue.classes()}
        labels = project.catalogue.labels()
        partial = options.output.with_name(options.output.name + ".partial")
        with partial.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream)
            writer.writerow(header)
            for image_id, given in sorted(labels.items()):
                image = project.catalogue.image(image_id)
                name = "" if given.class_id is None else names[given.class_id]
                facts = (image_id, image.frame, image.subject, name, given.mark, given.origin, given.author, given.at)
                row = (*facts, image.part)
                writer.writerow((image.file_name, *row) if options.file_names else row)
        partial.replace(options.output)
    output.say(f"Wrote {len(labels)} labels to {options.output}")
    return {"file": str(options.output), "labels": len(labels)}
