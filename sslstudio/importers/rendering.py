"""From a rendering to the windows of an image, and from headers to the rendering that suits them; no pixels, no numpy.

Everything a window can depend on is kept of each image when it is imported (`Grey`), so that another rendering needs no
file to be read again. The presets are data: `resources/presets/windows.json`.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from sslstudio import resources
from sslstudio.domain.rendering import OWN, Channel, Rendering, Window, WindowRule, Windows
from sslstudio.errors import SSLStudioError

AUTO = "auto"
_PAIR = struct.Struct("2f")
_ORIGINAL = WindowRule(file_window=True)


class Grey(NamedTuple):
    """What is known of an image's values; all in stored values but `slope`, `intercept`, which lead to `unit`.

    `file_low`, `file_high`: the window that the file brings, or None. `auto_low`, `auto_high`: the 0.5 and 99.5
    percentile, `least`, `greatest`: the extremes, all without padding. `finished` pictures are shown from `file_low` to
    `file_high` whatever the rendering.
    """

    modality: str
    unit: str
    slope: float
    intercept: float
    file_low: float | None
    file_high: float | None
    auto_low: float
    auto_high: float
    least: float
    greatest: float
    finished: bool


GREY_NAMES = (
    "modality", "unit", "slope", "intercept", "low", "high", "file_low", "file_high", "auto_low", "auto_high",
    "least", "greatest", "finished",
)  # fmt: skip
"""The facts that `grey` takes, by the names that decoders and the catalogue give them."""


def grey(
    modality: str,
    unit: str,
    slope: float,
    intercept: float,
    low: float,
    high: float,
    file_low: float | None,
    file_high: float | None,
    auto_low: float | None,
    auto_high: float | None,
    least: float | None,
    greatest: float | None,
    finished: bool,
) -> Grey:
    """The values of an image; `low`, `high` is the window it came with, and stands for what older versions kept not."""
    if auto_low is None or auto_high is None or least is None or greatest is None:
        return Grey(modality, unit, slope, intercept, low, high, low, high, low, high, bool(finished))
    return Grey(
        modality, unit, slope, intercept, file_low, file_high, auto_low, auto_high, least, greatest, bool(finished)
    )


def grey_of(facts: object) -> Grey:
    """The values of an image from an object that knows `GREY_NAMES`."""
    return grey(*(getattr(facts, name) for name in GREY_NAMES))


def look_of(rendering: Rendering) -> str:
    """A short name for what pictures look like by `rendering`; the same for the same rules."""
    rules = [channel.model_dump(mode="json", exclude={"name"}) for channel in rendering.channels]
    return hashlib.sha256(json.dumps(rules, sort_keys=True).encode()).hexdigest()[:16]


def windows_of(rendering: Rendering, grey: Grey) -> Windows:
    """The windows of an image, one for each channel of `rendering`."""
    return Finder(rendering).windows(grey)


def original_window(grey: Grey) -> Window:
    """How the image is shown without any rendering: the window of its file, else the middle 99 % of its values."""
    return _window(_ORIGINAL, grey)


class Finder:
    """`windows_of` for many images: the rules for each kind of image are looked up once."""

    def __init__(self, rendering: Rendering) -> None:
        self._channels = rendering.channels
        self._rules: dict[tuple[str, str], tuple[WindowRule, ...]] = {}

    def windows(self, grey: Grey) -> Windows:
        """The windows of one image, in numbers that 32 bits hold: the exported graph takes them as such."""
        kind = (grey.modality, grey.unit)
        rules = self._rules.get(kind)
        if rules is None:
            rules = self._rules[kind] = tuple(channel.rule(*kind) for channel in self._channels)
        return tuple(_PAIR.unpack(_PAIR.pack(*_window(rule, grey))) for rule in rules)


def _window(rule: WindowRule, grey: Grey) -> Window:
    file = None if grey.file_low is None or grey.file_high is None else (grey.file_low, grey.file_high)
    if grey.finished and file is not None:
        return file
    if rule.centre is not None and rule.width is not None:
        ends = (rule.centre - rule.width / 2, rule.centre + rule.width / 2)
        low, high = sorted((end - grey.intercept) / grey.slope for end in ends)
        return low, high
    if rule.file_window and file is not None and file[0] < grey.greatest and file[1] > grey.least:
        return file
    low = grey.least if rule.lower == 0 else grey.auto_low
    if rule.from_zero and grey.slope > 0:
        low = -grey.intercept / grey.slope
    high = grey.greatest if rule.upper == 100 else grey.auto_high
    if not high > low:
        low, high = grey.least, grey.greatest
    return (low, high) if high > low else (low, low + 1.0)


@dataclass(frozen=True)
class Preset:
    """A rendering that can be chosen by name; `about` is one sentence for the user."""

    name: str
    about: str
    rendering: Rendering

    @property
    def title(self) -> str:
        """Its name for the user."""
        return self.rendering.title


@cache
def presets() -> dict[str, Preset]:
    """All presets by name, in the order in which they are offered."""
    data = json.loads(resources.text("presets/windows.json"))
    return {name: _preset(name, entry, data) for name, entry in data["presets"].items()}


@cache
def names() -> tuple[str, ...]:
    """Every name that `preset` knows, older names too."""
    return (*presets(), *_aliases())


@cache
def _aliases() -> dict[str, str]:
    return dict(json.loads(resources.text("presets/windows.json"))["aliases"])


def preset(name: str) -> Rendering:
    """The rendering called `name`; raises SSLStudioError (code "unknown_preset")."""
    found = presets().get(_aliases().get(name, name))
    if found is None:
        raise SSLStudioError(
            f"There is no preset called {name}.", f"Choose one of: {', '.join(presets())}.", code="unknown_preset"
        )
    return found.rendering


def _preset(name: str, entry: dict[str, Any], data: dict[str, Any]) -> Preset:
    others = [WindowRule.model_validate(rule) for rule in data["others"]]
    channels = []
    for one in entry["channels"]:
        if isinstance(one, str):
            window = data["windows"][one]
            rule = WindowRule(modalities=("CT",), unit="HU", centre=window["centre"], width=window["width"])
            channels.append(Channel(name=window["name"], rules=(rule, *others)))
        else:
            rules = [WindowRule.model_validate(rule) for rule in one]
            every = not rules[-1].modalities
            channels.append(Channel(name="grey", rules=(*rules, *(() if every else others))))
    return Preset(name, entry["about"], Rendering(preset=name, title=entry["title"], channels=tuple(channels)))


def of_windows(windows: tuple[tuple[float, float], ...], base: Rendering) -> Rendering:
    """A rendering with these (centre, width) for CT in HU, one or three; the other rules are those of `base`.

    Where `base` has another number of channels, all images but CT are seen as their kind suits. Raises ValidationError.
    """
    if len(windows) == len(base.channels):
        return base.with_windows(windows)
    others = preset("ct_soft").channels[0].rules[1:]
    channels = tuple(Channel(name=f"{centre:g} / {width:g}", rules=others) for centre, width in windows)
    plain = Rendering(preset=OWN, title=_OWN_TITLES[len(channels) == 3], channels=channels)
    return plain.with_windows(windows).model_copy(update={"title": plain.title})


_OWN_TITLES = ("Own window", "Three own windows")


class Group(NamedTuple):
    """So many images that their headers say the same of; `channels` is 3 for colour."""

    modality: str
    body_part: str
    unit: str
    channels: int
    images: int


@dataclass(frozen=True)
class Suggestion:
    """The preset that suits most images, why, and what becomes of the others; sentences for the user."""

    preset: str
    reason: str
    others: tuple[str, ...] = ()

    @property
    def rendering(self) -> Rendering:
        """What would be used."""
        return preset(self.preset)


MOST_KINDS = 5
"""A suggestion goes into this many other kinds of images."""
_HEAD = ("HEAD", "BRAIN", "SKULL", "NEURO", "CRAN")
_CHEST = ("CHEST", "THORAX", "LUNG")
_BONES = ("SPINE", "KNEE", "HIP", "SHOULDER", "ELBOW", "WRIST", "HAND", "FOOT", "ANKLE", "EXTREMITY", "LEG", "ARM")
_BY_MODALITY = {
    **dict.fromkeys(("CR", "DX", "RF", "XA", "IO", "PX"), "xray"),
    **dict.fromkeys(("PT", "NM"), "pet"),
    **dict.fromkeys(("US", "IVUS"), "ultrasound"),
    **dict.fromkeys(("SM", "GM"), "histology"),
    **dict.fromkeys(("DM", "DMS"), "dermoscopy"),
    **dict.fromkeys(("OP", "OPT", "OPM"), "fundus"),
    **dict.fromkeys(("ES", "XC"), "natural"),
    "MR": "mr",
    "MG": "mammography",
}
_WORDS = {
    "CT": "CT", "MR": "MR", "MG": "mammography", "PT": "PET", "NM": "nuclear medicine", "US": "ultrasound",
    "IVUS": "intravascular ultrasound", "CR": "X-ray (CR)", "DX": "X-ray (DX)", "SM": "microscopy",
    "OP": "eye photographs", "OPT": "OCT", "XC": "photographs", "ES": "endoscopy",
}  # fmt: skip


def suggest(groups: Iterable[Group]) -> Suggestion | None:
    """The preset for the commonest kind of image, with the reason in a sentence; None without images."""
    counts: dict[tuple[str, str], int] = {}
    total = 0
    for group in groups:
        key = _kind(group)
        counts[key] = counts.get(key, 0) + group.images
        total += group.images
    if not total:
        return None
    by_preset: dict[str, int] = {}
    for (name, _), images in counts.items():
        by_preset[name] = by_preset.get(name, 0) + images
    chosen = max(by_preset, key=lambda name: by_preset[name])
    same = [words for (name, words), _ in _commonest(counts) if name == chosen]
    title = presets()[chosen].title.rsplit(": ", 1)[-1]
    reason = f"{_of(by_preset[chosen], total)} {_are(by_preset[chosen])} {_listed(same)}: {title}."
    others = [(name, words, images) for (name, words), images in _commonest(counts) if name != chosen]
    rest = [f"{images:,} {_are(images)} {words}: {_treatment(words, chosen, name)}" for name, words, images in others]
    if len(rest) > MOST_KINDS:
        left = sum(images for _, _, images in others[MOST_KINDS - 1 :])
        rest[MOST_KINDS - 1 :] = [f"{left:,} are of {len(rest) - MOST_KINDS + 1} rarer kinds."]
    return Suggestion(chosen, reason, tuple(rest))


def _commonest(counts: dict[tuple[str, str], int]) -> list[tuple[tuple[str, str], int]]:
    return sorted(counts.items(), key=lambda entry: -entry[1])


def _kind(group: Group) -> tuple[str, str]:
    """The preset that suits a group, and the group in words."""
    part = group.body_part.upper()
    if group.channels == 3:
        name = _BY_MODALITY.get(group.modality, "natural")
        name = name if name in ("ultrasound", "histology", "dermoscopy", "fundus") else "natural"
        return name, f"{_WORDS[group.modality]} in colour" if group.modality in _WORDS else "in colour"
    if group.modality == "CT":
        if group.unit != "HU":
            return AUTO, "CT without Hounsfield units"
        if any(word in part for word in _CHEST):
            return "ct_lung_soft_bone", "CT of the chest in HU"
        if any(word in part for word in _HEAD):
            return "ct_brain_subdural_bone", "CT of the head in HU"
        if any(word in part for word in _BONES):
            return "ct_bone", "CT of bones in HU"
        return "ct_soft", f"CT in HU{f' ({part.lower()})' if part else ''}"
    name = _BY_MODALITY.get(group.modality, AUTO)
    other = f"of modality {group.modality}" if group.modality else "pictures without a modality"
    return name, _WORDS.get(group.modality, other)


def _treatment(words: str, chosen: str, own: str) -> str:
    """What the chosen preset does with images it was not made for."""
    if words.endswith("in colour"):
        return "colour stays as it is."
    if chosen.startswith("ct_") and own.startswith("ct_"):
        return f"the same windows in HU ({presets()[own].title} would suit them)."
    told: dict[str, str] = {
        "xray": "the window of each file.",
        "mammography": "the window of each file.",
        "mr": "the middle 99 % of each image's values.",
        "pet": "from zero to the 99.5th percentile.",
        "ultrasound": "as the device shows them.",
    }
    fallback = "the window of each file, else the middle 99 % of its values."
    return told.get(own, fallback) if chosen != "plain" else fallback


def _of(images: int, total: int) -> str:
    if images == total:
        return "The image" if total == 1 else f"All {total:,} images"
    return f"{images:,} of {total:,} images"


def _are(images: int) -> str:
    return "is" if images == 1 else "are"


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def in_words(rendering: Rendering, modality: str, unit: str) -> tuple[str, ...]:
    """What each channel does with images of that modality in that unit, one sentence a channel."""
    return tuple(rule_in_words(channel.rule(modality, unit)) for channel in rendering.channels)


def rule_in_words(rule: WindowRule) -> str:
    """What a rule does: "-1350 to 150 HU", or "the window of the file, else percentile 0.5 to 99.5"."""
    if rule.centre is not None and rule.width is not None:
        low, high = rule.centre - rule.width / 2, rule.centre + rule.width / 2
        return f"{low:g} to {high:g} {rule.unit or 'in the unit of the source'}"
    if rule.from_zero:
        rest = f"zero to percentile {rule.upper:g}"
    elif (rule.lower, rule.upper) == (0.0, 100.0):
        rest = "the darkest to the brightest value"
    else:
        rest = f"percentile {rule.lower:g} to {rule.upper:g}"
    return f"the window of the file, else {rest}" if rule.file_window else rest
