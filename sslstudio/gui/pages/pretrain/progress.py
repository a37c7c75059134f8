"""The story of one run as its events tell it: curves, latest numbers, and three judgements in words. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from sslstudio.domain.runs import Event, Metric, Monitor, Progress, Started, Warned
from sslstudio.gui.pages.pretrain import run_texts as words

Mood = Literal["unknown", "good", "warning", "bad"]
COLLAPSED = 0.05
ALARM = 0.3
NEAR_CHANCE = 0.97
LEVEL = 0.005
SETTLED = 0.9


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
    probe: list[tuple[float, float]] = field(default_factory=list)
    kept: list[tuple[float, float]] = field(default_factory=list)
    warnings: dict[str, Warned] = field(default_factory=dict)
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
            elif isinstance(event, Warned):
                self.warnings[event.code] = event
            elif isinstance(event, Started):
                self._waiting = None
                self.warnings.clear()

    def _progress(self, event: Progress) -> None:
        if not event.unit.startswith("epoch"):
            return
        self.done, self.epochs = event.done, event.total
        for curve in (self.loss, self.epoch_loss, self.spread, self.retrieval, self.probe, self.kept):
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
            ("probe", self.probe),
            ("neighbours_kept", self.kept),
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
    title = words.COLLAPSE
    if not [at for at, _ in story.spread if at > 0]:
        return Light(title, "unknown", words.NOT_YET)
    value = story.spread[-1][1]
    if value < COLLAPSED:
        return Light(title, "bad", words.DEAD)
    if value < ALARM and len(story.spread) > 2 and value > story.spread[-3][1]:
        return Light(title, "warning", words.LESS_ALIKE)
    if value < ALARM:
        return Light(title, "warning", words.MORE_ALIKE)
    return Light(title, "good", words.APART)


def _learning_light(story: RunStory) -> Light:
    title = words.LEARNING
    curve = [value for _, value in story.epoch_loss]
    if len(curve) < 4:
        return Light(title, "unknown", words.FEW_EPOCHS)
    if story.chance and curve[-1] > NEAR_CHANCE * story.chance:
        return Light(title, "bad", words.GUESSING)
    if len(story.kept) >= 3 and all(share >= SETTLED for _, share in story.kept[-3:]):
        return Light(title, "warning", words.SETTLED)
    window = max(2, len(curve) // 10)
    before = sum(curve[-2 * window : -window]) / window
    now = sum(curve[-window:]) / window
    if before - now > LEVEL * abs(before):
        return Light(title, "good", words.FALLING)
    return Light(title, "warning", words.LEVEL)


def _start_light(story: RunStory) -> Light:
    """By a probe on the user's labels where there are some, else by how well altered images are found again."""
    if len(story.probe) >= 2:
        images = story.numbers.get("probe_images", 0.0)
        first, now = story.probe[0][1], story.probe[-1][1]
        margin = max(0.02, images**-0.5 / 2 if images else 0.0)
        return _compared(first, now, margin, words.by_labels(first, now, images))
    if len(story.retrieval) < 2:
        return Light(words.START, "unknown", words.NO_START)
    first, now = story.retrieval[0][1], story.retrieval[-1][1]
    return _compared(first, now, 0.02, words.found_again(first, now), full=0.98)


def _compared(first: float, now: float, margin: float, how: str, full: float = 1.0) -> Light:
    if now > first + margin or now > full:
        return Light(words.START, "good", how)
    if now < first - margin:
        return Light(words.START, "bad", f"{how} {words.GO_BACK}")
    return Light(words.START, "warning", f"{how} {words.NO_GAIN}")
