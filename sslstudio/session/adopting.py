"""Adopting ended runs: what they left becomes part of the project. Repeating it changes nothing."""

from __future__ import annotations

import contextlib
import json
import shutil
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from sslstudio.catalogue.import_list import FILES_PER_TRANSACTION
from sslstudio.catalogue.rows import RunRow
from sslstudio.domain.findings import COMPARED, KNOWN, LOOKS, Finding, KnownImage, Look
from sslstudio.domain.items import PixelLocation
from sslstudio.domain.ledger import LedgerRow
from sslstudio.domain.record import Record
from sslstudio.domain.runs import RunState
from sslstudio.domain.specs import ImportSpec, TriageSpec
from sslstudio.errors import SSLStudioError
from sslstudio.importers.chosen import ChosenSource
from sslstudio.importers.reasons import PIXELS_LOST, reason
from sslstudio.jobs import control
from sslstudio.jobs.run_directory import RunDirectory
from sslstudio.session.finetuning import adopt_finetuned
from sslstudio.session.map_groups import hand_on_names
from sslstudio.session.project import Project

LEDGER = "ledger.jsonl"

R = TypeVar("R", bound=Record)


def adopt(project: Project, run_id: str) -> dict[str, Any]:
    """Record how the run stands and, if it has ended, take over what it left; returns the result as it is stored.

    An import that failed, was stopped or lost is taken over as far as it came; its private folder (local paths, the
    key) and its ledger stay, so that it can go on, until it has succeeded or `discard_import` lets go of the rest.
    Raises SSLStudioError ("unknown_run", "result_missing").
    """
    row = project.catalogue.run(run_id)
    run = RunDirectory(project.run_dir(run_id))
    state = run.state()
    if not state.final:
        project.catalogue.set_run_state(run_id, state)
        return row.result
    if row.stage == "pretrain":
        control.settle_kept(run.path)
    if row.stage == "import_images":
        adopt_import(project, run_id, ended=True)
    elif row.stage == "triage":
        _adopt_triage(project, run, state)
    elif state is RunState.SUCCEEDED:
        if row.stage in ("embed", "finetune"):
            _move(run.artifacts_dir / "image_ids.npy", project.embeddings_dir / f"{run_id}.ids.npy")
            _move(run.artifacts_dir / "embeddings.npy", project.embeddings_dir / f"{run_id}.npy")
            if row.stage == "finetune":
                adopt_finetuned(project, run_id)
        elif row.stage == "map_embeddings":
            _move(run.artifacts_dir / "map.npz", project.maps_dir / f"{run_id}.npz")
            hand_on_names(project, run_id)
        elif row.stage == "export":
            spec = json.loads(row.spec_json)
            name = f"{spec['model']}-{spec.get('format', 'package')}"
            _copy_package(run.artifacts_dir, project.exports_dir, name)
    if row.stage == "retrieve":  # nothing in it is of use to a later attempt, and it may hold a password
        shutil.rmtree(run.private_dir, ignore_errors=True)
    if state is RunState.SUCCEEDED:
        _clean(project, run)
    result = _gained(project, run_id, run.result()) if row.stage == "import_images" else run.result()
    project.catalogue.set_run_state(run_id, state, result)
    project.catalogue.set_adopted(run_id, state is RunState.SUCCEEDED)
    return result


def _gained(project: Project, run_id: str, result: dict[str, Any]) -> dict[str, Any]:
    """An import knows what it has read; only here is known which of it the project has already, in another file."""
    if not result or result.get("dry_run"):
        return result
    images = project.catalogue.images_of_run(run_id)
    return {**result, "images": images, "copies": max(0, int(result.get("images", 0)) - images)}


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


def adopt_import(
    project: Project,
    run_id: str,
    *,
    up_to: int | None = None,
    ended: bool = False,
    told: Callable[[int, int], None] = lambda done, total: None,
) -> int:
    """Take over what an import has written so far, also while it goes on; returns the bytes of its ledger taken over.

    `up_to` is how much of its ledger the import says is on the disk; None means all. At most 500 files a transaction;
    where it stands is stored with the rows, so that it can be stopped and called again at any time. `told` hears of
    the bytes done and wanted after each.
    """
    catalogue = project.catalogue
    run = RunDirectory(project.run_dir(run_id))
    path = run.artifacts_dir / LEDGER
    spec = ImportSpec.model_validate_json(catalogue.run(run_id).spec_json)
    with _one_at_a_time(project, run_id):
        if not path.exists():
            return 0
        end = path.stat().st_size if up_to is None else up_to
        start = catalogue.adopted_up_to(run_id)
        if start == 0 or start > end:
            catalogue.begin_adoption()
            start = 0
        lost = [shard for shard in catalogue.shards() if not (project.pixels_dir / shard).is_file()]
        place = start
        for rows, place in _ledger(path, project.pixels_dir, start, end):
            catalogue.adopt_rows(run_id, rows, dry_run=spec.dry_run, lost=lost, up_to=place, relinked=spec.relink_only)
            told(place - start, end - start)
        if ended or place > start:
            catalogue.settle_adoption()
        if ended and place and not (spec.dry_run or spec.relink_only):
            catalogue.remember_sources(_chosen(run))
    return place


