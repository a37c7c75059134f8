"""kill -9 at any moment: a checkpoint is never lost, and a killed worker's run ends as if nothing had happened."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import safetensors.torch
import torch

from sslstudio.domain.runs import Job, Metric, RunState, Started
from sslstudio.domain.specs import PretrainSpec
from sslstudio.jobs import control
from sslstudio.jobs.launcher import LocalLauncher
from sslstudio.jobs.run_directory import RunDirectory
from tests.fakes import event_files
from tests.fakes.pretext_task import write_images

SAVE_UNTIL_KILLED = """
import json, os, random, signal, sys, time, warnings
from pathlib import Path
import torch
from sslstudio.training import checkpoint
from sslstudio.training.checkpoint import Checkpoint

warnings.simplefilter("ignore")
torch.set_num_threads(1)
folder = Path(sys.argv[1])
chance = random.Random(3)
problems = []
for attempt in range(60):
    found, damaged = checkpoint.load_newest(folder)
    start = found.step if found else 0
    if damaged:
        problems.append([attempt, "damaged"])
    if found and not torch.equal(found.tensors["x"], torch.full((200_000,), float(found.step))):
        problems.append([attempt, "content"])
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        for step in range(start + 1, start + 1000):
            checkpoint.save(folder, Checkpoint(step, {"x": torch.full((200_000,), float(step))}, {}))
            os.write(writer, b"%d\\n" % step)
    first = os.read(reader, 64) if attempt % 2 else b""  # a busy computer may save nothing in 30 ms
    time.sleep(chance.uniform(0.0, 0.03))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(writer)
    told = (first + os.read(reader, 65536)).split()
    os.close(reader)
    after, _ = checkpoint.load_newest(folder)
    if told and (after is None or after.step < int(told[-1])):
        problems.append([attempt, "lost"])
print(json.dumps({"problems": problems, "steps": after.step if after else 0}))
"""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_sixty_kills_while_saving_lose_nothing(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SAVE_UNTIL_KILLED, str(tmp_path)], capture_output=True, text=True, check=True
    )
    answer = json.loads(done.stdout)
    assert answer["problems"] == []
    assert answer["steps"] > 0


def prepare(root: Path, run_id: str) -> RunDirectory:
    spec = PretrainSpec(image_size=32, epochs=8, batch_size=8, precision="float32", device="cpu", seed=3)
    job = Job(run_id=run_id, stage="pretrain", name=run_id, spec=spec, created="2026-01-01", package_version="0")
    return RunDirectory.create(root / "runs" / run_id, job, write_images(root, 18))


def steps(run: RunDirectory) -> int:
    return max((event.step for event in run.events().events if isinstance(event, Metric)), default=0)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_a_killed_workers_run_resumes_to_the_same_weights(tmp_path: Path) -> None:
    whole, killed = prepare(tmp_path, "simclr-1"), prepare(tmp_path, "simclr-2")
    LocalLauncher().start(whole.path)
    assert control.wait(whole.path, 200) is RunState.SUCCEEDED, whole.log_tail()

    worker = LocalLauncher().start(killed.path)
    deadline = time.monotonic() + 120
    while steps(killed) < 5 and time.monotonic() < deadline:
        time.sleep(0.02)
    os.kill(worker, signal.SIGKILL)
    assert control.wait(killed.path, 30) is RunState.LOST
    assert steps(killed) < 16
    control.resume(killed.path)
    assert control.wait(killed.path, 200) is RunState.SUCCEEDED, killed.log_tail()

    first, second = (
        safetensors.torch.load_file(run.path / "artifacts" / "backbone.safetensors") for run in (whole, killed)
    )
    assert all(torch.equal(first[name], second[name]) for name in first)
    check_event_files(killed)


def check_event_files(run: RunDirectory) -> None:
    """TensorBoard's files of a run that was killed and went on: what `events.jsonl` says, each step once."""
    attempts: list[dict[tuple[str, int], float]] = []
    for event in run.events().events:
        if isinstance(event, Started):
            attempts.append({})
        elif isinstance(event, Metric):
            attempts[-1] |= {("lr" if n == "learning_rate" else n, event.step): v for n, v in event.values.items()}
    found = event_files.scalars(run.artifacts_dir / "tensorboard")
    told = {(name, step): value for name, step, value in found}
    assert len(told) == len(found) and len(attempts) == 2
    again = event_files.starts(run.artifacts_dir / "tensorboard")[
        -1
    ]  # of the steps behind it only the last word counts
    valid = {key: value for key, value in attempts[0].items() if key[1] < again} | attempts[1]
    assert {key: told[key] for key in valid} == {key: pytest.approx(value) for key, value in valid.items()}
