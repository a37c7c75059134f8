"""Commands on a project's data: make one, list its runs, write embeddings out."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace

from sslstudio.catalogue.rows import RunRow
from sslstudio.cli.follow import opened
from sslstudio.cli.output import Output, Result
from sslstudio.jobs.run_directory import RunDirectory
from sslstudio.session import embedding_export, sharing, waiting
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
    """`sslstudio embeddings PROJECT RUN -o FILE`: FILE.npy with its image ids in FILE.ids.npy, or FILE.parquet.

    Exit code 1 where the sharing check finds something in them.
    """
    with opened(options.project, read_only=True) as project:
        written = embedding_export.write(
            project, options.run, options.output, lambda done, total: output.progress(done, total, "images")
        )
        outcome = sharing.check(project, [path for path in (written.file, written.ids) if path is not None])
    rest = f", their image ids to {written.ids}" if written.ids else ""
    output.say(f"Wrote {written.count} embeddings of {written.dimensions} numbers to {written.file}{rest}")
    output.say(outcome.sentence())
    return {
        "file": str(written.file),
        "ids": str(written.ids or written.file),
        "count": written.count,
        "dimensions": written.dimensions,
        "sharing": outcome.counts(),
        "exit_code": 0 if outcome.clean else 1,
    }
