"""The story of one run as its events tell it: curves, latest numbers, and three judgements in words. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from sslstudio.domain.runs import Event, Metric, Monitor, Progress, Started

Mood = Literal["unknown", "good", "warning", "bad"]
COLLAPSED = 0.05
ALARM = 0.3
NEAR_CHANCE = 0.97
LEVEL = 0.005


@dataclass(frozen=True)
class Light:
    """One of the three lights: what it is about, how it stands, and what to do about it."""

    title: str
    mood: Mood
    sentence: str


@dataclass
class RunStory:
    """Everything a plot or a light needs; feed it with `take`. A resumed run tells its events again from the start."""

    loss: list[tuple[float, float]] = field(default_factory=list)
    epoch_loss: list[tuple[float, float]] = field(default_factory=list)
    spread: list[tuple[float, float]] = field(default_factory=list)
    retrieval: list[tuple[float, float]] = field(default_factory=list)
    numbers: dict[str, float] = field(default_factory=dict)
    chance: float | None = None
    epochs: float = 0.0
    done: float = 0.0
    speeds: list[float] = field(default_factory=list)
    _waiting: Metric | None = None

    def take(self, events: Iterable[Event]) -> None:
        """Add events in the order in which they were written."""
        for event in events:
            if isinstance(event, Metric):
                self._waiting = event
                self.numbers.update(event.values)
                self.chance = event.values.get("chance", self.chance)
                if event.values.get("images_per_second", 0) > 0:
                    self.speeds.append(event.values["images_per_second"])
            elif isinstance(event, Progress):
                self._progress(event)
            elif isinstance(event, Monitor):
                self._monitor(event)
            elif isinstance(event, Started):
                self._waiting = None

    def _progress(self, event: Progress) -> None:
        if not event.unit.startswith("epoch"):
            return
        self.done, self.epochs = event.done, event.total
        for curve in (self.loss, self.epoch_loss, self.spread, self.retrieval):
            while curve and curve[-1][0] > event.done + 1e-6:
                curve.pop()
        if self._waiting is not None and "loss" in self._waiting.values:
            self.loss.append((event.done, self._waiting.values["loss"]))
        self._waiting = None

    def _monitor(self, event: Monitor) -> None:
        at = event.epoch + 1.0
        self.numbers.update(event.values)
        self.chance = event.values.get("chance", self.chance)
        for name, curve in (
            ("loss", self.epoch_loss),
            ("collapse", self.spread),
            ("view_retrieval", self.retrieval),
        ):
            if name in event.values and (name != "loss" or event.epoch >= 0):
                while curve and curve[-1][0] >= at:
                    curve.pop()
                curve.append((at, event.values[name]))

    @property
    def speed(self) -> float:
        """Images a second: the median of what was measured."""
        ordered = sorted(self.speeds[-200:])
        return ordered[len(ordered) // 2] if ordered else 0.0


def lights(story: RunStory) -> tuple[Light, Light, Light]:
    """Not collapsed, still learning, better than the start: each with one sentence of advice."""
    return _collapse_light(story), _learning_light(story), _start_light(story)


def _collapse_light(story: RunStory) -> Light:
    title = "Not collapsed"
    if not story.spread:
        return Light(title, "unknown", "Measured at the end of the first epoch.")
    value = story.spread[-1][1]
    if value < COLLAPSED:
        return Light(
            title, "bad", "All images look the same to the network. Stop, and try a larger batch or a warm start."
        )
    if value < ALARM and len(story.spread) > 2 and value > story.spread[-3][1]:
        return Light(title, "warning", "Images still look rather alike to the network, but less and less so.")
    if value < ALARM:
        return Light(title, "warning", "Images look more and more alike to the network. If this lasts, stop the run.")
    return Light(title, "good", "The network tells the images apart.")


def _learning_light(story: RunStory) -> Light:
    title = "Still learning"
    curve = [value for _, value in story.epoch_loss]
    if len(curve) < 4:
        return Light(title, "unknown", "Known after a few epochs.")
    if story.chance and curve[-1] > NEAR_CHANCE * story.chance:
        return Light(title, "bad", "No better than guessing so far. If it stays so, lower the learning rate.")
    window = max(2, len(curve) // 10)
    before = sum(curve[-2 * window : -window]) / window
    now = sum(curve[-window:]) / window
    if before - now > LEVEL * abs(before):
        return Light(title, "good", "The loss is still falling. Training longer will help.")
    return Light(title, "warning", "The loss has levelled off. More epochs will change little.")


def _start_light(story: RunStory) -> Light:
    title = "Better than at the start"
    if len(story.retrieval) < 2:
        return Light(title, "unknown", "Compared with the first measurement, after the second epoch.")
    first, now = story.retrieval[0][1], story.retrieval[-1][1]
    how = f"It finds an altered image again in {now:.0%} of cases; it began with {first:.0%}."
    if now > first + 0.02 or now > 0.98:
        return Light(title, "good", how)
    if now < first - 0.02:
        return Light(title, "bad", f"{how} The start would serve you better: stop, and embed with the start.")
    return Light(title, "warning", f"{how} No clear gain yet.")
