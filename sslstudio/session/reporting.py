"""Gathers what the report of a project is filled from: counts, curves, places and scores, without any name."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sslstudio import __version__
from sslstudio.catalogue.rows import ModelRow, RunRow
from sslstudio.catalogue.runs import now
from sslstudio.domain.items import Item
from sslstudio.domain.runs import Metric, Monitor, RunState
from sslstudio.domain.specs import named_start
from sslstudio.errors import SSLStudioError
from sslstudio.extensions.host import find_plugin
from sslstudio.importers.reasons import reason
from sslstudio.importers.rendering import AUTO
from sslstudio.jobs.run_directory import RunDirectory
from sslstudio.session import raters
from sslstudio.session.project import Project
from sslstudio.session.results import load_map

if TYPE_CHECKING:
    from sslstudio.exporters.report import MapFacts, ModelFacts, ReportFacts, Training

_WAYS = {
    "hand": "by hand, one by one",
    "bulk": "by hand, several at once",
    "suggestion": "by accepting a suggestion",
    "import": "from a table",
    "adjudication": "by a decision between readers",
}


def gather(project: Project) -> ReportFacts:
    """All facts of the report; reads events and a map, so it takes a second. Raises SSLStudioError ("no_images")."""
    from sslstudio.exporters.report import ReportFacts

    catalogue = project.catalogue
    items, counts, labels = catalogue.items(), catalogue.counts(), catalogue.labels()
    if not counts.images:
        raise SSLStudioError("There is no image in the project.", "Import images first.", code="no_images")
    runs = [row for row in catalogue.runs() if row.state is RunState.SUCCEEDED]
    overview = raters.overview(project)
    names = {rater.name: f"reader {number}" for number, rater in enumerate(overview.raters, start=1)}
    classes = catalogue.classes()
    return ReportFacts(
        version=__version__,
        created=now(),
        images=counts.images,
        subjects=counts.subjects,
        studies=counts.studies,
        excluded=counts.excluded,
        ledger=_ledger(catalogue.ledger_counts()),
        kinds=_kinds(items),
        parts=_parts(items),
        labels=[(one.name, *_of(items, one.name)) for one in classes],
        origins=[
            (_WAYS.get(way, way), n) for way, n in Counter(label.origin for label in labels.values()).most_common()
        ],
        readers=len(overview.raters),
        agreement=_agreement(overview, names),
        looks=sum(kind == "evaluated" for _, kind, *_ in catalogue.test_history()),
        trainings=[_training(project, row) for row in runs if row.stage == "pretrain"],
        map=_map(project, runs, items, [one.name for one in classes]),
        models=[_model(project, row) for row in catalogue.models()],
        commands=_commands(project, runs, catalogue.models()),
        shades=[one.colour for one in classes] or ["#0072B2"],
    )


def write(project: Project, path: Path) -> None:
    """Write the report as PDF or HTML; raises SSLStudioError ("no_images", "not_written")."""
    from sslstudio.exporters import report

    facts = gather(project)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        report.write(facts, path)
    except OSError:
        raise SSLStudioError(
            "The report could not be written.", "Choose another folder, or free some space.", code="not_written"
        ) from None


def _ledger(codes: dict[str, int]) -> list[tuple[str, int]]:
    return [("imported" if code == "imported" else _sentence(code), n) for code, n in sorted(codes.items())]


def _sentence(code: str) -> str:
    try:
        return f"not used: {reason(code).sentence}"
    except KeyError:
        return f"not used: {code.replace('_', ' ')}"


def _kinds(items: list[Item]) -> list[tuple[str, int, int]]:
    images = Counter(item.modality or "not stated" for item in items)
    whose: dict[str, set[str]] = defaultdict(set)
    for item in items:
        whose[item.modality or "not stated"].add(item.subject)
    return [(name, n, len(whose[name])) for name, n in images.most_common()]


def _parts(items: list[Item]) -> list[tuple[str, int, int]]:
    found = []
    for part, name in (("train", "training"), ("test", "test"), ("", "not divided")):
        some = [item for item in items if item.part == part]
        if some:
            found.append((name, len(some), len({item.subject for item in some})))
    return found


def _of(items: list[Item], label: str) -> tuple[int, int]:
    some = [item for item in items if item.label == label]
    return len(some), len({item.subject for item in some})


def _agreement(overview: raters.Overview, names: dict[str, str]) -> list[str]:
    lines = []
    for (one, other), found in overview.pairs.items():
        kappa = "not defined" if found.kappa is None else f"{found.kappa:.2f} ({found.low:.2f} to {found.high:.2f})"
        lines.append(
            f"{names[one]} and {names[other]}: {found.agree:.0%} alike on {found.n:,} images of {found.patients:,}"
            f" patients; Cohen's kappa {kappa}, 95 % interval by patient."
        )
    if overview.together is not None and overview.together.kappa is not None:
        both = overview.together
        lines.append(f"All {both.raters}: Fleiss' kappa {both.kappa:.2f} ({both.low:.2f} to {both.high:.2f}).")
    if lines and overview.disputes:
        lines.append(f"{len(overview.disputes):,} images on which readers differ wait for a decision.")
    return lines


def _training(project: Project, row: RunRow) -> Training:
    from sslstudio.exporters.report import Training

    spec = json.loads(row.spec_json)
    events = RunDirectory(project.run_dir(row.run_id)).events().events
    monitors: dict[str, list[tuple[float, float]]] = defaultdict(list)
    chance = None
    for event in events:
        if isinstance(event, Monitor):
            for name, number in event.values.items():
                monitors[name].append((event.epoch + 1.0, number))
        elif isinstance(event, Metric) and "chance" in event.values:
            chance = event.values["chance"]
    steps = [event for event in events if isinstance(event, Metric) and "loss" in event.values]
    curve = monitors.get("loss") or []
    if len(curve) < 2:  # a short run shows its steps
        last = max((event.step for event in steps), default=0) + 1
        curve = [((event.step + 1) / last * spec["epochs"], event.values["loss"]) for event in steps]
    title, reference = spec["task"], ""
    try:
        entry = find_plugin(spec["task"]).task(spec["task"])
        title, reference = entry.title, entry.reference
    except SSLStudioError:
        reference = "its plugin is no longer installed"
    start = spec["init"] if named_start(spec["init"]) else "a local file of weights"
    settings = (
        f"{spec['backbone']} at {spec['image_size']} pixels, start {start}, epochs {spec['epochs']}, batch"
        f" {spec['batch_size']}, learning rate {spec['learning_rate']}, augmentation {spec['preset']},"
        f" seed {spec['seed']}"
    )
    return Training(row.run_id, title, reference, settings, curve, chance, dict(monitors), spec["task"])


def _map(project: Project, runs: list[RunRow], items: list[Item], classes: list[str]) -> MapFacts | None:
    import numpy as np

    from sslstudio.exporters.report import MapFacts

    latest = next((row for row in reversed(runs) if row.stage == "map_embeddings" and row.adopted), None)
    found = load_map(project, latest.run_id) if latest is not None else None
    if found is None:
        return None
    place = {name: number for number, name in enumerate(classes)}
    known = {item.image_id: place.get(item.label, -1) for item in items}
    labels = np.array([known.get(int(image_id), -1) for image_id in found.ids], dtype=np.int64)
    return MapFacts(found.xy, labels, found.cluster.astype(np.int64), classes)


def _model(project: Project, row: ModelRow) -> ModelFacts:
    from sslstudio.exporters.report import ModelFacts

    kept = _kept(project, row)
    tuned = kept.get("kind") == "finetuned"
    images, patients = int(kept.get("n_images", 0)), int(kept.get("n_subjects", 0))
    how = "The network was fine-tuned" if tuned else f"A linear classifier was fitted on the embeddings {row.embedding}"
    return ModelFacts(
        row.model_id, f"{how} with {images:,} labelled images of {patients:,} patients", row.classes, row.scores, tuned
    )


def _commands(project: Project, runs: list[RunRow], models: list[ModelRow]) -> list[str]:
    """What repeats the project on the same images and labels; sources and tables are for the reader to name."""
    from sslstudio.exporters import commands

    made = {"pretrain": commands.pretraining, "embed": commands.embedding, "map_embeddings": commands.mapping}
    specs = [(row, json.loads(row.spec_json)) for row in runs]
    lines = ["sslstudio new PROJECT"]
    for row, spec in specs:
        if row.stage == "import_images" and not any(spec.get(name) for name in ("dry_run", "again", "relink_only")):
            lines.append(commands.importing(spec))
    seen = project.catalogue.rendering()
    if seen.preset != AUTO:
        lines.append(commands.rendering(seen))
    lines += [made[row.stage](spec) for row, spec in specs if row.stage in made]
    divided = any(part for _, _, part in project.catalogue.subjects())
    lines.append("sslstudio label PROJECT --table LABELS.csv" + " --split-column split" * divided)
    tuned = {row.run_id: spec for row, spec in specs if row.stage == "finetune"}
    for model in models:
        if model.model_id in tuned:
            lines.append(commands.finetuning(tuned[model.model_id]))
            continue
        plan, kept = project.catalogue.model_split(model.model_id), _kept(project, model)
        lines.append(commands.classifying(model.embedding, int(kept.get("seed", 0)), plan))
        lines.append(commands.evaluating(model.model_id, model.scores))
    return lines


def _kept(project: Project, row: ModelRow) -> dict[str, Any]:
    """The description of a model; empty where it cannot be read."""
    try:
        kept: dict[str, Any] = json.loads((project.models_dir / row.model_id / "model.json").read_bytes())
    except (OSError, ValueError):
        return {}
    return kept
