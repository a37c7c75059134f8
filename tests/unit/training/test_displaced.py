"""A run whose folder was removed, and perhaps made anew by another run: its worker writes nothing there any more."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import torch

from sslstudio.api import Batch
from sslstudio.domain.runs import Progress, RunState
from sslstudio.jobs import exit_codes, processes, run_lock, worker
from sslstudio.jobs.launcher import LocalLauncher
from sslstudio.jobs.run_context import RunContext
from sslstudio.jobs.run_directory import RunDirectory, RunStatus
from sslstudio.stages.context import Displaced
from sslstudio.training.keeping import BestWeights
from sslstudio.training.scalars import ScalarFiles
from tests.fakes.runs import pretrain_job, tiny_run
from tests.fakes.tiny_stages import COMMAND
from tests.unit.training.conftest import Bench

posix = pytest.mark.skipif(sys.platform == "win32", reason="an open folder cannot be removed on Windows")
Files = dict[str, bytes]


def remove(run: RunDirectory) -> None:
    while run.path.exists():  # its worker may be writing at this moment
        shutil.rmtree(run.path, ignore_errors=True)


def files(run: RunDirectory) -> Files:
    return {str(path.relative_to(run.path)): path.read_bytes() for path in run.path.rglob("*") if path.is_file()}


def replaced(run: RunDirectory) -> Files:
    """Another run takes the folder; what it holds then."""
    remove(run)
    return files(RunDirectory.create(run.path, pretrain_job(run.run_id)))


def trained(bench: Bench, run: RunDirectory, at_step_four: Callable[[RunContext], Any]) -> int:
    """The real loop in the real worker, with something happening to its folder in the middle; the exit code."""

    def stage(_spec: object, context: RunContext) -> dict[str, Any]:
        def meddle(batch: Batch, loss: torch.Tensor) -> torch.Tensor:
            if batch.step == 4:
                at_step_four(context)
            return loss

        keeper = BestWeights(run.artifacts_dir, _save)
        with closing(ScalarFiles(run.artifacts_dir / "tensorboard", 3, context)) as scalars:
            place = str(run.checkpoints_dir.relative_to(bench.folder))
            bench.loop(context, folder=place, keeper=keeper, scalars=scalars, spoil=meddle)[0].run()
        return {}

    return worker.main(run.path, load=lambda _stage: stage)


def _save(tensors: Any, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "weights").write_bytes(b"w" * len(tensors))


@posix
@pytest.mark.parametrize("stopped", [True, False], ids=["asked to stop", "left alone"])
def test_a_training_writes_nothing_into_a_folder_made_anew(bench: Bench, stopped: bool) -> None:
    run = tiny_run(bench.folder, "simclr-1")
    fresh: Files = {}

    def meddle(context: RunContext) -> None:
        fresh.update(replaced(run))
        if stopped:
            context.stop()  # what a polite signal does

    assert trained(bench, run, meddle) == exit_codes.DISPLACED
    assert files(run) == fresh
    assert run.status() == RunStatus() and run.state() is RunState.PREPARED
    assert not run.worker_holds_lock()


@posix
def test_a_folder_that_was_removed_does_not_come_back(bench: Bench) -> None:
    run = tiny_run(bench.folder, "simclr-1")
    assert trained(bench, run, lambda _context: remove(run)) == exit_codes.DISPLACED
    assert not run.path.exists()


def test_a_training_that_is_left_in_peace_saves_when_it_is_stopped(bench: Bench) -> None:
    run = tiny_run(bench.folder, "simclr-1")
    assert trained(bench, run, lambda context: context.stop()) == exit_codes.CANCELLED
    assert [path.name for path in sorted(run.checkpoints_dir.iterdir())][-1] == "checkpoint-000000005.safetensors"
    assert (run.artifacts_dir / "last").is_dir()


@posix
def test_a_signal_to_the_old_worker_leaves_the_new_run_alone(tmp_path: Path) -> None:
    run = tiny_run(tmp_path, "counts-1")
    pid = LocalLauncher(COMMAND).start(run.path)
    deadline = time.monotonic() + 30
    while not any(isinstance(event, Progress) for event in run.events().events):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    born = processes.start_time(pid)
    fresh = replaced(run)
    if processes.same_process(pid, born):  # it may have seen already what has happened
        os.kill(pid, signal.SIGTERM)
    while processes.same_process(pid, born):
        assert time.monotonic() < deadline + 30
        time.sleep(0.02)
    time.sleep(0.3)  # for the thread that notes how it ended
    left = files(run)
    for found in (left, fresh):  # that stage looks only after it has written its own file there
        found.pop("checkpoints/done", None)
    assert left == fresh


@posix
def test_a_lock_knows_that_its_file_was_replaced(tmp_path: Path) -> None:
    lock = tmp_path / "worker.lock"
    assert not run_lock.displaced(lock), "nobody holds it"
    assert run_lock.acquire(lock)
    try:
        assert not run_lock.displaced(lock)
        lock.unlink()
        assert run_lock.displaced(lock)
        lock.touch()
        assert run_lock.displaced(lock)
    finally:
        run_lock.release(lock)
    assert not run_lock.displaced(lock)


@posix
def test_the_context_refuses_paths_in_a_folder_of_another_run(tmp_path: Path) -> None:
    run = tiny_run(tmp_path, "simclr-1")
    context = RunContext(run, lambda _event: None)
    assert run_lock.acquire(run.lock_file)
    try:
        context.check_place()
        replaced(run)
        for use in (context.check_place, context.check_cancelled, lambda: context.artifact_path("map.npz")):
            with pytest.raises(Displaced):
                use()
    finally:
        run_lock.release(run.lock_file)
