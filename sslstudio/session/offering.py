"""Whether a pretext task means anything on the images at hand, and which settings suit it; pure but for `data_facts`.

The window shows the reason on a method's card; `prepare_pretrain` refuses with the same words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sslstudio.augment import presets
from sslstudio.backbones.table import ARCHITECTURES, Architecture, sees_volumes
from sslstudio.domain.specs import Preset
from sslstudio.domain.stacks import LEAST_SLICES
from sslstudio.domain.words import percent
from sslstudio.extensions.manifest import PretextTaskEntry, Requires
from sslstudio.session.project import Project

FEW_WITH_SEVERAL = 0.2
"""Below this share of patients with several images, comparing images of one patient adds little."""
_SUCCESSIVE = 3
_WRONG_DIMENSIONS = {
    2: "This method needs volumes, and {} sees single images.",
    3: "This method learns from single images, and {} sees whole volumes.",
}
VOLUMES_IN_A_BATCH = 16
"""One volume costs as much as seven images or more, in time and in memory."""
_KINDS = {"cnn": "a convolutional network", "vit": "a vision transformer"}


@dataclass(frozen=True)
class DataFacts:
    """What a pretext task asks of the included images.

    `several` is the share of the subjects that have two images or more, `colour` the share of images in colour,
    `longest_run` the most successive images of one series, `preset` the augmentation preset that "auto" stands for,
    `volumes` how many unbroken passes over a series can be seen as volumes.
    """

    images: int
    subjects: int
    several: float
    colour: float
    longest_run: int
    preset: Preset
    volumes: int = 0


def data_facts(project: Project, preset: Preset = "auto") -> DataFacts:
    """The facts of a project, for a run with the augmentation `preset`; call it from a thread in the window."""
    makeup = project.catalogue.makeup()
    images = makeup.kinds.total()
    coloured = sum(count for (_, channels), count in makeup.kinds.items() if channels == 3)
    return DataFacts(
        images=images,
        subjects=makeup.subjects,
        several=makeup.with_several / max(1, makeup.subjects),
        colour=coloured / max(1, images),
        longest_run=makeup.longest_run,
        preset=presets.of_kinds(makeup.kinds).name if preset == "auto" else preset,
        volumes=makeup.volumes,
    )


def reason(requires: Requires, facts: DataFacts) -> str:
    """Why a task that `requires` this means nothing on such images, in a sentence or two; "" when it does."""
    if facts.images < 2:
        return "There are not two images to learn from yet."
    if requires.colour and not facts.colour:
        return "All images are grey: there is no colour to learn from."
    if requires.bags and facts.subjects < 2:
        return "All images belong to one patient; this method compares patients."
    if requires.bags and not facts.several:
        return "No patient has two images. If that is wrong, change how patients are told apart on the Data page."
    if requires.neighbours and facts.longest_run < _SUCCESSIVE:
        return "There is no series of successive slices or frames."
    if facts.preset in requires.not_for:
        title = presets.PRESETS[facts.preset].title
        return requires.because or f"This method is not meant for this kind of image ({title})."
    return ""


def caution(entry: PretextTaskEntry, facts: DataFacts, *, volumes: bool = False) -> str:
    """What speaks against a task on such images without ruling it out, in a sentence; "" when nothing does.

    With `volumes` series are seen as volumes.
    """
    if volumes and facts.volumes < entry.least_images:
        return (
            f"{facts.volumes} volumes are few for this method; it wants {entry.least_images} or more. "
            f"Slice by slice there are {facts.images} images."
        )
    if entry.requires.bags and 0 < facts.several < FEW_WITH_SEVERAL:
        return (
            f"Only {percent(facts.several)} of the patients have several images; for the others two views of one "
            "image are compared, as SimCLR does."
        )
    if entry.requires.colour and facts.colour < 1:
        return f"{percent(1 - facts.colour)} of the images are grey and teach this method nothing."
    if facts.images < entry.least_images:
        return f"{facts.images} images are few for this method; it wants {entry.least_images} or more."
    return ""


def backbone_reason(requires: Requires, backbone: str) -> str:
    """Why the task does not work with a backbone of the table, in a sentence; "" when it does."""
    chosen = ARCHITECTURES.get(backbone)
    if chosen is None:
        return ""
    if chosen.dimensions not in requires.dimensions:
        return _WRONG_DIMENSIONS[chosen.dimensions].format(chosen.title)
    if chosen.family in requires.families:
        return ""
    others = " or ".join(one.title for one in fitting_backbones(requires))
    return f"This method does not work with {_KINDS[chosen.family]} like {chosen.title}; choose {others}."


def fitting_backbones(requires: Requires) -> list[Architecture]:
    """The backbones of the table that a task works with."""
    return [
        one
        for one in ARCHITECTURES.values()
        if one.family in requires.families and one.dimensions in requires.dimensions
    ]


def volume_reason(backbone: str, volumes: int) -> str:
    """Why a backbone for volumes cannot be trained on so many of them, in a sentence; "" when it can."""
    chosen = ARCHITECTURES[backbone]
    if volumes < 2:
        few = "only one such series" if volumes else "no such series"
        return f"{chosen.title} sees series of {LEAST_SLICES} or more successive slices as volumes; there is {few}."
    return ""


def suited(entry: PretextTaskEntry, chosen: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of a `PretrainSpec`: what was `chosen`, and what the task recommends where nothing was.

    A backbone that nobody chose or recommends is left to the specification, unless the task cannot work with that.
    """
    recommended = {name: value for name, value in entry.recommended if value not in (None, "")}
    fields: dict[str, Any] = {"task": entry.id, **recommended, **chosen}
    if "backbone" not in fields and "cnn" not in entry.requires.families:
        fields["backbone"] = fitting_backbones(entry.requires)[0].name
    if sees_volumes(str(fields.get("backbone", ""))):
        fields.setdefault("batch_size", VOLUMES_IN_A_BATCH)
    return fields
