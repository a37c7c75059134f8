"""What a stage may ask of its run: rates, times, files, and numbers that are none."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from sslstudio.domain.runs import Artifact, Event, Metric, Progress
from sslstudio.errors import SSLStudioError
from sslstudio.jobs.run_context import Pace, RunContext
from sslstudio.stages.context import Cancelled, StageContext
from tests.fakes.runs import tiny_run


@pytest.fixture
def written() -> list[Event]:
    return []


@pytest.fixture
def context(tmp_path: Path, written: list[Event]) -> RunContext:
    return RunContext(tiny_run(tmp_path, "simclr-1"), written.append)


def test_it_is_a_stage_context(context: RunContext, tmp_path: Path) -> None:
    known: StageContext = context
    assert known.run_dir == tmp_path / "runs" / "simclr-1"
    assert known.pixels_dir == (tmp_path / "pixels").resolve()
    assert known.private_dir.is_dir()
    assert known.items() == []
    assert known.artifact_path("deep/er/map.npz").parent.is_dir()


def test_progress_is_rate_limited_but_first_and_last_always_come(context: RunContext, written: list[Event]) -> None:
    for step in range(1, 1001):
        context.progress(step, 1000, "step")
    progress = [event for event in written if isinstance(event, Progress)]
    assert (progress[0].done, progress[-1].done, progress[-1].seconds_left) == (1, 1000, 0.0)
    assert len(progress) < 20
    context.progress(0, 5, "other")
    context.progress(0, 5, "other", "told")
    assert [event.unit for event in written if isinstance(event, Progress)][-2:] == ["other", "other"]


def test_pace() -> None:
    pace = Pace(memory_seconds=10)
    assert pace.seconds_left(100.0, 0, 100) is None
    assert pace.seconds_left(100.5, 5, 100) is None
    assert pace.seconds_left(102.0, 20, 100) == pytest.approx(8)
    for second in range(103, 140):  # slower: two a second
        left = pace.seconds_left(float(second), 20 + 2 * (second - 102), 100)
    assert left == pytest.approx((100 - 94) / 2, rel=0.05)
    pace.restart()
    assert pace.seconds_left(141.0, 95, 100) is None
    assert pace.seconds_left(142.0, 100, 100) == 0.0


def test_numbers_that_are_none_are_left_out(context: RunContext, written: list[Event]) -> None:
    context.metric(1, 0, loss=math.nan, rate=2)
    context.progress(math.nan, 10)
    metric, progress = written
    assert isinstance(metric, Metric) and metric.values == {"rate": 2.0}
    assert isinstance(progress, Progress) and progress.done == 0.0


def test_artifacts_lie_inside_the_run(context: RunContext, written: list[Event], tmp_path: Path) -> None:
    context.artifact("map", context.artifact_path("map.npz"))
    (event,) = written
    assert isinstance(event, Artifact) and event.path == "artifacts/map.npz"
    with pytest.raises(SSLStudioError) as caught:
        context.artifact("map", tmp_path / "elsewhere.npz")
    assert caught.value.code == "outside_run"


def test_cancel_from_outside_and_inside(context: RunContext, tmp_path: Path) -> None:
    context.check_cancelled()
    context.stop()
    assert context.cancelled()
    with pytest.raises(Cancelled):
        context.check_cancelled()
    other = RunContext(tiny_run(tmp_path, "simclr-2"), lambda _event: None)
    (tmp_path / "runs" / "simclr-2" / "cancel").touch()
    assert other.cancelled()
