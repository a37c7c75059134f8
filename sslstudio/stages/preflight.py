"""Pre-flight as a job: some steps of a training, to say how long it will take and whether it fits; nothing is kept."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sslstudio.domain.words import percent

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before torch loads: idle threads sleep, not spin

import torch
from torch import nn

from sslstudio.backbones import table
from sslstudio.backbones.build import build
from sslstudio.domain.items import Item
from sslstudio.domain.specs import PreflightSpec, PretrainSpec
from sslstudio.domain.stacks import stacks
from sslstudio.importers.pixel_cache import PixelCache
from sslstudio.stages.context import StageContext
from sslstudio.stages.pretrain import find_task
from sslstudio.training import devices, pixel_store, trial
from sslstudio.training.fitting import SHARE, Demand, make_it_fit
from sslstudio.training.trial import Trial

_PARTS = (8, 4)  # the shares of the batch from which its demand for memory is foreseen
_FEWEST, _FEWEST_VOLUMES = 8, 2
_SPARE_DISK = 1 << 30


@dataclass(frozen=True)
class _Tester:
    """Makes trials of specifications on the run's items."""

    items: Sequence[Item]
    context: StageContext
    spec: PreflightSpec

    def attempt(self, training: PretrainSpec, steps: int) -> Trial:
        """Some steps with `training`; leaves no file."""
        channels: Literal[1, 3] = 3 if pixel_store.channels_of(self.items) == 3 else 1
        make_task, parameters = find_task(training, self.context)

        def backbone() -> nn.Module:
            return build(training.backbone, channels, training.image_size, training.seed)

        scratch = self.context.run_dir / "checkpoints" / "pixels.bin"
        cache = PixelCache(self.context.pixels_dir)
        try:
            return trial.attempt(
                training, self.items, cache, backbone, make_task, parameters, scratch, self.context,
                steps=steps, seconds=self.spec.seconds,
            )  # fmt: skip
        finally:
            cache.close()


def run(spec: PreflightSpec, context: StageContext) -> dict[str, Any]:
    """Try `spec.training` out on the run's items; see docs/architecture.md for the result."""
    items = context.items()
    devices.use_every_core()
    device = devices.choose_device(spec.training.device)
    tester = _Tester(items, context, spec)
    room = SHARE * devices.free_bytes(device)
    training, said = spec.training, list[str]()
    demand, compares = _foresee(tester, training)
    fits = demand is None or demand.of(training) <= room
    if not fits and demand is not None and spec.fit:
        entry = table.find(training.backbone)
        changed = make_it_fit(
            demand, room, compares=compares, transformer=entry.family == "vit", smallest_image=entry.smallest_image
        )
        if changed is not None:
            training, said = changed
            fits = True
    seen: Trial | None = None
    if fits:
        try:
            seen = tester.attempt(training, spec.steps)
        except (MemoryError, torch.OutOfMemoryError):
            fits = False
    needed = max(demand.of(training) if demand else 0, seen.peak_bytes if seen else 0)
    result: dict[str, Any] = {
        "fits": fits,
        "spec": training.model_dump(mode="json"),
        "changed": {
            name: value
            for name, value in training.model_dump(mode="json").items()
            if value != spec.training.model_dump(mode="json")[name]
        },
        "memory_bytes": int(needed),
        "memory_free_bytes": int(room / SHARE),
        "images": len(stacks(items)) if table.sees_volumes(training.backbone) else len(items),
    }
    if seen is None:
        result["sentences"] = [_too_large(needed, room)]
        return result
    return result | _figures(seen, training, len(items), context, said, needed, room)


def _foresee(tester: _Tester, training: PretrainSpec) -> tuple[Demand | None, bool]:
    """What the full batch will ask of memory, from two small ones; and whether the method compares images."""
    fewest = _FEWEST_VOLUMES if table.sees_volumes(training.backbone) else _FEWEST
    sizes = sorted({max(fewest, training.batch_size // part) for part in _PARTS})
    small = [
        tester.attempt(training.model_copy(update={"batch_size": size, "accumulation": 1}), steps=2) for size in sizes
    ]
    compares = small[-1].compares
    if len(small) < 2 or small[0].batch_size == small[1].batch_size:
        return None, compares
    slope = (small[1].peak_bytes - small[0].peak_bytes) / (small[1].batch_size - small[0].batch_size)
    slope = max(slope, small[1].peak_bytes / small[1].batch_size * 0.25)  # memory that was free already shows no growth
    base = max(0.0, small[1].peak_bytes - slope * small[1].batch_size)
    return Demand(training, base, slope), compares


def _figures(
    seen: Trial, training: PretrainSpec, images: int, context: StageContext, said: list[str], needed: float, room: float
) -> dict[str, Any]:
    epoch = seen.steps_per_epoch * seen.batch_size / seen.images_per_second + seen.measuring
    seconds = seen.preparing * images + training.epochs * epoch
    disk = 9 * 4 * seen.parameters + 2 * 4 * seen.encoder_parameters
    free = shutil.disk_usage(context.run_dir).free
    enough = free > disk + _SPARE_DISK
    sentences = [*said, _time(seconds), _memory(needed, room), _disk(disk, free, enough)]
    if seen.data_wait > 0.1:
        sentences.append(f"It waits for images {percent(seen.data_wait)} of the time; a faster disk would help.")
    return {
        "steps": seen.steps,
        "device": seen.device,
        "precision": seen.precision,
        "images_per_second": round(seen.images_per_second, 1),
        "data_wait": round(seen.data_wait, 4),
        "seconds_per_epoch": round(epoch, 2),
        "seconds": round(seconds, 1),
        "disk_bytes": disk,
        "disk_free_bytes": free,
        "disk_suffices": enough,
        "sentences": sentences,
    }


def _time(seconds: float) -> str:
    if seconds < 90:
        return "The training will take about a minute."
    minutes = seconds / 60
    if minutes < 90:
        return f"The training will take about {minutes:.0f} minutes."
    return f"The training will take about {minutes / 60:.1f} hours."


def _memory(needed: float, room: float) -> str:
    return f"It needs about {needed / 2**30:.1f} GB of memory; {room / SHARE / 2**30:.1f} GB are free."


def _disk(disk: int, free: int, enough: bool) -> str:
    told = f"It needs about {disk / 2**30:.1f} GB on the disk; {free / 2**30:.1f} GB are free."
    return told if enough else f"{told} Make room first."


def _too_large(needed: float, room: float) -> str:
    return (
        f"The training needs about {needed / 2**30:.1f} GB of memory and {room / SHARE / 2**30:.1f} GB are free. "
        "Choose a smaller batch, smaller images or a smaller network, or let them be chosen for you."
    )
