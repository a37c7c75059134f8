"""What to train with when series are seen as volumes, each setting with a reason. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sslstudio.backbones.table import ARCHITECTURES
from sslstudio.domain.specs import PretrainSpec
from sslstudio.extensions.manifest import PretextTaskEntry
from sslstudio.session import offering, planning
from sslstudio.session.offering import DataFacts
from sslstudio.session.planning import Effort
from sslstudio.session.recommending import EFFORTS, Amount, Choice, Recommendation

FEW_VOLUMES = 200
FIRST = ("simclr", "vicreg", "mocov3")
KNOWN = "What MONAI and torchvision offer."


def recommend_for_volumes(
    facts: DataFacts,
    methods: Sequence[PretextTaskEntry],
    *,
    gpu: bool,
    speeds: Mapping[str, float],
    effort: Effort = "balanced",
) -> Recommendation | None:
    """As `recommending.recommend`, for networks that see whole series; None with fewer than two volumes."""
    fitting = (entry for entry in methods if 3 in entry.requires.dimensions)
    usable = {entry.id: entry for entry in fitting if not offering.reason(entry.requires, facts)}
    if facts.volumes < 2 or not usable:
        return None
    entry = next((usable[name] for name in FIRST if name in usable), next(iter(usable.values())))
    backbone = next(one for one in offering.fitting_backbones(entry.requires) if one.dimensions == 3)
    amounts = tuple(_amount(one, entry, backbone.name, facts, speeds, gpu=gpu) for one in EFFORTS)
    spec = next(amount.spec for amount in amounts if amount.effort == effort)
    return Recommendation(spec, _choices(spec, entry, facts, gpu=gpu), amounts)


def _choices(spec: PretrainSpec, entry: PretextTaskEntry, facts: DataFacts, *, gpu: bool) -> tuple[Choice, ...]:
    task = "It asks least of the volumes and is quick to judge."
    if facts.volumes < FEW_VOLUMES:
        task += (
            f" {facts.volumes} volumes are few: slice by slice there are {facts.images} images, which may do better."
        )
    title = ARCHITECTURES[spec.backbone].title
    network = (
        f"{title} is the quickest that sees whole series; larger ones want some hundred series and a graphics card."
    )
    size = "Cost grows with the area of every slice." + ("" if gpu else " Right without a graphics card.")
    return (
        Choice("task", entry.id, task),
        Choice("backbone", spec.backbone, network),
        Choice("init", "random", "There are no ImageNet weights for networks that see volumes.", KNOWN),
        Choice("image_size", spec.image_size, size),
        Choice("depth", spec.depth, "To so many slices each series is brought, whatever their distance."),
        Choice("epochs", spec.epochs, f"Every volume is seen {spec.epochs} times; few are seen more often."),
        Choice("batch_size", spec.batch_size, "One volume costs as much time and memory as seven images or more."),
    )


def _amount(
    effort: Effort,
    entry: PretextTaskEntry,
    backbone: str,
    facts: DataFacts,
    speeds: Mapping[str, float],
    *,
    gpu: bool,
) -> Amount:
    plan = planning.make_plan(effort, facts.volumes, offering.VOLUMES_IN_A_BATCH, gpu=gpu, volumes=True)
    size = max(plan.image_size, ARCHITECTURES[backbone].smallest_image)
    chosen = {"backbone": backbone, "image_size": size, "epochs": plan.epochs, "batch_size": plan.batch_size}
    spec = PretrainSpec(**offering.suited(entry, chosen), init="random")
    device = "gpu" if gpu else "cpu"
    speed, measured = planning.images_per_second(speeds, backbone, size, device, gpu=gpu, depth=spec.depth)
    return Amount(effort, spec, planning.seconds(facts.volumes, plan.epochs, speed), measured)
