"""The report of a whole project for a colleague or an ethics board: text and figures, as PDF or one page of HTML.

It is filled from counts, curves, places on a map and scores; no name of a patient, reader, file or folder goes in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from markdown_it import MarkdownIt
from reportlab.graphics import renderSVG
from reportlab.graphics.shapes import Drawing

from sslstudio.domain.units import count
from sslstudio.exporters import citations, pdf
from sslstudio.exporters import report_figures as figures
from sslstudio.exporters.card_sections import cell, interval, value

TITLE = "Project report"
Part: TypeAlias = str | Drawing
_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem;color:#222;"
    "background:#fff}table{border-collapse:collapse;margin:.6rem 0;font-size:13px}th,td{padding:.2rem .6rem;"
    "border-bottom:1px solid #ddd;text-align:left;font-variant-numeric:tabular-nums}h2{margin-top:2rem;"
    "border-bottom:1px solid #bbb}pre{background:#f5f5f5;padding:.6rem;overflow:auto;font-size:12px}"
    "svg{max-width:100%;height:auto}"
)
_SCORES = (
    ("balanced_accuracy", "balanced accuracy"),
    ("accuracy", "accuracy"),
    ("macro_auc", "AUROC, mean of classes"),
    ("macro_f1", "F1, mean of classes"),
    ("kappa", "Cohen's kappa"),
)


@dataclass(frozen=True)
class Training:
    """One pretraining: the method, its settings, `curve` and `monitors` by name as (epoch, value), and chance level."""

    run_id: str
    method: str
    reference: str
    settings: str
    curve: Sequence[tuple[float, float]]
    chance: float | None
    monitors: Mapping[str, Sequence[tuple[float, float]]]
    task: str


@dataclass(frozen=True)
class MapFacts:
    """Places (N, 2), and labels and clusters (N,) as numbers of `classes` and of clusters; -1 for none."""

    places: npt.NDArray[np.float32]
    labels: npt.NDArray[np.int64]
    clusters: npt.NDArray[np.int64]
    classes: Sequence[str]


@dataclass(frozen=True)
class ModelFacts:
    """A classifier: its name, how it was fitted, its classes, its scores (None: never tested)."""

    model_id: str
    how: str
    classes: Sequence[str]
    scores: Mapping[str, Any] | None
    finetuned: bool = False


@dataclass(frozen=True)
class ReportFacts:
    """Everything the report is filled from; counts as (name, images, patients) or (name, number)."""

    version: str
    created: str
    images: int
    subjects: int
    studies: int
    excluded: int
    ledger: Sequence[tuple[str, int]]
    kinds: Sequence[tuple[str, int, int]]
    parts: Sequence[tuple[str, int, int]]
    labels: Sequence[tuple[str, int, int]]
    origins: Sequence[tuple[str, int]]
    readers: int
    agreement: Sequence[str]
    looks: int
    trainings: Sequence[Training]
    map: MapFacts | None
    models: Sequence[ModelFacts]
    commands: Sequence[str]
    shades: Sequence[str] = field(default=figures.PALETTE)


def write(facts: ReportFacts, path: Path) -> None:
    """Write a PDF, or HTML where the name ends so; the file appears when it is whole."""
    partial = path.with_name(path.name + ".partial")
    try:
        if path.suffix.casefold() in (".html", ".htm"):
            partial.write_text(as_html(facts), encoding="utf-8", newline="\n")
        else:
            pdf.write_parts(_parts(facts), partial, TITLE)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def as_html(facts: ReportFacts) -> str:
    """One page without scripts that loads nothing from anywhere."""
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    body = []
    for part in _parts(facts):
        if isinstance(part, str):
            body.append(parser.render(part))
        else:
            svg = renderSVG.drawToString(part)
            body.append(svg[svg.index("<svg") :].replace("font-family: Card", "font-family: system-ui, sans-serif"))
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{TITLE}</title>'
        f"<style>{_STYLE}</style></head><body>\n{''.join(body)}\n</body></html>\n"
    )


def methods(facts: ReportFacts) -> str:
    """A paragraph for a paper, with the keys of `bibtex`."""
    said = [
        f"{count(facts.images, 'image')} of {count(facts.subjects, 'patient')} were used ({facts.excluded:,} excluded)."
        " Patients were kept whole on one side of every split."
    ]
    for one in facts.trainings:
        cited = citations.keys([one.task])
        source = f"[{', '.join('@' + key for key in cited)}]" if cited else one.reference or "no publication named"
        said.append(f"A network was pretrained without labels by {one.method} ({source}): {one.settings}.")
    labelled = sum(images for _, images, _ in facts.labels)
    said.append(f"{count(labelled, 'image')} were labelled by {count(facts.readers, 'source')} (readers and tables).")
    for model in facts.models:
        tested = model.scores
        score = (tested or {}).get("balanced_accuracy")
        result = (
            f" On {count(int(tested['n_images']), 'test image')} of {count(int(tested['n_subjects']), 'patient')} its"
            f" balanced accuracy was {value(score)} {interval(score)}"
            " (95 % interval [@wilson1927])."
            if tested
            else " It was not tested."
        )
        unit = _attended(model)
        pooled = f" Images of one {unit} were pooled by gated attention [@ilse2018attention]." if unit else ""
        said.append(f"{model.how}; one temperature calibrates it [@guo2017calibration].{result}{pooled}")
    return " ".join(said) + f" SSL Studio {facts.version} was used; it is for research only."


def _attended(model: ModelFacts) -> str:
    """ "study" or "patient" where its images were pooled by attention, else ""."""
    counting = (model.scores or {}).get("counting") or {}
    unit = str(counting.get("unit", "image"))
    return unit if unit != "image" and counting.get("pooling") == "attention" else ""


def bibtex(facts: ReportFacts) -> str:
    """The entries of what was really done; of a foreign plugin what its manifest names, as a comment."""
    used = [one.task for one in facts.trainings]
    used += ["lpft"] * any(model.finetuned for model in facts.models)
    used += ["calibration", "intervals"] if facts.models else []
    used += ["attention"] * any(_attended(model) for model in facts.models)
    used += ["agreement"] if facts.agreement else []
    foreign = [
        f"% {one.method}: {one.reference or 'its plugin names no publication'}"
        for one in facts.trainings
        if not citations.is_known(one.task)
    ]
    return "\n\n".join([*dict.fromkeys(foreign), citations.bibtex([*used, "privacy"])])


def _parts(facts: ReportFacts) -> list[Part]:
    pdf.register_fonts()
    return [
        _start(facts), _flow(facts), *_data(facts), *_pretraining(facts), *_map(facts), *_labelling(facts),
        *_evaluation(facts), _end(facts),
    ]  # fmt: skip


def _start(facts: ReportFacts) -> str:
    return (
        f"# {TITLE}\n\n**Research use only. Not a medical device.**\n\nWritten by SSL Studio {facts.version} on"
        f" {facts.created[:10]}. Every number was taken from the project; names of patients, readers, files and folders"
        " stay out of it. All computing took place on the computers of the authors; nothing was sent anywhere.\n\n"
        "## The way of the data\n"
    )


def _flow(facts: ReportFacts) -> Drawing:
    labelled = sum(images for _, images, _ in facts.labels)
    files = sum(number for _, number in facts.ledger)
    part = {name: (images, patients) for name, images, patients in facts.parts}
    skipped = files - next((number for name, number in facts.ledger if name == "imported"), 0)
    tested = [model for model in facts.models if model.scores]
    return figures.flow([
        ("Files", [f"{files:,} looked at", f"{skipped:,} not used (reasons below)"]),
        ("Images", [f"{facts.images:,} of {facts.subjects:,} patients", f"{facts.studies:,} studies",
                    f"{facts.excluded:,} left out"]),
        ("Pretraining", [count(len(facts.trainings), "run"), "without labels",
                         *[one.method for one in facts.trainings[-1:]]]),
        ("Labels", [count(labelled, "image"), count(facts.readers, "source")]),
        ("Split by patient", [f"{name}: {part[name][0]:,} of {part[name][1]:,}" for name in part]),
        ("Evaluation", [count(len(facts.models), "classifier"), f"{len(tested):,} tested",
                        f"{facts.looks:,} looks at a frozen test set"]),
    ])  # fmt: skip


def _data(facts: ReportFacts) -> list[Part]:
    return [
        "## Data\n\n" + _table(("files", "number"), facts.ledger)
        + "\n\n" + _table(("modality", "images", "patients"), facts.kinds)
        + "\n\n" + _table(("part", "images", "patients"), facts.parts)
        + f"\n\n{count(facts.excluded, 'image')} left out by the authors or until burned-in text was looked at."
    ]  # fmt: skip


def _pretraining(facts: ReportFacts) -> list[Part]:
    parts: list[Part] = ["## Pretraining without labels\n"]
    if not facts.trainings:
        parts.append("Nothing was pretrained in this project.\n")
    for one in facts.trainings:
        parts.append(f"### {cell(one.method)} ({one.run_id})\n\n{one.settings}. {cell(one.reference)}\n")
        if one.curve:
            parts += [figures.curves({"loss": one.curve}, one.chance, "loss"), ""]
        healthy = {
            name: one.monitors[key]
            for key, name in (("collapse", "spread"), ("view_retrieval", "view found"),
                              ("neighbours_kept", "neighbours kept"))
            if one.monitors.get(key)
        }  # fmt: skip
        if healthy:
            parts += [
                figures.curves(healthy, None, "monitors"),
                "Spread: 1 is healthy, below .3 the network collapses. View found: share of images recognised in a"
                " second view. Neighbours kept: share of nearest neighbours that did not change since the last look.",
            ]
    return parts


def _map(facts: ReportFacts) -> list[Part]:
    if facts.map is None:
        return ["## The map\n\nNo map was made."]
    found, clusters = facts.map, int(facts.map.clusters.max(initial=-1)) + 1
    parts: list[Part] = [
        f"## The map\n\nA point an image ({len(found.places):,}"
        + (f", {figures.MOST_POINTS:,} of them shown" if len(found.places) > figures.MOST_POINTS else "")
        + "). The axes have no unit: near points look alike to the network, far distances mean nothing. By label:\n"
    ]
    parts.append(figures.scatter(found.places, found.labels, [str(name) for name in found.classes], facts.shades))
    if clusters:
        parts += ["By group found without labels:\n"]
        parts.append(figures.scatter(found.places, found.clusters, [f"group {n + 1}" for n in range(clusters)]))
    return parts


def _labelling(facts: ReportFacts) -> list[Part]:
    text = "## Labels\n\n" + _table(("class", "images", "patients"), facts.labels)
    text += "\n\n" + _table(("how labels were given", "images"), facts.origins)
    text += f"\n\n{count(facts.readers, 'source')} of labels (readers and tables); who they are stays in the project."
    agreement = facts.agreement or ["Fewer than two readers labelled the same images, so agreement is not known."]
    return [text + "\n\n### Agreement\n\n" + "\n".join(f"- {line}" for line in agreement)]


def _evaluation(facts: ReportFacts) -> list[Part]:
    parts: list[Part] = ["## Evaluation\n"]
    if not facts.models:
        parts.append("No classifier was fitted.")
    for model in facts.models:
        scores = model.scores
        parts.append(f"### {model.model_id}\n\n{model.how}.")
        if not scores:
            parts.append("It was not tested: treat it as unknown.")
            continue
        rows = [(text, value(scores.get(key)), interval(scores.get(key))) for key, text in _SCORES if key in scores]
        parts.append(
            f"Tested on {count(int(scores['n_images']), 'image')} of {count(int(scores['n_subjects']), 'patient')}.\n\n"
            + _table(("score", "value", "95 % interval"), rows)
            + "\n\n" + _per_class(scores) + f"\n\n{scores.get('method', '')} " + " ".join(scores.get("notes", ()))
            + "\n\nConfusion:\n"
        )  # fmt: skip
        parts.append(figures.confusion([str(row["name"]) for row in scores["per_class"]], scores["confusion"]))
        if bins := (scores.get("calibration") or {}).get("bins"):
            parts += ["Calibration:\n", figures.reliability(bins)]
    return parts


def _per_class(scores: Mapping[str, Any]) -> str:
    columns = ("sensitivity", "specificity", "precision", "auc")
    rows = [
        (row["name"], row["n"], row["n_subjects"], *(f"{value(row.get(c))} {interval(row.get(c))}" for c in columns))
        for row in scores["per_class"]
    ]
    return _table(("class", "n", "patients", "sensitivity", "specificity", "PPV", "AUROC"), rows)


_TO_NAME = (
    "Words in capitals are for the reader to name; `sslstudio labels PROJECT -o LABELS.csv --file-names` writes the"
    " labels, and who trains and tests."
)


def _end(facts: ReportFacts) -> str:
    commands = "\n".join(f"    {line}" for line in facts.commands) or "    (none)"
    entries = "\n".join(f"    {line}" for line in bibtex(facts).splitlines())
    return (
        "## Limits\n\n- The scores hold for patients like those counted above; other scanners, sites and protocols may"
        " give worse ones.\n- A probability is not the chance of a disease: it depends on how common each class was"
        " among the labels.\n- Patients are counted as the import told them apart.\n- A network and its embeddings can"
        " identify people (chest radiographs: AUC 0.994, Packhäuser et al. 2022): share them as the images"
        f" themselves.\n\n## Methods paragraph\n\n{methods(facts)}\n\n## Commands that repeat it\n\n{_TO_NAME}\n\n"
        f"{commands}\n\n## References\n\n{entries}\n"
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    def line(row: Sequence[object]) -> str:
        return "| " + " | ".join(f"{one:,}" if isinstance(one, int) else cell(str(one)) for one in row) + " |"

    sides = "|".join("---:" if number else "---" for number in range(len(head)))
    return "\n".join([line(head), f"|{sides}|", *(line(row) for row in rows)]) if rows else ""