def _chosen(run: RunDirectory) -> list[ChosenSource]:
    """What an import went through; nothing where it read single files of the list again."""
    with contextlib.suppress(OSError, ValueError, KeyError):
        private = json.loads((run.private_dir / "sources.json").read_bytes())
        return [] if "only" in private else [ChosenSource(*one) for one in private["chosen"]]
    return []


_adopting: defaultdict[tuple[Path, str], threading.Lock] = defaultdict(threading.Lock)


def _one_at_a_time(project: Project, run_id: str) -> threading.Lock:
    """The window adopts an import while it runs and when it has ended; these may not meet."""
    return _adopting[project.path, run_id]


def unfinished_imports(project: Project) -> list[RunRow]:
    """Imports that were stopped, killed or failed and can go on, newest first."""
    return [
        row
        for row in reversed(project.catalogue.runs())
        if row.stage == "import_images"
        and row.state in (RunState.CANCELLED, RunState.FAILED, RunState.LOST)
        and (project.run_dir(row.run_id) / "private" / "sources.json").is_file()
    ]


def discard_import(project: Project, run_id: str) -> None:
    """Let go of what an unfinished import has not read: it cannot go on; what it brought stays."""
    adopt_import(project, run_id, ended=True)
    _clean(project, RunDirectory(project.run_dir(run_id)))


def _clean(project: Project, run: RunDirectory) -> None:
    """Remove local paths and keys from a run that has come to its end."""
    with _one_at_a_time(project, run.run_id):
        shutil.rmtree(run.private_dir, ignore_errors=True)
        (run.artifacts_dir / LEDGER).unlink(missing_ok=True)
        project.catalogue.end_adoption(run.run_id)


def _adopt_triage(project: Project, run: RunDirectory, state: RunState) -> None:
    """Take over the images that were looked at, however the run ended, and the comparison if it came to its end."""
    looks, compared, known = (run.artifacts_dir / name for name in (LOOKS, COMPARED, KNOWN))
    if looks.is_file():
        project.catalogue.adopt_looks(run.run_id, _records(looks, Look))
    if state is RunState.SUCCEEDED and compared.is_file():
        searched = [one.image_id for one in _records(known, KnownImage) if one.hashes] if known.is_file() else []
        searched += [one.image_id for one in _records(looks, Look)] if looks.is_file() else []
        anew = TriageSpec.model_validate_json(project.catalogue.run(run.run_id).spec_json).again
        project.catalogue.adopt_compared(run.run_id, _records(compared, Finding), searched, anew=anew)
        for path in (compared, looks, known):
            path.unlink(missing_ok=True)


def _records(path: Path, kind: type[R]) -> Iterator[R]:
    """The lines of a file as far as they were written whole."""
    with path.open("rb") as stream:
        for line in stream:
            with contextlib.suppress(ValidationError):
                yield kind.model_validate_json(line)


def _ledger(path: Path, pixels_dir: Path, start: int, end: int) -> Iterator[tuple[list[LedgerRow], int]]:
    """The complete rows between two bytes of a ledger, in chunks, each with the byte behind it.

    Files whose pixels did not reach the cache become skipped.
    """
    sizes: dict[str, int] = {}

    def stored(place: PixelLocation | None) -> bool:
        if place is None:
            return True
        if place.shard not in sizes:
            shard = pixels_dir / Path(place.shard).name
            sizes[place.shard] = shard.stat().st_size if shard.is_file() else 0
        width = 2 if place.dtype == "uint16" else 1
        return place.offset + place.height * place.width * place.channels * width <= sizes[place.shard]

    rows: list[LedgerRow] = []
    with path.open("rb") as stream:
        stream.seek(start)
        for line in stream:
            if start + len(line) > end or not line.endswith(b"\n"):
                break
            start += len(line)
            try:
                row = LedgerRow.model_validate_json(line)
            except ValidationError:  # the worker was killed while it wrote this line
                continue
            if not all(stored(image.pixels) for image in row.images):
                why = reason(PIXELS_LOST)
                row = LedgerRow(
                    path=row.path,
                    source=row.source,
                    status="skipped",
                    code=PIXELS_LOST,
                    reason=why.sentence,
                    hint=why.hint,
                    size=row.size,
                    modified_ns=row.modified_ns,
                )
            rows.append(row)
            if len(rows) >= FILES_PER_TRANSACTION:
                yield rows, start
                rows = []
    yield rows, start


def _move(source: Path, target: Path) -> None:
    """Move a finished file to its place in the project; done already when only the target is there."""
    if source.is_file():
        source.replace(target)
    elif not target.is_file():
        raise SSLStudioError("A result of this run is missing.", "Start the run again.", code="result_missing")


def _copy_package(artifacts: Path, exports: Path, name: str) -> None:
    """Copy the package to `exports/<name>` and its archive beside it, replacing older ones at once."""
    source = artifacts / "package"
    target = exports / name
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
        copy = exports / f"{name}.zip.partial"
        shutil.copyfile(archive, copy)
        copy.replace(copy.with_suffix(""))
