"""Commands on labels: take them from a table, all or a few per class, and write them out."""

from __future__ import annotations

import argparse
import random
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict, replace

from sslstudio.cli.follow import opened
from sslstudio.cli.output import Output, Result
from sslstudio.domain.items import Item, Part
from sslstudio.domain.labels import SetLabels
from sslstudio.labels.agreement import Agreement, Several
from sslstudio.session import label_export, label_import, raters, workflow
from sslstudio.session.project import Project


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
    """`sslstudio labels PROJECT -o FILE`: one row for each labelled or marked image, CSV or Parquet by the name.

    File names, notes and the answers of other raters stand in it only when asked for: the first two may say who the
    patient is.
    """
    wanted = label_export.Wanted(options.file_names, options.notes, options.readings)
    with opened(options.project, read_only=True) as project:
        done = label_export.write(project, options.output, wanted)
    output.say(f"Wrote {done.labels} labels to {options.output}")
    result: Result = {"file": str(options.output), "labels": done.labels}
    return {**result, "readings": done.readings} if options.readings else result


def merge(options: argparse.Namespace, output: Output) -> Result:
    """`sslstudio merge-labels PROJECT TABLE [--rater NAME] [--conflicts mine|theirs|leave] [--dry-run]`."""
    with opened(options.project, read_only=options.dry_run) as project:
        table = label_import.read(options.table)
        guess = table.guess()
        columns = replace(guess, image=options.image_column or guess.image, label=options.label_column or guess.label)
        plan = label_import.compare(project, table, columns, options.rater)
        found = {
            "new": len(plan.new),
            "same": len(plan.same),
            "conflicts": len(plan.conflicts),
            "unknown_images": len(plan.unknown_images),
            "ambiguous": len(plan.ambiguous),
            "unknown_classes": dict(plan.unknown_classes),
            "blank": plan.blank,
            "raters": list(plan.raters),
        }
        for name, number in found.items():
            output.say(f"{name.replace('_', ' ')}: {number}")
        if options.dry_run:
            return dict(found)
        verdicts = dict.fromkeys((one.image_id for one in plan.conflicts), options.conflicts)
        command, taken = label_import.take_over(project.catalogue.classes(), plan, verdicts)
        if command is not None:
            project.catalogue.apply(command)
    output.say(
        f"{taken.labelled} images labelled, {taken.replaced} of them anew; {taken.to_decide} wait for a decision"
    )
    return {**found, **asdict(taken), "new_classes": list(taken.new_classes)}


def agreement(options: argparse.Namespace, output: Output) -> Result:
    """`sslstudio agreement PROJECT`: who labelled, and how far they agree."""
    with opened(options.project, read_only=True) as project:
        found = raters.overview(project)
        names = {info.class_id: info.name for info in project.catalogue.classes()}
    output.table(("rater", "images", "with a class"), [(one.name, one.images, one.with_class) for one in found.raters])
    pairs = []
    for (one, other), told in found.pairs.items():
        output.say(f"{one} and {other}: {_agreement(told)}")
        pairs.append({"raters": [one, other], **_figures(told, names)})
    together = None
    if found.together is not None:
        output.say(f"all {found.together.raters}, Fleiss: {_agreement(found.together)}")
        together = _figures(found.together, names)
    output.say(f"{len(found.disputes)} images wait for a decision")
    return {
        "raters": [asdict(one) for one in found.raters],
        "pairs": pairs,
        "together": together,
        "to_decide": len(found.disputes),
    }


def _agreement(told: Agreement | Several) -> str:
    kappa = "none" if told.kappa is None else f"{told.kappa:.3f} ({told.low:.3f} to {told.high:.3f})"
    return f"kappa {kappa}, {100 * told.agree:.0f} % of {told.n} images from {told.patients} patients"


def _figures(told: Agreement | Several, names: Mapping[int, str]) -> Result:
    classes = {names.get(one.class_id, str(one.class_id)): one.agree for one in told.classes}
    return {
        "kappa": told.kappa, "low": told.low, "high": told.high, "agree": told.agree, "n": told.n,
        "patients": told.patients, "classes": classes,
    }  # fmt: skip
