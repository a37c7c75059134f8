"""Run directories for tests of jobs."""

from __future__ import annotations

from pathlib import Path

from sslstudio.domain.runs import Job
from sslstudio.domain.specs import MapSpec, PretrainSpec
from sslstudio.jobs.run_directory import RunDirectory


def tiny_run(root: Path, name: str) -> RunDirectory:
    """A prepared run called `name` for `tests.fakes.tiny_stages`; a pretraining on paper."""
    return RunDirectory.create(root / "runs" / name, pretrain_job(name))


def pretrain_job(name: str) -> Job:
    """A job that nothing needs to fit."""
    spec = PretrainSpec(epochs=5)
    return Job(run_id=name, stage="pretrain", name=name, spec=spec, created="2026-01-01", package_version="0")


def map_job(name: str, spec: MapSpec) -> Job:
    """A job of the map stage."""
    return Job(run_id=name, stage="map_embeddings", name=name, spec=spec, created="2026-01-01", package_version="0")
