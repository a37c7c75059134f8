"""Commands on a project's data: make one, list its runs, write embeddings out."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace

from sslstudio.catalogue.rows import RunRow
from sslstudio.cli.follow import opened
from sslstudio.cli.output import Output, Result
from sslstudio.jobs.run_directory import RunDirectory
from sslstudio.session import waiting, workflow
from sslstudio.session.project import Project


def new(options: argparse.Namespace, output: Output) -> Result:
    """`sslstudio new PROJECT`."""
    project = Project.create(options.project)
    try:
        output.say(f"Made {project.path}")
        return {"project": str(project.path), "name": project.name}
    finally:
        project.close()


def runs(options: argparse.Namespace, output: Output) -> Result:
    """`sslstudio runs PROJECT`."""
    with opened(options.project, read_only=True) as project:
        rows = [_as_it_stands(project, row) for row in project.catalogue.runs()]
        models = project.catalogue.models()
        line = waiting.queue_of(project).state().waiting
    output.table(("run", "stage", "state", "created"), [(r.run_id, r.stage, _word(r, line), r.created) for r in rows])
    if models:
        output.say("")
        table = [(m.model_id, m.embedding, ", ".join(m.classes), _balanced(m.scores)) for m in models]
        output.table(("model", "embedding", "classes", "balanced accuracy"), table)
    return {
        "runs": [
            {"run": r.run_id, "stage": r.stage, "state": _word(r, line), "created": r.created, "result": r.result}
            for r in rows
        ],
        "waiting": list(line),
        "models": [
            {"model": m.model_id, "embedding": m.embedding, "classes": list(m.classes), "scores": m.scores}
            for m in models
        ],
    }


def _as_it_stands(project: Project, row: RunRow) -> RunRow:
    """The row with its state by the run directory, when the catalogue has not yet been told of the end."""
    if row.state.final:
        return row
    return replace(row, state=RunDirectory(project.run_dir(row.run_id)).state())


def _word(row: RunRow, line: Sequence[str]) -> str:
    return "waiting" if row.run_id in line and not row.state.final else row.state.value


def _balanced(scores: dict[str, object] | None) -> str:
    value = (scores or {}).get("balanced_accuracy")
    return f"{value['value']:.3f}" if isinstance(value, dict) else ""


def save_embeddings(options: argparse.Namespace, output: Output) -> Result:
    """`sslstudio embeddings PROJECT RUN -o FILE.npy`; the image ids go beside it as FILE.ids.npy."""
    import numpy as np

    target = (
        options.output if options.output.suffix == ".npy" else options.output.with_name(options.output.name + ".npy")
    )
    beside = target.with_suffix(".ids.npy")
    with opened(options.project, read_only=True) as project:
        ids, vectors = workflow.load_embeddings(project, workflow.resolve_embedding(project, options.run))
        for path, array in ((target, vectors), (beside, ids)):
            partial = path.with_name(path.name + ".partial")
            with partial.open("wb") as stream:
                np.save(stream, array)
            partial.replace(path)
        count, dimensions = vectors.shape
    output.say(f"Wrote {count} embeddings of {dimensions} numbers to {target}, their image ids to {beside}")
    return {"file": str(target), "ids": str(beside), "count": int(count), "dimensions": int(dimensions)}
