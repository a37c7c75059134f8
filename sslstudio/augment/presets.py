"""Augmentation presets as data, one for each kind of image; no torch here, so that forms can show them.

The ranges come from published recipes for the modality; what a preset never does (hue on grey images, flips where
laterality matters, losing the fan of an ultrasound image) is simply absent from it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from sslstudio.domain.items import Item
from sslstudio.domain.specs import Preset


@dataclass(frozen=True)
class AugmentationPreset:
    """Ranges from which each view of each image draws its own values; 0 or an equal pair switches a part off.

    `crop` is the share of the area kept, `ratio` the crop's aspect; `rotation` is in degrees to both sides.
    `horizontal_flip` .. `blur` are probabilities. `brightness` is an offset of pixels in 0 to 1, `contrast`,
    `saturation` relative, `hue` in turns. `gamma` is an exponent, `bias_field` the log of a smooth gain, `noise`
    the largest standard deviation (pixels 0 to 1), `speckle` the same but multiplied with the image.
    `window_jitter` moves centre and width of the window by up to this share of the width, which is the same share in
    HU; images are then stored over a window wider by `window_margin` at both ends.
    """

    name: Preset
    title: str
    crop: tuple[float, float]
    ratio: tuple[float, float] = (0.75, 4 / 3)
    horizontal_flip: float = 0.0
    vertical_flip: float = 0.0
    rotation: float = 0.0
    brightness: float = 0.0
    contrast: float = 0.0
    saturation: float = 0.0
    hue: float = 0.0
    grayscale: float = 0.0
    gamma: tuple[float, float] = (1.0, 1.0)
    bias_field: float = 0.0
    noise: float = 0.0
    speckle: float = 0.0
    blur: float = 0.0
    window_jitter: float = 0.0

    @property
    def window_margin(self) -> float:
        """As far as an end of the window can move: the centre's jitter and half that of the width."""
        return 1.5 * self.window_jitter


PRESETS: Final[dict[str, AugmentationPreset]] = {
    preset.name: preset
    for preset in (
        AugmentationPreset(
            name="plain",
            title="Plain grey images",
            crop=(0.3, 1.0),
            horizontal_flip=0.5,
            rotation=15.0,
            brightness=0.1,
            contrast=0.4,
            gamma=(0.7, 1.5),
            noise=0.05,
            blur=0.1,
        ),
        AugmentationPreset(
            name="xray",
            title="X-ray",
            crop=(0.3, 1.0),
            rotation=10.0,
            brightness=0.2,
            contrast=0.4,
            gamma=(0.7, 1.5),
            noise=0.05,
            blur=0.1,
        ),
        AugmentationPreset(
            name="ct",
            title="CT slices",
            crop=(0.4, 1.0),
            rotation=10.0,
            contrast=0.1,
            noise=0.03,
            blur=0.1,
            window_jitter=0.15,
        ),
        AugmentationPreset(
            name="mr",
            title="MR slices",
            crop=(0.4, 1.0),
            horizontal_flip=0.5,
            rotation=15.0,
            brightness=0.1,
            contrast=0.4,
            gamma=(0.7, 1.5),
            bias_field=0.3,
            noise=0.05,
            blur=0.1,
        ),
        AugmentationPreset(
            name="ultrasound",
            title="Ultrasound",
            crop=(0.5, 1.0),
            horizontal_flip=0.5,
            rotation=10.0,
            brightness=0.1,
            contrast=0.3,
            gamma=(0.8, 1.25),
            speckle=0.15,
        ),
        AugmentationPreset(
            name="histology",
            title="Histology, blood smears",
            crop=(0.2, 1.0),
            horizontal_flip=0.5,
            vertical_flip=0.5,
            rotation=180.0,
            brightness=0.15,
            contrast=0.4,
            saturation=0.2,
            hue=0.05,
            blur=0.1,
        ),
        AugmentationPreset(
            name="dermoscopy",
            title="Dermoscopy, skin photographs",
            crop=(0.25, 1.0),
            horizontal_flip=0.5,
            vertical_flip=0.5,
            rotation=180.0,
            brightness=0.15,
            contrast=0.4,
            saturation=0.2,
            hue=0.05,
            blur=0.1,
        ),
        AugmentationPreset(
            name="fundus",
            title="Fundus, OCT",
            crop=(0.3, 1.0),
            horizontal_flip=0.5,
            rotation=20.0,
            brightness=0.15,
            contrast=0.4,
            saturation=0.2,
            hue=0.02,
            blur=0.1,
        ),
        AugmentationPreset(
            name="natural",
            title="Photographs (SimCLR's own recipe)",
            crop=(0.08, 1.0),
            horizontal_flip=0.5,
            brightness=0.3,
            contrast=0.8,
            saturation=0.8,
            hue=0.2,
            grayscale=0.2,
            blur=0.5,
        ),
    )
}

GENTLE = 0.5
"""How strong the changes of `gentle` are, relative to the preset's."""


def gentle(preset: AugmentationPreset) -> AugmentationPreset:
    """The preset for learning from labels: the same kinds of change, half as strong; flips stay.

    What pretraining may cut away or distort can be what a label rests on.
    """
    halved = {
        name: getattr(preset, name) * GENTLE
        for name in (
            "rotation", "brightness", "contrast", "saturation", "hue", "grayscale", "bias_field", "noise", "speckle",
            "blur", "window_jitter",
        )
    }  # fmt: skip
    if preset.vertical_flip:
        halved.pop("rotation")  # where up means nothing, any angle is as good
    low, high = preset.gamma
    return replace(
        preset,
        crop=(1.0 - (1.0 - preset.crop[0]) * GENTLE, 1.0),
        ratio=(1.0 - (1.0 - preset.ratio[0]) * GENTLE, 1.0 + (preset.ratio[1] - 1.0) * GENTLE),
        gamma=(low**GENTLE, high**GENTLE),
        **halved,
    )


_BY_MODALITY: Final[dict[str, str]] = {
    "CR": "xray",
    "DX": "xray",
    "MG": "xray",
    "RF": "xray",
    "XA": "xray",
    "CT": "ct",
    "MR": "mr",
    "US": "ultrasound",
    "IVUS": "ultrasound",
    "SM": "histology",
    "GM": "histology",
    "ES": "natural",
    "XC": "natural",
    "DM": "dermoscopy",
    "DMS": "dermoscopy",
    "OP": "fundus",
    "OPT": "fundus",
}


def resolve(preset: Preset, items: Iterable[Item]) -> AugmentationPreset:
    """The preset called `preset`; "auto" follows the commonest DICOM modality, else whether images are colour."""
    if preset != "auto":
        return PRESETS[preset]
    return of_kinds(Counter((item.modality.upper(), item.channels) for item in items))


def of_kinds(kinds: Mapping[tuple[str, int], int]) -> AugmentationPreset:
    """The preset for images whose numbers are given by (DICOM modality in capitals, channels)."""
    if not kinds:
        return PRESETS["plain"]
    modality, channels = max(kinds, key=lambda kind: (kinds[kind], kind))
    return PRESETS[_BY_MODALITY.get(modality, "natural" if channels == 3 else "plain")]
