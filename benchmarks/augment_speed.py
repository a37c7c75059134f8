"""How many augmented views a second this machine makes: the batched recipe, against torchvision one image at a time.

    python benchmarks/augment_speed.py [--size 64] [--batch 256] [--device cpu]

torchvision on a whole batch would give every image the same random values, so it is timed image by image, as a data
loader with one worker would run it, with a comparable recipe (crop, flip, rotation, brightness and contrast, blur).
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before torch loads: idle threads sleep, not spin

import torch
from torch import Tensor
from torchvision.transforms import v2

from sslstudio.augment.batch import BatchAugmenter
from sslstudio.augment.presets import PRESETS
from sslstudio.training.pixel_store import stored_side

SECONDS = 3.0


def rate(make: Callable[[], Tensor], device: torch.device) -> float:
    """Views a second of `make`, which returns a batch of them."""
    make()
    count, start = 0, time.perf_counter()
    while time.perf_counter() - start < SECONDS:
        count += len(make())
    if device.type == "cuda":
        torch.cuda.synchronize()
    return count / (time.perf_counter() - start)


def one_by_one(size: int) -> v2.Transform:
    """A comparable torchvision recipe for one image."""
    return v2.Compose(
        [
            v2.RandomResizedCrop(size, scale=(0.3, 1.0), antialias=True),
            v2.RandomHorizontalFlip(),
            v2.RandomRotation(15),
            v2.ToDtype(torch.float32, scale=True),
            v2.ColorJitter(0.1, 0.4),
            v2.RandomApply([v2.GaussianBlur(7)], p=0.1),
            v2.Normalize((0.449,), (0.226,)),
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    device = torch.device(options.device)
    generator = torch.Generator(device).manual_seed(0)
    results: dict[str, float] = {}
    for name, preset in PRESETS.items():
        channels = 3 if preset.saturation else 1
        side = stored_side(options.size)
        pixels = torch.randint(0, 256, (options.batch, channels, side, side), dtype=torch.uint8, device=device)
        augmenter = BatchAugmenter(preset, options.size, (0.45,) * channels, (0.22,) * channels)
        results[name] = rate(lambda a=augmenter, p=pixels: a.view(p, generator), device)  # type: ignore[misc]
    recipe = one_by_one(options.size)
    images = torch.randint(0, 256, (32, 1, stored_side(options.size), stored_side(options.size)), dtype=torch.uint8)
    results["torchvision, one by one"] = rate(lambda: torch.stack([recipe(image) for image in images]), device)
    for name, views in results.items():
        print(f"{name:28}{views:12,.0f} views a second")
    print(json.dumps({"size": options.size, "device": options.device, "views_per_second": results}))


if __name__ == "__main__":
    main()
