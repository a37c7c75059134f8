"""What to train with on the images at hand: method, network, start, size, epochs, batch; each with a reason. Pure.

The window's Basic mode and `sslstudio recommend` show the same sentences. Figures that were published stand with their
source; what nobody has measured is called a rule of thumb.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sslstudio.backbones.table import ARCHITECTURES
from sslstudio.domain.specs import PretrainSpec
from sslstudio.domain.words import percent
from sslstudio.extensions.manifest import PretextTaskEntry
from sslstudio.session import offering, planning
from sslstudio.session.offering import DataFacts
from sslstudio.session.planning import Effort
from sslstudio.session.project import Project

FEW, MANY = 1_000, 10_000
EFFORTS: tuple[Effort, ...] = ("quick", "balanced", "thorough")
THUMB = "A rule of thumb; nothing was measured on data like yours."


@dataclass(frozen=True)
class Choice:
    """One setting of a run: its name in `PretrainSpec`, the value, why, and what that rests on."""

    name: str
    value: str | int
    reason: str
    evidence: str = THUMB


@dataclass(frozen=True)
class Amount:
    """What an effort means here: the settings, the seconds it takes, and whether that rests on a measurement."""

    effort: Effort
    spec: PretrainSpec
    seconds: float
    measured: bool


@dataclass(frozen=True)
class Recommendation:
    """The settings recommended for an effort, and what every effort would take."""

    spec: PretrainSpec
    choices: tuple[Choice, ...]
    amounts: tuple[Amount, ...]


def recommend(
    facts: DataFacts,
    methods: Sequence[PretextTaskEntry],
    *,
    gpu: bool,
    at_hand: Mapping[str, bool],
    speeds: Mapping[str, float],
    effort: Effort = "balanced",
) -> Recommendation | None:
    """What to train with; None while there is nothing to learn from, or no method that fits.

    `methods` may run here, `at_hand` says of which backbones ImageNet weights are on this computer, `speeds` are
    measured images a second by `planning.speed_key`.
    """
    usable = [entry for entry in methods if not offering.reason(entry.requires, facts)]
    if facts.images < 2 or not usable:
        return None
    entry, task = best_task(usable, facts)
    backbone = _backbone(entry, facts, gpu=gpu, at_hand=at_hand)
    start = _start(str(backbone.value), facts, at_hand)
    amounts = tuple(
        _amount(one, entry, str(backbone.value), str(start.value), facts, speeds, gpu=gpu) for one in EFFORTS
    )
    spec = next(amount.spec for amount in amounts if amount.effort == effort)
    choices = (task, backbone, start, _size(spec, gpu=gpu), _epochs(spec, facts), _batch(spec, entry, facts))
    return Recommendation(spec, choices, amounts)


def measured_speeds(project: Project) -> dict[str, float]:
    """Images a second seen on this computer, by `planning.speed_key`: from trainings and pre-flights of the project."""
    found: dict[str, float] = {}
    for row in project.catalogue.runs():
        speed, training = row.result.get("images_per_second"), row.result.get("spec")
        if row.stage == "preflight" and isinstance(speed, float) and isinstance(training, dict):
            device = "cpu" if row.result.get("device") == "cpu" else "gpu"
            key = planning.speed_key(
                str(training["backbone"]), int(training["image_size"]), device, int(training.get("depth", 0))
            )
            found[key] = speed
    return found | dict(project.catalogue.setting(planning.SPEEDS, {}))


def best_task(usable: Sequence[PretextTaskEntry], facts: DataFacts) -> tuple[PretextTaskEntry, Choice]:
    """The method of `usable` (at least one; all fit the images) to take first, and why."""
    by_id = {entry.id: entry for entry in usable}
    each = facts.images / max(1, facts.subjects)
    if "micle" in by_id and each >= 2 and facts.several >= offering.FEW_WITH_SEVERAL:
        why = (
            f"{percent(facts.several)} of the patients have several images; this method learns that they belong "
            "together. It pays most after SimCLR on the same images."
        )
        source = "Azizi et al., ICCV 2021: up to 6.7 points on skin photographs with the whole recipe, 1.2 alone."
        return by_id["micle"], Choice("task", "micle", why, source)
    if "simclr" in by_id:
        why = (
            "Few patients have several images, so each image stands for itself."
            if each < 2
            else "The safest first choice: it asks least of the images and is quick to judge."
        )
        source = "Huang et al. 2024: on PathMNIST with 50 labels a class 80.5 % against 67 % without pretraining."
        return by_id["simclr"], Choice("task", "simclr", why, source)
    first = usable[0]
    return first, Choice("task", first.id, "The first of your methods that fits these images.", first.evidence or THUMB)


def _backbone(entry: PretextTaskEntry, facts: DataFacts, *, gpu: bool, at_hand: Mapping[str, bool]) -> Choice:
    if entry.recommended.backbone:
        title = ARCHITECTURES[entry.recommended.backbone].title
        return Choice(
            "backbone", entry.recommended.backbone, f"{entry.title} goes with {title}.", entry.evidence or THUMB
        )
    fitting = [one.name for one in offering.fitting_backbones(entry.requires)]
    if gpu and facts.images >= MANY and "resnet50" in fitting:
        return Choice("backbone", "resnet50", "Enough images, and a graphics card, for a larger network.")
    lite = "efficientnet_lite0"
    if facts.images < FEW and not at_hand.get("resnet18") and at_hand.get(lite) and lite in fitting:
        why = "Few images: its ImageNet weights are on this computer, and a start from them matters most here."
        return Choice("backbone", lite, why, _FEW_EVIDENCE)
    name = "resnet18" if "resnet18" in fitting else fitting[0]
    return Choice("backbone", name, "Small and quick, and hard to beat on sets of this size.")


_FEW_EVIDENCE = "Espis et al. 2025: below about 1,000 images pretraining from nothing rarely pays."


def _start(backbone: str, facts: DataFacts, at_hand: Mapping[str, bool]) -> Choice:
    title = ARCHITECTURES[backbone].title
    if at_hand.get(backbone):
        why = f"ImageNet weights of {title} are on this computer; a network that has seen photographs learns faster."
        source = (
            "Measured with this program on 2,155 brain MR images: with 10 labels a class 72 % right after 10 epochs of "
            "SimCLR from ImageNet weights (EfficientNet-Lite0), 57 % by these weights alone, 64 % from nothing."
        )
        return Choice("init", "imagenet", why, source)
    if facts.images < FEW:
        why = (
            f"No ImageNet weights of {title} are on this computer. With {facts.images} images they would help most: "
            "get them if you can, or take a file."
        )
        return Choice("init", "random", why, _FEW_EVIDENCE)
    return Choice(
        "init", "random", f"No ImageNet weights of {title} are on this computer, and there are enough images."
    )


def _amount(
    effort: Effort,
    entry: PretextTaskEntry,
    backbone: str,
    start: str,
    facts: DataFacts,
    speeds: Mapping[str, float],
    *,
    gpu: bool,
) -> Amount:
    plan = planning.make_plan(effort, facts.images, entry.recommended_batch, gpu=gpu)
    size = max(plan.image_size, ARCHITECTURES[backbone].smallest_image)
    chosen = {"backbone": backbone, "image_size": size, "epochs": plan.epochs, "batch_size": plan.batch_size}
    spec = PretrainSpec(**offering.suited(entry, chosen), init=start)
    device = "gpu" if gpu else "cpu"
    speed, measured = planning.images_per_second(speeds, backbone, size, device, gpu=gpu)
    return Amount(effort, spec, planning.seconds(facts.images, plan.epochs, speed), measured)


def _size(spec: PretrainSpec, *, gpu: bool) -> Choice:
    if spec.image_size >= 128:
        why = "Where gains flatten; larger costs in proportion to the area."
        return Choice("image_size", spec.image_size, why)
    why = "Shows what is to be had in a quarter of the time of 128 pixels." + ("" if gpu else " Right without a GPU.")
    return Choice("image_size", spec.image_size, why)


def _epochs(spec: PretrainSpec, facts: DataFacts) -> Choice:
    seen = "A small set is seen more often." if facts.images < FEW else "More epochs still help, ever less."
    return Choice("epochs", spec.epochs, f"Every image is seen {spec.epochs} times. {seen}")


def _batch(spec: PretrainSpec, entry: PretextTaskEntry, facts: DataFacts) -> Choice:
    if spec.batch_size < min(entry.recommended_batch or planning.LARGEST_BATCH, planning.LARGEST_BATCH):
        why = f"There are {facts.images} images: with larger batches an epoch would be a few steps only."
        return Choice("batch_size", spec.batch_size, why)
    return Choice(
        "batch_size", spec.batch_size, f"What {entry.title} was found to work well with.", entry.reference or THUMB
    )
