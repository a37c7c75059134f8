"""Kill -9 of a training worker, over and over: is it noticed, can it be resumed, is the result the same?

    python benchmarks/job_kills.py [--kills 60] [--images 96] [--epochs 8] [--seed 0] [--in-saves]

One small pretraining on the CPU runs undisturbed for reference. Then the same run is started and its worker killed at
random moments (with `--in-saves`, half of the kills fall while a checkpoint is being written) and resumed, until it
ends and starts again from nothing, until all kills are spent. Told: how long until a monitor in another process says
LOST, how many kills could not be resumed, how many ended runs differ from the reference in any bit.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402

from sslstudio.domain.items import Item  # noqa: E402
from sslstudio.domain.runs import Event, Failed, Job, RunState  # noqa: E402
from sslstudio.domain.specs import PretrainSpec  # noqa: E402
from sslstudio.importers.pixel_cache import PixelCacheWriter  # noqa: E402
from sslstudio.jobs import control  # noqa: E402
from sslstudio.jobs.launcher import LocalLauncher  # noqa: E402
from sslstudio.jobs.monitor import RunMonitor  # noqa: E402
from sslstudio.jobs.run_directory import RunDirectory  # noqa: E402


@dataclass
class Tally:
    """What was seen."""

    kills: int = 0
    finished: int = 0
    failed: int = 0
    not_lost: int = 0
    span: float = 0.0
    """How long a run takes now; the computer may be busier or less busy than before."""
    different: int = 0
    notice_seconds: list[float] = field(default_factory=list)


class Watch:
    """The newest state of each run, as a monitor tells it."""

    def __init__(self) -> None:
        self.states: dict[str, RunState] = {}
        self.changed = threading.Condition()

    def __call__(self, run_id: str, _events: Sequence[Event], state: RunState) -> None:
        with self.changed:
            self.states[run_id] = state
            self.changed.notify_all()

    def wait(self, run_id: str, wanted: set[RunState], seconds: float) -> RunState | None:
        """Wait until the run is in one of the wanted states; returns its state then."""
        with self.changed:
            self.changed.wait_for(lambda: self.states.get(run_id) in wanted, seconds)
            return self.states.get(run_id)


def prepare(project: Path, name: str, spec: PretrainSpec, items: list[Item]) -> RunDirectory:
    """A fresh run of `spec`."""
    job = Job(run_id=name, stage="pretrain", name=name, spec=spec, created="2026-01-01", package_version="0")
    return RunDirectory.create(project / "runs" / name, job, items)


def draw_images(project: Path, count: int) -> list[Item]:
    """Seeded blots of 40 x 40 pixels in the pixel cache."""
    random_numbers = np.random.default_rng(0)
    items = []
    with PixelCacheWriter(project / "pixels" / "import-1.bin") as writer:
        for number in range(count):
            y, x = np.mgrid[:40, :40] - random_numbers.integers(10, 30, (2, 1, 1))
            blot = 200 * np.exp(-(y**2 + x**2) / random_numbers.uniform(20, 200)) + random_numbers.normal(
                20, 5, (40, 40)
            )
            place = writer.append(np.clip(blot, 0, 255).astype(np.uint8)[:, :, None])
            same = {"study": "s", "series": "s", "modality": "", "scanner": "", "low": 0, "high": 255}
            items.append(Item(image_id=number + 1, subject=f"p{number // 2}", **same, **place.model_dump()))
        writer.sync()
    return items


def digest(run: RunDirectory) -> str:
    """SHA-256 of the trained backbone."""
    return hashlib.sha256((run.artifacts_dir / "backbone.safetensors").read_bytes()).hexdigest()


def moment(run: RunDirectory, seconds: float, in_save: bool) -> bool:
    """Wait for the moment to kill: `seconds`, and with `in_save` until a checkpoint is half written; False if over."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if run.state().final:
            return False
        time.sleep(0.005)
    if in_save:
        known = {path.name for path in run.checkpoints_dir.iterdir()}
        while not {path.name for path in run.checkpoints_dir.iterdir()} - known:
            if run.state().final:
                return False
            time.sleep(0.0005)
    return not run.state().final


def disturb(run: RunDirectory, kills: int, chance: random.Random, watch: Watch, tally: Tally, saves: bool) -> bool:
    """Run to the end with up to `kills` kills on the way; False when it could not be resumed."""
    pid = LocalLauncher().start(run.path)
    try:
        return _disturbed(run, pid, kills, chance, watch, tally, saves)
    finally:
        control.kill(run.path)


def _disturbed(
    run: RunDirectory,
    pid: int,
    kills: int,
    chance: random.Random,
    watch: Watch,
    tally: Tally,
    saves: bool,
) -> bool:
    while True:
        launched, before = time.monotonic(), run.status().attempt
        wanted = tally.kills < kills
        if wanted and moment(run, chance.uniform(0.0, tally.span), saves and chance.random() < 0.5):
            os.kill(pid, signal.SIGKILL)
            begun = time.monotonic()
            tally.kills += 1
            state = watch.wait(run.run_id, {RunState.LOST, RunState.SUCCEEDED, RunState.FAILED}, 10.0)
            tally.notice_seconds.append(time.monotonic() - begun)
        else:
            state = control.wait(run.path, 600)
            if before <= 1:
                tally.span = time.monotonic() - launched
        if state is RunState.SUCCEEDED:
            return True
        if state is not RunState.LOST:
            tally.not_lost += state is not RunState.FAILED
            last = run.last_event()
            print(f"  {run.run_id}: {state} {last.code if isinstance(last, Failed) else ''}")
            return False
        watch.states.pop(run.run_id, None)
        pid = control.resume(run.path)


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that no worker is left behind
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("kills", 60), ("images", 96), ("epochs", 8), ("seed", 0)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--in-saves", action="store_true")
    wanted = parser.parse_args()
    spec = PretrainSpec(image_size=32, epochs=wanted.epochs, batch_size=32, device="cpu", precision="float32")
    chance, tally, watch = random.Random(wanted.seed), Tally(), Watch()
    with tempfile.TemporaryDirectory(prefix="job-kills-") as folder:
        project = Path(folder)
        items = draw_images(project, wanted.images)
        reference = prepare(project, "reference", spec, items)
        begun = time.monotonic()
        LocalLauncher().start(reference.path)
        if control.wait(reference.path, 1200) is not RunState.SUCCEEDED:
            print(f"The undisturbed run did not end well: {reference.last_event()}\n{reference.log_tail()}")
            return 1
        tally.span = time.monotonic() - begun
        print(f"undisturbed: {tally.span:.1f} s, {wanted.epochs} epochs of {wanted.images} images")
        monitor = RunMonitor(watch)
        number = 0
        while tally.kills < wanted.kills:
            number += 1
            run = prepare(project, f"simclr-{number}", spec, items)
            monitor.follow(run.path)
            if disturb(run, wanted.kills, chance, watch, tally, wanted.in_saves):
                tally.finished += 1
                tally.different += digest(run) != digest(reference)
            else:
                tally.failed += 1
            monitor.unfollow(run.run_id)
            print(f"  {run.run_id}: {run.status().attempt} attempts, {tally.kills} kills so far", flush=True)
        monitor.close()
    longest = max(tally.notice_seconds, default=0.0)
    print(f"kills {tally.kills}; told LOST within {longest:.2f} s at most (gate 5 s); not told {tally.not_lost}")
    print(f"runs that ended {tally.finished}, not resumable {tally.failed}, with another result {tally.different}")
    return int(bool(tally.failed or tally.different or tally.not_lost or longest > 5.0))


if __name__ == "__main__":
    sys.exit(main())
