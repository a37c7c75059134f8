"""From "how thoroughly" to numbers, and how long that takes on this computer; pure, so that it can be tested."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from sslstudio.backbones.table import ARCHITECTURES, sees_volumes

Effort = Literal["quick", "balanced", "thorough"]

PER_CORE_AT_64 = 80.0
"""Images a second and core, ResNet-18 at 64 px: measured once on two cores (160 a second), only a first guess."""
GPU_AT_64 = 4000.0
RELATIVE_SPEED = {name: 1.0 / entry.cost for name, entry in ARCHITECTURES.items()}
LARGEST_BATCH = 256
BATCHES_AN_EPOCH = 6
"""With six steps an epoch SimCLR learned on the demo's 217 images in 20 epochs what it had not with three in 15."""
_DEPTH_OF_COSTS = 32
SPEEDS = "training_speeds"
"""The project's setting under which measured speeds are kept, by `speed_key`."""


@dataclass(frozen=True)
class Plan:
    """What an effort means: longest side in pixels, epochs, images a batch."""

    image_size: int
    epochs: int
    batch_size: int


def make_plan(effort: Effort, images: int, recommended_batch: int, *, gpu: bool, volumes: bool = False) -> Plan:
    """The numbers of an effort for a set of `images`, or of that many `volumes`.

    64 px shows what is to be had; 128 px is where gains flatten. Small sets are seen more often. Volumes are seen at no
    more than 96 px without a graphics card, which is a rule of thumb: their cost grows with the area of every slice.
    """
    size, epochs = {
        "quick": (64, 20),
        "balanced": (128, 100) if gpu else (64, 60),
        "thorough": (128, 200) if gpu else (128, 120),
    }[effort]
    if volumes and not gpu:
        size = min(size, 96)
    if images < 1000:
        epochs = round(epochs * 1.5)
    return Plan(size, epochs, fitting_batch(images, recommended_batch))


def fitting_batch(images: int, recommended: int) -> int:
    """The largest power of two that is at most the recommended batch and leaves `BATCHES_AN_EPOCH` in an epoch."""
    most = min(recommended or LARGEST_BATCH, LARGEST_BATCH, max(8, images // BATCHES_AN_EPOCH))
    return 1 << (most.bit_length() - 1)


def speed_key(backbone: str, image_size: int, device: str, depth: int = 0) -> str:
    """Under what a measured speed is kept; `depth` counts for networks that see volumes alone."""
    slices = f"x{depth}" if sees_volumes(backbone) else ""
    return f"{backbone}@{image_size}{slices}@{device}"


def images_per_second(
    measured: Mapping[str, float], backbone: str, image_size: int, device: str, *, gpu: bool, depth: int = 0
) -> tuple[float, bool]:
    """How fast training will be, in images or volumes, and whether that rests on a measurement on this computer.

    A measurement at another image size or depth is scaled by the number of pixels; without any, a first guess is given.
    """
    volumes = sees_volumes(backbone)
    exact = measured.get(speed_key(backbone, image_size, device, depth))
    if exact:
        return exact, True
    for key, value in measured.items():
        name, seen, where = key.split("@")
        if name == backbone and where == device and value > 0:
            size, _, slices = seen.partition("x")
            deeper = int(slices or depth) / depth if volumes else 1.0
            return value * (int(size) / image_size) ** 2 * deeper, True
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    base = GPU_AT_64 if gpu else PER_CORE_AT_64 * min(cores, 16)
    deeper = _DEPTH_OF_COSTS / depth if volumes else 1.0
    return base * RELATIVE_SPEED.get(backbone, 0.5) * (64 / image_size) ** 2 * deeper, False


def seconds(images: int, epochs: int, speed: float) -> float:
    """How long a training takes."""
    return images * epochs / max(speed, 1e-6)
