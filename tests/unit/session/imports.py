"""Real imports without a process of their own: prepared, run here, adopted."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sslstudio.domain.runs import Done, Started
from sslstudio.domain.specs import ImportSpec
from sslstudio.jobs.run_context import RunContext
from sslstudio.jobs.run_directory import RunDirectory
from sslstudio.session import workflow
from sslstudio.session.project import Project
from sslstudio.stages import import_images
from tests.fakes.project_runs import write_events


def carry_out(
    project: Project, sources: Sequence[Path], spec: ImportSpec, *, table: Path | None = None, only: Any = None
) -> dict[str, Any]:
    """Import `sources` into the project and adopt the run; returns the stored result with `run` and its warnings."""
    run_id = workflow.prepare_import(project, sources, spec, table, only=only)
    run = RunDirectory(project.run_dir(run_id))
    events: list[Any] = []
    result = import_images.run(spec, RunContext(run, events.append), workers=1)
    write_events(run.path, Started(at=time.time(), pid=1), *events, Done(at=time.time(), result=result))
    stored = workflow.adopt(project, run_id)
    return {**stored, "run": run_id, "warnings": [one.code for one in events if one.event == "warning"]}
