"""What moving the window of a CT in training costs in grey levels, by how the squares are stored.

    python benchmarks/window_jitter.py [--size 64] [--jitter 0.15] [--json FILE]

A drawn chest in HU is seen through the windows of the presets, each moved to the corners of the jitter. The true
picture is windowed at full size, then resized. It is compared with squares stored over the wider window in 8 bits and
in 16, and with 16 bits over all values of the slice, which one channel could share between three windows. `rounding` is
against the same way without rounding: what the bits alone cost. All figures are grey levels of the final 8-bit picture.
"""

from __future__ import annotations

import argparse
import itertools
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from sslstudio.augment.resample import fit_square
from sslstudio.importers.rendering import preset
from sslstudio.training.pixel_store import stored_side

Window = tuple[float, float]
NAMES = ("ct_lung", "ct_soft", "ct_bone", "ct_brain", "ct_stroke", "ct_subdural")
WAYS = {"8 bits, wider window": 255, "16 bits, wider window": 65535, "16 bits, all values": 65535}


def chest(seed: int = 0, side: int = 512) -> Tensor:
    """A slice in whole HU (1, 1, side, side): air, lungs with vessels, soft tissue, spine, ribs, noise."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j]

    def inside(value: np.ndarray) -> np.ndarray:
        return 1 / (1 + np.exp(-np.clip(value / 0.02, -40, 40)))

    hu = -1000 + 1040 * inside(1 - (x / 0.9) ** 2 - (y / 0.65) ** 2)
    parts = [(0.42 * s, -0.03, 0.3, 0.46, -850.0) for s in (-1, 1)] + [(0.0, 0.42, 0.12, 0.12, 600.0)]
    parts += [(0.83 * np.cos(a), 0.58 * np.sin(a), 0.04, 0.04, 700.0) for a in np.linspace(0, 6, 16)]
    parts += [(*rng.uniform(-0.6, 0.6, 2), *rng.uniform(0.01, 0.03, 2), 45.0) for _ in range(60)]
    for cx, cy, rx, ry, value in parts:
        share = inside(1 - ((x - cx) / rx) ** 2 - ((y - cy) / ry) ** 2)
        hu = hu * (1 - share) + value * share
    return torch.from_numpy(np.rint(hu + rng.normal(0, 12, hu.shape)))[None, None].double()


def through(values: Tensor, window: Window) -> Tensor:
    """Values as shares of a window, 0 to 1."""
    return ((values - window[0]) / (window[1] - window[0])).clamp(0.0, 1.0)


def moved(window: Window, jitter: float) -> Iterator[Window]:
    """The window at the corners of the jitter, and as it is."""
    centre, width = sum(window) / 2, window[1] - window[0]
    for shift, factor in itertools.product((-1, 0, 1), (-1, 0, 1)):
        half = width * (1 + factor * jitter) / 2
        middle = centre + shift * jitter * width
        yield middle - half, middle + half


def measure(window: Window, jitter: float, size: int) -> dict[str, dict[str, float]]:
    """Largest and mean difference from the true picture, and what rounding alone costs, by way of storage."""
    slice_hu, side = chest(), stored_side(size)
    width = window[1] - window[0]
    wide = (window[0] - 1.5 * jitter * width, window[1] + 1.5 * jitter * width)
    ranges = {way: wide if "wider" in way else (float(slice_hu.min()), float(slice_hu.max())) for way in WAYS}
    found: dict[str, dict[str, float]] = {}
    for way, steps in WAYS.items():
        low, high = ranges[way]
        exact = fit_square(through(slice_hu, ranges[way]), side).double()
        first = (through(slice_hu, ranges[way]) * steps).round() / steps
        stored = (fit_square(first, side).double() * steps).round() / steps
        errors, rounding = [], []
        for other in moved(window, jitter):
            true = fit_square(through(slice_hu, other), side).double()
            shown = through(low + stored * (high - low), other)
            errors.append((shown - true).abs() * 255)
            rounding.append((shown - through(low + exact * (high - low), other)).abs() * 255)
        found[way] = {
            "rounding": float(torch.stack(rounding).max()),
            "largest": float(torch.stack(errors).max()),
            "mean": float(torch.stack(errors).mean()),
        }
    return found


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--jitter", type=float, default=0.15)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    results = {}
    print(f"{'window':<12} {'stored as':<24} {'rounding':>9} {'largest':>9} {'mean':>7}   (grey levels)")
    for name in NAMES:
        rule = preset(name).channels[0].rules[0]
        assert rule.centre is not None and rule.width is not None
        window = (rule.centre - rule.width / 2, rule.centre + rule.width / 2)
        results[name] = measure(window, options.jitter, options.size)
        for way, figures in results[name].items():
            numbers = f"{figures['rounding']:>9.3f} {figures['largest']:>9.2f} {figures['mean']:>7.3f}"
            print(f"{name:<12} {way:<24} {numbers}")
    if options.json is not None:
        options.json.write_text(json.dumps(results, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
