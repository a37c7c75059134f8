"""TensorBoard's files: the numbers that were told, each step once, whatever stopped the training in between."""

from __future__ import annotations

import getpass
import os
import socket
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
import torch

from sslstudio.api import Batch
from sslstudio.training.scalars import NAMES, ScalarFiles, Telling
from tests.fakes import event_files
from tests.unit.training.conftest import Bench, Recorder, Stopped

STEPS = 3  # an epoch of the bench


def expected(*reports: Recorder) -> dict[tuple[str, int], float]:
    """What the reports told, the last word on each step, under TensorBoard's names."""
    found: dict[tuple[str, int], float] = {}

    def put(step: int, values: Mapping[str, float], names: Mapping[str, str]) -> None:
        found.update({(names.get(name, name), step): float(np.float32(value)) for name, value in values.items()})

    for report in reports:
        for step, values in report.metrics:
            put(step, values, NAMES)
        for epoch, values in zip(report.epochs, report.monitors, strict=True):
            put((epoch + 1) * STEPS, {n: v for n, v in values.items() if n != "chance"}, {"loss": "loss_epoch"})
    return found


def run(bench: Bench, report: Recorder, **changes: object) -> None:
    with closing(ScalarFiles(bench.folder / "tensorboard", STEPS, report)) as files:
        bench.loop(report, scalars=files, **changes)[0].run()


def test_all_that_was_told_stands_there_once(bench: Bench) -> None:
    report = Recorder()
    run(bench, report)
    told = event_files.scalars(bench.folder / "tensorboard")
    assert {(name, step): value for name, step, value in told} == expected(report)
    assert len(told) == len(expected(report))
    names = {name for name, _, _ in told}
    assert {"loss", "chance", "lr", "images_per_second", "collapse", "rank_me", "loss_epoch"} <= names
    assert "learning_rate" not in names


@pytest.mark.parametrize("stop", [1, 5, 6, 8])
def test_a_stopped_run_goes_on_without_a_doubled_step(bench: Bench, stop: int) -> None:
    folder = bench.folder / "tensorboard"
    before, after = Recorder(stop_at=stop), Recorder()
    with pytest.raises(Stopped):
        run(bench, before)
    assert {(n, s): v for n, s, v in event_files.scalars(folder)} == expected(before)
    run(bench, after)
    told = event_files.scalars(folder)
    assert {(name, step): value for name, step, value in told} == expected(before, after)
    assert len(told) == len({(name, step) for name, step, _ in told})


def test_steps_that_a_kill_made_void_are_told_by_the_next_attempt_alone(bench: Bench) -> None:
    folder = bench.folder / "tensorboard"
    before, after = Recorder(), Recorder()

    def die(batch: Batch, loss: torch.Tensor) -> torch.Tensor:
        if batch.step == 5:
            raise KeyboardInterrupt
        return loss

    with pytest.raises(KeyboardInterrupt):
        run(bench, before, spoil=die, checkpoint_seconds=3600.0)
    assert max(step for _, step, _ in event_files.scalars(folder)) == 5
    newest = max(folder.iterdir())
    newest.write_bytes(newest.read_bytes()[:-7])  # as a power cut leaves it
    torn = event_files.scalars(folder)
    assert torn and max(step for _, step, _ in torn) == 4
    run(bench, after, checkpoint_seconds=3600.0)
    told = event_files.scalars(folder)
    assert {(name, step): value for name, step, value in told} == expected(after)
    assert len(told) == len(expected(after))
    assert event_files.starts(folder) == [0], "it began anew: there was no checkpoint but that of the start"


def test_a_training_that_went_back_tells_each_step_once(bench: Bench) -> None:
    spoiled = []

    def spoil(batch: Batch, loss: torch.Tensor) -> torch.Tensor:
        if batch.step in (4, 5, 6, 7) and len(spoiled) < 4:
            spoiled.append(batch.step)
            return loss * float("nan")
        return loss

    report = Recorder()
    run(bench, report, spoil=spoil, epochs=4)
    assert "rolled_back" in report.warnings
    told = event_files.scalars(bench.folder / "tensorboard")
    assert len(told) == len({(name, step) for name, step, _ in told})
    assert max(step for _, step, _ in told) == 4 * STEPS
    assert len(event_files.starts(bench.folder / "tensorboard")) == 2


def test_no_name_of_a_computer_or_a_user_is_written(bench: Bench) -> None:
    run(bench, Recorder())
    files = sorted((bench.folder / "tensorboard").iterdir())
    assert [path.name for path in files] == ["events.out.tfevents.0001"]
    content = files[0].read_bytes()
    for name in (socket.gethostname(), getpass.getuser(), str(Path.home()), str(bench.folder)):
        assert name.encode() not in content


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the folder is blocked as POSIX does it")
def test_what_goes_wrong_is_told_once_and_ends_no_training(bench: Bench) -> None:
    (bench.folder / "tensorboard").write_text("in the way")
    report = Recorder()
    run(bench, report)
    assert report.warnings == ["no_tensorboard"]
    assert len(report.metrics) == 9


def test_a_number_that_is_none_is_left_out_and_nothing_is_written_before_a_beginning(tmp_path: Path) -> None:
    report = Recorder()
    with closing(ScalarFiles(tmp_path / "tensorboard", 10, report)) as files:
        told = Telling(report, files)
        told.metric(1, 0, loss=1.0)
        assert not (tmp_path / "tensorboard").exists()
        files.go_on_from(0)
        told.metric(1, 0, loss=float("nan"), spread=0.5)
    assert event_files.scalars(tmp_path / "tensorboard") == [("spread", 1, 0.5)]
    assert len(report.metrics) == 2
