"""From efforts to numbers, from numbers to time, and from events to three honest lights."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sslstudio.domain.runs import Metric, Monitor, Progress
from sslstudio.gui import texts as words
from sslstudio.gui.pages.pretrain import texts
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


def test_a_run_that_went_back_to_its_checkpoint_shows_no_double_line() -> None:
    told = story([3.0, 2.9, 2.8, 2.7], 4.0, [0.9], [0.5])
    told.take([Metric(at=0, step=2, epoch=2, values={"loss": 2.5}), Progress(at=0, done=2.5, total=50, unit="epochs")])
    assert [x for x, _ in told.loss] == [1, 2, 2.5]
    assert told.epoch_loss[-1][0] <= 2.5


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
