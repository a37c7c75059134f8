"""Preparing exports: what the card of a model is filled from is frozen here, by numbers and without names."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

from sslstudio.catalogue.rows import RunRow
from sslstudio.domain.specs import ExportFormat, ExportSpec
from sslstudio.errors import SSLStudioError
from sslstudio.exporters.sharing import knowledge
from sslstudio.session import examining, sharing, tested
from sslstudio.session.preparing import backbone_of, rendering_of, write_run
from sslstudio.session.project import Project

FACTS = "facts.json"
"""Beside the model's files in an export run: see `_facts`."""


def prepare_export(project: Project, model_id: str, format: ExportFormat = "package") -> str:
    """A run that writes a model as a package, as a network for other programs, or as a MONAI bundle.

    Raises SSLStudioError ("unknown_model", "no_images", "no_volume_export").
    """
    model = project.catalogue.model(model_id)
    described = backbone_of(project, model.embedding)
    if described is not None and described.get("depth"):
        raise SSLStudioError(
            "Models that see whole volumes cannot be exported yet.",
            "Use the model in this project, or fit one on embeddings of single images.",
            code="no_volume_export",
        )
    files = project.models_dir / model_id
    facts = _facts(project, model_id, model.embedding)

    def add_model(artifacts: Path) -> None:
        shutil.copytree(files, artifacts / "model")
        (artifacts / "model" / FACTS).write_text(json.dumps(facts), encoding="utf-8")

    spec = ExportSpec(model=model_id, embedding=model.embedding, format=format)
    seen = rendering_of(project, model.embedding)
    items = project.catalogue.items() if seen is None else project.catalogue.items(rendering=seen)
    if not items:
        raise SSLStudioError("There is no image in the project.", "Import images first.", code="no_images")
    known = sharing.knowledge(project)
    return write_run(
        project,
        "export",
        "export",
        f"Export of {model_id}",
        spec,
        items,
        private=lambda folder: knowledge.keep(known, folder),
        artifacts=add_model,
        rendering=seen,
    )


def _facts(project: Project, model_id: str, embedding: str) -> dict[str, Any]:
    """What an export says of the project besides its list of images: plain JSON, counts and codes only.

    "excluded" counts images by kind of reason, "origins" labels by how they were given, "readers" is how many people
    or tables labelled, "runs" says for each training behind the model its "stage", "seconds" and "device" as asked for;
    "columns" holds, for the test images of `tested.npz` in their order, "title", "codes" (-1: unknown) and "values",
    their number. Names of values stay behind: they may name a hospital.
    """
    catalogue = project.catalogue
    labels = catalogue.labels()
    readers = {label.author for label in labels.values()} | {rater for _, rater in catalogue.readings()}
    try:
        columns = examining.subgroup_columns(project, tested.read(project.models_dir / model_id).ids)
    except SSLStudioError:
        columns = []
    return {
        "excluded": len(catalogue.excluded()),
        "origins": dict(Counter(label.origin for label in labels.values())),
        "readers": len(readers),
        "runs": [_spent(row) for row in _trainings(project, embedding)],
        "columns": [{"title": title, "codes": codes.tolist(), "values": len(names)} for title, codes, names in columns],
    }


def _spent(row: RunRow) -> dict[str, Any]:
    spec = json.loads(row.spec_json)
    return {
        "stage": row.stage,
        "seconds": float(row.result.get("seconds") or 0.0),
        "device": str(spec.get("device", "auto")),
    }


def _trainings(project: Project, embedding: str) -> list[RunRow]:
    """The trainings that the weights of an embedding went through, newest first."""
    rows = {row.run_id: row for row in project.catalogue.runs()}
    found: list[RunRow] = []
    name = embedding
    while (row := rows.pop(name, None)) is not None:
        spec = json.loads(row.spec_json)
        if row.stage in ("pretrain", "finetune"):
            found.append(row)
        name = str(spec.get("init") if row.stage == "pretrain" else spec.get("source") or spec.get("embedding") or "")
    return found
