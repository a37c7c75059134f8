"""A training that was stopped within its fifth epoch, with the files that the loop leaves behind then."""

from __future__ import annotations

import json

from sslstudio.backbones import kept
from sslstudio.domain.runs import Event, Monitor, Progress, RunState
from sslstudio.domain.specs import PretrainSpec
from sslstudio.jobs import exit_codes
from sslstudio.jobs.run_directory import RunDirectory, RunStatus
from sslstudio.session import workflow
from sslstudio.session.project import Project
from tests.fakes.project_runs import end_cancelled, write_events

BEST, LAST = 3, 5  # epochs, counted from 1


def stopped_training(project: Project, *offered: str) -> str:
    """The name of a run that obeyed a cancel and is not adopted yet; `offered` are the weights it wrote."""
    run_id = workflow.prepare_pretrain(project, PretrainSpec(epochs=20))
    folder = project.run_dir(run_id)
    told: list[Event] = [Progress(at=0, done=LAST - 0.5, total=20, unit="epochs")]
    told += [Monitor(at=0, epoch=n, values={"collapse": 0.8, "view_retrieval": 0.5}) for n in range(LAST - 1)]
    write_events(folder, *told)
    end_cancelled(project, run_id)
    ended = RunStatus(state=RunState.CANCELLED, attempt=1, exit_code=exit_codes.CANCELLED)
    RunDirectory(folder).set_status(ended)
    facts = {
        "best": {"epoch": BEST - 1, "measure": "view_retrieval", "value": 0.5},
        "last": {"epoch": LAST - 1, "whole": False},
    }
    for name in offered:
        place = folder / "artifacts" / name
        place.mkdir()
        (place / "epoch.json").write_text(json.dumps(facts[name]))
        for file in kept.FILES:
            (place / file).write_bytes(name.encode())
    (folder / "checkpoints" / "checkpoint-000000009.safetensors").write_bytes(b"state")
    return run_id
