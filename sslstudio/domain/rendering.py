"""What the model sees: which values of an image are shown as black and white, in one channel or in three.

A rendering is data: it stands in the project, in every run, beside every backbone and in every model package.
`sslstudio.importers.rendering` turns it into the windows of an image.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, field_validator, model_validator

from sslstudio.domain.record import Record

LOWER = (0.0, 0.5)
UPPER = (99.5, 100.0)
"""The percentiles that a project keeps of every image; 0 and 100 are its darkest and brightest value."""
WIDEST = 100_000.0
"""Widest window in units of the source that a rule may ask for."""

Window = tuple[float, float]
"""The stored values shown as black and as white."""


def _windows(value: object) -> object:
    """Windows that were written as text, as in `items.csv`: "low:high", or three of these with ";" between."""
    if not isinstance(value, str):
        return value
    return tuple(tuple(part.split(":")) for part in value.split(";"))


def windows_text(windows: tuple[Window, ...]) -> str:
    """Windows as one cell of a table; reading it gives the same numbers."""
    return ";".join(f"{low!r}:{high!r}" for low, high in windows)


def _one_or_three(windows: tuple[Window, ...]) -> tuple[Window, ...]:
    if len(windows) not in (1, 3):
        raise ValueError("An image has one window or three.")
    return windows


Windows = Annotated[tuple[Window, ...], BeforeValidator(_windows), AfterValidator(_one_or_three)]
"""One window, or one for each of three channels."""


class WindowRule(Record):
    """One way to find a window, for the images it is for.

    It is for images of `modalities` (DICOM's upper-case names; empty: of every modality) whose values are in `unit`
    ("": in any). It takes, in this order: `centre` and `width` in the unit of the source; with `file_window` the
    window that the file brings; else the values from the `lower` to the `upper` percentile of the image, or from zero
    of the unit with `from_zero`.
    """

    modalities: tuple[str, ...] = ()
    unit: Literal["", "HU"] = ""
    centre: float | None = Field(default=None, allow_inf_nan=False)
    width: float | None = Field(default=None, allow_inf_nan=False)
    file_window: bool = False
    lower: float = 0.5
    upper: float = 99.5
    from_zero: bool = False

    @field_validator("width")
    @classmethod
    def _wide_enough(cls, width: float | None) -> float | None:
        if width is not None and not 0 < width <= WIDEST:
            raise ValueError(f"The width of a window must lie above 0 and not above {WIDEST:,.0f}.")
        return width

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.centre is None) != (self.width is None):
            raise ValueError("A window needs a centre and a width.")
        if self.lower not in LOWER or self.upper not in UPPER:
            raise ValueError("A window runs from the 0 or 0.5 percentile to the 99.5 or 100 percentile of an image.")
        return self

    @property
    def fixed(self) -> bool:
        """Whether this is a window of centre and width."""
        return self.centre is not None

    def fits(self, modality: str, unit: str) -> bool:
        """Whether this rule is for images of that modality in that unit."""
        return (not self.modalities or modality in self.modalities) and self.unit in ("", unit)


class Channel(Record):
    """One channel of the picture: the first of its `rules` that fits an image gives the window."""

    name: str = ""
    rules: tuple[WindowRule, ...] = Field(min_length=1)

    @field_validator("rules")
    @classmethod
    def _for_every_image(cls, rules: tuple[WindowRule, ...]) -> tuple[WindowRule, ...]:
        if rules and (rules[-1].modalities or rules[-1].unit):
            raise ValueError("The last rule of a channel must be for every image.")
        return rules

    def rule(self, modality: str, unit: str) -> WindowRule:
        """The rule for images of that modality in that unit."""
        return next(rule for rule in self.rules if rule.fits(modality, unit))


class Rendering(Record):
    """What the model sees of every image: one channel, or three from one grey image.

    `preset` names where it came from ("own" once edited), `title` says it to the user. Pictures in colour, and 8-bit
    pictures that are no DICOM, are finished: they are seen as they are.
    """

    preset: str
    title: str
    channels: tuple[Channel, ...]

    @field_validator("channels")
    @classmethod
    def _one_channel_or_three(cls, channels: tuple[Channel, ...]) -> tuple[Channel, ...]:
        if len(channels) not in (1, 3):
            raise ValueError("A picture has one channel or three.")
        return channels

    def with_windows(self, windows: tuple[tuple[float, float], ...]) -> Rendering:
        """This rendering with other (centre, width) in the fixed rules, a pair a channel; "own" if that is a change.

        Channels without a fixed rule get one for CT in HU. Raises ValidationError.
        """
        if len(windows) != len(self.channels):
            raise ValueError(f"This needs {len(self.channels)} windows, one for each channel.")
        channels = tuple(_with_window(one, *pair) for one, pair in zip(self.channels, windows, strict=True))
        if channels == self.channels:
            return self
        return Rendering(preset=OWN, title=own_title(self.title), channels=channels)


OWN = "own"
_EDITED = " (edited)"


def own_title(title: str) -> str:
    """The title of an edited rendering."""
    return title if title.endswith(_EDITED) else title + _EDITED


def _with_window(channel: Channel, centre: float, width: float) -> Channel:
    rules = list(channel.rules)
    place = next((n for n, rule in enumerate(rules) if rule.fixed), None)
    if place is None:
        rules.insert(0, WindowRule(modalities=("CT",), unit="HU", centre=centre, width=width))
    else:
        rules[place] = WindowRule.model_validate({**rules[place].model_dump(), "centre": centre, "width": width})
    return Channel(name=channel.name, rules=tuple(rules))


def sentences(error: ValidationError) -> list[str]:
    """What is wrong with a rule or rendering, for the user; each problem once."""
    unclear = "This is not a number that can be used."
    said = [str(problem.get("ctx", {}).get("error") or unclear) for problem in error.errors()]
    return list(dict.fromkeys(said))
