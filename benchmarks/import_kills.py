"""An import killed at random equals one that was not: `python benchmarks/import_kills.py SOURCE... [--kills 20]`.

The job's process is killed with -9 at random moments while it reads SOURCE, what it has written is taken over by the
project each time, as the window does, and the import is continued. In the end the project must hold what an import in
one go brings: the same list of files, the same images with the same facts, pixels and thumbnails.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from sslstudio.domain.items import PixelLocation
from sslstudio.domain.specs import ImportSpec
from sslstudio.importers.pixel_cache import PixelCache
from sslstudio.importers.thumbnails import ThumbnailStore
from sslstudio.jobs import control
from sslstudio.jobs.launcher import LocalLauncher
from sslstudio.jobs.run_directory import RunDirectory
from sslstudio.session import workflow
from sslstudio.session.project import Project


def main() -> int:
    """Run both imports and compare; returns 0 when they are equal."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sources", nargs="+", type=Path)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if sys.platform == "win32":
        raise SystemExit("Needs a system with SIGKILL.")
    folder = Path(tempfile.mkdtemp(prefix="sslstudio-kills-"))
    try:
        clean, seconds = imported(folder / "clean", options.sources)
        print(f"in one go: {len(clean['files'])} files, {len(clean['images'])} images, {seconds:.0f} s", flush=True)
        killed, kills = import_with_kills(folder / "killed", options.sources, options.kills, options.seed, seconds)
        wrong = {name: differences(clean[name], killed[name]) for name in clean}
        print(json.dumps({"kills": kills, "different": wrong}))
        return int(any(wrong.values()) or kills < options.kills)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def imported(path: Path, sources: list[Path]) -> tuple[dict[str, Any], float]:
    """What an import in one go brings, and how long it took."""
    with new_project(path) as project:
        run_id = workflow.prepare_import(project, sources, ImportSpec())
        started = time.monotonic()
        LocalLauncher().start(project.run_dir(run_id))
        control.wait(project.run_dir(run_id))
        workflow.adopt(project, run_id)
        return contents(project), time.monotonic() - started


def import_with_kills(
    path: Path, sources: list[Path], kills: int, seed: int, seconds: float
) -> tuple[dict[str, Any], int]:
    """What an import brings that was killed `kills` times, and how often it really was."""
    draw = random.Random(seed)
    done = 0
    with new_project(path) as project:
        run_id = workflow.prepare_import(project, sources, ImportSpec())
        run = RunDirectory(project.run_dir(run_id))
        LocalLauncher().start(run.path)
        while done < kills:
            wait_for_rows(run)
            time.sleep(draw.uniform(0.0, seconds / kills))
            if run.state().final:
                break
            os.kill(run.status().pid, signal.SIGKILL)
            done += 1
            until = time.monotonic() + 30
            while run.alive() and time.monotonic() < until:
                time.sleep(0.02)
            workflow.adopt_import(project, run_id)
            control.resume(run.path)
        control.wait(run.path)
        workflow.adopt(project, run_id)
        return contents(project), done


def wait_for_rows(run: RunDirectory) -> None:
    """Wait until the worker that was started has written more than stood there before, or has ended."""
    ledger = run.artifacts_dir / "ledger.jsonl"
    before = ledger.stat().st_size if ledger.exists() else 0
    while not run.state().final and (not ledger.exists() or ledger.stat().st_size <= before):
        time.sleep(0.02)


def new_project(path: Path) -> Project:
    """A project whose pseudonyms are those of every other one made here."""
    project = Project.create(path)
    project.catalogue.set_setting("pseudonym_key", "5a" * 32)
    return project


def contents(project: Project) -> dict[str, Any]:
    """All that an import leaves in a project, without numbers and places that depend on the run."""
    cache, thumbnails = PixelCache(project.pixels_dir), ThumbnailStore(project.thumbnails_dir)
    files = {
        entry.path: (entry.status, entry.code, entry.reason, entry.hint, entry.images, entry.size, entry.modality)
        for entry in project.catalogue.ledger()
    }
    images: dict[str, Any] = {}
    for image_id in project.catalogue.image_ids():
        image = project.catalogue.image(image_id)
        facts = image.model_dump(exclude={"image_id", "shard", "offset", "part", "history"})
        place = PixelLocation.model_validate(image.pixels.model_dump())
        pixels = hashlib.sha256(cache.read(place).tobytes()).hexdigest()
        jpeg = hashlib.sha256(thumbnails.get(place.shard, place.offset) or b"").hexdigest()
        images[f"{pixels}/{image.folder}/{image.file_name}/{image.frame}"] = (facts, jpeg)
    thumbnails.close()
    cache.close()
    return {"files": files, "images": images, "patients": sorted(image["subject"] for image, _ in images.values())}


def differences(left: Any, right: Any) -> int:
    """How many entries are not the same on both sides."""
    if isinstance(left, dict):
        return sum(left.get(key) != right.get(key) for key in left.keys() | right.keys())
    return int(left != right)


if __name__ == "__main__":
    sys.exit(main())
