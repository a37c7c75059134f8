"""Stopping a pretraining with a wish for its weights: asked for while it runs, or decided when it has ended."""

from __future__ import annotations

from pathlib import Path

import pytest

from sslstudio.domain.runs import Job
from sslstudio.domain.specs import PretrainSpec
from sslstudio.errors import SSLStudioError
from sslstudio.jobs import control, run_lock
from sslstudio.jobs.run_directory import RunDirectory
from tests.unit.backbones.test_kept import offer


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    job = Job(run_id="simclr-1", stage="pretrain", name="x", spec=PretrainSpec(), created="x", package_version="0")
    made = RunDirectory.create(tmp_path / "simclr-1", job)
    offer(made.artifacts_dir, "best", "last")
    return made


def backbone(run: RunDirectory) -> str:
    path = run.artifacts_dir / "backbone.safetensors"
    return path.read_text() if path.is_file() else ""


@pytest.mark.parametrize(("keep", "left"), [("best", "best"), ("last", "last"), ("discard", ""), (None, "")])
def test_the_wish_is_carried_out_once_the_worker_has_gone(
    run: RunDirectory, keep: control.KeepOnStop | None, left: str
) -> None:
    control.cancel(run.path, keep)
    assert run.cancel_requested()
    assert control.settle_kept(run.path) == left
    assert backbone(run) == left
    assert (run.artifacts_dir / "last").is_dir() is (keep != "discard")
    assert control.settle_kept(run.path) == ""
    assert backbone(run) == left


def test_nothing_happens_while_the_worker_lives(run: RunDirectory) -> None:
    control.cancel(run.path, "best")
    assert run_lock.acquire(run.lock_file)
    try:
        assert control.settle_kept(run.path) == ""
        with pytest.raises(SSLStudioError) as caught:
            control.choose_kept(run.path, "last")
        assert caught.value.code == "still_running"
    finally:
        run_lock.release(run.lock_file)
    assert control.settle_kept(run.path) == "best"


def test_it_can_be_decided_anew_afterwards(run: RunDirectory) -> None:
    assert control.choose_kept(run.path, "best") == "best"
    assert control.choose_kept(run.path, "last") == "last"
    assert backbone(run) == "last"
    assert control.choose_kept(run.path, "discard") == ""
    with pytest.raises(SSLStudioError) as caught:
        control.choose_kept(run.path, "best")
    assert caught.value.code == "nothing_kept"


def test_a_resumed_run_forgets_the_wish(run: RunDirectory) -> None:
    class Nowhere:
        def start(self, run_dir: Path) -> int:
            return 0

    control.cancel(run.path, "discard")
    control.resume(run.path, launcher=Nowhere())
    assert control.settle_kept(run.path) == ""
    assert (run.artifacts_dir / "last").is_dir()
