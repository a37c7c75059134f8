"""Making a training fit into memory: which settings to change, in what order, and what each change costs. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from sslstudio.backbones.table import sees_volumes
from sslstudio.domain.specs import PretrainSpec

SHARE = 0.85
"""The share of free memory that a training may take: other programs want some, and estimates err."""
SIZES = (224, 192, 160, 128, 96, 64, 48, 32)
KEPT_BY_CHECKPOINTING = 0.5
_LEAST_COMPARED, _LEAST_BATCH, _LEAST_PART = 64, 16, 2
_LEAST_VOLUMES_COMPARED, _LEAST_VOLUMES = 8, 4
_LEAST_DEPTH = 16


@dataclass(frozen=True)
class Demand:
    """What a training asks of memory: `base` bytes whatever the batch, `per_image` bytes for each image of a part.

    Measured at the image size of `spec`.
    """

    spec: PretrainSpec
    base: float
    per_image: float

    def of(self, spec: PretrainSpec) -> float:
        """Bytes that `spec` needs: in proportion to the images of a part and to their area, and depth of volumes."""
        area = (spec.image_size / self.spec.image_size) ** 2
        if sees_volumes(spec.backbone):
            area *= spec.depth / self.spec.depth
        kept = KEPT_BY_CHECKPOINTING if spec.checkpointing and not self.spec.checkpointing else 1.0
        return self.base + self.per_image * area * kept * -(-spec.batch_size // spec.accumulation)


def make_it_fit(
    demand: Demand, room: float, *, compares: bool, transformer: bool, smallest_image: int
) -> tuple[PretrainSpec, list[str]] | None:
    """The settings of `demand` changed until they need at most `room` bytes, and a sentence for each change.

    What costs least comes first. A method that `compares` the images of a batch loses by smaller parts, so its batch
    shrinks openly and the image size before that; any other is computed in parts with the same result. None when
    nothing helps. Volumes also lose every second slice, and fewer of them are compared in any case.
    """
    spec, said = demand.spec, list[str]()
    volumes = sees_volumes(spec.backbone)
    least_compared, least = (_LEAST_VOLUMES_COMPARED, _LEAST_VOLUMES) if volumes else (_LEAST_COMPARED, _LEAST_BATCH)

    def fits() -> bool:
        return demand.of(spec) <= room

    if transformer and not fits() and not spec.checkpointing:
        spec = spec.model_copy(update={"checkpointing": True})
        said.append(
            "Parts of the network are computed twice instead of being kept in memory; that takes a third longer."
        )
    if not compares:
        spec = _in_parts(demand, spec, room, said, "the result stays the same.")
    else:
        spec = _smaller_batch(demand, spec, room, said, least_compared)
    if volumes and not fits() and spec.depth % 16 == 0 and spec.depth // 2 >= _LEAST_DEPTH:
        said.append(f"Volumes are seen in {spec.depth // 2} instead of {spec.depth} slices; thin findings may be lost.")
        spec = spec.model_copy(update={"depth": spec.depth // 2})
    sizes = [size for size in SIZES if smallest_image <= size < spec.image_size]
    if not fits() and sizes:
        size = next((one for one in sizes if demand.of(spec.model_copy(update={"image_size": one})) <= room), sizes[-1])
        seen = "Volumes" if volumes else "Images"
        said.append(f"{seen} are seen at {size} instead of {spec.image_size} pixels; fine detail is lost.")
        spec = spec.model_copy(update={"image_size": size})
    if compares:
        spec = _smaller_batch(demand, spec, room, said, least)
    return (spec, said) if fits() else None


def _in_parts(demand: Demand, spec: PretrainSpec, room: float, said: list[str], cost: str) -> PretrainSpec:
    changed = spec
    while demand.of(changed) > room and changed.batch_size // (2 * changed.accumulation) >= _LEAST_PART:
        if changed.accumulation >= 64:
            break
        changed = changed.model_copy(update={"accumulation": 2 * changed.accumulation})
    if changed != spec:
        said.append(f"Each batch is computed in {changed.accumulation} parts; {cost}")
    return changed


def _smaller_batch(demand: Demand, spec: PretrainSpec, room: float, said: list[str], least: int) -> PretrainSpec:
    changed = spec
    while demand.of(changed) > room and changed.batch_size // 2 >= least:
        changed = changed.model_copy(update={"batch_size": changed.batch_size // 2})
    if changed != spec:
        seen = "volumes" if sees_volumes(spec.backbone) else "images"
        said.append(
            f"{changed.batch_size} instead of {spec.batch_size} {seen} are compared at a time; the method has fewer to "
            "tell apart and may learn a little less."
        )
    return changed
