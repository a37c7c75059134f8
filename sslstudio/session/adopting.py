"""Adopting ended runs: what they left becomes part of the project. Repeating it changes nothing."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from sslstudio.domain.items import PixelLocation
from sslstudio.domain.ledger import LedgerRow
from sslstudio.domain.runs import RunState
from sslstudio.domain.specs import ImportSpec
from sslstudio.errors import SSLStudioError
from sslstudio.jobs.run_directory import RunDirectory
from sslstudio.session.project import Project

LEDGER = "ledger.jsonl"


def adopt(project: Project, run_id: str) -> None:
    """Record how the run stands and, if it has ended, take over what it left.

    An import that failed, was stopped or lost is taken over as far as it came. Its private folder (local paths, the
    key) and its ledger go when it succeeded or was stopped; after a failure they stay, so that it can go on.
    Raises SSLStudioError ("unknown_run", "result_missing").
    """
    row = project.catalogue.run(run_id)
    run = RunDirectory(project.run_dir(run_id))
    state = run.state()
    if not state.final:
        project.catalogue.set_run_state(run_id, state)
        return
    if row.stage == "import_images":
        _adopt_import(project, run, ImportSpec.model_validate_json(row.spec_json).dry_run)
    elif state is RunState.SUCCEEDED:
        if row.stage == "embed":
            _move(run.artifacts_dir / "image_ids.npy", project.embeddings_dir / f"{run_id}.ids.npy")
            _move(run.artifacts_dir / "embeddings.npy", project.embeddings_dir / f"{run_id}.npy")
        elif row.stage == "map_embeddings":
            _move(run.artifacts_dir / "map.npz", project.maps_dir / f"{run_id}.npz")
        elif row.stage == "export":
            _copy_package(run.artifacts_dir, project.exports_dir, json.loads(row.spec_json)["model"])
    if row.stage == "retrieve":  # nothing in it is of use to a later attempt, and it may hold a password
        shutil.rmtree(run.private_dir, ignore_errors=True)
    ended = state in (RunState.SUCCEEDED, RunState.CANCELLED)
    if ended and (row.stage == "import_images" or state is RunState.SUCCEEDED):
        shutil.rmtree(run.private_dir, ignore_errors=True)
        if row.stage == "import_images":
            (run.artifacts_dir / LEDGER).unlink(missing_ok=True)
    project.catalogue.set_run_state(run_id, state, run.result())
    project.catalogue.set_adopted(run_id, state is RunState.SUCCEEDED)


def reattach(project: Project) -> list[str]:
    """After opening: adopt what ended meanwhile; returns the ids of runs that are still at work."""
    running = []
    for row in project.catalogue.runs():
        run = RunDirectory(project.run_dir(row.run_id))
        if row.state is RunState.PREPARED and not run.status().attempt:
            if row.stage == "retrieve":  # never started, and its request may hold a password
                shutil.rmtree(run.private_dir, ignore_errors=True)
            continue
        if not row.state.final:
            adopt(project, row.run_id)
            if not project.catalogue.run(row.run_id).state.final:
                running.append(row.run_id)
    return running


def _adopt_import(project: Project, run: RunDirectory, dry_run: bool) -> None:
    path = run.artifacts_dir / LEDGER
    if path.exists():
        lost = [shard for shard in project.catalogue.shards() if not (project.pixels_dir / shard).is_file()]
        rows = _ledger(path, project.pixels_dir)
        project.catalogue.adopt_import(run.run_id, rows, dry_run=dry_run, lost=lost)


def _ledger(path: Path, pixels_dir: Path) -> Iterator[LedgerRow]:
    """The rows of a ledger as far as it was written; images whose pixels did not reach the cache become skipped."""
    sizes: dict[str, int] = {}

    def stored(place: PixelLocation | None) -> bool:
        if place is None:
            return True
        if place.shard not in sizes:
            shard = pixels_dir / Path(place.shard).name
            sizes[place.shard] = shard.stat().st_size if shard.is_file() else 0
        width = 2 if place.dtype == "uint16" else 1
        return place.offset + place.height * place.width * place.channels * width <= sizes[place.shard]

    with path.open("rb") as stream:
        for line in stream:
            try:
                row = LedgerRow.model_validate_json(line)
            except ValidationError:  # the worker was killed while it wrote this line
                continue
            if not all(stored(image.pixels) for image in row.images):
                row = LedgerRow(
                    path=row.path,
                    status="skipped",
                    code="pixels_lost",
                    reason="Its decoded pixels did not reach the disk.",
                    hint="Import it again.",
                    size=row.size,
                    modified_ns=row.modified_ns,
                )
            yield row


def _move(source: Path, target: Path) -> None:
    """Move a finished file to its place in the project; done already when only the target is there."""
    if source.is_file():
        source.replace(target)
    elif not target.is_file():
        raise SSLStudioError("A result of this run is missing.", "Start the run again.", code="result_missing")


def _copy_package(artifacts: Path, exports: Path, model_id: str) -> None:
    """Copy the package to `exports/<model>-package` and its archive beside it, replacing older ones at once."""
    source = artifacts / "package"
    target = exports / f"{model_id}-package"
    if not source.is_dir():
        raise SSLStudioError("The package of this run is missing.", "Export the model again.", code="result_missing")
    partial, old = target.with_name(target.name + ".partial"), target.with_name(target.name + ".old")
    for folder in (partial, old):
        shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(source, partial)
    if target.exists():
        target.rename(old)
    partial.rename(target)
    shutil.rmtree(old, ignore_errors=True)
    archive = artifacts / "package.zip"
    if archive.is_file():
        copy = exports / f"{model_id}-package.zip.partial"
        shutil.copyfile(archive, copy)
        copy.replace(copy.with_suffix(""))
