"""From efforts to numbers, from numbers to time, and from events to three honest lights."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sslstudio.domain.runs import Metric, Monitor, Progress, Started, Warned
from sslstudio.gui import texts as words
from sslstudio.gui.pages.pretrain import run_texts, texts
from sslstudio.gui.pages.pretrain.progress import RunStory, lights
from sslstudio.session import planning as plan


def story(losses: list[float], chance: float, spread: list[float], found: list[float], epochs: int = 50) -> RunStory:
    told = RunStory()
    for epoch, loss in enumerate(losses):
        told.take(
            [Metric(at=0, step=epoch, epoch=epoch, values={"loss": loss, "chance": chance, "images_per_second": 100.0})]
        )
        told.take([Progress(at=0, done=epoch + 1, total=epochs, unit="epochs")])
        values = {
            "loss": loss,
            "collapse": spread[min(epoch, len(spread) - 1)],
            "view_retrieval": found[min(epoch, len(found) - 1)],
        }
        told.take([Monitor(at=0, epoch=epoch, values=values)])
    return told


def moods(told: RunStory) -> tuple[str, ...]:
    return tuple(light.mood for light in lights(told))


def test_a_healthy_run_has_three_good_lights() -> None:
    told = story([4 - 0.05 * n for n in range(20)], 4.2, [0.9], [0.1, 0.5, 0.8])
    assert moods(told) == ("good", "good", "good")
    assert told.speed == 100 and told.chance == 4.2 and len(told.loss) == 20


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (RunStory(), ("unknown", "unknown", "unknown")),
        (story([4.0] * 20, 4.0, [0.02], [0.5, 0.2]), ("bad", "bad", "bad")),
        (story([2.0] * 20, 4.0, [0.2], [0.5]), ("warning", "warning", "warning")),
    ],
    ids=["nothing known", "collapsed at chance", "levelled off"],
)
def test_lights_say_what_is_wrong(told: RunStory, expected: tuple[str, ...]) -> None:
    assert moods(told) == expected
    assert all(light.sentence.endswith(".") for light in lights(told))


def test_the_start_is_measured_and_labels_decide_where_there_are_some() -> None:
    told = RunStory()
    told.take([Monitor(at=0, epoch=-1, values={"collapse": 0.6, "view_retrieval": 0.2, "probe": 0.5})])
    assert moods(told) == ("unknown", "unknown", "unknown") and told.spread == [(0.0, 0.6)]
    after = {"collapse": 0.9, "view_retrieval": 0.9, "probe": 0.42, "probe_images": 400.0, "loss": 2.0}
    told.take([Monitor(at=0, epoch=0, values=after)])
    light = lights(told)[2]
    assert light.mood == "bad" and "400 of your labels" in light.sentence and "embed with the start" in light.sentence
    told.take([Monitor(at=0, epoch=1, values=after | {"probe": 0.53, "probe_images": 50.0})])
    assert lights(told)[2].mood == "warning", "within what 50 labels can tell"
    told.take([Monitor(at=0, epoch=2, values=after | {"probe": 0.7})])
    assert lights(told)[2].mood == "good"


def test_a_settled_run_is_said_to_be_so() -> None:
    told = story([4 - 0.05 * n for n in range(20)], 4.2, [0.9], [0.1, 0.5, 0.8])
    told.kept = [(18, 0.92), (19, 0.93), (20, 0.95)]
    light = lights(told)[1]
    assert light.mood == "warning" and "may stop here" in light.sentence


def test_warnings_stay_with_the_story_and_go_when_the_run_starts_again() -> None:
    told = RunStory()
    told.take([Warned(at=0, code="shortcut_scanner", message="Images lie together by scanner.", hint="Compare.")])
    assert list(told.warnings) == ["shortcut_scanner"]
    told.take([Started(at=1, pid=1)])
    assert not told.warnings


@pytest.mark.parametrize(
    ("offered", "chosen", "said"),
    [
        ({}, "", ""),
        ({"last": {"epoch": 59}}, "last", "Last epoch (60) in use"),
        (
            {"last": {"epoch": 59}, "best": {"epoch": 40, "measure": "probe"}},
            "last",
            "Last epoch (60) in use; the best was epoch 41, by your labels",
        ),
        ({"last": {"epoch": 59}, "best": {"epoch": 59, "measure": "probe"}}, "best", "Best epoch (60) in use"),
        ({"last": {"epoch": 4, "whole": False}}, "last", "Last epoch (5, not finished) in use"),
        ({"best": {"epoch": 4}}, "", run_texts.NOT_IN_USE),
    ],
    ids=["nothing", "last alone", "both", "the same", "stopped within an epoch", "none in use"],
)
def test_which_weights_are_in_use_is_said(offered: dict[str, dict[str, object]], chosen: str, said: str) -> None:
    assert run_texts.kept_line(offered, chosen) == said


def test_a_run_that_went_back_to_its_checkpoint_shows_no_double_line() -> None:
    told = story([3.0, 2.9, 2.8, 2.7], 4.0, [0.9], [0.5])
    told.take([Metric(at=0, step=2, epoch=2, values={"loss": 2.5}), Progress(at=0, done=2.5, total=50, unit="epochs")])
    assert [x for x, _ in told.loss] == [1, 2, 2.5]
    assert told.epoch_loss[-1][0] <= 2.5


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("memory_bytes", 840.4 * 2**20, "840 MB"),
        ("memory_peak_bytes", 1.44 * 2**30, "1.4 GB"),
        ("memory_free_bytes", 0.0, "0 MB"),
        ("data_wait", 0.127, "13 %"),
        ("images_per_second", 1234.4, "1,234"),
    ],
)
def test_numbers_are_shown_with_their_units(name: str, value: float, said: str) -> None:
    assert run_texts.number(name, value).replace("%", " %").replace("  %", " %") == said


@given(images=st.integers(2, 2_000_000), recommended=st.integers(0, 4096))
def test_a_batch_is_a_power_of_two_that_fits(images: int, recommended: int) -> None:
    batch = plan.fitting_batch(images, recommended)
    assert batch & (batch - 1) == 0
    assert batch <= max(8, images // 2)
    assert not recommended or batch <= max(recommended, 1)


def test_more_thorough_takes_longer() -> None:
    times = []
    for effort in ("quick", "balanced", "thorough"):
        made = plan.make_plan(effort, 5000, 256, gpu=False)
        speed, measured = plan.images_per_second({}, "resnet18", made.image_size, "cpu", gpu=False)
        assert not measured
        times.append(plan.seconds(5000, made.epochs, speed))
    assert times == sorted(times) and times[0] < times[2]


def test_a_measured_speed_is_used_and_scaled_by_area() -> None:
    known = {"resnet18@64@cpu": 200.0}
    assert plan.images_per_second(known, "resnet18", 64, "cpu", gpu=False) == (200.0, True)
    assert plan.images_per_second(known, "resnet18", 128, "cpu", gpu=False) == (50.0, True)
    assert plan.images_per_second(known, "resnet50", 64, "cpu", gpu=False)[1] is False
    assert "not measured" in texts.estimate(600, measured=False)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(None, ""), (10, "less than a minute"), (61, "1 min"), (3599, "1 h"), (3600, "1 h"), (7500, "2 h 5 min")],
)
def test_times_are_said_as_people_say_them(seconds: float | None, said: str) -> None:
    assert words.duration(seconds) == said
